"""A strategy that looks by timer reads the exchange's own book, and sees in it what the desk's actors would show it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from letrade.actors.strategies.base import BookStrategy
from letrade.backtest import EngineName
from letrade.backtesting.facade import BacktestEngine
from letrade.backtesting.failing import ActorFailed
from letrade.core.messages.base import Timer
from letrade.core.messages.market import Trade
from letrade.core.messages.orders import Fill
from letrade.core.messages.signals import WorkingQuote
from tests.backtesting.golden import INSTRUMENT, START, tables

MS = 1_000_000
EVENTS = 400
Seen = list[tuple[int, str, Any]]


class Poller(BookStrategy):
    """Writes down what it sees, and quotes at the touch."""

    seen: ClassVar[Seen] = []

    def start(self) -> None:
        self.set_timer(self.now() + 10 * MS, "look")

    def look(self, why: str) -> None:
        depth = [self.book.depth(side, 3) for side in (1, -1)]
        Poller.seen.append((self.now(), why, (depth, self.book.levels(1), self.book.state_hash())))

    def on_timer(self, timer: Timer) -> None:
        self.set_timer(self.now() + 10 * MS, "look")
        self.look("timer")
        bid, ask = self.best_prices()
        if bid and ask:
            self.quotes((WorkingQuote(1, bid, 0.01), WorkingQuote(-1, ask, 0.01)))

    def on_fill(self, fill: Fill) -> None:
        self.look("fill")


class Listener(Poller):
    """Hears trades too, so it looks between the events of one time."""

    def on_trade(self, trade: Trade) -> None:
        self.look("trade")


class Eraser(Poller):
    """Takes the best bid out of the book that it reads."""

    def on_timer(self, timer: Timer) -> None:
        super().on_timer(timer)
        bid = self.book.best_bid()
        if bid:
            self.book.update(1, bid[0], 0)


def backtest(kind: type[Poller], seed: int) -> BacktestEngine:
    """Levels and trades each 5 ms, many at one time, some at the times of timers; snapshots; no book crossed."""
    draw = np.random.Generator(np.random.PCG64(seed))
    engine = BacktestEngine(tables(order_latency="3ms", response_latency="2ms"))
    snapshot = (np.arange(EVENTS) % 97 == 0).astype(np.int8)
    middle = 500_000 + np.cumsum(draw.integers(-1, 2, EVENTS))
    rows: list[tuple[int, int, int]] = []
    offset, known = [0], {1: set[int](), -1: set[int]()}
    for whole, centre in zip(snapshot.tolist(), middle.tolist(), strict=True):
        for side in (1, -1):
            gone = [] if whole else sorted(price for price in known[side] if side * price >= side * centre)
            rows += [(side, price, 0) for price in gone]
            known[side] = set() if whole else known[side] - set(gone)
        reach = range(1, 9) if whole else draw.integers(1, 9, 3).tolist()
        for depth in reach:
            rows += [(side, centre - side * depth, int(draw.integers(0 if not whole else 1, 40))) for side in (1, -1)]
            for side in (1, -1):
                known[side].add(centre - side * depth)
        offset.append(len(rows))
    time = START + np.sort(draw.integers(0, EVENTS // 2, EVENTS)) * 5 * MS
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    engine.add_levels(INSTRUMENT, time, offset, columns[0], columns[1] / 10, columns[2] / 1000, snapshot)
    hit = np.sort(draw.integers(0, EVENTS, EVENTS))
    taker = draw.choice([-1, 1], EVENTS)
    engine.add_trades(INSTRUMENT, time[hit], (middle[hit] + taker * 2) / 10, draw.integers(1, 60, EVENTS) / 1000, taker)
    engine.add_strategy(kind, "one", instrument=INSTRUMENT, account="paper")
    return engine


def seen_by(kind: type[Poller], seed: int, engine: EngineName) -> tuple[Seen, dict[str, Any]]:
    Poller.seen = []
    summary = backtest(kind, seed).run(engine)
    return Poller.seen, summary


@pytest.mark.parametrize("kind", [Poller, Listener])
@pytest.mark.parametrize("seed", range(4))
def test_both_engines_show_the_same_book_at_each_look(kind: type[Poller], seed: int) -> None:
    compiled, actors = seen_by(kind, seed, "compiled"), seen_by(kind, seed, "actors")
    assert compiled[0] == actors[0]
    assert compiled[1]["result_hash"] == actors[1]["result_hash"]
    assert {why for _, why, _ in compiled[0]} >= {"timer", "fill"}


def test_a_strategy_that_changes_its_book_never_changes_the_exchanges() -> None:
    with pytest.raises(ActorFailed, match="changes the book"):
        backtest(Eraser, 1).run("compiled")
    auto, actors = backtest(Eraser, 1).run("auto"), backtest(Eraser, 1).run("actors")
    assert (auto["engine"], auto["result_hash"]) == ("actors", actors["result_hash"])
