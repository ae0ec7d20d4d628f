"""Fills on a recorded book."""

from __future__ import annotations

from typing import Any

from letrade.actors.venue.model import Terms
from letrade.actors.venue.orders import Order
from letrade.actors.venue.recorded import RecordedModel
from letrade.actors.venue.scales import Scales
from letrade.core import codec
from letrade.core.book_sync import BookSync, Phase, Verdict
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.market import BookDelta, BookSnapshot, Trade
from letrade.core.quantities import TEN
from letrade.hotpath.constants import BUY, SELL
from letrade.hotpath.decimals import levels_to_units

Told = list[tuple[int, ...]]
SIZE_MAX = 10**17


class BookModel(RecordedModel):
    """Takers walk what is shown, and what they take is gone from a level until the venue's next update of it."""

    kind = "book"
    market_kind = "levels"

    def __init__(self, scales: Scales, terms: Terms | None = None) -> None:
        super().__init__(scales, terms)
        self.sync = BookSync()

    @property
    def has_market(self) -> bool:
        return self.sync.valid and self.door.has_market()

    def hear_data(self, message: MarketMessage, time: int) -> Told:
        if type(message) is BookDelta:
            return self._delta(message, time)
        if type(message) is BookSnapshot:
            return self._snapshot(message, time)
        return self.hear_trade(message, time) if type(message) is Trade else []

    def _delta(self, delta: BookDelta, time: int) -> Told:
        if self.sync.judge(delta) != Verdict.APPLY:
            return []
        self.sync.applied(delta)
        return self._apply(delta.bids, delta.asks, time, snapshot=False)

    def _snapshot(self, snapshot: BookSnapshot, time: int) -> Told:
        if self.sync.judge_snapshot(snapshot) != Verdict.APPLY:
            return []
        buffered = self.sync.loaded()
        told = self._apply(snapshot.bids, snapshot.asks, time, snapshot=True)
        for delta in buffered:
            told += self._delta(delta, time)
        return told

    def _apply(self, bids: bytes, asks: bytes, time: int, snapshot: bool) -> Told:
        """Levels off the instrument's grid are a complaint, and no book until the next snapshot."""
        scales, finer = self.scales, TEN[self.decimals - self.scales.price_decimals]
        sides: list[int] = []
        prices: list[int] = []
        sizes: list[int] = []
        try:
            for side, packed in ((BUY, bids), (SELL, asks)):
                ticks, lots = levels_to_units(packed, scales.price_decimals, scales.size_decimals, 1, 1)
                sides += [side] * len(ticks)
                prices += ticks if finer == 1 else [price * finer for price in ticks]
                sizes += lots
            return self.door.hear_levels(time, sides, prices, sizes, snapshot)
        except (ValueError, OverflowError) as error:
            self.complaint = f"book data off the instrument's grid: {error}"
            self.sync.lose()
            return []

    def best(self) -> tuple[tuple[float, int] | None, tuple[float, int] | None]:
        if not self.has_market:
            return None, None
        return self._top(BUY), self._top(SELL)

    def _top(self, side: int) -> tuple[float, int] | None:
        """The best price as shown, and what we have left of it: a position is worth no less for our own trade."""
        best = self.door.best(side)
        offers = self.door.preview(-side, SIZE_MAX, best)
        return (self.price(best), offers[0][1] if offers else 0) if best else None

    def state(self) -> Any:
        sync = [int(self.sync.phase), self.sync.last_update, [codec.encode(delta) for delta in self.sync.buffer]]
        return [super().state(), sync]

    def restore(self, state: Any, orders: dict[int, Order]) -> None:
        shared, (phase, last_update, buffered) = state
        super().restore(shared, orders)
        self.sync = BookSync()
        self.sync.phase, self.sync.last_update = Phase(phase), last_update
        for payload in buffered:
            delta = codec.decode(payload)
            if isinstance(delta, BookDelta):
                self.sync.buffer.append(delta)
