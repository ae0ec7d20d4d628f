"""Exact amounts: a currency and integer units at a scale, and prices as integers at as many decimals as they need."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from letrade.core.money import round_half_even
from letrade.hotpath.decimals import to_units

MONEY_SCALE = 8
"""Fees, funding and realised profit are rounded here, half to even."""


class Amount(NamedTuple):
    """`units` / 10**scale of a currency."""

    currency: str
    units: int
    scale: int

    def negated(self) -> Amount:
        return Amount(self.currency, -self.units, self.scale)


def exact(value: float) -> Fraction:
    """The decimal that the double stands for."""
    return Fraction(Decimal(repr(value)))


def units_of(value: float, decimals: int) -> tuple[int, int]:
    """(units, decimals) of a price, at more decimals where these are too few: recorded prices may be off the tick."""
    try:
        return to_units(value, decimals), decimals
    except ValueError:
        exponent = Decimal(repr(value)).normalize().as_tuple().exponent
        deeper = max(decimals, -int(exponent))
        return int(exact(value) * 10**deeper), deeper


def rounded(currency: str, value: Fraction) -> Amount:
    """A value as money, half to even."""
    value *= 10**MONEY_SCALE
    return Amount(currency, round_half_even(value.numerator, value.denominator), MONEY_SCALE)


def rounded_up(currency: str, value: Fraction) -> Amount:
    """A value as money that is surely enough."""
    value *= 10**MONEY_SCALE
    return Amount(currency, -(-value.numerator // value.denominator), MONEY_SCALE)


def decimals_of(text: str) -> int:
    """How many decimals a decimal's text needs: '0.050' needs 2."""
    return max(0, -int(Decimal(text).normalize().as_tuple().exponent))
