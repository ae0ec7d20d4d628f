"""What longs pay shorts at funding times: position × price × rate, half to even at 1e-8.

The positions are those of the instant. The price is the mark, or where the desk file says so the index, of the very
second. Where there is none, the nearest price within a stated age stands in for it, and the payment says that it is
estimated; where there is none either, nothing is paid, and that is told as an error.
"""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.actors.venue.amounts import rounded
from letrade.actors.venue.floor import Floor
from letrade.actors.venue.market import Market
from letrade.actors.venue.reports import Report
from letrade.core.config.desk import VenueConfig
from letrade.core.legs import name_of, split
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.events import Alert
from letrade.core.messages.market import FundingRate
from letrade.core.messages.venue import VenueCash
from letrade.core.money import money
from letrade.core.quantities import exact
from letrade.core.stepping.course import FUNDING_WAIT_NS

SECOND_NS = 1_000_000_000
MISSING = "funding_missing"


class Due(msgspec.Struct, array_like=True):
    """A payment whose time has come, and that waits for its price."""

    funding_time: int
    rate: float
    held: dict[str, int]
    """By account (and leg, in hedge mode) what it held at the instant, in size units of the market."""
    until: int


class Price(msgspec.Struct, frozen=True):
    """What positions are valued at for a payment."""

    value: float
    time: int
    of: str


class Funding:
    """The last rate told before a funding time is the one that is paid; each funding time is paid once."""

    def __init__(self, floor: Floor, venue: VenueConfig) -> None:
        self._floor = floor
        self._basis, self._age_max = venue.funding_price, venue.funding_price_age
        self._told: dict[str, dict[int, float]] = {}
        """By instrument, the newest rate of each funding time that has not come."""
        self._paid: dict[str, int] = {}
        self.waiting: dict[str, Due] = {}
        """By instrument."""

    def hear(self, rate: FundingRate) -> None:
        """Of one funding time after another, or of several in advance; each is paid."""
        if rate.funding_time > self._paid.get(rate.instrument, -1):
            self._told.setdefault(rate.instrument, {})[rate.funding_time] = rate.rate

    def next_time(self, instrument: str) -> int | None:
        """When the instrument's funding is to be paid, or a payment stops waiting; None when no rate is known."""
        if instrument in self.waiting:
            return self.waiting[instrument].until
        return min(self._told.get(instrument, ()), default=None)

    def advance(self, instrument: str, time: int) -> None:
        """Settles what waits, where its price has come or its wait is over, and takes up what has fallen due."""
        self.settle(instrument, time)
        told = self._told.get(instrument, {})
        while instrument not in self.waiting and (due := min(told, default=time + 1)) <= time:
            self._fall_due(instrument, due, told.pop(due), time)
            self.settle(instrument, time)

    def _fall_due(self, instrument: str, funding_time: int, rate: float, time: int) -> None:
        self._paid[instrument] = funding_time
        market = self._floor.market(instrument)
        if market is None or self._floor.rules_of(instrument).kind == "spot":
            return
        held = {
            name_of(account.name, leg): account.quantity(market, leg)
            for account in self._floor.accounts.values()
            for _, leg in map(split, account.held(instrument))
        }
        if held:
            self.waiting[instrument] = Due(funding_time, rate, held, time + FUNDING_WAIT_NS)

    def settle(self, instrument: str, time: int) -> None:
        """Pays what waits as soon as there is a price of the instant; with the nearest one when the wait is over."""
        due, market = self.waiting.get(instrument), self._floor.market(instrument)
        if due is None or market is None:
            return
        price = self._exact_price(market, due.funding_time)
        estimated = price is None
        if price is None and time < due.until:
            return
        price = price or self._nearest_price(market, due.funding_time)
        del self.waiting[instrument]
        if price is None:
            self._miss(instrument, market, due)
        else:
            self._pay(instrument, market, due, price, estimated)

    def pay_early(self, account: str) -> bool:
        """What waits for its price and one account owes or gets, by the nearest one; whether there was anything. Who is
        about to be liquidated pays first: nothing would be left to pay it."""
        paid = False
        for instrument, due in list(self.waiting.items()):
            own = {owner: held for owner, held in due.held.items() if split(owner)[0] == account}
            market = self._floor.market(instrument)
            price = None if market is None or not own else self._nearest_price(market, due.funding_time)
            if market is None or price is None:
                continue
            rest = {owner: held for owner, held in due.held.items() if owner not in own}
            self.waiting[instrument] = msgspec.structs.replace(due, held=rest)
            self._pay(instrument, market, msgspec.structs.replace(due, held=own), price, estimated=True)
            paid = True
        return paid

    def _exact_price(self, market: Market, funding_time: int) -> Price | None:
        value, seen = (market.mark, market.mark_time) if self._basis == "mark" else (market.index, market.index_time)
        same = seen // SECOND_NS == funding_time // SECOND_NS
        return Price(value, seen, self._basis) if value and same else None

    def _nearest_price(self, market: Market, funding_time: int) -> Price | None:
        known = (
            Price(market.mark, market.mark_time, "mark"),
            Price(market.index, market.index_time, "index"),
            Price(market.last, market.last_time, "last price"),
        )
        near = [price for price in known if price.value and abs(price.time - funding_time) <= self._age_max]
        return min(near, key=lambda price: abs(price.time - funding_time), default=None)

    def _pay(self, instrument: str, market: Market, due: Due, price: Price, estimated: bool) -> None:
        rules = self._floor.rules_of(instrument)
        age = (due.funding_time - price.time) / SECOND_NS
        when = "before" if age >= 0 else "after"
        reason = f"no {self._basis} price of the instant: the {price.of} of {abs(age):g} s {when}" if estimated else ""
        for owner, quantity in due.held.items():
            name, leg = split(owner)
            worth = rules.worth(exact(price.value), market.scales.exact_size(quantity))
            amount = rounded(rules.settle, -worth * exact(due.rate))
            self._floor.accounts[name].wallet.add(amount)
            if self._floor.margin is not None:
                self._floor.margin.paid(name, name_of(instrument, leg), amount.value)
            cash = VenueCash(
                strategy=NO_STRATEGY, account=name, instrument=instrument,
                entry_id=f"funding-{instrument}-{due.funding_time}-{owner}", origin="funding", leg=leg,
                amount=money(amount.currency, amount.units, amount.scale), venue_time=due.funding_time,
                reason=reason, estimated=estimated,
            )  # fmt: skip
            self._floor.tell_cash(cash)

    def _miss(self, instrument: str, market: Market, due: Due) -> None:
        ages = [abs(time - due.funding_time) / SECOND_NS for time in (market.mark_time, market.last_time) if time]
        nearest = f"the nearest is {min(ages):g} s away" if ages else "none is known"
        text = (
            f"the funding of {due.funding_time} is not paid: expected a price within {self._age_max / SECOND_NS:g} s "
            f"of it (funding_price_age), {nearest}: add marks or finer bars to the data"
        )
        for name, _ in map(split, due.held):
            self._floor.reports.append(
                Report(Alert(level="error", code=MISSING, text=text, instrument=instrument, account=name))
            )

    def state(self) -> Any:
        told = [[name, list(rates.items())] for name, rates in self._told.items()]
        return [told, self._paid, list(self.waiting.items())]

    def restore(self, state: Any) -> None:
        told, self._paid, waiting = state
        self._told = {name: dict(rates) for name, rates in told}
        self.waiting = {name: msgspec.convert(due, Due) for name, due in waiting}
