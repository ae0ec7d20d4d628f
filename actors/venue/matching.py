"""Fills by price-time matching: our orders and those of the other participants rest in one book."""

from __future__ import annotations

from typing import Any

from letrade.actors.venue.model import (
    NO_MORE_SIZE,
    SELF_TRADED,
    WOULD_TAKE,
    Changed,
    Ended,
    FillModel,
    Print,
    Refused,
    Said,
    Terms,
)
from letrade.actors.venue.orders import CANCELLED, EXPIRED, FILLED, GTD, Order
from letrade.actors.venue.recorded import CHANGES, ENDS, FORCES, KINDS, SOURCES
from letrade.actors.venue.scales import Scales
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.market import FlowOrder, IndexPrice, MarketFlow, MarkPrice
from letrade.hotpath import constants
from letrade.hotpath.matching import MatchingEngine

Trades = list[tuple[int, int, int, int]]
DEPTH_START = 8
ONE_OF_GROUP, REDUCED = CHANGES[7], CHANGES[8]
OUTCOMES: dict[int, tuple[str, str]] = {
    constants.FILLED: (FILLED, ""),
    constants.EXPIRED: (EXPIRED, NO_MORE_SIZE),
    constants.SELF_TRADE: (EXPIRED, SELF_TRADED),
    constants.WOULD_CROSS: (EXPIRED, WOULD_TAKE),
    constants.TIME_OVER: ENDS[6],
    constants.GROUP_DONE: (CANCELLED, ONE_OF_GROUP),
    constants.NOTHING_TO_REDUCE: (CANCELLED, REDUCED),
    constants.DECREMENTED: (EXPIRED, SELF_TRADED),
}
"""How an order ends, (status, reason), by what the engine says of it."""


