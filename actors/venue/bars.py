"""Fills where only bars are known: takers at the open, makers when a bar goes through their price; no volume limit."""

from __future__ import annotations

from typing import Any

from letrade.actors.venue.model import Placed, Print, RecordedModel
from letrade.actors.venue.orders import Order
from letrade.actors.venue.scales import Scales
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.market import Bar, BarOpen


class BarsModel(RecordedModel):
    """An order that arrives within a bar trades at that bar's open; between bars it waits for the next open.

    A limit takes when the open is strictly better than its price; else it rests, and fills at its price when an open,
    or the range of a bar as told at its end, goes strictly through it.
    """

    kind = "bars"

    def __init__(self, scales: Scales) -> None:
        super().__init__(scales)
        self.open = 0.0
        """The open of the bar that runs; 0 between bars."""
        self.last = 0.0
        self.start = 0
        self.source = ""
        """Who tells of recorded bars; those that the desk builds itself are nothing to the venue."""
        self.waiting: dict[int, Order] = {}

    @property
    def has_market(self) -> bool:
        return self.last > 0

    def hear(self, message: MarketMessage) -> list[Print]:
        if type(message) is BarOpen and self.source in ("", message.source):
            self.source = message.source
            self.start = message.start
            self.open = self.last = message.open
            return self.through(message.open, None)
        if type(message) is Bar and message.source == self.source:
            return self._closed(message)
        return []

    def _closed(self, bar: Bar) -> list[Print]:
        if bar.start >= self.start:
            self.open = 0.0
            self.last = bar.close
        return [*self.through(bar.low, None), *self.through(bar.high, None)]

    def preview(self, side: int, size: int, limit: float | None) -> list[tuple[float, int]]:
        """Between bars an order is judged by the last price, and again at the open."""
        if limit is not None and side * self.last >= side * limit:
            return []
        return [(self.last, size)]

    def place(self, order: Order) -> Placed:
        if self.open:
            return super().place(order)
        self.waiting[order.number] = order
        return [], ""

    def amend(self, order: Order, price: float, size: int) -> Placed:
        if order.number not in self.waiting:
            return super().amend(order, price, size)
        order.price, order.size = price, size
        return [], ""

    def remove(self, order: Order) -> None:
        self.waiting.pop(order.number, None)
        super().remove(order)

    def orders(self) -> list[Order]:
        return [*super().orders(), *self.waiting.values()]

    def take_waiting(self) -> list[Order]:
        if not self.open:
            return []
        waiting = list(self.waiting.values())
        self.waiting.clear()
        return waiting

    def best(self) -> tuple[None, None]:
        return None, None

    def state(self) -> Any:
        return [super().state(), self.open, self.last, self.start, self.source, list(self.waiting)]

    def restore(self, state: Any, orders: dict[int, Order]) -> None:
        shared, self.open, self.last, self.start, self.source, waiting = state
        super().restore(shared, orders)
        self.waiting = {number: orders[number] for number in waiting}
