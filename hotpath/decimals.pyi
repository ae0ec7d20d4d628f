"""Exact conversion between the nearest doubles of decimals and integers at a number of decimal places."""
from typing import Final

DIGITS_MAX: Final = 15
"""A double tells decimals of up to so many significant digits apart; longer ones are refused."""
DECIMALS_MAX: Final = 64
"""No scale has more decimal places."""

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
