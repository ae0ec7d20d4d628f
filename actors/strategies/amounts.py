"""Amounts that strategies wish to move, made exact money; what is no amount raises in the strategy's handler."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from letrade.core.money import DIGITS_MAX, Money, money
from letrade.core.quantities import SCALE_MAX


def money_of_wish(currency: str, amount: Any) -> Money:
    """Of a Decimal, a text, a whole number, or a float's shortest decimal; whether it may go is capital's to say."""
    if isinstance(amount, bool) or not isinstance(amount, (str, int, float, Decimal)):
        raise TypeError(f"the amount of a transfer: expected a decimal, found {type(amount).__name__}")
    try:
        number = Decimal(repr(float(amount)) if isinstance(amount, float) else amount)
        _, digits, exponent = number.as_tuple()
    except InvalidOperation:
        raise ValueError(f"the amount of a transfer: expected a decimal such as '100.25', found {amount!r}") from None
    if not isinstance(exponent, int) or len(digits) > DIGITS_MAX or not -SCALE_MAX <= exponent <= SCALE_MAX:
        raise ValueError(f"the amount of a transfer: expected a finite amount of ordinary size, found {amount!r}")
    scale = max(0, -exponent)
    return money(currency, int(number.scaleb(scale)), scale)
