"""Step 3 of the flow: the state that a strategy wants, replacing its last one for the same key."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from letrade.core.messages.base import DeskMessage, Number, Price, Size


class Target(DeskMessage, frozen=True, kw_only=True):
    """The position that the strategy wants to hold.

    `position` is in base units, or, when `sized` is false, a direction in [-1, 1] that CapitalManager sizes.
    """

    signal: int
    """Counts the strategy's signals, from 1, over restarts; part of the order id."""
    position: Number
    sized: bool = True
    price: Price | None = None
    """A limit; None takes at the market."""
    post_only: bool = False


class WorkingQuote(Struct, array_like=True, frozen=True, gc=False):
    """One order that shall be working."""

    side: int
    price: Price
    size: Annotated[float, Meta(gt=0.0, le=1e15)]


class Quotes(DeskMessage, frozen=True, kw_only=True):
    """The whole set of orders that the strategy wants to have working."""

    signal: int
    orders: tuple[WorkingQuote, ...]
    post_only: bool = True


class Basket(DeskMessage, frozen=True, kw_only=True):
    """Positions in several instruments, all or none; `instrument` is the first leg's."""

    signal: int
    legs: tuple[tuple[str, Number], ...]
    """(instrument, position in base units)."""
    naked_ns_max: int
    """The longest time that a part of the legs may stand alone."""
    accounts: tuple[str, ...] = ()
    """The account of each leg; empty: all are in `account`."""


class Protect(DeskMessage, frozen=True, kw_only=True):
    """Stop and take-profit of the position held: one cancels the other."""

    signal: int
    stop: Price | None = None
    take_profit: Price | None = None
    size: Size | None = None
    trigger_by: str = "last"
    """The price that reaches them: last, mark or index."""
    trail: Price | None = None
    """The stop follows the best price at this distance; beside `stop` it begins there."""
