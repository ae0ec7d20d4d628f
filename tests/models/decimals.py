"""The conversions between floats and integers by exact fractions of the shortest decimal text."""

import math
import struct
from fractions import Fraction


def digits_of(units: int) -> int:
    return len(str(abs(units)).rstrip("0"))


def to_units(value: float, decimals: int) -> int:
    if not math.isfinite(value):
        raise ValueError("not finite")
    scaled = Fraction(repr(value)) * 10**decimals
    whole = Fraction(repr(value)) * 10**400  # no double has more decimal places
    if scaled.denominator != 1 or digits_of(whole.numerator) > 15:
        raise ValueError("not a multiple, or too many digits")
    return int(scaled.numerator)


def from_units(units: int, decimals: int) -> float:
    return float(Fraction(units, 10**decimals))


def steps(value: float, decimals: int, step: int) -> int:
    count, rest = divmod(to_units(value, decimals), step)
    if value < 0 or rest or count >= 2**63:
        raise ValueError("below 0, off the step or too large")
    return count


def levels_to_units(
    packed: bytes, price_decimals: int, size_decimals: int, tick_units: int, lot_units: int
) -> tuple[list[int], list[int]]:
    pairs = list(struct.iter_unpack("<dd", packed))
    prices = [steps(price, price_decimals, tick_units) for price, _ in pairs]
    if 0 in prices:
        raise ValueError("a price of 0")
    return prices, [steps(size, size_decimals, lot_units) for _, size in pairs]


def shortest(value: float) -> tuple[int, int] | None:
    if not math.isfinite(value):
        return None
    decimals = 0
    while (Fraction(repr(value)) * 10**decimals).denominator != 1:
        decimals += 1
    digits = int(Fraction(repr(value)) * 10**decimals)
    return (digits, decimals) if abs(digits) < 10**15 and decimals <= 22 else None
