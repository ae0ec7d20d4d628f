"""One instrument's book with its sync, and its comparison with the venue's own best prices."""

from __future__ import annotations

from collections import deque

import msgspec

from letrade.core.book_sync import BookSync, Missing, Phase
from letrade.core.instruments import Specification
from letrade.core.messages.market import BookDelta, BookSnapshot, Quote
from letrade.hotpath.book import Book
from letrade.hotpath.decimals import levels_to_units

TICKERS_MAX = 4_096
"""Best prices of the venue that wait for their diff."""
RECENT_MAX = 256
"""Diffs whose best prices are kept for tickers that come late."""
BUY, SELL = 1, -1

Best = tuple[tuple[int, int] | None, tuple[int, int] | None]
"""(ticks, lots) of the best bid and ask."""


class BadBook(ValueError):
    """A message that cannot be part of a book: a number that is not finite or off the grid, or a crossed whole."""


class CrossedBook(BadBook):
    """The best bid at or above the best ask."""


class Compared(msgspec.Struct):
    """How often our best prices were compared with the venue's, and were equal."""

    compared: int = 0
    equal: int = 0
    late_compared: int = 0
    late_equal: int = 0


class KeptState(msgspec.Struct, array_like=True):
    """All that a restart needs of one book."""

    rules_time: int
    book: bytes
    phase: Phase
    last_update: int
    buffer: list[BookDelta]
    tickers: list[Quote]
    recent: list[tuple[int, Best]]


class KeptBook:
    """Applies what the sync lets through; the caller asks `sync` first."""

    def __init__(self, rules: Specification, rules_time: int) -> None:
        self.use(rules, rules_time)
        self.book = Book()
        self.sync = BookSync()
        self.tickers: deque[Quote] = deque(maxlen=TICKERS_MAX)
        self.recent: dict[int, Best] = {}

    def use(self, rules: Specification, rules_time: int) -> None:
        """The tick and lot from the next snapshot on; a diff off the tick is refused, and asks for one."""
        self.rules, self.rules_time = rules, rules_time
        price, size = rules.price, rules.size
        self._grids = (price.decimals, size.decimals, price.step_units, size.step_units)

    def apply(self, delta: BookDelta, compared: Compared) -> bool:
        """Change the levels, compare with the ticker of the same update; False when that one differs.

        BadBook when the diff cannot be right: the book is then not to be believed.
        """
        bids, asks = self._units(delta.bids), self._units(delta.asks)
        self.book.apply(BUY, *bids)
        self.book.apply(SELL, *asks)
        if self.book.is_crossed():
            raise CrossedBook(f"crossed after update {delta.last_update}: {self.best_prices()}")
        self.sync.applied(delta)
        return self._compare(delta.last_update, compared)

    def load(self, snapshot: BookSnapshot) -> list[BookDelta]:
        """Replace the levels; the diffs that waited. BadBook when the snapshot cannot be right: nothing changed."""
        fresh = Book()
        bids, asks = self._units(snapshot.bids), self._units(snapshot.asks)
        fresh.load(zip(*bids, strict=True), zip(*asks, strict=True))
        if fresh.is_crossed():
            raise CrossedBook(f"crossed snapshot of update {snapshot.last_update}")
        self.book = fresh
        return self.sync.loaded()

    def ticker(self, quote: Quote, compared: Compared) -> bool:
        """Keep the venue's best for its diff, or compare it late when that has come; False when it differs."""
        if quote.update_id > self.sync.last_update or not self.sync.valid:
            self.tickers.append(quote)
            return True
        best = self.recent.pop(quote.update_id, None)
        if best is None:
            return True
        equal = self._equals(best, quote)
        compared.late_compared += 1
        compared.late_equal += equal
        return equal

    def best_prices(self) -> tuple[float, float]:
        """Best bid and ask, 0 for an empty side."""
        bid, ask = self.book.best()
        price = self.rules.price
        return price.value_of_steps(bid[0]) if bid else 0.0, price.value_of_steps(ask[0]) if ask else 0.0

    def state(self) -> KeptState:
        sync = self.sync
        waiting, tickers, recent = list(sync.buffer), list(self.tickers), list(self.recent.items())
        return KeptState(self.rules_time, self.book.dump(), sync.phase, sync.last_update, waiting, tickers, recent)

    def restore(self, state: KeptState) -> None:
        self.book.load_bytes(state.book)
        self.sync.phase, self.sync.last_update, self.sync.missing = state.phase, state.last_update, Missing(0, 0)
        self.sync.buffer.extend(state.buffer)
        self.tickers.extend(state.tickers)
        self.recent = dict(state.recent)

    def _units(self, packed: bytes) -> tuple[list[int], list[int]]:
        try:
            return levels_to_units(packed, *self._grids)
        except (ValueError, OverflowError) as error:
            raise BadBook(str(error)) from error

    def _compare(self, update: int, compared: Compared) -> bool:
        """The last ticker that came before the diff counts, and the diff is then done with."""
        found: Quote | None = None
        tickers = self.tickers
        while tickers and tickers[0].update_id <= update:
            quote = tickers.popleft()
            if quote.update_id == update:
                found = quote
        best = self.book.best()
        if found is None:
            self._remember(update, best)
            return True
        equal = self._equals(best, found)
        compared.compared += 1
        compared.equal += equal
        return equal

    def _remember(self, update: int, best: Best) -> None:
        self.recent[update] = best
        if len(self.recent) > RECENT_MAX:
            del self.recent[next(iter(self.recent))]

    def _equals(self, best: Best, quote: Quote) -> bool:
        price, size = self.rules.price.value_of_steps, self.rules.size.value_of_steps
        bid, ask = best
        ours_bid = (price(bid[0]), size(bid[1])) if bid else (0.0, 0.0)
        ours_ask = (price(ask[0]), size(ask[1])) if ask else (0.0, 0.0)
        return ours_bid == (quote.bid, quote.bid_size) and ours_ask == (quote.ask, quote.ask_size)
