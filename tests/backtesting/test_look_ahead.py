"""Two futures with one past: until they part, no strategy sees, wants or gets anything else in either."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
import numpy as np
import pytest

from letrade.actors.strategies.base import BaseStrategy, BookStrategy
from letrade.backtest import EngineName
from letrade.backtesting.facade import BacktestEngine
from letrade.core.messages.base import Message, Timer
from letrade.core.messages.market import Bar, Quote, Trade
from letrade.core.messages.orders import Fill, OrderUpdate
from tests.backtesting.golden import INSTRUMENT, START, tables

SECOND = 1_000_000_000
PARTS_AT = START + 60 * SECOND
ROWS = 1_200
"""One each 100 ms: two minutes."""


class Spy(BaseStrategy):
    """Writes down whatever it can reach, and trades on it."""

    seen: ClassVar[list[tuple[int, str]]] = []

    def note(self, message: Message) -> None:
        assert message.time <= self.now()
        body = [getattr(message, name) for name in message.__struct_fields__ if name not in ("sequence", "cause")]
        Spy.seen.append((self.now(), f"{self.name} {type(message).__name__} {body}"))

    def on_quote(self, quote: Quote) -> None:
        self.note(quote)
        self.target(0.1 if round(quote.bid * 10) % 3 else -0.1)

    def on_trade(self, trade: Trade) -> None:
        self.note(trade)

    def on_bar(self, bar: Bar) -> None:
        self.note(bar)
        self.set_timer(self.now() + SECOND // 3, "soon")

    def on_timer(self, timer: Timer) -> None:
        self.note(timer)

    def on_fill(self, fill: Fill) -> None:
        Spy.seen.append((self.now(), f"{self.name} fill {fill.order_id} {fill.price} {fill.size}"))

    def on_order_update(self, update: OrderUpdate) -> None:
        Spy.seen.append((self.now(), f"{self.name} update {update.order_id} {update.state}"))


class BookSpy(BookStrategy):
    """Reads the book at each change and by timer."""

    def book_changed(self) -> None:
        Spy.seen.append((self.now(), f"{self.name} book {self.best_prices()} {self.book.levels(1)}"))
        self.set_timer(self.now() + SECOND // 20, "look")

    def on_timer(self, timer: Timer) -> None:
        Spy.seen.append((self.now(), f"{self.name} look {self.best_prices()}"))


def walk(seed: int) -> Any:
    """Prices in ticks: the same until the futures part, then the seed's."""
    past, future = (np.random.Generator(np.random.PCG64(each)) for each in (7, seed))
    steps = np.where(np.arange(ROWS) <= (PARTS_AT - START) // (SECOND // 10), past.integers(-3, 4, ROWS), 0)
    later = np.arange(ROWS) > (PARTS_AT - START) // (SECOND // 10)
    return 500_000 + np.cumsum(np.where(later, future.integers(-30, 31, ROWS), steps))


def desk(seed: int, kind: str) -> BacktestEngine:
    prices, time = walk(seed) * 0.1, START + np.arange(ROWS, dtype=np.int64) * (SECOND // 10)
    engine = BacktestEngine(tables(order_latency="70ms", response_latency="20ms"))
    ones = np.ones(ROWS)
    if kind == "bars":
        shape = prices.reshape(-1, 100)
        start, volume = time[::100], np.full(ROWS // 100, 5.0)
        engine.add_bars(
            INSTRUMENT, start, start + 10 * SECOND, shape[:, 0], shape.max(1), shape.min(1), shape[:, -1], volume
        )  # fmt: skip
    if kind in ("quotes", "trades"):
        engine.add_trades(INSTRUMENT, time, prices, ones, np.where(walk(seed) % 2, 1, -1))
    if kind == "quotes":
        engine.add_quotes(INSTRUMENT, time, prices - 0.1, ones, prices + 0.1, ones)
    if kind == "levels":
        offset = np.arange(0, 2 * ROWS + 1, 2)
        price = np.column_stack((prices - 0.1, prices + 0.1)).ravel()
        side = np.tile(np.array([1, -1], np.int8), ROWS)
        engine.add_levels(INSTRUMENT, time, offset, side, price, np.ones(2 * ROWS), np.ones(ROWS, np.int8))
        engine.add_strategy(BookSpy, "book-spy", instrument=INSTRUMENT, account="paper")
    else:
        engine.add_strategy(Spy, "spy", instrument=INSTRUMENT, account="paper")
    return engine


def until_they_part(seed: int, kind: str, engine: EngineName) -> tuple[list[tuple[int, str]], list[tuple[Any, ...]]]:
    """What was seen, and what was filled, up to then."""
    Spy.seen.clear()
    backtest = desk(seed, kind)
    summary = backtest.run(engine)
    assert summary["failures"] == 0
    seen = [each for each in Spy.seen if each[0] <= PARTS_AT]
    fills = backtest.record().fills
    rows = zip(fills.time.tolist(), fills.price.tolist(), fills.size.tolist(), strict=True)
    return seen, [row for row in rows if row[0] <= PARTS_AT]


@pytest.mark.parametrize("kind", ["quotes", "trades", "bars", "levels"])
def test_no_strategy_sees_the_future_in_either_engine(kind: str) -> None:
    compiled = until_they_part(1, kind, "compiled")
    assert compiled[0], "the spy has seen something"
    assert compiled == until_they_part(2, kind, "compiled")
    actors = until_they_part(1, kind, "actors")
    assert actors == until_they_part(2, kind, "actors")
    assert compiled == actors


def test_the_futures_do_part() -> None:
    Spy.seen.clear()
    desk(1, "quotes").run("compiled")
    first = [each for each in Spy.seen if each[0] > PARTS_AT]
    Spy.seen.clear()
    desk(2, "quotes").run("compiled")
    assert first != [each for each in Spy.seen if each[0] > PARTS_AT]


def test_no_strategy_sees_the_future_where_its_data_comes_late() -> None:
    for kind in ("quotes", "levels"):
        found = []
        for seed in (1, 2):
            Spy.seen.clear()
            backtest = BacktestEngine(desk(seed, kind).config)
            venue = msgspec.structs.replace(backtest.config.venues[0], data_latency=3 * SECOND)
            backtest.config = msgspec.structs.replace(backtest.config, venues=[venue])
            backtest.run("compiled")
            found.append([each for each in Spy.seen if each[0] <= PARTS_AT - 4 * SECOND])
        assert found[0] == found[1] != []


class Searcher(BaseStrategy):
    """Looks for the data in everything that it is given."""

    found: ClassVar[list[object]] = []

    def on_quote(self, quote: Quote) -> None:
        for feed in self.context.settings.feeds:
            Searcher.found += [msgspec.to_builtins(feed.config), feed.files]


@pytest.mark.parametrize("engine", ["compiled", "actors"])
def test_what_a_strategy_knows_of_its_desk_holds_no_data(engine: EngineName) -> None:
    Searcher.found = []
    backtest = desk(1, "quotes")
    backtest.add_strategy(Searcher, "searcher", instrument=INSTRUMENT, account="paper")
    backtest.run(engine)
    assert Searcher.found
    assert all(not each for each in Searcher.found)
