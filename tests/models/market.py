"""A slow, obvious market: what happens to an order from its arrival to its end, whatever the data."""

from __future__ import annotations

from typing import Any

from tests.models.working import BOOK, TRIGGER, WAITING, OrderModel, WorkingModel

TRADED, RESTS, ENDED, TRIGGERED, AMENDED, REFUSED = 1, 2, 3, 4, 5, 6
FILLED, CANCELLED, NO_SIZE, WOULD_TAKE, OWN, TIME, GROUP, NOTHING, NO_MARKET, UNKNOWN, BAD = range(1, 12)
GTC, IOC, FOK, GTD = 0, 1, 2, 3
LIMIT, MARKET, STOP, STOP_LIMIT, PROFIT, PROFIT_LIMIT, TRAILING = range(7)
UNITS_MAX = 10**17


class MarketModel:
    """Says what the compiled market must say, in the same tuples."""

    def __init__(self, **terms: Any) -> None:
        self.terms = terms
        self.working = WorkingModel()
        self.said: list[tuple[int, ...]] = []
        self.time = 0
        self.arrivals = 0
        self.last = 0
        self.positions: dict[int, int] = {}
        self.closed: dict[int, int] = {}
        self.moved = False

    # what the kinds of markets fill in

    def has_market(self) -> bool:
        raise NotImplementedError

    def offers(self, side: int, size: int, limit: int) -> list[tuple[int, int]]:
        raise NotImplementedError

    def took(self, side: int, price: int, size: int) -> None:
        raise NotImplementedError

    def queue_ahead(self, side: int, price: int) -> int:
        raise NotImplementedError

    def opens_later(self) -> bool:
        return False

    def park(self, order: OrderModel) -> None:
        raise NotImplementedError

    # requests

    def heard(self) -> list[tuple[int, ...]]:
        said, self.said = self.said, []
        return said

    def say(self, kind: int, order: OrderModel, reason: int = 0) -> None:
        self.said.append((kind, order.number, self.time, 0, order.left, 0, reason))

    def submit(self, time: int, **order: Any) -> list[tuple[int, ...]]:
        self.time = time
        new = OrderModel(**order)
        reason = self.form(new)
        if not reason and not new.conditional:
            reason = self.refusal(new)
        if reason:
            self.say(REFUSED, new, reason)
            return self.heard()
        self.working.orders[new.number] = new
        if new.conditional:
            self.park(new)
        else:
            self.enter(new)
        self.settle()
        return self.heard()

    def form(self, order: OrderModel) -> int:
        limited, immediate = order.kind in (LIMIT, STOP_LIMIT, PROFIT_LIMIT), order.time_in_force in (IOC, FOK)
        bad = (
            order.number <= 0 or order.number in self.working.orders or order.side not in (1, -1)
            or not 0 <= order.filled < order.size <= UNITS_MAX or not LIMIT <= order.kind <= TRAILING
            or (0 < order.price <= UNITS_MAX) != limited or (order.price != 0) != limited
            or not GTC <= order.time_in_force <= GTD or order.shown < 0 or not 0 <= order.trigger <= UNITS_MAX
            or (order.post_only and (immediate or order.kind != LIMIT))
            or (order.kind == TRAILING and not 0 < order.trail <= UNITS_MAX)
            or (order.conditional and order.kind != TRAILING and not order.trigger)
        )  # fmt: skip
        if bad:
            return BAD
        return TIME if order.time_in_force == GTD and order.expires <= self.time else 0

    def refusal(self, order: OrderModel) -> int:
        if not self.has_market():
            return NO_MARKET
        if order.reduce_only and self.terms["contract"] and self.reducible(order) <= 0:
            return NOTHING
        if order.post_only and not self.opens_later() and self.would_take(order):
            return WOULD_TAKE
        return 0

    def would_take(self, order: OrderModel) -> bool:
        return bool(self.offers(order.side, 1, order.price)) or self.own_price(order) != 0

    def enter(self, order: OrderModel) -> None:
        order.place = 0
        if order.reduce_only and self.terms["contract"]:
            most = self.reducible(order)
            if most < order.left and self.shrink(order, most, NOTHING):
                return None
        if self.opens_later():
            self.working.enlist(order, WAITING)
            return self.say(RESTS, order)
        own = self.own_price(order)
        limit = own - order.side if own else order.price
        asked = 1 if order.post_only else order.left
        offers = self.offers(order.side, asked, limit) if limit or not (order.price or own) else []
        total = sum(size for _, size in offers)
        if order.post_only and (total or own):
            return self.end(order, WOULD_TAKE)
        if order.time_in_force == FOK and total < order.left:
            return self.end(order, OWN if own else NO_SIZE)
        for price, size in offers:
            self.took(order.side, price, size)
            self.trade(order, price, size, maker=0)
        if not order.left:
            return self.end(order, FILLED)
        if own:
            return self.end(order, OWN)
        if not order.price or order.time_in_force in (IOC, FOK):
            return self.end(order, NO_SIZE if self.has_market() else NO_MARKET)
        return self.rest(order)

    def own_price(self, order: OrderModel) -> int:
        for other in self.working.book(-order.side):
            if order.price and order.side * other.price > order.side * order.price:
                return 0
            if other.owner == order.owner:
                return other.price
        return 0

    def rest(self, order: OrderModel) -> None:
        self.arrivals += 1
        order.arrival, order.traded = self.arrivals, 0
        order.visible = min(order.left, order.shown or order.left)
        order.ahead = self.queue_ahead(order.side, order.price)
        self.working.enlist(order, BOOK)
        self.say(RESTS, order)

    def trade(self, order: OrderModel, price: int, size: int, maker: int) -> None:
        order.filled += size
        self.said.append((TRADED, order.number, self.time, price, size, maker, 0))
        if self.terms["contract"]:
            before = self.positions.get(order.owner, 0)
            if before * order.side < 0 <= before * order.side + size:
                self.closed[order.owner] = order.side
            self.positions[order.owner] = before + order.side * size
            self.moved = True
        if order.group:
            for other in sorted(self.working.orders.values(), key=lambda each: each.number):
                if other.group == order.group and other.number != order.number:
                    self.shrink(other, other.left - size, GROUP)

    def end(self, order: OrderModel, reason: int) -> None:
        self.say(ENDED, order, reason)
        del self.working.orders[order.number]

    def shrink(self, order: OrderModel, left: int, reason: int) -> bool:
        """Whether it ended."""
        if left <= 0:
            self.end(order, reason)
            return True
        order.size = order.filled + left
        order.visible = min(order.visible, left)
        self.say(AMENDED, order, reason)
        return False

    def cancel(self, time: int, number: int) -> list[tuple[int, ...]]:
        self.time = time
        order = self.working.orders.get(number)
        if order is None:
            self.say(REFUSED, OrderModel(number, 0, 0, 0, 0, 0), UNKNOWN)
        else:
            self.end(order, CANCELLED)
        return self.heard()

    def amend(self, time: int, number: int, price: int, size: int) -> list[tuple[int, ...]]:
        self.time = time
        order = self.working.orders.get(number)
        if order is None:
            self.say(REFUSED, OrderModel(number, 0, 0, 0, 0, 0), UNKNOWN)
        elif not order.filled < size <= UNITS_MAX or not 0 < price <= UNITS_MAX or order.kind == MARKET:
            self.say(REFUSED, order, BAD)
        else:
            self.change(order, price, size)
            self.settle()
        return self.heard()

    def change(self, order: OrderModel, price: int, size: int) -> None:
        limited = order.kind in (LIMIT, STOP_LIMIT, PROFIT_LIMIT)
        keeps = (price == order.price or not limited) and size <= order.size
        before = order.price
        if limited:
            order.price = price
        if order.post_only and order.place == BOOK and self.would_take(order):
            order.price = before
            return self.say(REFUSED, order, WOULD_TAKE)
        if not limited and order.kind != TRAILING:
            order.trigger = price
        order.size = size
        order.visible = min(order.visible, order.left)
        self.say(AMENDED, order)
        if order.place == TRIGGER:
            self.park(order)
        elif order.place == BOOK and not keeps:
            self.enter(order)
        return None

    def expire(self, time: int) -> list[tuple[int, ...]]:
        self.time = time
        due = [each for each in self.working.orders.values() if each.time_in_force == GTD and each.expires <= time]
        for order in sorted(due, key=lambda each: (each.expires, each.number)):
            self.end(order, TIME)
        return self.heard()

    def place_waiting_orders(self) -> None:
        while waiting := self.working.listed(WAITING):
            self.enter(waiting[0])
            self.settle()

    # reduce-only

    def reducible(self, order: OrderModel) -> int:
        held = self.positions.get(order.owner, 0)
        if held * order.side >= 0:
            return 0
        others = sum(
            other.left
            for other in self.working.orders.values()
            if other.reduce_only and other.owner == order.owner and other.side == order.side
            and other.number != order.number and other.place in (WAITING, BOOK)
            and (not other.group or other.group != order.group)
        )  # fmt: skip
        return max(0, abs(held) - others)

    def settle(self) -> None:
        if not self.moved:
            return
        self.moved = False
        reducing = [order for order in self.working.orders.values() if order.reduce_only]
        for order in sorted(reducing, key=lambda each: -each.number):
            if order.place == TRIGGER:
                if self.closed.get(order.owner) == order.side:
                    self.end(order, NOTHING)
            elif (most := self.reducible(order)) < order.left:
                self.shrink(order, most, NOTHING)
        self.closed.clear()
