"""Exact amounts of a currency: integer units at a scale, and how a value that is no such amount is rounded."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from letrade.core.fraction import Fraction
from letrade.core.money import DEFAULT_SCALE, round_half_even
from letrade.core.quantities import TEN


class Amount(msgspec.Struct, frozen=True, gc=False):
    """`units` / 10**scale of a currency."""

    currency: str
    units: int
    scale: int

    @property
    def value(self) -> Fraction:
        return Fraction(self.units, TEN[self.scale])

    def negated(self) -> Amount:
        return Amount(self.currency, -self.units, self.scale)


def whole(currency: str, value: Fraction) -> Amount:
    """A value that is a decimal, to its last digit."""
    scale, rest = 0, value.denominator
    if rest == 1:
        return Amount(currency, value.numerator, 0)
    while rest > 1:
        scale += 1
        rest //= 10 if rest % 10 == 0 else (2 if rest % 2 == 0 else 5)
    return Amount(currency, int(value * 10**scale), scale)


def rounded(currency: str, value: Fraction) -> Amount:
    """A value as money at the default scale, half to even."""
    units = round_half_even(value.numerator * TEN[DEFAULT_SCALE], value.denominator)
    return Amount(currency, units, DEFAULT_SCALE)


def cut(currency: str, value: Fraction) -> Amount:
    """The whole units of money in a value above 0."""
    return Amount(currency, value.numerator * TEN[DEFAULT_SCALE] // value.denominator, DEFAULT_SCALE)


def rounded_up(currency: str, value: Fraction) -> Amount:
    """A value as money that is surely enough."""
    units = -(-value.numerator * TEN[DEFAULT_SCALE] // value.denominator)
    return Amount(currency, units, DEFAULT_SCALE)


def decimals_of(text: str) -> int:
    """How many decimals a decimal's text needs: '0.050' needs 2."""
    return max(0, -int(Decimal(text).normalize().as_tuple().exponent))
