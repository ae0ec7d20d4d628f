"""Liquidation, step by step as the venue's rules say: cancel orders, close in the market, take over, deleverage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.amounts import rounded
from letrade.actors.venue.collateral_sale import CollateralSale
from letrade.actors.venue.floor import Floor
from letrade.actors.venue.house import House, grid_price
from letrade.actors.venue.margin import LIQUIDATION, Margins
from letrade.actors.venue.margin_bands import Bands
from letrade.actors.venue.margin_steps import partial_size, worst_tolerated
from letrade.actors.venue.margin_sums import (
    ZERO,
    Holding,
    Unit,
    bankruptcy_price,
    equity_share,
    is_liquidated,
    maintenance,
    maintenance_of,
)
from letrade.actors.venue.market import Market
from letrade.actors.venue.orders import FOK, IOC, Order
from letrade.actors.venue.reports import Report
from letrade.actors.venue.takeover import Takeover
from letrade.core.config.venue_margin import MarginConfig
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.events import Alert
from letrade.core.messages.market import IndexPrice, MarkPrice
from letrade.core.quantities import exact

ROUNDS_MAX = 100
"""For each account: one liquidation may lead to others by deleveraging; no chain of them is longer."""


class Liquidation:
    """Looks at a unit whenever a mark, a fill, a payment or a setting moved it, and closes what has no margin left."""

    def __init__(
        self, floor: Floor, margins: Margins, config: MarginConfig, pay_first: Callable[[str], bool] = lambda _: False
    ) -> None:
        """`pay_first` books what an account owes already, and says whether that was anything."""
        self._floor, self._margins, self._rules = floor, margins, margins.rules
        fee = config.liquidation_fee
        self._fee = self._rules.fee if fee is None else read_fraction(fee)
        self._house = House(floor)
        self._takeover = Takeover(floor, margins, config)
        self._sale = CollateralSale(floor, margins, self._takeover)
        self._bands = Bands()
        self._pay_first = pay_first
        self._told: dict[str, None] = {}
        """The units whose liquidation was told of, by key, until they are safe again."""

    # ---- when

    def heard(self, message: MarketMessage) -> None:
        """A new mark, or where there is none a new price, touches who holds the contract; an index, who holds the coin
        that it prices."""
        market = self._floor.markets.get(message.instrument)
        if isinstance(message, IndexPrice) and message.instrument in self._margins.indexes:
            coin = self._margins.indexes[message.instrument]
            for name, account in self._floor.accounts.items():
                if account.wallet.has(coin) and self._margins.is_backed(name):
                    self._margins.touched[name] = None
        if market is None or (type(message) is not MarkPrice and self._margins.has_mark(market)):
            return
        rules, price = self._floor.rules_of(message.instrument), self._margins.price(market)
        for name, account in self._floor.accounts.items():
            for position in account.held(message.instrument):
                if not self._bands.surely_safe(name, position, rules, price):
                    self._margins.touched[name] = None

    def look(self) -> None:
        """Until nothing moves any more."""
        touched = self._margins.touched
        for _ in range(ROUNDS_MAX * len(self._floor.accounts)):
            if not touched:
                return
            name = next(iter(touched))
            del touched[name]
            account = self._floor.accounts[name]
            self._end_waits(account)
            found = self._liquidated(account)
            if found and self._pay_first(name):
                touched[name] = None
                continue
            for seen in found:
                unit = self._again(seen)  # the one before it may have changed it
                if unit is not None and is_liquidated(self._rules, unit) and self._may_act(unit):
                    self._liquidate(unit)
                    self._sale.cover(account, unit.currency)

    def _liquidated(self, account: VenueAccount) -> list[Unit]:
        """Without margin left; of the others it is forgotten that they were told of."""
        found: list[Unit] = []
        self._bands.drop(account.name)
        for unit in self._margins.units(account):
            if is_liquidated(self._rules, unit):
                found.append(unit)
            else:
                names = (holding.instrument for holding in unit.holdings)
                self._bands.keep(self._rules, unit, {name: self._floor.rules_of(name) for name in names})
        keys = [unit.key for unit in found]
        for key in [key for key in self._told if key.partition(" ")[0] == account.name and key not in keys]:
            del self._told[key]
        return found

    def next_time(self) -> int | None:
        """When a unit that waits for its next step is looked at again."""
        return min(self._margins.cooling.values(), default=None)

    def wake(self) -> None:
        """Touches the units whose wait is over."""
        for key, until in list(self._margins.cooling.items()):
            if until <= self._floor.time:
                del self._margins.cooling[key]
                self._margins.touched[key.partition(" ")[0]] = None

    def _may_act(self, unit: Unit) -> bool:
        """Not while an order of the venue waits for its market; in a wait only where it cannot be waited any longer."""
        if unit.key in self._margins.waiting:
            return False
        until = self._margins.cooling.get(unit.key, 0)
        if self._rules.cooldown and until == self._floor.time + self._rules.cooldown:
            return False  # it had its step of this moment
        waits = self._rules.partial == "two_tiers" and until > self._floor.time
        return not waits or unit.equity <= worst_tolerated(self._rules, unit)

    def _end_waits(self, account: VenueAccount) -> None:
        """Orders of the venue that have met their market pay the fee of what it took."""
        for key, order in list(self._margins.waiting.items()):
            if order.account == account.name and not order.working:
                del self._margins.waiting[key]
                market = self._floor.markets[order.instrument]
                unit = self._margins.unit(account, order.position)
                settle = self._floor.rules_of(order.instrument).settle
                held = unit is not None and bool(unit.holdings)
                most = unit.equity if unit is not None and held else self._margins.balance(account, settle)
                self._charge(order, market, most)
                self._sale.cover(account, settle)

    # ---- what

    def _liquidate(self, unit: Unit) -> None:
        self._cancel_orders(unit)
        self._tell(unit)
        cooling = unit.key in self._margins.cooling
        for holding in self._by_need(unit):
            market = self._floor.markets[holding.instrument]
            size = partial_size(self._rules, unit, holding, market, self._fee, cooling)
            whole = self._rules.whole_in_market and not size
            if size or whole:
                left = self._close_in_market(unit, holding, market, size or holding_units(holding, market), not whole)
                if left is None or not is_liquidated(self._rules, left):
                    return
                unit = left
            if size and self._rules.cooldown:
                self._margins.cooling[unit.key] = self._floor.time + self._rules.cooldown
                return
        self._take_over(unit)

    def _take_over(self, unit: Unit) -> None:
        share = self._rules.taken_over_below
        if share is not None and unit.equity >= share * maintenance(self._rules, unit):
            return
        for holding in self._by_need(unit):
            self._takeover.take(unit, holding, self._rules)
            left = self._again(unit)
            if left is None or not is_liquidated(self._rules, left):
                break
            unit = left
        self._margins.cooling.pop(unit.key, None)

    def _by_need(self, unit: Unit) -> list[Holding]:
        """The largest maintenance first; those that earlier steps have closed are left out."""
        needs = {holding.name: maintenance_of(self._rules, unit, holding) for holding in unit.holdings}
        return sorted(unit.holdings, key=lambda holding: (-needs[holding.name], holding.name))

    def _again(self, unit: Unit) -> Unit | None:
        """The unit as it is now; None when it holds nothing any more."""
        units = self._margins.units(self._floor.accounts[unit.account])
        return next((each for each in units if each.key == unit.key), None)

    def _cancel_orders(self, unit: Unit) -> None:
        account = self._floor.accounts[unit.account]
        for order in sorted(account.working.values(), key=lambda order: order.number):
            if order.origin != LIQUIDATION and self._belongs(order, unit):
                self._house.withdraw(order, "liquidation: open orders are cancelled first")

    def _belongs(self, order: Order, unit: Unit) -> bool:
        if unit.instrument:
            return order.position == unit.name
        rules = self._floor.rules_of(order.instrument)
        mode = self._margins.setting(unit.account, order.instrument).mode
        return rules.kind != "spot" and rules.settle == unit.currency and mode == "cross"

    def _close_in_market(self, unit: Unit, holding: Holding, market: Market, size: int, partial: bool) -> Unit | None:
        """Offers so much to the market, no worse than the bankruptcy price; the unit as it is then."""
        if market.ready() is None:
            return unit
        limit = bankruptcy_price(holding, equity_share(self._rules, unit, holding), self._margins.taker_fee)
        price = grid_price(limit, -holding.side, market, self._floor.time)
        account = self._floor.accounts[unit.account]
        balance = account.wallet.total(unit.currency).value
        force = FOK if partial and self._rules.all_or_none else IOC
        order = self._house.send(account, market, -holding.side, size, price, force, holding.leg)
        if order.working:
            self._margins.waiting[unit.key] = order
            return None
        left = self._again(unit)
        lost = account.wallet.total(unit.currency).value - balance
        self._charge(order, market, unit.balance + lost if left is None else left.equity)
        return self._again(unit)

    def _charge(self, order: Order, market: Market, most: Fraction) -> None:
        """The fee of what the market took, no more than there is."""
        rules = self._floor.rules_of(order.instrument)
        value = rules.worth(exact(self._margins.price(market)), market.scales.exact_size(order.filled))
        due = rounded(rules.settle, min(value * self._fee, max(ZERO, most)))
        if due.units > 0:
            text = f"the liquidation fee of {float(value):g} {rules.settle}"
            self._takeover.pay(order.account, order.position, due.negated(), text)

    def _tell(self, unit: Unit) -> None:
        if unit.key in self._told:
            return
        self._told[unit.key] = None
        needed = float(maintenance(self._rules, unit))
        what = unit.name if unit.instrument else f"the {unit.currency} positions"
        text = f"{what}: equity {float(unit.equity):g} {unit.currency} against a maintenance of {needed:g}"
        first = unit.instrument or unit.holdings[0].instrument
        alert = Alert(level="error", code="liquidation", text=text, account=unit.account, instrument=first)
        self._floor.reports.append(Report(alert))

    def state(self) -> Any:
        return [list(self._told), self._takeover.state(), self._bands.state()]

    def restore(self, state: Any) -> None:
        told, takeover, bands = state if len(state) == 3 else (*state, [])  # as it was written before
        self._told = dict.fromkeys(told)
        self._takeover.restore(takeover)
        self._bands.restore(bands, self._floor.catalogue.at)


def holding_units(holding: Holding, market: Market) -> int:
    """The whole position in the market's size units."""
    return int(holding.contracts * 10**market.scales.size_decimals)
