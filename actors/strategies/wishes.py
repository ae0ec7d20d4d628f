"""What a strategy hands over as its wish, made what messages hold: numpy's scalars become floats and ints."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from numbers import Real
from typing import Any

from letrade.core.messages.signals import WorkingQuote
from letrade.hotpath.constants import BUY, SELL

SHOWN_MAX = 80
"""So much of what was found is shown."""


def number(value: Any, what: str) -> float:
    """Any real number as a float; its range is looked at with the message."""
    if type(value) is float:
        return value
    if type(value) is bool or not isinstance(value, Real):
        raise TypeError(f"{what}: expected a number, found {_shown(value)}")
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError(f"{what}: expected a number of ordinary size, found {_shown(value)}") from error


def number_or_none(value: Any, what: str) -> float | None:
    """None is no wish."""
    return None if value is None else number(value, what)


def text(value: Any, what: str) -> str:
    """A word."""
    if not isinstance(value, str):
        raise TypeError(f"{what}: expected text, found {_shown(value)}")
    return value


def working_quotes(orders: Any) -> tuple[WorkingQuote, ...]:
    """The same tuple where it is one of orders whose fields are as they should be, which is nearly always."""
    if type(orders) is tuple:
        for order in orders:
            if type(order) is not WorkingQuote or type(order.price) is not float or type(order.size) is not float:
                break
            if type(order.side) is not int or order.side not in (BUY, SELL):
                break
        else:
            return orders
    if isinstance(orders, (str, bytes)) or not isinstance(orders, Iterable):
        raise TypeError(f"the orders of quotes: expected a tuple of WorkingQuote, found {_shown(orders)}")
    return tuple(_working_quote(order, f"order {place} of quotes") for place, order in enumerate(orders))


def _working_quote(order: Any, what: str) -> WorkingQuote:
    if not isinstance(order, WorkingQuote):
        raise TypeError(f"{what}: expected a WorkingQuote(side, price, size), found {_shown(order)}")
    price, size = number(order.price, f"the price of {what}"), number(order.size, f"the size of {what}")
    return WorkingQuote(_side(order.side, what), price, size)


def _side(value: Any, what: str) -> int:
    expected = f"the side of {what}: expected {BUY} to buy or {SELL} to sell, found {_shown(value)}"
    try:
        side = operator.index(value)
    except TypeError as error:
        raise TypeError(expected) from error
    if side not in (BUY, SELL):
        raise ValueError(expected)
    return side


def _shown(value: Any) -> str:
    return f"{value!r}"[:SHOWN_MAX]
