"""Fills on a recorded book: takers walk what is shown, makers fill when a recorded trade goes through their price."""

from __future__ import annotations

from typing import Any

from letrade.actors.venue.model import Print, RecordedModel
from letrade.actors.venue.orders import Order
from letrade.actors.venue.scales import Scales
from letrade.core import codec
from letrade.core.book_sync import BookSync, Phase, Verdict
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.market import BookDelta, BookSnapshot, Quote, Trade
from letrade.hotpath.book import Book
from letrade.hotpath.constants import BUY, SELL
from letrade.hotpath.decimals import levels_to_units


class BookModel(RecordedModel):
    """What we take is gone from a level until the venue's next update of it.

    Where no book was ever told, the best bid and ask of quotes are the book: what they do not hold is not to be had.
    """

    kind = "book"

    def __init__(self, scales: Scales) -> None:
        super().__init__(scales)
        self.book = Book()
        self.sync = BookSync()
        self.by_quotes = True

    @property
    def has_market(self) -> bool:
        has_levels = self.book.levels(BUY) > 0 or self.book.levels(SELL) > 0
        return has_levels and (self.by_quotes or self.sync.valid)

    def hear(self, message: MarketMessage) -> list[Print]:
        if type(message) is BookDelta:
            self._follow_book()
            self._delta(message)
        elif type(message) is BookSnapshot:
            self._follow_book()
            self._snapshot(message)
        elif type(message) is Quote and self.by_quotes:
            self._quote(message)
        elif type(message) is Trade and self.resting:
            return self.through(message.price, self.scales.size_units_down(message.size))
        return []

    def _follow_book(self) -> None:
        if self.by_quotes:
            self.by_quotes = False
            self.book.clear()

    def _delta(self, delta: BookDelta) -> None:
        if self.sync.judge(delta) == Verdict.APPLY:
            self.sync.applied(delta)
            self._apply(delta.bids, delta.asks)

    def _snapshot(self, snapshot: BookSnapshot) -> None:
        if self.sync.judge_snapshot(snapshot) != Verdict.APPLY:
            return
        self.book.clear()
        buffered = self.sync.loaded()
        self._apply(snapshot.bids, snapshot.asks)
        for delta in buffered:
            self._delta(delta)

    def _apply(self, bids: bytes, asks: bytes) -> None:
        """Levels off the instrument's grid are a complaint, and no book until the next snapshot."""
        scales = self.scales
        try:
            for side, packed in ((BUY, bids), (SELL, asks)):
                self.book.apply(side, *levels_to_units(packed, scales.price_decimals, scales.size_decimals, 1, 1))
        except (ValueError, OverflowError) as error:
            self.complaint = f"book data off the instrument's grid: {error}"
            self.sync.lose()

    def _quote(self, quote: Quote) -> None:
        scales = self.scales
        sides = ((quote.bid, quote.bid_size), (quote.ask, quote.ask_size))
        try:
            bids, asks = ([(scales.price_units(p), scales.size_units_down(s))] if p > 0 else [] for p, s in sides)
            self.book.load(bids, asks)
        except (ValueError, OverflowError) as error:
            self.complaint = f"a quote off the instrument's grid: {error}"

    def preview(self, side: int, size: int, limit: float | None) -> list[tuple[float, int]]:
        if size <= 0 or not self.has_market:
            return []
        units = None if limit is None else self.scales.price_units(limit)
        return [(self.scales.price(price), taken) for price, taken in self.book.sweep(side, size, units)]

    def took(self, side: int, taken: list[tuple[float, int]]) -> None:
        for _, size in taken:
            best = self.book.best_ask() if side > 0 else self.book.best_bid()
            if best is not None:
                self.book.update(-side, best[0], best[1] - size)

    def best(self) -> tuple[tuple[float, int] | None, tuple[float, int] | None]:
        if not self.has_market:
            return None, None
        bid, ask = self.book.best()
        price = self.scales.price
        return (price(bid[0]), bid[1]) if bid else None, (price(ask[0]), ask[1]) if ask else None

    def state(self) -> Any:
        sync = [int(self.sync.phase), self.sync.last_update, [codec.encode(delta) for delta in self.sync.buffer]]
        return [super().state(), self.book.dump(), self.by_quotes, sync]

    def restore(self, state: Any, orders: dict[int, Order]) -> None:
        shared, dump, self.by_quotes, (phase, last_update, buffered) = state
        super().restore(shared, orders)
        self.book.load_bytes(dump)
        self.sync = BookSync()
        self.sync.phase, self.sync.last_update = Phase(phase), last_update
        for payload in buffered:
            delta = codec.decode(payload)
            if isinstance(delta, BookDelta):
                self.sync.buffer.append(delta)
