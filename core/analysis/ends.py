"""What a record keeps of a run's end, and of the days on which its accounts were short of margin."""

from __future__ import annotations

import datetime
from typing import Any

from letrade.core.clock import SECOND
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert
from letrade.core.messages.margin import LiquidationNear
from letrade.core.messages.orders import OrderUpdate
from letrade.core.valuation import PriceBoard

REFUSALS = ("-2019 ", "110007 ", "51008 ", "PerpMargin ", "insufficient")
"""How venues begin to say that an order lacks margin."""


def ends_of(board: PriceBoard, catalogue: Catalogue, reporting: str) -> dict[str, Any]:
    """The last prices and rates of a board: `prices_end` and `rates_end` of RunSettings."""
    traded = (name for each in catalogue.messages() for name in (each.base, each.quote, each.settle))
    currencies = dict.fromkeys([reporting, *traded, *(name for pair in catalogue.stated_rates for name in pair)])
    rates = {name: board.rate(name, reporting, catalogue) for name in currencies}
    return {
        "prices_end": dict(board.prices),
        "rates_end": {name: f"{rate.numerator}/{rate.denominator}" for name, rate in rates.items() if rate is not None},
    }


class ShortDays:
    """By account, the UTC days on which something said that it was short of margin."""

    def __init__(self) -> None:
        self.days: dict[str, dict[str, None]] = {}

    def hear(self, message: Message) -> None:
        account = _short_account(message)
        if account:
            self.note(account, message.time)

    def note(self, account: str, time: int) -> None:
        moment = datetime.datetime.fromtimestamp(time // SECOND, datetime.UTC)
        self.days.setdefault(account, {})[moment.date().isoformat()] = None

    def told(self) -> dict[str, tuple[str, ...]]:
        return {account: tuple(sorted(days)) for account, days in sorted(self.days.items())}


def _short_account(message: Message) -> str:
    """The account that a message says is short of margin; '' where it says no such thing."""
    match message:
        case Alert(code="margin_short", account=account):
            return account
        case LiquidationNear(level="warn" | "act" | "liquidated", account=account):
            return account
        case OrderUpdate(state="rejected", reason=reason, account=account) if reason.startswith(REFUSALS):
            return account
    return ""
