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


def whole(value: Any, what: str) -> int:
    """A whole number above 0."""
    try:
        found = operator.index(value)
    except TypeError as error:
        raise TypeError(f"{what}: expected a whole number, found {_shown(value)}") from error
    if found <= 0:
        raise ValueError(f"{what}: expected a number above 0, found {found}")
    return found


def basket_legs(legs: Any, account: str) -> tuple[tuple[tuple[str, float], ...], tuple[str, ...]]:
    """((instrument, position) of each leg, the account of each)."""
    if isinstance(legs, (str, bytes)) or not isinstance(legs, Iterable):
        raise TypeError(f"the legs of a basket: expected tuples (instrument, position), found {_shown(legs)}")
    wanted, accounts = [], []
    for place, leg in enumerate(legs):
        what = f"leg {place} of a basket"
        if not isinstance(leg, tuple) or len(leg) not in (2, 3):
            raise TypeError(f"{what}: expected (instrument, position) or with an account, found {_shown(leg)}")
        wanted.append((text(leg[0], f"the instrument of {what}"), number(leg[1], f"the position of {what}")))
        accounts.append(text(leg[2], f"the account of {what}") if len(leg) > 2 else account)
    if not wanted:
        raise ValueError("the legs of a basket: expected at least one, found none")
    return tuple(wanted), tuple(accounts)


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
