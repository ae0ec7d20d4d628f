"""What a compiled room raises where only the desk's own actors can tell what they would do."""


class Doubtful(Exception):
    """This desk or moment is not modelled: `reason` says what it was, so that the actors' engine can be run instead."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