class MatchingModel(FillModel):
    """Our order number n is -n in the engine, so that no participant's id is ours; an account's orders never meet."""

    kind = "matching"
    public = True

    def __init__(self, scales: Scales, terms: Terms | None = None) -> None:
        super().__init__(scales, terms)
        self.engine = MatchingEngine()
        self.ours: dict[int, Order] = {}
        self.owners: dict[str, int] = {}
        self.groups: dict[str, int] = {}
        self.heard = False

    @property
    def has_market(self) -> bool:
        return self.heard

    def hear(self, message: MarketMessage, time: int) -> list[Said]:
        """Every command that this book can take is done; the first that it cannot is the complaint."""
        prints: list[Said] = []
        if type(message) is MarkPrice or type(message) is IndexPrice:
            source = SOURCES["mark" if type(message) is MarkPrice else "index"]
            ticks = round(message.price * 10**self.scales.price_decimals)
            return self._after(self._triggered(source, ticks), 0) if ticks > 0 else prints
        if type(message) is not MarketFlow:
            return prints
        self.heard = True
        for command in message.orders:
            try:
                prints += self._command(command)
            except (ValueError, OverflowError) as error:
                self.complaint = self.complaint or f"participant's order {command.order_id}: {error}"
        return prints

    def _command(self, command: FlowOrder) -> list[Said]:
        if command.order_id <= 0:
            raise ValueError("the id must be above 0")
        if command.kind == "cancel":
            self.engine.cancel(command.order_id)
            return []
        if command.kind not in ("limit", "market"):
            raise ValueError(f"expected limit, market or cancel, found {command.kind!r}")
        size = self.scales.size_units(command.size)
        if command.kind == "market":
            trades = self.engine.market(command.order_id, 0, command.side, size)[2]
        else:
            price = self.scales.price_units(command.price)
            trades = self.engine.limit(command.order_id, 0, command.side, price, size)[2]
        return self._after(trades, command.side)

    def _triggered(self, source: int, price: int) -> Trades:
        self.engine.trigger_price(source, price)
        return self.engine.take_trades()

    def _after(self, trades: Trades, side: int) -> list[Said]:
        """What a command of a participant's side did, in its order; our orders that are done are forgotten."""
        said: list[Said] = []
        notices = self.engine.take_notices().tolist() if self.engine.notices_waiting else []
        for place, (maker_id, taker_id, price, size) in enumerate(trades):
            while notices and notices[0][3] <= place:
                said += self._notice(*notices.pop(0)[:3])
            maker = self.ours.get(-maker_id) if maker_id < 0 else None
            taker = self.ours.get(-taker_id) if taker_id < 0 else None
            said.append(Print(self.scales.price(price), size, taker.side if taker else side, maker, taker))
        for notice in notices:
            said += self._notice(*notice[:3])
        if self.ours and said:
            self.ours = {number: order for number, order in self.ours.items() if self.engine.order(-number)}
        return said

    def _notice(self, engine_id: int, status: int, lots: int) -> list[Said]:
        order = self.ours.get(-engine_id)
        if order is None:
            return []
        if status == constants.TRIGGERED:
            order.triggered = True
            return [Changed(order, lots, "triggered")]
        live = self.engine.order(engine_id)
        if status in OUTCOMES and live is None:
            return [Ended(order, *OUTCOMES[status])]
        return [Changed(order, live[3] if live is not None else lots)]

    def _owner(self, account: str) -> int:
        return self.owners.setdefault(account, len(self.owners) + 1)

    def preview(self, side: int, size: int, limit: float | None) -> list[tuple[float, int]]:
        worst = None if limit is None else side * self.scales.price_units(limit)
        count = DEPTH_START
        while True:
            levels = self.engine.depth(-side, count)
            taken: list[tuple[float, int]] = []
            left = size
            for price, offered in levels:
                if left <= 0 or (worst is not None and side * price > worst):
                    return taken
                taken.append((self.scales.price(price), min(left, offered)))
                left -= offered
            if left <= 0 or len(levels) < count:
                return taken
            count *= 4

    def place(self, order: Order, time: int) -> list[Said]:
        self.engine.advance(time)
        self.ours[order.number] = order
        units = self.scales.price_units
        waits = order.awaits_trigger
        status, left, trades = self.engine.place(
            -order.number, self._owner(order.owner), KINDS[order.kind if waits else "order", bool(order.price)],
            order.side, order.left, units(order.price) if order.price else 0,
            time_in_force=FORCES[order.time_in_force] if order.price or waits else 0,
            expires=order.expires if order.time_in_force == GTD else 0,
            trigger=units(order.trigger) if waits and order.trigger else 0,
            trail=units(order.trail) if waits and order.trail else 0, source=SOURCES[order.trigger_by],
            shown=order.shown, group=self._group(order), post_only=order.post_only and order.rests,
            reduce_only=order.reduce_only and waits and self.terms.contract,
        )  # fmt: skip
        return self._placed(order, status, left, trades)

    def _group(self, order: Order) -> int:
        """Groups are an account's own."""
        return self.groups.setdefault(f"{order.account} {order.group}", len(self.groups) + 1) if order.group else 0

    def _placed(self, order: Order, status: int, left: int, trades: Trades) -> list[Said]:
        """What became of the order itself comes after its own trades and before what they triggered."""
        said = self._after(trades, order.side)
        if status in OUTCOMES:
            self.ours.pop(order.number, None)
            return [*said, Ended(order, *OUTCOMES[status])]
        if any(isinstance(each, Changed | Ended) and each.order is order for each in said):
            return said
        return [*said, Changed(order, left)]

    def amend(self, order: Order, price: float, size: int, time: int) -> list[Said]:
        left, units = size - order.filled, self.scales.price_units(price)
        at_trigger = order.awaits_trigger and not order.price
        status, left, trades = self.engine.amend(
            -order.number, 0 if at_trigger else units, left, units if at_trigger else 0
        )
        if status == constants.UNKNOWN_ORDER:
            raise ValueError(f"order {order.number} does not rest in the book")
        if status == constants.WOULD_CROSS:
            return [Refused(order, WOULD_TAKE)]
        if at_trigger:
            order.trigger = price
        else:
            order.price = price
        order.size = size
        return self._placed(order, status, left, trades)

    def remove(self, order: Order) -> None:
        self.engine.cancel(-order.number)
        self.ours.pop(order.number, None)

    def hold(self, account: str, position: int) -> None:
        self.engine.set_position(self._owner(account), position)

    def next_expiry(self) -> int | None:
        return min((order.expires for order in self.ours.values() if order.time_in_force == GTD), default=None)

    def expire(self, time: int) -> list[Said]:
        self.engine.advance(time)
        return self._after(self.engine.take_trades(), 0)

    def orders(self) -> list[Order]:
        return list(self.ours.values())

    def best(self) -> tuple[tuple[float, int] | None, tuple[float, int] | None]:
        bid, ask = self.engine.best()
        price = self.scales.price
        return (price(bid[0]), bid[1]) if bid else None, (price(ask[0]), ask[1]) if ask else None

    def state(self) -> Any:
        return [self.engine.dump(), list(self.ours), self.owners, self.groups, self.heard]

    def restore(self, state: Any, orders: dict[int, Order]) -> None:
        dump, ours, self.owners, self.groups, self.heard = state
        self.engine.load_bytes(dump)
        self.ours = {number: orders[number] for number in ours}
