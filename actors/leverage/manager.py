"""LeverageManager: keeps each position's effective leverage within its limit, and the venue's setting in step."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from letrade.actors.leverage.limits import leverage_at, settled, share_to_close
from letrade.actors.leverage.sizes import ZERO, Market, Sizer, View
from letrade.core.actor import Context
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.margin.exhausting import exhausting_price
from letrade.core.margin.held import ISOLATED
from letrade.core.messages.accounts import Balance, Position
from letrade.core.messages.base import NO_STRATEGY, Timer, is_price
from letrade.core.messages.events import Alert
from letrade.core.messages.features import Features
from letrade.core.messages.margin import (
    ISOLATED_MARGIN,
    LEVERAGE,
    LiquidationNear,
    MarginRequest,
    MarginUpdate,
    PositionLimit,
)
from letrade.core.messages.market import Bar, IndexPrice, MarkPrice, Middle, Quote, Trade
from letrade.core.messages.orders import CashEntry
from letrade.core.messages.venue import VenueState
from letrade.core.quantities import exact

CHANGED, AGAIN = "changed", "again"
MILLIONTHS = 10**6


class Ask(msgspec.Struct, array_like=True):
    """A setting that the venue was asked for and has not answered."""

    account: str
    instrument: str
    change: str
    value: float


class LeverageManager(Sizer):
    """Flat: the venue's leverage is set and verified. Held: an isolated position gets margin or is cut, a cross one is
    cut; both whatever the venue refuses. Nothing is ever opened by it."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.published: dict[Market, float] = {}
        """The largest position told last."""
        self.asked: dict[str, Ask] = {}
        self.resting: dict[Market, int] = {}
        """Until when a market's settings are left alone."""
        self.reviewed: dict[str, int] = {}
        """When each account was looked at last."""
        self.count = 0
        self._hysteresis = read_fraction(config.hysteresis)

    # ---- what is heard

    def on_price(self, message: MarkPrice | Quote | Middle | Trade | Bar) -> None:
        price = _price(message)
        instrument, is_mark = message.instrument, isinstance(message, MarkPrice)
        if price is None or (instrument in self.marked and not is_mark):
            return
        if is_mark:
            self.marked[instrument] = None
        first = instrument not in self.prices
        self.prices[instrument] = price
        for account in self.venues:
            due = first or self.reviewed.get(account, 0) + self.config.every <= self.now()
            if due and instrument in self.markets(account):
                self._review_all(account)

    def on_index_price(self, index: IndexPrice) -> None:
        """Of a coin that backs contracts."""
        if not is_price(index.price):
            return
        first = index.instrument not in self.indexes
        self.indexes[index.instrument] = index.price
        for account in self.backing.holders(index.instrument, self.holdings.balance):
            if account in self.venues and (first or self.reviewed.get(account, 0) + self.config.every <= self.now()):
                self._review_all(account)

    def on_features(self, features: Features) -> None:
        if self.config.feature_set in ("", features.feature_set):
            known = self.features.setdefault(features.instrument, {})
            known.update(zip(features.names, features.values, strict=True))
            for account in self.venues:
                self._changed(account)

    def on_liquidation_near(self, near: LiquidationNear) -> None:
        if near.account in self.venues:
            self.distances[near.account, near.instrument] = near.distance
            self._changed(near.account)

    def on_position(self, position: Position) -> None:
        if position.account in self.venues and self.holdings.take_position(position, self.now()) is not None:
            self._changed(position.account)

    def on_balance(self, balance: Balance) -> None:
        if balance.account in self.venues:
            self.holdings.take_balance(balance)
            self._changed(balance.account)

    def on_cash_entry(self, entry: CashEntry) -> None:
        self.holdings.take_cash(entry)

    def on_venue_state(self, state: VenueState) -> None:
        if state.account in self.venues:
            self.holdings.take_state(state)
            self._changed(state.account)

    def on_margin_update(self, update: MarginUpdate) -> None:
        """Done is not believed until the value is the one that was asked for."""
        if update.account not in self.venues:
            return
        self.holdings.take_update(update)
        ask = self.asked.get(update.request_id)
        if ask is not None and update.state in ("done", "refused"):
            del self.asked[update.request_id]
            if update.state == "refused" or (ask.change == LEVERAGE and update.value != ask.value):
                self._rest(ask, update)
        self._changed(update.account)

    def on_timer(self, timer: Timer) -> None:
        _, _, what = timer.key.partition(" ")
        account, _, instrument = what.partition(" ")
        if instrument:
            self.resting.pop((account, instrument), None)
        self._review_all(account)

    # ---- what follows

    def _changed(self, account: str) -> None:
        """Looked at a moment later, when all that came at the same time is known."""
        self.set_timer(self.now() + 1, f"{CHANGED} {account}")

    def _review_all(self, account: str) -> None:
        self.reviewed[account] = self.now()
        for instrument in self.markets(account):
            view = self.view(account, instrument)
            if view is not None:
                self._review(view)

    def _review(self, view: View) -> None:
        contract = view.contract
        wanted = view.largest / view.face
        if contract.mode == ISOLATED and contract.quantity:
            wanted = min(wanted, self._keep_isolated(view))
        elif not contract.quantity and self.config.set_leverage:
            self._set_leverage(view)
        self._publish_limit(view, wanted)

    def _publish_limit(self, view: View, wanted: Fraction) -> None:
        contract = view.contract
        key = (contract.account, contract.instrument)
        before = self.published.get(key)
        now = settled(None if before is None else exact(before), wanted, self._hysteresis)
        grid = self.context.instruments.at(contract.instrument, self.now()).size
        largest = grid.round_down(float(f"{float(now):.15g}"))
        if largest == before:
            return
        self.published[key] = largest
        reason = f"leverage {float(view.leverage):.3g} of an equity of {float(view.equity):.2f}"
        self.publish(
            PositionLimit(
                strategy=NO_STRATEGY, account=contract.account, instrument=contract.instrument, largest=largest,
                reason=reason, worst=self._worst(view),
            )
        )  # fmt: skip

    def _worst(self, view: View) -> float | None:
        """A cut that costs more than the position can lose is none."""
        contract, notional = view.contract, view.notional
        if not contract.quantity:
            return None
        if contract.mode != ISOLATED:
            notional += view.others
        inverse = self.context.instruments.at(contract.instrument, self.now()).inverse
        share = max(0.0, float(view.own / notional))
        return exhausting_price(self.prices[contract.instrument], contract.side, share, inverse=inverse)

    def _keep_isolated(self, view: View) -> Fraction:
        """The size that the position may have: adds margin where that is enough, else cuts what is too much for it."""
        contract, room = view.contract, 1 - self._hysteresis
        # What `settled` takes off of a size that is only not to grow would cut it.
        as_it_is = contract.size / room
        if contract.margin is None:
            return as_it_is
        target = view.leverage * room
        higher = contract.leverage is not None and contract.leverage > math.ceil(view.leverage)
        most = as_it_is if higher else view.largest / view.face
        if view.own > 0 and view.notional <= view.leverage * view.own:
            return most
        settle = self.context.instruments.at(contract.instrument, self.now()).settle
        free = max(ZERO, self.holdings.free_balance(contract.account, settle))
        share = read_fraction(self.config.margin_share)
        missing = ZERO if target <= 0 else view.notional / target - view.own
        if target > 0 and missing <= free * share:
            self._ask(view, ISOLATED_MARGIN, math.ceil(missing * MILLIONTHS) / MILLIONTHS)
            return most
        return as_it_is * (1 - share_to_close(view.notional, max(ZERO, view.own), target, free, share))

    def _set_leverage(self, view: View) -> None:
        """The least whole leverage that does not stand in the way of the limit."""
        contract = view.contract
        rules = self.context.instruments.at(contract.instrument, self.now())
        most = leverage_at(view.largest, rules.tiers)
        wanted = max(1, math.ceil(view.leverage if most is None else min(view.leverage, most)))
        if contract.leverage != wanted:
            self._ask(view, LEVERAGE, float(wanted))

    def _ask(self, view: View, change: str, value: float) -> None:
        """One request at a time for each market."""
        contract = view.contract
        key = (contract.account, contract.instrument)
        waits = any((ask.account, ask.instrument) == key for ask in self.asked.values())
        if waits or key in self.resting:
            return
        self.count += 1
        request_id = f"{self.name}-{self.count}"
        self.asked[request_id] = Ask(*key, change, value)
        self.publish(
            MarginRequest(
                strategy=NO_STRATEGY, account=contract.account, instrument=contract.instrument, request_id=request_id,
                change=change, value=value,
            )
        )  # fmt: skip

    def _rest(self, ask: Ask, update: MarginUpdate) -> None:
        key = (ask.account, ask.instrument)
        self.resting[key] = self.now() + self.config.patience
        self.set_timer(self.resting[key], f"{AGAIN} {ask.account} {ask.instrument}")
        found = f"{update.code} {update.reason}".strip() if update.state == "refused" else f"it is {update.value!r}"
        text = f"{ask.change} {ask.value!r} was not done: {found}"
        self.publish(
            Alert(level="warning", code="margin_refused", text=text, account=ask.account, instrument=ask.instrument)
        )

    # ---- snapshots

    def state(self) -> Any:
        return {
            "holdings": self.holdings.state(),
            "prices": list(self.prices.items()),
            "marked": list(self.marked),
            "indexes": list(self.indexes.items()),
            "features": [[name, list(known.items())] for name, known in self.features.items()],
            "distances": [[*key, distance] for key, distance in self.distances.items()],
            "published": [[*key, largest] for key, largest in self.published.items()],
            "asked": list(self.asked.items()),
            "resting": [[*key, until] for key, until in self.resting.items()],
            "reviewed": list(self.reviewed.items()),
            "count": self.count,
        }

    def restore(self, state: Any) -> None:
        self.holdings.restore(state["holdings"])
        self.prices = dict(state["prices"])
        self.marked = dict.fromkeys(state["marked"])
        self.indexes = dict(state.get("indexes", []))
        self.features = {name: dict(known) for name, known in state["features"]}
        self.distances = {(account, name): distance for account, name, distance in state["distances"]}
        self.published = {(account, name): largest for account, name, largest in state["published"]}
        self.asked = {key: msgspec.convert(ask, Ask) for key, ask in state["asked"]}
        self.resting = {(account, name): until for account, name, until in state["resting"]}
        self.reviewed = dict(state["reviewed"])
        self.count = state["count"]


def _price(message: MarkPrice | Quote | Middle | Trade | Bar) -> float | None:
    if isinstance(message, Quote):
        return (message.bid + message.ask) / 2 if message.bid > 0 and message.ask > 0 else None
    price = message.close if isinstance(message, Bar) else message.price
    return price if is_price(price) else None
