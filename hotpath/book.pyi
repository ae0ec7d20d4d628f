"""A price-level (L2) order book of one instrument, in integer ticks and lots; no level is ever dropped."""
from collections.abc import Iterable, Sequence

class Book:
    """Bids and asks by price; BUY (1) is the bid side and SELL (-1) the ask side.

    Prices are int64 ticks above 0, sizes int64 lots. Anything else raises ValueError (a wrong number or side),
    OverflowError (beyond 64 bits) or TypeError (not a whole number), and leaves the book as it was.
    """

    def update(self, side: int, price: int, size: int) -> None:
        """Sets the size at a price; 0 deletes it, and deleting what is not there is fine."""
    def apply(self, side: int, prices: Sequence[int], sizes: Sequence[int]) -> None:
        """Updates many levels of one side in their order: all of them, or none when one is wrong."""
    def clear(self) -> None:
        """Removes every level."""
    def load(self, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]]) -> None:
        """Replaces the book by (price, size) pairs in any order; the last of a repeated price counts."""
    def best_bid(self) -> tuple[int, int] | None:
        """(price, size) of the highest bid, None without bids."""
    def best_ask(self) -> tuple[int, int] | None:
        """(price, size) of the lowest ask, None without asks."""
    def best(self) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """(best bid, best ask)."""
    def depth(self, side: int, n: int) -> list[tuple[int, int]]:
        """The first n (price, size) of a side, best first; fewer when the side has fewer."""
    def levels(self, side: int) -> int:
        """How many levels a side has."""
    def is_crossed(self) -> bool:
        """True when the best bid is at or above the best ask, which no venue's whole book ever is."""
    def sweep(self, side: int, size: int, limit: int | None = None) -> list[tuple[int, int]]:
        """The (price, size) that a taker of `side` would get at `limit` or better, best first; the book stays."""
    def state_hash(self) -> int:
        """An unsigned 64-bit number that depends only on the levels, not on how they came."""
    def dump(self) -> bytes:
        """The whole book, for a snapshot: little-endian int64 mark, counts, then (price, size) pairs, best first."""
    def load_bytes(self, data: bytes) -> None:
        """Replaces the book by what dump gave; ValueError when the bytes are anything else."""
