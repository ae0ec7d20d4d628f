"""Fills where only trades are known: takers at the last trade's price, makers when a trade goes through theirs."""

from __future__ import annotations

from typing import Any

from letrade.actors.venue.model import Print, RecordedModel
from letrade.actors.venue.orders import Order
from letrade.actors.venue.scales import Scales
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.market import Trade


class TradesModel(RecordedModel):
    """A market order trades at the last price, whatever its size: trades alone do not show what was there to take.

    A limit does so when the last price is strictly better than its own; else it rests, and fills for no more than the
    size of each trade that goes through its price.
    """

    kind = "trades"

    def __init__(self, scales: Scales) -> None:
        super().__init__(scales)
        self.last = 0.0

    @property
    def has_market(self) -> bool:
        return self.last > 0

    def hear(self, message: MarketMessage) -> list[Print]:
        if type(message) is not Trade:
            return []
        self.last = message.price
        return self.through(message.price, self.scales.size_units_down(message.size)) if self.resting else []

    def preview(self, side: int, size: int, limit: float | None) -> list[tuple[float, int]]:
        if not self.last or (limit is not None and side * self.last >= side * limit):
            return []
        return [(self.last, size)]

    def best(self) -> tuple[None, None]:
        return None, None

    def state(self) -> Any:
        return [super().state(), self.last]

    def restore(self, state: Any, orders: dict[int, Order]) -> None:
        shared, self.last = state
        super().restore(shared, orders)
