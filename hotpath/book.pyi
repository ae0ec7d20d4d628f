"""A price-level (L2) order book of one instrument, in integer ticks and lots; no level is ever dropped."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

class Book:
    """Bids and asks by price; BUY (1) is the bid side and SELL (-1) the ask side.

    Prices are int64 ticks above 0, sizes int64 lots. Anything else raises ValueError (a wrong number or side),
    OverflowError (beyond 64 bits) or TypeError (not a whole number), and leaves the book as it was. Only when no
    memory is left for a level (MemoryError) may a part of a message be in the book, which is then not `valid`.

    With `heal_crossed` the newest update wins: one that gives a level a size takes away each level of the other
    side that it crosses or touches, which can only be old ones, so a feed that loses messages heals itself at the
    touch. Without it (the default) the book holds what it was told, and `is_crossed` tells. A load never heals.
    """

    heal_crossed: bool
    def __new__(cls, *, heal_crossed: bool = False) -> Book: ...
    def update(self, side: int, price: int, size: int) -> bool:
        """Sets the size at a price; 0 deletes it, and deleting what is not there is fine.

        True when the best price of this side, or the size at it, changed.
        """
    def apply(self, side: int, prices: Sequence[int], sizes: Sequence[int]) -> bool:
        """Updates many levels of one side in their order: all of them, or none when one is wrong.

        This and the other ways to apply many return True when the best level of a side changed on the way.
        """
    def apply_packed(self, data: bytes | bytearray | memoryview | NDArray[np.int64]) -> bool:
        """One message as packed rows of three native int64: side (1 or -1), price, size. All of them, or none."""
    def apply_decimals(
        self,
        bids: bytes,
        asks: bytes,
        price_decimals: int,
        size_decimals: int,
        tick_units: int = 1,
        lot_units: int = 1,
    ) -> bool:
        """A message's own (price, size) pairs of native float64, as levels_to_units reads them; bids come first."""
    def apply_batch(
        self,
        sides: NDArray[np.int8],
        prices: NDArray[np.int64],
        sizes: NDArray[np.int64],
        out_bid: NDArray[np.int64] | None = None,
        out_ask: NDArray[np.int64] | None = None,
    ) -> bool:
        """Contiguous arrays of one length, and the best bid and ask price after each row (0: none) where asked.

        ValueError, and no change, when an array that is written shares memory with another.
        """
    def clear(self) -> None:
        """Removes every level."""
    def load(self, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]]) -> None:
        """Replaces the book by (price, size) pairs in any order; the last of a repeated price counts."""
    def load_decimals(
        self,
        bids: bytes,
        asks: bytes,
        price_decimals: int,
        size_decimals: int,
        tick_units: int = 1,
        lot_units: int = 1,
    ) -> None:
        """Replaces the book by packed float64 pairs, as apply_decimals takes them."""
    def best_bid(self) -> tuple[int, int] | None:
        """(price, size) of the highest bid, None without bids."""
    def best_ask(self) -> tuple[int, int] | None:
        """(price, size) of the lowest ask, None without asks."""
    def best(self) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """(best bid, best ask)."""
    def best_prices(self) -> tuple[int, int]:
        """Of the best bid and the best ask; 0 for an empty side."""
    def size(self, side: int, price: int) -> int:
        """The lots at a price, 0 when there is no such level."""
    def depth(self, side: int, n: int) -> list[tuple[int, int]]:
        """The first n (price, size) of a side, best first; fewer when the side has fewer."""
    def read_depth(self, side: int, prices: NDArray[np.int64], sizes: NDArray[np.int64]) -> int:
        """Writes the first levels, best first, into these arrays as far as both go; how many were written.

        ValueError when the two share memory.
        """
    def imbalance(self, n: int) -> float:
        """(bid lots - ask lots) / (bid lots + ask lots) over the first n levels of each side; 0.0 without any."""
    def levels(self, side: int) -> int:
        """How many levels a side has."""
    def is_crossed(self) -> bool:
        """True when the best bid is at or above the best ask, which no venue's whole book ever is."""
    def sweep(self, side: int, size: int, limit: int | None = None) -> list[tuple[int, int]]:
        """The (price, size) that a taker of `side` would get at `limit` or better, best first; the book stays."""
    @property
    def valid(self) -> bool:
        """Whether the updates followed each other since the last `restart`; False before the first."""
    @property
    def last_update(self) -> int:
        """The id of the last update that followed."""
    @property
    def missing(self) -> tuple[int, int]:
        """At the last gap: the update that was expected, and the one found in its place."""
    def follow(self, first_update: int, last_update: int, previous_update: int = 0) -> int:
        """Whether a message of these updates comes next, by the rules of core/book_sync.py and its Verdict's numbers.

        0: it does, apply it now (or `lose` the book) · 1: old, drop it · 2: there is no snapshot yet, keep it ·
        3: one before it is missing, and the book is not valid until a `restart`.
        """
    def restart(self, last_update: int) -> None:
        """A snapshot of this update was loaded: the next message must straddle it."""
    def lose(self) -> None:
        """The book is not to be believed until the next `restart`."""
    def state_hash(self) -> int:
        """An unsigned 64-bit number that depends only on the levels, not on how they came."""
    def dump(self) -> bytes:
        """The levels, for a snapshot: little-endian int64 mark, counts, then (price, size) pairs, best first."""
    def load_bytes(self, data: bytes) -> None:
        """Replaces the levels by what dump gave; ValueError when the bytes are anything else."""
