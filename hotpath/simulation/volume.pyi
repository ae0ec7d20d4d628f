"""What accounts have traded, by currency and day (UTC): exact, and no more days than fees ask for."""

class Volume:
    """What is traded today counts from tomorrow on, for thirty days; places are those of accounts and currencies."""

    def __init__(self, count: int) -> None: ...
    def traded(self, place: int, time: int, amount: int) -> None:
        """A trade. IndexError for a place that is not there; times never fall."""
    def known(self, place: int, time: int) -> int:
        """What was traded in the thirty days before the day of this time."""
