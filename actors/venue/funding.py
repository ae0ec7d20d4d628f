"""What longs pay shorts at funding times: position × mark price × rate, half to even at 1e-8."""

from __future__ import annotations

from typing import Any

from letrade.actors.venue.amounts import rounded
from letrade.actors.venue.floor import Floor
from letrade.actors.venue.reports import Report
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.market import FundingRate
from letrade.core.messages.venue import VenueCash
from letrade.core.money import money
from letrade.core.quantities import exact


class Funding:
    """The last rate told before a funding time is the one that is paid; each funding time is paid once."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._next: dict[str, tuple[int, float]] = {}
        self._paid: dict[str, int] = {}

    def hear(self, rate: FundingRate) -> None:
        if rate.funding_time > self._paid.get(rate.instrument, -1):
            self._next[rate.instrument] = (rate.funding_time, rate.rate)

    def next_time(self, instrument: str) -> int | None:
        """When the instrument's funding is to be paid, None when no rate is known."""
        return self._next[instrument][0] if instrument in self._next else None

    def pay(self, instrument: str) -> None:
        """Pays what is due in one instrument to and from every account with a position."""
        funding_time, rate = self._next.pop(instrument)
        self._paid[instrument] = funding_time
        market = self._floor.market(instrument)
        if market is None or self._floor.rules_of(instrument).kind != "linear":
            return
        rules, price = self._floor.rules_of(instrument), market.value_price()
        for account in self._floor.accounts.values():
            quantity = account.quantity(market)
            if not quantity:
                continue
            worth = market.scales.exact_size(quantity) * exact(price) * rules.multiplier
            amount = rounded(rules.settle, -worth * exact(rate))
            account.wallet.add(amount)
            cash = VenueCash(
                strategy=NO_STRATEGY,
                account=account.name,
                instrument=instrument,
                entry_id=f"funding-{instrument}-{funding_time}-{account.name}",
                origin="funding",
                amount=money(amount.currency, amount.units, amount.scale),
                venue_time=funding_time,
                reason="" if market.mark else "valued at the last price: no mark price is known",
            )
            self._floor.reports.append(Report(cash))

    def state(self) -> Any:
        return [self._next, self._paid]

    def restore(self, state: Any) -> None:
        upcoming, self._paid = state
        self._next = {name: (time, rate) for name, (time, rate) in upcoming.items()}
