"""What the desk's accounts are worth in the course of a run, looked at when the ledger's actor would tell it."""
from array import array
from collections.abc import Callable

from letrade.hotpath.simulation.desk import Desk

class Curve:
    """Wallets at their rates and what open contracts would realise, in doubles: the ledger's own amounts are exact."""

    hearer: Callable[[int], None] | None
    """Called with each account that is told of, at that moment."""

    def __init__(self, desk: Desk, every: int) -> None:
        """`every` ns a price or an entry leads to a word on equity."""
    def look(self, time: int) -> None:
        """A price came: where a word is due, it is told."""
    def drain(self, time: int) -> None:
        """The last word, but for entries and prices that come after it."""
    def finish(self) -> None:
        """The run is over: what was told last is its end."""
    def rows_of(self, account: int) -> tuple[array[int], tuple[array[float], array[float], array[float]]]:
        """Times, and what the account was worth, had not realised and was exposed to at each of them."""
