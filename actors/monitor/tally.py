"""The counters of a desk's results, as one Struct that a snapshot can hold."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from letrade.actors.monitor.numbering import Numbering
from letrade.core.messages.accounts import Position
from letrade.core.messages.events import BookCheck
from letrade.core.money import Money
from letrade.core.quantities import SCALE, units_of_money

RECENT_MAX = 20
"""How many orders and alerts are kept to be looked at."""


class Sums(msgspec.Struct):
    """Amounts by currency, in units of 1e-18 as text: more than 64 bits."""

    units: dict[str, str] = {}

    def add(self, amount: Money) -> None:
        self.units[amount.currency] = str(int(self.units.get(amount.currency, "0")) + units_of_money(amount))

    def shown(self) -> dict[str, str]:
        return {currency: show_units(int(amount)) for currency, amount in sorted(self.units.items())}


class Line(msgspec.Struct):
    """One strategy in one instrument of one account: its position and what it did."""

    strategy: str
    account: str
    instrument: str
    position: Position | None = None
    orders: int = 0
    fills: int = 0
    entries: int = 0
    exits: int = 0
    refused: int = 0


class OrderLine(msgspec.Struct):
    """One order as it was last told of."""

    order_id: str
    strategy: str
    account: str
    instrument: str
    side: str
    size: str
    filled: str
    price: str | None
    state: str
    time: int


class AlertLine(msgspec.Struct):
    """One alert or failure."""

    time: int
    level: str
    code: str
    text: str


class Tally(msgspec.Struct, kw_only=True):
    """All that Results must not forget."""

    orders: int = 0
    fills: int = 0
    entries: int = 0
    exits: int = 0
    failures: int = 0
    halts: int = 0
    fees: Sums = msgspec.field(default_factory=Sums)
    funding: Sums = msgspec.field(default_factory=Sums)
    funding_estimated: Sums = msgspec.field(default_factory=Sums)
    """The part of it that was computed with a price that stood in for the right one."""
    cash: Sums = msgspec.field(default_factory=Sums)
    """Of all other origins."""
    refused: dict[str, int] = {}
    """By rule."""
    alerts: dict[str, int] = {}
    """By code."""
    lines: dict[str, Line] = {}
    """By 'strategy account instrument'."""
    account_positions: dict[str, Position] = {}
    """By 'account instrument'."""
    balances: dict[str, dict[str, Money]] = {}
    """By account and currency."""
    equity: dict[str, Money | None] = {}
    """By account; None while a price or a rate is missing."""
    unrealised: dict[str, Money | None] = {}
    transit: dict[str, Money] = {}
    """By account, what has left it and has not arrived yet."""
    missing: dict[str, tuple[str, ...]] = {}
    first_equity: dict[str, Money] = {}
    """The first equity that was known, where the desk file does not tell the start."""
    checks: dict[str, BookCheck] = {}
    """By the actor that compares."""
    fill_numbers: dict[str, Numbering] = {}
    """By 'account venue'."""
    working: dict[str, OrderLine] = {}
    recent_orders: list[OrderLine] = []
    recent_alerts: list[AlertLine] = []
    prices: dict[str, float] = {}
    digest: str = ""

    def line(self, strategy: str, account: str, instrument: str) -> Line:
        """The line of this strategy, made where there is none yet."""
        key = f"{strategy} {account} {instrument}"
        found = self.lines.get(key)
        if found is None:
            found = self.lines[key] = Line(strategy, account, instrument)
        return found


def show_units(amount: int) -> str:
    """Units of 1e-18 as the shortest plain decimal."""
    sign, digits = ("-" if amount < 0 else ""), str(abs(amount)).rjust(SCALE + 1, "0")
    fraction = digits[-SCALE:].rstrip("0")
    return f"{sign}{digits[:-SCALE]}{'.' + fraction if fraction else ''}"


def show_money(amount: Money | None) -> str | None:
    return None if amount is None else show_units(units_of_money(amount))


def show_number(value: float) -> str:
    """A float of a message as the plain decimal that it stands for."""
    shown = f"{Decimal(repr(value)):f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
