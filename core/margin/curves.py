"""How an amount depends on x, the factor by which marks move: a + b/x + c·x + d·x², in exact fractions."""

from __future__ import annotations

from math import isqrt
from typing import NamedTuple

from letrade.core.fraction import Fraction
from letrade.core.margin.numbers import ZERO, MarginError

ROOT_DIGITS: int = 10**30
"""A root that is no fraction is given to 30 decimals of x."""


class Curve(NamedTuple):
    """constant + inverse/x + linear·x + square·x²."""

    constant: Fraction = ZERO
    inverse: Fraction = ZERO
    linear: Fraction = ZERO
    square: Fraction = ZERO

    def at(self, x: Fraction) -> Fraction:
        """The amount when marks are x times what they are now."""
        return self.constant + self.inverse / x + (self.linear + self.square * x) * x

    def slope(self, x: Fraction) -> Fraction:
        """The derivative at x."""
        return self.linear + 2 * self.square * x - self.inverse / (x * x)

    def plus(self, other: Curve) -> Curve:
        """The sum."""
        return Curve(
            self.constant + other.constant,
            self.inverse + other.inverse,
            self.linear + other.linear,
            self.square + other.square,
        )

    def minus(self, other: Curve) -> Curve:
        """The difference."""
        return Curve(
            self.constant - other.constant,
            self.inverse - other.inverse,
            self.linear - other.linear,
            self.square - other.square,
        )

    def times(self, factor: Fraction) -> Curve:
        """The multiple."""
        return Curve(self.constant * factor, self.inverse * factor, self.linear * factor, self.square * factor)

    def rising(self) -> Curve:
        """The amount × x."""
        if self.square:
            raise MarginError("an amount that rises with the square of its index cannot be valued in another currency")
        return Curve(self.inverse, ZERO, self.constant, self.linear)

    def roots(self) -> list[Fraction]:
        """Every x above 0 where the amount is 0, ascending; none when it is 0 everywhere."""
        if self.inverse and self.square:
            raise MarginError("linear and inverse gains in one moving coin have no closed form; assess them apart")
        found = (
            _quadratic_roots(self.inverse, self.constant, self.linear)
            if self.inverse
            else _quadratic_roots(self.constant, self.linear, self.square)
        )
        return sorted({x for x in found if x > 0})


NOTHING = Curve()


def _quadratic_roots(constant: Fraction, linear: Fraction, square: Fraction) -> list[Fraction]:
    if square == 0:
        return [-constant / linear] if linear else []
    discriminant = linear * linear - 4 * constant * square
    if discriminant < 0:
        return []
    root = _square_root(discriminant)
    return [(-linear - root) / (2 * square), (-linear + root) / (2 * square)]


def _square_root(value: Fraction) -> Fraction:
    above, below = isqrt(value.numerator), isqrt(value.denominator)
    if above * above == value.numerator and below * below == value.denominator:
        return Fraction(above, below)
    scale = ROOT_DIGITS * max(1, 10 ** (len(str(value.denominator)) - len(str(value.numerator))))
    return Fraction(isqrt(int(value * scale * scale)), scale)
