"""Every number that enters the margin rules: exact, finite, and refused by name otherwise."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation

from letrade.core.errors import DataError
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.quantities import exact

Number = Fraction | int | float | str | Decimal
ZERO: Fraction = Fraction(0)
ONE: Fraction = Fraction(1)


class MarginError(DataError):
    """An account, a tier table or a mode that margin cannot be computed of: it is refused, never guessed."""


def number(value: Number, what: str) -> Fraction:
    """The decimal behind a float, or the number a text says, as a fraction; MarginError names `what` otherwise."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise MarginError(f"{what}: expected a finite number, found {value!r}; correct it")
        return exact(value)
    if isinstance(value, str):
        return _read(value, what)
    if isinstance(value, Decimal) and not value.is_finite():
        raise MarginError(f"{what}: expected a finite number, found {value!s}; correct it")
    return Fraction(value)


def _read(text: str, what: str) -> Fraction:
    try:
        return number(Decimal(text), what)
    except InvalidOperation:
        pass
    try:
        return read_fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise MarginError(f"{what}: expected a number, found {text!r}; write it as 60000 or 0.004") from error


def positive(value: Number, what: str) -> Fraction:
    """The value, when it is above 0."""
    value = _whole(value, what)
    if value <= 0:
        raise MarginError(f"{what}: expected a number above 0, found {float(value):g}")
    return value


def not_negative(value: Number, what: str) -> Fraction:
    """The value, when it is 0 or above."""
    value = _whole(value, what)
    if value < 0:
        raise MarginError(f"{what}: expected 0 or more, found {float(value):g}")
    return value


def _whole(value: Number, what: str) -> Fraction:
    if isinstance(value, float | str | Decimal):
        raise MarginError(f"{what}: expected an exact fraction, found {value!r}; read it with number()")
    return Fraction(value)
