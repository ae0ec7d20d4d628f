"""A desk over recorded or seeded data in one process: no network, no journal, no clock but the data's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from letrade.actors.monitor.results import Results
from letrade.assembly import FEED_KINDS
from letrade.backtesting.failing import Faults
from letrade.backtesting.interrupt import Interrupt
from letrade.backtesting.late import LateFeed, lags_of
from letrade.core import clock
from letrade.core.config.desk import DeskConfig
from letrade.core.engine.blueprint import Blueprint
from letrade.core.errors import ConfigurationError, UsageError
from letrade.core.feed import Feed
from letrade.core.messages.market import Instrument
from letrade.core.process import Process
from letrade.core.stepping.course import Course
from letrade.core.stepping.reader import FeedReader
from letrade.core.stepping.window import Solo

BACKTEST_UID = "backtest"
"""Client order ids of every backtest are made of it, so that two runs are alike to the last byte."""
PROGRESS_EVERY_WINDOWS = 256

ENDLESS = (FEED_KINDS["synthetic_flow"], FEED_KINDS["synthetic_funding"])
"""Feeds that go on for ever."""

Progress = Callable[[int, int], None]
"""Takes (messages so far, the data's time)."""
EngineName = Literal["auto", "compiled", "actors"]
"""auto: compiled, or the actors where only they are sure of what happens."""


def check_feeds(config: DeskConfig, run_for_ns: int | None) -> None:
    """ConfigurationError where a desk has no data, UsageError where it has no end."""
    if not config.feeds:
        raise ConfigurationError("a backtest needs data: name recorded files with --data, or add a [[feed]]")
    endless = [feed.name for feed in config.feeds if feed.path in ENDLESS]
    if endless and run_for_ns is None:
        raise UsageError(f"the feed {endless[0]} has no end: say how much of it to run, such as --for 10m")


class Backtest:
    """One run of the desk's own actors: build it, `run` it once, look at its actors afterwards.

    `run_for_ns` ends an endless feed after so much of the data's time; `known` are instruments already read from it.
    """

    def __init__(self, config: DeskConfig, run_for_ns: int | None = None, known: Sequence[Instrument] = ()) -> None:
        check_feeds(config, run_for_ns)
        self.config = config
        self.blueprint = Blueprint(config, BACKTEST_UID, known)
        self.process = Process("desk", self.blueprint.node(None), None, None)
        self.reader = FeedReader(self._feeds())
        first = self.reader.peek_time()
        if run_for_ns is not None and first is not None:
            self.reader = FeedReader(self._feeds(), first + run_for_ns)
        self.observers = self.process.node.observers
        self.faults = self.process.node.on_fail = Faults()

    def _feeds(self) -> list[Feed]:
        """ConfigurationError, now or as they are read, for data that come late in a way that the actors do not know."""
        feeds, lags = self.blueprint.feeds(None), lags_of(self.config)
        return [LateFeed(feed, lags) for feed in feeds] if lags else feeds

    @property
    def results(self) -> Results:
        """ConfigurationError when the desk has none."""
        for slot in self.process.node.slots:
            if isinstance(slot.actor, Results):
                return slot.actor
        raise ConfigurationError("the desk has no actor that counts results: leave the standard one in place")

    def run(self, progress: Progress | None = None) -> dict[str, Any]:
        """The whole course of the data; the summary. Ctrl-C ends it early and in good order, the next one at once."""
        solo = Solo(self.process, self.reader, self.config.desk.step)
        course = Course(self.process, self.reader, self.config)
        began, windows = clock.monotonic_ns(), 0
        with Interrupt() as interrupt:
            while (following := course.next(solo.next_window())) is not None:
                window, words = following
                solo.run(window, *words)
                windows += 1
                if interrupt.came and not course.stop_asked:
                    course.stop()
                if progress is not None and windows % PROGRESS_EVERY_WINDOWS == 0:
                    progress(self.reader.count, self.reader.last_time)
        summary = self._summary(clock.monotonic_ns() - began)
        return {**summary, "incomplete": True} if course.stop_asked else summary

    def _summary(self, elapsed_ns: int) -> dict[str, Any]:
        counted = self.results.summary()
        return {
            "desk": self.config.desk.name,
            **counted,
            "doubled": counted["doubled"] + self.process.duplicates,
            "events": self.reader.count,
            "events_per_second": round(self.reader.count * clock.SECOND / max(elapsed_ns, 1), 1),
            "seconds": round(elapsed_ns / clock.SECOND, 3),
            **({"failed": failed} if (failed := self.faults.told()) else {}),
            "result_hash": counted["result_hash"],
        }


def run_backtest(
    config: DeskConfig,
    progress: Progress | None = None,
    run_for_ns: int | None = None,
    engine: EngineName = "auto",
) -> dict[str, Any]:
    """The summary of a backtest: orders, fills, entries, exits, fees, balances, pnl, result_hash and more.

    ConfigurationError where the desk cannot run (or not on the engine asked for), UsageError where its feed has no
    end, DataError where its data is not what its format promises.
    """
    from letrade.backtesting.running import run_desk

    return run_desk(config, engine, progress=progress, run_for_ns=run_for_ns).summary
