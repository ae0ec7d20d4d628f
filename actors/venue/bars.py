"""Fills where only bars are known."""

from __future__ import annotations

from typing import Any

from letrade.actors.venue.model import Terms
from letrade.actors.venue.orders import Order
from letrade.actors.venue.recorded import RecordedModel
from letrade.actors.venue.scales import Scales
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.market import Bar, BarOpen


class BarsModel(RecordedModel):
    """An order that arrives within a bar trades at that bar's open; between bars it waits for the next open."""

    kind = "bars"
    market_kind = "bars"

    def __init__(self, scales: Scales, terms: Terms | None = None) -> None:
        super().__init__(scales, terms)
        self.sources: dict[str, int] = {}
        """Who tells of recorded bars; those that the desk builds itself are nothing to the venue."""

    def hear_data(self, message: MarketMessage, time: int) -> list[tuple[int, ...]]:
        if type(message) is BarOpen:
            feed = self.sources.setdefault(message.source, len(self.sources) + 1)
            return self.door.hear_bar_open(time, message.start, self.price_units(message.open), feed)
        if type(message) is not Bar or message.source not in self.sources:
            return []
        told = (message.open, message.high, message.low, message.close)
        for price in told:
            self.price_units(price)  # the finest of them sets the units
        opened, high, low, close = (self.price_units(price) for price in told)
        volume = self.scales.size_units_down(message.volume)
        feed = self.sources[message.source]
        return self.door.hear_bar(message.end, message.start, opened, high, low, close, volume, feed)

    def last_told(self, message: MarketMessage) -> float:
        """Of the bars that count: trades beside them, and bars of others, tell nothing of this market."""
        counts = isinstance(message, Bar | BarOpen) and self.sources.get(message.source) == self.door.feed()
        return self.price(self.door.last()) if counts else 0.0

    def state(self) -> Any:
        return [super().state(), self.sources]

    def restore(self, state: Any, orders: dict[int, Order]) -> None:
        shared, self.sources = state
        super().restore(shared, orders)
