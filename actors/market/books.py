"""Keeps a book for each instrument from its venue's diffs and snapshots, and says when it is not to be believed."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.actors.market.kept_book import BadBook, Compared, CrossedBook, KeptBook, KeptState
from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.book_sync import Verdict
from letrade.core.clock import SECOND
from letrade.core.messages.base import Message, Timer
from letrade.core.messages.events import Alert, BookCheck, Drain
from letrade.core.messages.market import BookDelta, BookGap, BookSnapshot, Middle, Quote
from letrade.core.stage import Stage

DIFFS_WITHOUT_SNAPSHOT = 100
"""So many diffs before the first snapshot are no start any more, but a recording that has none."""
CHECK_EVERY_NS = SECOND


class BookKeeperConfig(ActorConfig, frozen=True, kw_only=True):
    """Which instruments; none named: all of which the desk knows the rules."""

    instruments: tuple[str, ...] = ()


class KeeperState(msgspec.Struct, array_like=True):
    """The books and the counts."""

    books: dict[str, KeptState]
    counts: tuple[int, int, int, int]
    faults: tuple[int, int, int]
    alerts: dict[str, int]
    said: BookCheck | None
    check_at: int
    quoted: list[str] = []


class BookKeeper(Actor):
    """A gap, a crossed book or a wrong number makes a book invalid (BookGap) until a snapshot that fits.

    Where nobody tells of an instrument's best prices, the middle of its book is told after each change.
    """

    stage = Stage.MARKET
    Config = BookKeeperConfig

    def __init__(self, name: str, config: BookKeeperConfig, context: Context) -> None:
        super().__init__(name, config, context)
        self.books: dict[str, KeptBook] = {}
        self.checks = Compared()
        self.gaps = 0
        self.crossed = 0
        self.refused = 0
        self.alerts: dict[str, int] = {}
        """How often each thing was worth an alert; the first time of each instrument is published."""
        self._said: BookCheck | None = None
        self._check_at = 0
        self.quoted: dict[str, None] = {}
        """Instruments whose best prices somebody tells."""

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        return not instrument or not self.config.instruments or instrument in self.config.instruments

    def on_quote(self, quote: Quote) -> None:
        self.quoted[quote.instrument] = None
        if quote.update_id:
            kept = self._kept(quote.instrument)
            if kept is not None and not kept.ticker(quote, self.checks):
                self._differs(kept, quote.update_id)

    def on_book_delta(self, delta: BookDelta) -> None:
        kept = self._kept(delta.instrument)
        if kept is not None:
            self._follow(kept, delta)
            self._tell_middle(kept)
            self._check_soon()

    def on_book_snapshot(self, snapshot: BookSnapshot) -> None:
        kept = self._kept(snapshot.instrument)
        if kept is None or kept.sync.judge_snapshot(snapshot) != Verdict.APPLY:
            return
        kept.use(self.context.instruments.at(snapshot.instrument, self.now()), self.now())
        try:
            waiting = kept.load(snapshot)
        except BadBook as error:
            self._refuse(kept, error)
            return
        for delta in waiting:
            self._follow(kept, delta)
        self._tell_middle(kept)
        self._check_soon()

    def on_timer(self, timer: Timer) -> None:
        self._publish_check()

    def on_drain(self, drain: Drain) -> None:
        self._publish_check()

    def check(self) -> BookCheck:
        """The counts so far."""
        checks = self.checks
        return BookCheck(
            compared=checks.compared,
            equal=checks.equal,
            late_compared=checks.late_compared,
            late_equal=checks.late_equal,
            gaps=self.gaps,
            crossed=self.crossed,
        )

    def _kept(self, instrument: str) -> KeptBook | None:
        kept = self.books.get(instrument)
        if kept is None:
            if instrument not in self.context.instruments:
                self._alert("unknown-instrument", instrument, "no book is kept: the tick and lot are not known")
                return None
            kept = KeptBook(self.context.instruments.at(instrument, self.now()), self.now())
            self.books[instrument] = kept
        return kept

    def _follow(self, kept: KeptBook, delta: BookDelta) -> None:
        verdict = kept.sync.judge(delta)
        if verdict == Verdict.APPLY:
            try:
                equal = kept.apply(delta, self.checks)
            except BadBook as error:
                self._refuse(kept, error)
                self._lost(kept, delta.first_update, delta.first_update)
            else:
                if not equal:
                    self._differs(kept, delta.last_update)
        elif verdict == Verdict.GAP:
            self.gaps += 1
            expected, found = kept.sync.missing
            text = f"expected update {expected}, found {found}; waiting for a snapshot"
            self._alert("book-gap", delta.instrument, text)
            self._lost(kept, expected, found)
        elif verdict == Verdict.KEEP and not kept.sync.last_update and len(kept.sync.buffer) == DIFFS_WITHOUT_SNAPSHOT:
            text = f"{DIFFS_WITHOUT_SNAPSHOT} diffs and no snapshot yet: there is no book to trade on until one comes"
            self._alert("book-waiting", delta.instrument, text)

    def _tell_middle(self, kept: KeptBook) -> None:
        if kept.rules.id in self.quoted or not kept.sync.valid:
            return
        bid, ask = kept.best_prices()
        if bid and ask:
            self.publish(Middle(instrument=kept.rules.id, price=(bid + ask) / 2))

    def _lost(self, kept: KeptBook, expected: int, found: int) -> None:
        kept.sync.lose()
        kept.recent.clear()
        self.publish(BookGap(instrument=kept.rules.id, expected_update=expected, found_update=found))

    def _refuse(self, kept: KeptBook, error: BadBook) -> None:
        self.refused += 1
        self.crossed += isinstance(error, CrossedBook)
        code = "book-crossed" if isinstance(error, CrossedBook) else "book-refused"
        self._alert(code, kept.rules.id, f"{error}; waiting for a snapshot")

    def _differs(self, kept: KeptBook, update: int) -> None:
        text = f"our best prices {kept.best_prices()} differ from the venue's of update {update}"
        self._alert("book-differs", kept.rules.id, text)

    def _alert(self, code: str, instrument: str, text: str) -> None:
        key = f"{code} {instrument}"
        self.alerts[key] = self.alerts.get(key, 0) + 1
        if self.alerts[key] == 1:
            self.publish(Alert(level="warning", code=code, text=text, instrument=instrument))

    def _check_soon(self) -> None:
        if self.now() >= self._check_at:
            self._check_at = self.now() + CHECK_EVERY_NS
            self.set_timer(self._check_at, "check")

    def _publish_check(self) -> None:
        found = self.check()
        if found != self._said:
            self._said = self.check()
            self.publish(found)

    def state(self) -> KeeperState:
        checks = self.checks
        counts = (checks.compared, checks.equal, checks.late_compared, checks.late_equal)
        books = {name: kept.state() for name, kept in self.books.items()}
        faults = (self.gaps, self.crossed, self.refused)
        return KeeperState(books, counts, faults, dict(self.alerts), self._said, self._check_at, list(self.quoted))

    def restore(self, state: Any) -> None:
        found = msgspec.convert(state, KeeperState)
        for name, kept in found.books.items():
            self.books[name] = KeptBook(self.context.instruments.at(name, kept.rules_time), kept.rules_time)
            self.books[name].restore(kept)
        self.checks = Compared(*found.counts)
        self.gaps, self.crossed, self.refused = found.faults
        self.alerts, self._said, self._check_at = found.alerts, found.said, found.check_at
        self.quoted = dict.fromkeys(found.quoted)
