"""What recorded markets showed and when: best prices as the exchange had them, middles as the desk saw them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from letrade.core.analysis.bar_path import BarPath
from letrade.core.analysis.builder import Grid
from letrade.core.analysis.price_history import UNKNOWN, PriceHistory
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message
from letrade.core.messages.market import (
    Bar,
    BarOpen,
    BookDelta,
    BookSnapshot,
    FundingRate,
    IndexPrice,
    MarkPrice,
    Quote,
    Trade,
)
from letrade.hotpath.book import Book

KINDS = ("built bars", "trades", "bars", "quotes", "levels")
"""The more a kind of data tells, the later: the best that an instrument has is believed. Bars that nobody opened are
built from something better."""
BUY, SELL = 1, -1
DATA = (Quote, Trade, Bar, BarOpen, BookDelta, BookSnapshot, MarkPrice, IndexPrice, FundingRate)


class Markets:
    """Hear each message, then ask. `believed` says of which kind each instrument's prices are, where that is known
    before they come; `lags` by venue how long its data is on the way, ns."""

    def __init__(
        self, catalogue: Catalogue, keep_ns: int, believed: Mapping[str, str], lags: Mapping[str, int]
    ) -> None:
        self.catalogue, self.keep_ns, self.believed, self.lags = catalogue, keep_ns, believed, lags
        self.grids: dict[str, Grid] = {}
        """Samples of prices, by instrument."""
        self._made: dict[str, PriceHistory] = {}
        """By the exchange's time."""
        self._seen: dict[str, PriceHistory] = {}
        """By the desk's."""
        self._books: dict[str, Book] = {}
        self._paths: dict[str, BarPath] = {}
        """Of instruments whose bars are recorded."""
        self._opened: dict[tuple[str, str], None] = {}
        """Instruments and who tells their recorded bars; those that the desk builds are nothing to the exchange."""
        self._handlers: dict[type[Message], Callable[[Any], None]] = {
            Quote: self._on_quote, Trade: self._on_trade, Bar: self._on_bar, BarOpen: self._on_bar_open,
            BookDelta: self._on_delta, BookSnapshot: self._on_snapshot,
        }  # fmt: skip

    def hear(self, message: Message) -> bool:
        """Whether it is recorded data."""
        handle = self._handlers.get(type(message))
        if handle is not None:
            handle(message)
        return isinstance(message, DATA) and (type(message) is not Bar or _of_feed(message) in self._opened)

    def seen_at(self, instrument: str, time: int) -> float:
        """The middle that the desk knew at a time."""
        return self._history(self._seen, instrument).at(time)

    def quote_before(self, instrument: str, time: int) -> tuple[float, float]:
        """The exchange's best bid and ask just before a time of its own."""
        return self._history(self._made, instrument).quote_before(time)

    def when(self, instrument: str, due: int, tell: Callable[[float], None]) -> None:
        """Tell the middle at a time to come, once the market has gone beyond it."""
        self._history(self._made, instrument).when(due, tell)

    def close(self, end: int) -> None:
        """The data ended at this time."""
        for name, history in self._made.items():
            history.close(end)
            for time, price in history.last():
                self._grid(name).add(time, price)

    def _on_quote(self, quote: Quote) -> None:
        self._see(quote, "quotes", quote.bid or UNKNOWN, quote.ask or UNKNOWN)

    def _on_trade(self, trade: Trade) -> None:
        self._see_price(trade, "trades", trade.price)

    def _on_bar(self, bar: Bar) -> None:
        if _of_feed(bar) not in self._opened:
            self._see_price(bar, "built bars", bar.close)
        elif self._note(bar, "bars", self._paths[bar.instrument].closed(bar), UNKNOWN, UNKNOWN):
            self._history(self._seen, bar.instrument).see(bar.time, 0, bar.close)

    def _on_bar_open(self, bar: BarOpen) -> None:
        """Of the exchange alone."""
        self._opened[_of_feed(bar)] = None
        price = self._paths.setdefault(bar.instrument, BarPath()).opened(bar)
        self._note(bar, "bars", price, UNKNOWN, UNKNOWN)

    def _on_delta(self, delta: BookDelta) -> None:
        self._change_book(delta, self._book(delta.instrument))

    def _on_snapshot(self, snapshot: BookSnapshot) -> None:
        book = self._book(snapshot.instrument)
        book.clear()
        self._change_book(snapshot, book)

    def _book(self, instrument: str) -> Book:
        return self._books.setdefault(instrument, Book())

    def _change_book(self, message: BookDelta | BookSnapshot, book: Book) -> None:
        one = 10.0 ** self.catalogue.at(message.instrument, message.time).price.decimals
        for side, packed in ((BUY, message.bids), (SELL, message.asks)):
            levels = np.frombuffer(packed).reshape(-1, 2)
            prices = np.rint(levels[:, 0] * one).astype(np.int64)
            book.apply(side, prices.tolist(), (levels[:, 1] > 0).astype(np.int64).tolist())
        bid, ask = book.best()
        self._see(message, "levels", bid[0] / one if bid else UNKNOWN, ask[0] / one if ask else UNKNOWN)

    def _see(self, message: Any, kind: str, bid: float, ask: float) -> None:
        middle = (bid + ask) / 2
        if self._note(message, kind, middle, bid, ask):
            self._history(self._seen, message.instrument).see(message.time, 0, middle)

    def _see_price(self, message: Any, kind: str, price: float) -> None:
        if self._note(message, kind, price, UNKNOWN, UNKNOWN):
            self._history(self._seen, message.instrument).see(message.time, 0, price)

    def _note(self, message: Any, kind: str, middle: float, bid: float, ask: float) -> bool:
        """False where a better kind of price is known."""
        instrument: str = message.instrument
        if self.believed.get(instrument, kind) != kind:
            return False
        time = message.time - self.lags.get(instrument.partition(".")[0], 0)
        if not self._history(self._made, instrument).see(time, KINDS.index(kind), middle, bid, ask):
            return False
        grid = self._grid(instrument)
        if grid.due(time) and not math.isnan(middle):
            grid.add(time, middle)
        return True

    def _history(self, histories: dict[str, PriceHistory], instrument: str) -> PriceHistory:
        found = histories.get(instrument)
        if found is None:
            found = histories[instrument] = PriceHistory(self.keep_ns)
        return found

    def _grid(self, instrument: str) -> Grid:
        return self.grids.setdefault(instrument, Grid())


def _of_feed(bar: Bar | BarOpen) -> tuple[str, str]:
    return bar.instrument, bar.source
