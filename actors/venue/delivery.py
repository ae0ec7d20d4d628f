"""Dated futures end: at expiry orders are cancelled and every position is closed at the settlement price.

That price is the average of the index, second by second, over the last half an hour; of the mark where no index is
told. The taker's fee is paid. Source: https://www.binance.com/en/support/faq/a3401595e1734084959c61491bc0dbe3 (an hour
until 2024-11-11, half an hour since).
"""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.actors.venue.floor import Floor
from letrade.actors.venue.house import House
from letrade.actors.venue.market import Market
from letrade.actors.venue.reports import Report
from letrade.core.clock import MINUTE
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.legs import split
from letrade.core.messages.base import is_price
from letrade.core.messages.events import Alert
from letrade.core.messages.market import IndexPrice, MarkPrice
from letrade.core.quantities import exact

SETTLEMENT = "settlement"
SECOND = 1_000_000_000
WINDOW = 30 * MINUTE
DIGITS = 12
"""Of the settlement price, which is on no tick."""


class Average(msgspec.Struct):
    """What was in force in each whole second so far."""

    by_index: bool = False
    value: float = 0.0
    """In force since `second`; 0: none yet."""
    second: int = 0
    total: str = "0"
    seconds: int = 0

    def hear(self, value: float, time: int, begin: int) -> None:
        self.advance(time, begin)
        self.value = value

    def advance(self, time: int, begin: int) -> None:
        """Counts the seconds that have passed, from the window's beginning on."""
        start, end = max(self.second, begin // SECOND), max(time, begin) // SECOND
        if self.value and end > start:
            self.total = str(read_fraction(self.total) + exact(self.value) * (end - start))
            self.seconds += end - start
        self.second = time // SECOND


class Delivery:
    """Of every contract of the venue that has an expiry."""

    def __init__(self, floor: Floor) -> None:
        self._floor, self._house = floor, House(floor)
        self.expiries = {
            name: expires
            for name in floor.catalogue.ids()
            if name.partition(".")[0] == floor.venue and (expires := floor.catalogue.at(name, 0).message.expires)
        }
        self._averages: dict[str, Average] = {}
        self.delivered: dict[str, float] = {}
        """The settlement price of what is over."""

    def hear(self, message: MarkPrice | IndexPrice, time: int) -> None:
        """An index goes before marks, also where it comes later; what is no price is not heard (the floor says so)."""
        expires = self.expiries.get(message.instrument)
        if expires is None or message.instrument in self.delivered or not is_price(message.price):
            return
        is_index = isinstance(message, IndexPrice)
        known = self._averages.get(message.instrument)
        if known is None or (is_index and not known.by_index):
            known = self._averages[message.instrument] = Average(by_index=is_index)
        if is_index == known.by_index:
            known.hear(message.price, min(time, expires), expires - WINDOW)

    def deliver(self, instrument: str, time: int) -> None:
        """Once."""
        market = self._floor.market(instrument)
        if market is None or instrument in self.delivered:
            return
        for account in self._floor.accounts.values():
            mine = [order for order in account.working.values() if order.instrument == instrument]
            for order in sorted(mine, key=lambda order: order.number):
                self._house.withdraw(order, "the contract has expired")
        price = self._price(instrument, market, time)
        self.delivered[instrument] = price
        if price:
            self._close_all(market, price)

    def _price(self, instrument: str, market: Market, time: int) -> float:
        """0 where no price was ever told: nothing is closed then, and that is an error."""
        average, expires = self._averages.pop(instrument, Average()), self.expiries[instrument]
        average.advance(expires, expires - WINDOW)
        if average.seconds:
            mean = read_fraction(average.total) / Fraction(average.seconds)
            return float(f"{float(mean):.{DIGITS}g}")
        price = average.value or market.value_price()
        text = f"no index and no mark in the {WINDOW // MINUTE} minutes before the expiry: settled at {price!r}"
        if any(account.held(instrument) for account in self._floor.accounts.values()):
            alert = Alert(level="error", code="settlement_price", text=text, instrument=instrument)
            self._floor.reports.append(Report(alert))
        return price

    def _close_all(self, market: Market, price: float) -> None:
        floor, rules = self._floor, self._floor.rules_of(market.instrument)
        for account in floor.accounts.values():
            held = account.held(market.instrument)
            if not held and market.instrument in account.positions:
                self._house.tell_price(account, market, price, SETTLEMENT)
            for name in held:
                leg = split(name)[1]
                quantity = account.quantity(market, leg)
                size = market.scales.exact_size(abs(quantity))
                fee = floor.fees.fee(rules, rules.worth(exact(price), size), size, maker=False)
                side = -1 if quantity > 0 else 1
                self._house.close_outright(account, market, side, price, abs(quantity), fee, SETTLEMENT, leg)

    def state(self) -> Any:
        return [[[name, each] for name, each in self._averages.items()], list(self.delivered.items())]

    def restore(self, state: Any) -> None:
        averages, delivered = state
        self._averages = {name: msgspec.convert(each, Average) for name, each in averages}
        self.delivered = dict(delivered)
