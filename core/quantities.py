"""Exact amounts: the decimal behind a message's float64 as a whole number of 1e-18, and back."""

from __future__ import annotations

import functools
from decimal import Decimal

from letrade.core.errors import DataError
from letrade.core.fraction import Fraction
from letrade.core.money import DEFAULT_SCALE, Money, money, rescale, round_half_even
from letrade.hotpath.decimals import Scale, shortest

SCALE = 18
ONE: int = 10**SCALE
SCALE_MAX = 64
MEMORY = 8192
"""So many conversions are remembered, as prices and sizes come again and again."""
FINE = 96
FINE_ONE: int = 10**FINE
"""Sums of many products are kept as whole numbers of 1e-96, which no price × size × multiplier is finer than."""

TEN: tuple[int, ...] = tuple(10**places for places in range(2 * FINE + 1))
"""Powers of ten, as they are looked up faster than computed."""


def _slow_units(value: float) -> int:
    numerator, decimals = _digits(value)
    if decimals > SCALE:
        raise DataError(f"expected at most {SCALE} decimals, found {value!r}")
    return numerator * int(10 ** (SCALE - decimals))


units = Scale(SCALE, _slow_units).units
"""0.1 is 10**17. DataError when the decimal has more than 18 places."""


def decimal_units(value: float) -> tuple[int, int]:
    """0.05 is (5, 2): the digits of the nearest double's shortest decimal, and how many of them follow the point."""
    return shortest(value) or _digits(value)


@functools.lru_cache(maxsize=MEMORY)
def _digits(value: float) -> tuple[int, int]:
    text = repr(value)
    whole, point, part = text.partition(".")
    if point and "e" not in part:
        part = part.rstrip("0")
        return int(whole + part), len(part)
    sign, digits, exponent = Decimal(text).as_tuple()
    if not isinstance(exponent, int):
        raise DataError(f"expected a finite number, found {value!r}")
    number = int("".join(map(str, digits))) * int(10 ** max(0, exponent))
    decimals = max(0, -exponent)
    while decimals and number % 10 == 0:
        number, decimals = number // 10, decimals - 1
    return (-number if sign else number), decimals


def number(amount: int) -> float:
    """The double nearest to `amount` × 1e-18."""
    return amount / ONE


@functools.lru_cache(maxsize=MEMORY)
def exact(value: float) -> Fraction:
    """The decimal behind a float, as a fraction."""
    numerator, decimals = decimal_units(value)
    return Fraction(numerator, TEN[decimals] if decimals < len(TEN) else 10**decimals)


def _slow_fine(value: float) -> int:
    numerator, decimals = _digits(value)
    return numerator * FINE_ONE // int(10**decimals)


fine = Scale(FINE, _slow_fine).units
"""The decimal behind a float in units of 1e-96; what is finer still is rounded down."""


def add(left: float, right: float) -> float:
    """The sum of the two decimals: 0.1 + 0.2 is 0.3."""
    return number(units(left) + units(right))


def units_of_money(amount: Money) -> int:
    """Money in units of 1e-18."""
    return rescale(amount.integer, amount.scale, SCALE)


def fraction_of_money(amount: Money) -> Fraction:
    """Money as a number of its currency."""
    return Fraction(amount.integer, TEN[amount.scale])


def money_of(currency: str, amount: Fraction) -> Money:
    """Money at the default scale, or at as many decimals more as the amount has; ties to even beyond 64."""
    numerator, denominator = amount.numerator, amount.denominator
    scale, power = DEFAULT_SCALE, TEN[DEFAULT_SCALE]
    if power % denominator == 0:
        return money(currency, numerator * (power // denominator))
    while scale < SCALE_MAX and power % denominator:
        scale, power = scale + 1, power * 10
    return money(currency, round_half_even(numerator * power, denominator), scale)


def rounded_money(currency: str, amount: Fraction) -> Money:
    """Money at the default scale, ties to even: for estimates and reports."""
    return money(currency, round_half_even(amount.numerator * TEN[DEFAULT_SCALE], amount.denominator))
