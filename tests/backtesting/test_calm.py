"""Data that nobody hears passes by a shorter way: what became of orders, and what the desk saw, is the same by both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from letrade.actors.strategies.base import BaseStrategy, BookStrategy
from letrade.backtesting.facade import BacktestEngine
from letrade.core.analysis.record import RunRecord
from letrade.core.messages.base import Timer
from letrade.core.messages.market import BookDelta, Trade
from letrade.core.messages.signals import WorkingQuote
from tests.backtesting.golden import INSTRUMENT, START, tables

MS = 1_000_000
EVENTS = 600
OTHER = "binance.ETH-USDT_USDT"


class Quoter(BookStrategy):
    """Puts its orders into and behind the best levels, and takes now and then."""

    def start(self) -> None:
        self.set_timer(self.now() + 10 * MS, "look")

    def on_timer(self, timer: Timer) -> None:
        self.set_timer(self.now() + 10 * MS, "look")
        bid, ask = self.best_prices()
        looks = self.now() // (10 * MS)
        if not bid or not ask:
            return
        if looks % 7 == 0:
            self.target(0.01 if looks % 2 else -0.01)
        else:
            back = looks % 3 / 10
            self.quotes((WorkingQuote(1, round(bid - back, 1), 0.02), WorkingQuote(-1, round(ask + back, 1), 0.02)))


class Idler(BaseStrategy):
    """Hears all data, so that none of it passes unheard, and does nothing."""

    def on_book_delta(self, delta: BookDelta) -> None:
        """No matter."""

    def on_trade(self, trade: Trade) -> None:
        """No matter."""


def levels(draw: np.random.Generator) -> tuple[Any, ...]:
    """Many events at one time; a side is empty now and then; snapshots in between; no book crossed."""
    middle = 500_000 + np.cumsum(draw.integers(-1, 2, EVENTS))
    snapshot = (np.arange(EVENTS) % 151 == 0).astype(np.int8)
    rows: list[tuple[int, int, int]] = []
    offset, known = [0], {1: set[int](), -1: set[int]()}
    for whole, centre in zip(snapshot.tolist(), middle.tolist(), strict=True):
        empties = int(draw.choice([0, 0, 0, 0, 1, -1])) if not whole else 0
        for side in (1, -1):
            gone = [price for price in sorted(known[side]) if side * price >= side * centre or side == empties]
            rows += [] if whole else [(side, price, 0) for price in gone]
            known[side] = set() if whole else known[side] - set(gone)
        for depth in range(1, 9) if whole else draw.integers(1, 6, 4).tolist():
            for side in (1, -1):
                if side != empties:
                    known[side].add(centre - side * depth)
                    rows.append((side, centre - side * depth, int(draw.integers(1, 40))))
        offset.append(len(rows))
    time = START + np.sort(draw.integers(0, EVENTS, EVENTS)) * 3 * MS
    return time, offset, *(np.array(column) for column in zip(*rows, strict=True)), snapshot, middle


def record(seed: int, idle: bool, trades: bool, response: str = "2ms", **desk: Any) -> tuple[RunRecord, dict[str, Any]]:
    draw = np.random.Generator(np.random.PCG64(seed))
    found = tables(order_latency="3ms", response_latency=response)
    found["instrument"].append({"name": OTHER, "tick": "0.1", "lot": "0.001"})
    engine = BacktestEngine({**found, **desk})
    for name in (INSTRUMENT, OTHER):
        time, offset, side, price, size, snapshot, middle = levels(draw)
        engine.add_levels(name, time, offset, side, price / 10, size / 1000, snapshot)
        hit = np.sort(draw.integers(0, EVENTS, EVENTS))
        taker = draw.choice([-1, 1], EVENTS)
        if trades:
            price = (middle[hit] + taker * draw.integers(1, 4, EVENTS)) / 10
            engine.add_trades(name, time[hit], price, draw.integers(1, 60, EVENTS) / 1000, taker)
    for place, name in enumerate((INSTRUMENT, OTHER)):
        engine.add_strategy(Quoter, f"quoter-{place}", instrument=name, account="paper")
    for place, name in enumerate((INSTRUMENT, OTHER) if idle else ()):
        engine.add_strategy(Idler, f"idler-{place}", instrument=name, account="paper")
    summary = engine.run("compiled")
    return engine.record(), summary


def columns(one: RunRecord) -> list[Any]:
    return [np.asarray(column) for table in (one.orders, one.fills, one.prices) for column in vars(table).values()]


@pytest.mark.parametrize(("trades", "response"), [(True, "2ms"), (True, "0ns"), (False, "2ms"), (False, "0ns")])
@pytest.mark.parametrize("desk", [{}, {"risk": {"max_daily_loss": 5000000}}])
@pytest.mark.parametrize("seed", range(3))
def test_what_nobody_hears_does_the_same_as_what_somebody_hears(
    seed: int, trades: bool, response: str, desk: dict[str, Any]
) -> None:
    calm, told = record(seed, False, trades, response, **desk)
    heard, said = record(seed, True, trades, response, **desk)
    assert told["result_hash"] == said["result_hash"]
    assert told["events"] == said["events"]
    assert told["fills"] > 20
    for ours, theirs in zip(columns(calm), columns(heard), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_book_that_crosses_where_nobody_hears_it_is_for_the_actors() -> None:
    engine = BacktestEngine(tables())
    time = START + np.arange(3) * MS
    side, price = [1, -1, 1, 1], [1.0, 1.2, 0.9, 1.3]
    engine.add_levels(INSTRUMENT, time, [0, 2, 3, 4], side, price, [1.0] * 4, np.array([1, 0, 0], np.int8))
    engine.add_strategy(Quoter, "quoter", instrument=INSTRUMENT, account="paper")
    assert "crossed" in engine.run()["engine_because"]
    with pytest.raises(Exception, match="crossed"):
        engine.run("compiled")
