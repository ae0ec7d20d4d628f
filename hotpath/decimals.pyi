"""Exact conversion between the nearest doubles of decimals and integers at a number of decimal places."""
from collections.abc import Callable
from typing import Final, final

DIGITS_MAX: Final = 15
"""A double tells decimals of up to so many significant digits apart; longer ones are refused."""
DECIMALS_MAX: Final = 64
"""No scale has more decimal places."""

SCALE_MAX: Final = 96
"""Nor does a Scale have more."""

@final
class Scale:
    """Counts decimals in whole units of 1e-decimals."""

    def __init__(self, decimals: int, slow: Callable[[float], int]) -> None:
        """`slow` answers for what has more decimals, or more than DIGITS_MAX digits, or is not finite."""

    def units(self, value: float) -> int:
        """The shortest decimal that reads back as `value`, in units: 0.1 at 3 decimals is 100."""

def shortest(value: float) -> tuple[int, int] | None:
    """(digits, how many of them follow the point) of the shortest decimal that reads back as `value`: 0.05 is (5, 2).

    None when that has more than DIGITS_MAX digits or 22 decimals, or is not finite.
    """

def to_units(value: float, decimals: int) -> int:
    """The integer whose decimal units / 10**decimals has `value` as its nearest double: to_units(0.1, 3) is 100.

    ValueError when the value is not finite, has more than DIGITS_MAX significant digits or is not a multiple of
    10**-decimals, or when decimals is not from 0 to DECIMALS_MAX.
    """

def from_units(units: int, decimals: int) -> float:
    """The double nearest to units / 10**decimals; OverflowError beyond the largest double."""

def levels_to_units(
    packed: bytes, price_decimals: int, size_decimals: int, tick_units: int, lot_units: int
) -> tuple[list[int], list[int]]:
    """(prices in ticks, sizes in lots) of packed little-endian float64 (price, size) pairs, ready for Book.apply.

    A tick is `tick_units` at price_decimals and a lot `lot_units` at size_decimals (tick 0.5 is 5 at 1 decimal).
    ValueError when a number is not finite, below 0, off its tick or lot or beyond int64, when a price is 0 (a size may
    be), or when the bytes are not whole pairs.
    """
