"""What a market said of one request or event, put as the exchange answers: trades first, then a word on each order."""

from collections.abc import Sequence

def arranged(said: Sequence[tuple[int, int, int, int]], incoming: int = 0) -> list[tuple[int, int, int, int]]:
    """The same for (kind, order, size, reason) each; `incoming` is the order that the request was about."""
