"""What RiskManager has approved and is not over: the worst case that every later request is judged with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from letrade.core.exposure import Exposure
from letrade.core.holdings import Holdings
from letrade.core.instruments import Specification
from letrade.core.messages.orders import Fill, OrderUpdate
from letrade.core.quantities import add, units

REMEMBERED_MAX = 4096


class Reserved(msgspec.Struct, array_like=True):
    """One approved order until it ends; an amend that is on its way counts with whatever is larger."""

    order_id: str
    account: str
    instrument: str
    strategy: str
    side: int
    size: float
    price: float | None
    rests: bool
    """It may stand in the book, where another order of ours could trade with it."""
    filled: float = 0.0
    amending: tuple[float, float] | None = None
    """(price, size) approved and not yet answered."""

    @property
    def market(self) -> tuple[str, str]:
        return (self.account, self.instrument)

    @property
    def remaining(self) -> int:
        """Units of 1e-18."""
        size = max(self.size, self.amending[1]) if self.amending else self.size
        return max(0, units(size) - units(self.filled)) if self.filled else units(size)


class Reservations:
    """All approved orders that may still trade, and the positions that they add to."""

    def __init__(self) -> None:
        self.orders: dict[str, Reserved] = {}
        self._by_market: dict[tuple[str, str], dict[str, Reserved]] = {}
        self._by_instrument: dict[str, dict[str, Reserved]] = {}
        self._instruments: dict[str, dict[str, None]] = {}
        """By account those in which it holds or reserves something, or did."""
        self.holdings = Holdings()
        self._exposures: dict[str, dict[str, Exposure]] = {}
        """By account and instrument, until something changes there."""
        self.remembered: dict[str, None] = {}
        """Order ids that were approved lately: the same intent is approved once."""

    def add(self, order: Reserved) -> None:
        self._put(order)
        self.remember(order.order_id)

    def remember(self, order_id: str) -> None:
        """It is approved; the same intent is not approved again."""
        self.remembered[order_id] = None
        if len(self.remembered) > REMEMBERED_MAX:
            del self.remembered[next(iter(self.remembered))]

    def _put(self, order: Reserved) -> None:
        self.orders[order.order_id] = order
        market = order.market
        mine = self._by_market.get(market)
        if mine is None:
            mine = self._by_market[market] = {}
        mine[order.order_id] = order
        everyones = self._by_instrument.get(order.instrument)
        if everyones is None:
            everyones = self._by_instrument[order.instrument] = {}
        everyones[order.order_id] = order
        self.changed(market)

    def fill(self, specification: Specification, fill: Fill) -> None:
        """What was reserved is held from now on."""
        self.holdings.book(specification, fill)
        self.changed((fill.account, fill.instrument))
        order = self.orders.get(fill.order_id)
        if order is not None:
            order.filled = add(order.filled, fill.size)
            if not order.remaining:
                self.end(fill.order_id)

    def changed(self, market: tuple[str, str]) -> None:
        account, instrument = market
        known = self._exposures.get(account)
        if known:
            known.pop(instrument, None)
        held = self._instruments.get(account)
        if held is None:
            held = self._instruments[account] = {}
        held[instrument] = None

    def end(self, order_id: str) -> None:
        order = self.orders.pop(order_id, None)
        if order is not None:
            del self._by_market[order.market][order_id]
            del self._by_instrument[order.instrument][order_id]
            self.changed(order.market)

    def forget(self, order_id: str) -> None:
        """It was not approved after all."""
        self.end(order_id)
        self.remembered.pop(order_id, None)

    def amending(self, order: Reserved, change: tuple[float, float] | None) -> None:
        """An amend is on its way to the venue, or will never be."""
        order.amending = change
        self.changed(order.market)

    def adopt(self, update: OrderUpdate) -> None:
        """An order that works without a reservation: sent by execution itself, or thought over too early."""
        self._put(
            Reserved(
                update.order_id, update.account, update.instrument, update.strategy, update.side, update.size,
                update.price, update.price is not None, update.filled,
            )
        )  # fmt: skip

    def amended(self, update: OrderUpdate) -> None:
        """The venue has answered an amend: the order is now as it says."""
        order = self.orders[update.order_id]
        order.amending, order.price, order.size = None, update.price, update.size
        self.changed(order.market)

    def exposure(self, account: str, specification: Specification, but: str = "") -> Exposure:
        """Of an account in an instrument, one order left out."""
        kept = self.exposures(account)
        known = None if but else kept.get(specification.id)
        if known is not None:
            return known
        buys = sells = 0
        for order in (self._by_market.get((account, specification.id)) or {}).values():
            if order.order_id == but:
                continue
            if order.side > 0:
                buys += order.remaining
            else:
                sells += order.remaining
        found = Exposure(self.holdings.net(account, specification), buys, sells)
        if not but:
            kept[specification.id] = found
        return found

    def exposures(self, account: str) -> dict[str, Exposure]:
        """Those that are known by instrument; the same object as long as nothing changes there. Read-only."""
        known = self._exposures.get(account)
        if known is None:
            known = self._exposures[account] = {}
        return known

    def instruments(self, account: str) -> Iterable[str]:
        """Those in which the account holds or reserves something, or did."""
        return self._instruments.get(account, ())

    def busy(self, account: str, instrument: str) -> bool:
        """Whether it holds or reserves something there now."""
        market = (account, instrument)
        return bool(self.holdings.gross().get(market) or self._by_market.get(market))

    def crossed_by(self, instrument: str, side: int, price: float | None, but: str, account: str | None = None) -> str:
        """The resting order of ours, in any account or in this one, that an order would trade with; '' when none."""
        orders = self._by_instrument.get(instrument)
        for order in orders.values() if orders else ():
            if order.side == side or not order.rests or order.order_id == but or account not in (None, order.account):
                continue
            prices = [order.price, *(order.amending[:1] if order.amending else ())]
            if any(price is None or found is None or side * (price - found) >= 0 for found in prices):
                return order.order_id
        return ""

    def state(self) -> Any:
        return [list(self.orders.values()), self.holdings.state(), list(self.remembered)]

    def restore(self, state: Any) -> None:
        orders, holdings, remembered = state
        self.orders, self._by_market, self._by_instrument = {}, {}, {}
        self._instruments, self._exposures = {}, {}
        for order in msgspec.convert(orders, list[Reserved]):
            self._put(order)
        self.holdings.restore(holdings)
        for account, instrument in self.holdings.gross():
            self._instruments.setdefault(account, {})[instrument] = None
        self.remembered = dict.fromkeys(remembered)
