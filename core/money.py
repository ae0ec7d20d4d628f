"""Money: a currency and a whole number at that currency's scale; never a float."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

import msgspec
from msgspec import Meta

from letrade.core.errors import DataError
from letrade.hotpath.ledger import DECIMALS_MAX, rescale_half_even

DEFAULT_SCALE = 8
INT64_MAX = 2**63 - 1
DIGITS_MAX = 100
"""No amount has more digits."""


def round_half_even(numerator: int, denominator: int) -> int:
    """The nearest integer to numerator / denominator, ties to even; exact for any size. The denominator is positive."""
    quotient, remainder = divmod(numerator, denominator)
    doubled = 2 * remainder
    if doubled > denominator or (doubled == denominator and quotient & 1):
        quotient += 1
    return quotient


Scale = Annotated[int, Meta(ge=0, le=DECIMALS_MAX)]
UnitsText = Annotated[str, Meta(pattern=f"^-?[0-9]{{1,{DIGITS_MAX}}}$")]


class Money(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`units` / 10**scale of `currency`; units beyond 64 bits travel as decimal text."""

    currency: str
    scale: Scale
    units: int | UnitsText

    @property
    def integer(self) -> int:
        return int(self.units)

    @property
    def decimal(self) -> Decimal:
        return Decimal(f"{self.integer}e-{self.scale}")

    def __str__(self) -> str:
        return f"{self.decimal:f} {self.currency}"


def money(currency: str, units: int, scale: int = DEFAULT_SCALE) -> Money:
    """Money that any message can carry, whatever its size."""
    return Money(currency, scale, units if -INT64_MAX <= units <= INT64_MAX else str(units))


def parse_units(text: str, scale: int = DEFAULT_SCALE) -> int:
    """'1.5' at scale 2 is 150. DataError when the text is no finite decimal, or has more digits than the scale."""
    try:
        sign, digits, exponent = Decimal(text).as_tuple()
    except InvalidOperation:
        raise DataError(f"expected an amount such as '100.25', found {text!r}") from None
    if not isinstance(exponent, int) or abs(exponent) > DECIMALS_MAX or len(digits) > DIGITS_MAX:
        raise DataError(f"expected a finite amount of ordinary size, found {text!r}")
    whole: int = int("".join(map(str, digits))) * 10**scale
    shift: int = 10 ** abs(exponent)
    units, lost = divmod(whole, shift) if exponent < 0 else (whole * shift, 0)
    if lost:
        raise DataError(f"expected an amount with at most {scale} decimals, found {text!r}")
    return -units if sign else units


def rescale(units: int, from_scale: int, to_scale: int) -> int:
    """The same amount at another scale, ties to even."""
    return rescale_half_even(units, from_scale, to_scale)
