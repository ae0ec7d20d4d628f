"""A slow, obvious market of bars."""

from __future__ import annotations

import math
from typing import Any

from tests.models.recorded import PROFITS, STOPS, RecordedModel
from tests.models.working import NOT_SHOWN, OrderModel


class BarsModel(RecordedModel):
    """Open, stops, profits, makers, close."""

    def __init__(self, **terms: Any) -> None:
        super().__init__(**terms)
        self.start, self.feed, self.length = -1, 0, 2**63 - 1
        self.open = self.now = 0
        self.bar: tuple[int, int, int] | None = None
        """Volume, high and low of the last whole bar."""
        self.heard_volume = False
        self.taken = 0
        self.within = False

    def has_market(self) -> bool:
        return self.last > 0

    def opens_later(self) -> bool:
        return self.open == 0

    def hear_bar_open(self, time: int, start: int, open: int, feed: int = 0) -> list[tuple[int, ...]]:
        self.time = time
        if self.start >= 0 and feed != self.feed:
            return []
        self.feed, self.start, self.taken = feed, start, 0
        self.open = self.now = self.last = open
        self.hear_price(0, open, open)
        self.go_through(1, open)
        self.go_through(-1, open)
        self.place_waiting_orders()
        self.settle()
        return self.heard()

    def hear_bar(
        self, time: int, start: int, open: int, high: int, low: int, close: int, volume: int, feed: int = 0
    ) -> list[tuple[int, ...]]:
        self.time = time
        counts = feed == self.feed or time - start < self.length or start > self.start
        if self.start < 0 or not counts:
            return []
        self.feed, self.length = feed, time - start
        self.bar = (volume, high, low)
        self.heard_volume = self.heard_volume or volume > 0
        newest, opened, now = start >= self.start, self.open, self.now
        if not opened and newest:
            self.taken = 0
        self.within, self.open = True, close
        self.fire(0, low, high, STOPS)
        self.fire(0, high, low, PROFITS)
        self.go_through(1, low)
        self.go_through(-1, high)
        self.within, self.now = False, now
        if newest:
            self.last = self.now = close
            self.follow(0, high, low)
            self.hear_price(0, close, close)
        self.open = 0 if newest else opened
        self.settle()
        return self.heard()

    def triggered(self, order: OrderModel) -> None:
        if self.within:
            self.now = order.trigger

    def go_through(self, side: int, price: int) -> None:
        beyond = 0 if self.terms["queue"] == "none" else self.terms["price_step"]
        for order in self.working.book(side):
            reached = side * order.price >= side * price + beyond and order.number in self.working.orders
            amount = min(order.left, self.share_left()) if reached else 0
            if amount > 0:
                self.taken += self.fill(order, amount)

    def share_left(self) -> int:
        if self.terms["volume_share"] < 0 or not self.heard_volume or self.bar is None:
            return 2**63 - 1
        share: int = int(self.terms["volume_share"] * self.bar[0])
        whole_lots: int = share - share % self.terms["size_step"]
        return max(0, whole_lots - self.taken)

    def offers(self, side: int, size: int, limit: int) -> list[tuple[int, int]]:
        amount = min(size, self.share_left())
        if amount <= 0 or not self.last:
            return []
        worse = self.now * (self.terms["spread"] / 2)
        if self.bar is not None and self.bar[0] > 0:
            worse += self.terms["impact"] * (self.bar[1] - self.bar[2]) * math.sqrt(amount / self.bar[0])
        price = self.now + side * self.terms["price_step"] * math.ceil(worse / self.terms["price_step"])
        return [(price, amount)] if price > 0 and (not limit or side * price < side * limit) else []

    def took(self, side: int, price: int, size: int) -> None:
        self.taken += size

    def queue_ahead(self, side: int, price: int) -> int:
        return 0 if self.terms["queue"] == "none" else NOT_SHOWN
