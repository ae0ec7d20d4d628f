"""A slow, obvious market beside recorded data: every order is looked at whenever anything happens."""

from __future__ import annotations

import math
from typing import Any

from tests.models.market import FILLED, LIMIT, MARKET, RESTS, STOP_LIMIT, TRAILING, TRIGGERED, MarketModel
from tests.models.working import BOOK, NOT_SHOWN, TRIGGER, OrderModel

STOPS, PROFITS = (2, 3, 6), (4, 5)


class RecordedModel(MarketModel):
    """Trades fill makers, prices trigger what waits for them."""

    def __init__(self, **terms: Any) -> None:
        super().__init__(**terms)
        self.heard_trade = False
        self.values: dict[int, float] = {}

    def reference(self) -> tuple[int, int]:
        """What sells and buys are triggered by; 0: not known."""
        return self.last, self.last

    def triggered(self, order: OrderModel) -> None:
        """It is about to enter."""

    def park(self, order: OrderModel) -> None:
        self.working.enlist(order, TRIGGER)
        self.say(RESTS, order)
        value = self.values.get(order.trigger_source, 0)
        for_sells, for_buys = (value, value) if order.trigger_source else self.reference()
        if for_sells > 0 and for_buys > 0:
            self.hear_price(order.trigger_source, for_sells, for_buys)

    def hear_price(self, source: int, for_sells: float, for_buys: float) -> None:
        self.fire(source, for_sells, for_buys, (*STOPS, *PROFITS))
        self.follow(source, for_sells, for_buys)

    def fire(self, source: int, for_sells: float, for_buys: float, kinds: tuple[int, ...]) -> None:
        due = []
        for these in (STOPS, PROFITS):
            for order in self.working.listed(TRIGGER):
                price = for_buys if order.side > 0 else for_sells
                reached = price >= order.trigger if order.upwards else price <= order.trigger
                right = order.kind in these and order.kind in kinds and order.trigger_source == source
                if right and order.trigger > 0 and reached:
                    due.append(order)
        for order in due:
            if order.number in self.working.orders:
                self.say(TRIGGERED, order)
                self.triggered(order)
                order.kind = LIMIT if order.kind in (STOP_LIMIT, 5) else MARKET
                self.enter(order)

    def follow(self, source: int, for_sells: float, for_buys: float) -> None:
        for order in self.working.listed(TRIGGER):
            if order.kind != TRAILING or order.trigger_source != source:
                continue
            step = self.terms["price_step"] if source else 1
            if order.side > 0:
                trigger = math.ceil(for_buys / step) * step + order.trail
                order.trigger = min(order.trigger or trigger, trigger)
            else:
                order.trigger = max(order.trigger, math.floor(for_sells / step) * step - order.trail)

    def hear_mark(self, time: int, price: float, index: bool = False) -> list[tuple[int, ...]]:
        self.time = time
        units = price * 10.0 ** self.terms["price_decimals"]
        ticks = units / self.terms["price_step"]
        units = round(ticks) * self.terms["price_step"] if abs(ticks - round(ticks)) < 1e-6 else units
        self.values[2 if index else 1] = units
        self.hear_price(2 if index else 1, units, units)
        self.settle()
        return self.heard()

    def hear_trade(self, time: int, price: int, size: int, side: int = 0) -> list[tuple[int, ...]]:
        self.time, self.heard_trade, self.last = time, True, price
        left = size
        for ours in (1, -1):
            taken = 0
            for order in self.working.book(ours):
                if ours * order.price < ours * price or order.number not in self.working.orders:
                    continue
                if order.price == price and side == ours:
                    continue
                amount = min(left, order.left if order.price != price else self.share(order, size, taken))
                if amount > 0:
                    amount = self.fill(order, amount)
                    left, taken = left - amount, taken + amount
        self.hear_price(0, price, price)
        self.settle()
        return self.heard()

    def share(self, order: OrderModel, size: int, taken: int) -> int:
        queue = self.terms["queue"]
        most = order.visible if order.shown else order.left
        if queue == "none":
            return min(size - taken, most)
        if queue == "last" or order.ahead == NOT_SHOWN:
            return 0
        share = size - taken - order.ahead
        order.ahead = max(0, order.ahead - size)
        order.traded += size
        return min(share, most)

    def fill(self, order: OrderModel, size: int) -> int:
        """How much traded."""
        if order.reduce_only and self.terms["contract"]:
            size = min(size, max(0, -order.side * self.positions.get(order.owner, 0)))
            if not size:
                return 0
        self.trade(order, order.price, size, maker=1)
        order.visible -= size
        if not order.left:
            self.end(order, FILLED)
            return size
        if order.visible <= 0:
            order.visible = min(order.left, order.shown or order.left)
            order.ahead, order.traded = self.queue_ahead(order.side, order.price), 0
            self.working.enlist(order, BOOK)
        self.say(RESTS, order)
        return size

    def meet_offer(self, side: int, price: int, size: int) -> int:
        """How much orders of `side` trade of what is shown at a price that they reach."""
        left = size
        for order in self.working.book(side):
            if side * order.price >= side * price and left > 0 and order.number in self.working.orders:
                left -= self.fill(order, min(left, order.left))
        return size - left

    def level_changed(self, side: int, price: int, before: int, after: int) -> None:
        if self.terms["queue"] not in ("pessimistic", "probabilistic"):
            return
        for order in self.working.book(side):
            if order.price != price:
                continue
            gone = before - after - order.traded
            if order.ahead == NOT_SHOWN:
                order.ahead = after or NOT_SHOWN
            elif self.terms["queue"] == "probabilistic" and gone > 0 and order.ahead:
                front, power = float(order.ahead), self.terms["queue_power"]
                back = max(0.0, before - front)
                behind = back**power / (back**power + front**power)
                front += min(0.0, back - behind * gone) - (1.0 - behind) * gone
                order.ahead = min(after, math.ceil(max(0.0, front)))
            else:
                order.ahead = min(order.ahead, after)
            order.traded = 0
