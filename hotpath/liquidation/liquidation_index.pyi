"""Liquidation prices of the isolated positions of one instrument: a mark price finds those it crosses, each once."""

import numpy as np
from numpy.typing import NDArray

class LiquidationIndex:
    """Positions by handle: a long one (BUY) is crossed by a mark at or below its price, a short one at or above it.

    Nothing is rounded: the doubles themselves are compared. A position that was crossed is told once and then sleeps
    until `move` gives it another price or `remove` ends it, wherever the marks go meanwhile. A quiet mark looks at two
    numbers, whatever the positions are; a mark that crosses some looks at these and their neighbours alone.
    """

    def __new__(cls) -> LiquidationIndex: ...
    def __len__(self) -> int:
        """All positions, those that were crossed too."""
    def add(self, side: int, price: float) -> int:
        """The handle of a new position; its lower 32 bits are a place that no other living position has.

        ValueError for a side but BUY and SELL, and for a price that is not a number above 0.
        """
    def move(self, handle: int, price: float) -> None:
        """Another liquidation price, also for one that was crossed; KeyError for a handle of none."""
    def remove(self, handle: int) -> None:
        """Ends a position; its handle means nothing from here on."""
    def load(self, sides: NDArray[np.int8], prices: NDArray[np.float64], handles: NDArray[np.int64]) -> None:
        """Adds a position for each row and writes their handles; all rows are checked before the first is added."""
    def move_many(self, handles: NDArray[np.int64], prices: NDArray[np.float64]) -> None:
        """`move` for each row, the last of a repeated handle counts; all are checked before the first is moved."""
    def mark(self, price: float, crossed: NDArray[np.int64]) -> int:
        """Writes the handles of the positions that this mark price crosses; how many were written.

        The long ones first, each side by place. What finds no room waits, whatever marks come, and is written first by
        the next call. The array is held until another one is given, so that it is checked only once.
        """
    @property
    def waiting(self) -> int:
        """How many were crossed and found no room yet."""
    def price(self, handle: int) -> float | None:
        """The liquidation price of a position, None once it was crossed."""
    def nearest(self) -> tuple[float | None, float | None]:
        """The highest price of a long position and the lowest of a short one: the marks between them are quiet."""
    def state_hash(self) -> int:
        """An unsigned 64-bit number of all positions, by place."""
