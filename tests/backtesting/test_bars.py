"""An exchange that is known by bars, in both engines: which bars count, and what a post-only order may not reach."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pytest

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtesting.facade import BacktestEngine
from letrade.core.analysis.record import ORDER_STATES
from letrade.core.messages.market import Bar
from letrade.core.messages.orders import OrderUpdate
from letrade.core.messages.signals import WorkingQuote
from letrade.hotpath.constants import BUY, SELL
from tests.backtesting.golden import START

SECOND = 1_000_000_000
BITCOIN = "binance.BTC-USDT_USDT"


def desk(
    strategy: type[BaseStrategy], assume: str, response_latency: str = "1ms", **rules: str
) -> BacktestEngine:
    engine = BacktestEngine(
        {
            "venue": [
                {
                    "name": "binance", "order_latency": "1ms", "response_latency": response_latency,
                    "fills": {"assume": assume},
                }
            ],
            "instrument": [{"name": BITCOIN, "tick": "0.1", "lot": "0.001", **rules}],
            "account": [{"name": "paper", "venue": "binance", "balances": {"USDT": "100000"}}],
        }
    )
    engine.add_strategy(strategy, "mine", instrument=BITCOIN, account="paper")
    return engine


def add_bars(engine: BacktestEngine, length: int, end: int) -> None:
    """At second s they open and close at 50,000 + s; their range is 10 and their volume 100."""
    second = np.arange(0, end, length)
    start, price, volume = START + second * SECOND, 50_000.0 + second, np.full(len(second), 100.0)
    engine.add_bars(BITCOIN, start, start + length * SECOND, price, price + 5, price - 5, price, volume)


class Twice(BaseStrategy):
    """Buys after the first bar that it hears, and once more at second 20."""

    def on_bar(self, bar: Bar) -> None:
        if self.signal == 0:
            self.target(0.1)
        elif bar.end == START + 20 * SECOND and self.signal == 1:
            self.target(0.2)


@pytest.mark.parametrize("lengths", [(1, 5), (5, 1)])
def test_of_two_feeds_the_shorter_bars_count_from_the_first_on_and_the_longer_where_those_have_ended(
    lengths: tuple[int, int],
) -> None:
    engine = desk(Twice, "optimistic")
    for length in lengths:
        add_bars(engine, length, 20 if length == 1 else 40)
    engine.run("compiled")
    fills = engine.record().fills
    assert [time / SECOND for time in fills.venue_time - START] == [1.001, 25.0]
    assert fills.price.tolist() == [50_001.0, 50_025.0]
    assert engine.verify() == []


class Poster(BaseStrategy):
    """Bids 4 below the last close, which is 6 above the next open: half the spread is 5, the impact of all of it 2."""

    def on_bar(self, bar: Bar) -> None:
        if self.signal == 0:
            self.quotes((WorkingQuote(BUY, bar.close - 4.0, 1.0),))


def test_a_post_only_order_that_waits_for_the_open_ends_where_it_would_take_however_large_it_is() -> None:
    engine = desk(Poster, "default")
    second = np.array([0, 2, 3])  # nothing is open when the order comes
    start, price = START + second * SECOND, np.array([50_000.0, 49_990.0, 49_990.0])
    engine.add_bars(BITCOIN, start, start + SECOND, price, price + 20, price - 20, price, np.full(3, 100.0))
    engine.run("compiled")
    orders = engine.record().orders
    assert [ORDER_STATES[state] for state in orders.state] == ["expired"]
    assert engine.verify() == []


class Small(BaseStrategy):
    """A tenth at second 5, after a bar without a volume."""

    def on_bar(self, bar: Bar) -> None:
        if bar.close == 200.0 and not self.signal:
            self.target(0.1)


def test_orders_are_valued_by_the_bars_that_count() -> None:
    engine = desk(Small, "default", min_notional="15")
    for length, price in ((1, 100.0), (5, 200.0)):
        second = np.arange(0, 10, length)
        start, prices = START + second * SECOND, np.full(len(second), price)
        engine.add_bars(BITCOIN, start, start + length * SECOND, prices, prices, prices, prices, 1.0 * (second == 0))
    engine.run("compiled")
    orders = engine.record().orders
    assert [ORDER_STATES[state] for state in orders.state] == ["rejected"], "10 is below the least worth"
    assert engine.verify() == []


class Mover(BaseStrategy):
    """Sells what it bought, then more than that at a lower price; `known` is what the desk knows of its orders."""

    known: ClassVar[list[tuple[str, float | None]]] = []

    def on_bar(self, bar: Bar) -> None:
        second = (bar.end - START) // SECOND
        if second == 1:
            self.target(0.1)
        elif second in (3, 5):
            self.quotes((WorkingQuote(SELL, 50_010.0, 0.1) if second == 3 else WorkingQuote(SELL, 50_005.0, 0.3),))

    def on_order_update(self, update: OrderUpdate) -> None:
        Mover.known.append((update.reason, update.price))


@pytest.mark.parametrize("engine_name", ["compiled", "actors"])
def test_an_order_that_was_moved_before_the_open_has_its_new_price_when_it_opens_before_the_desk_hears_of_it(
    engine_name: Literal["compiled", "actors"],
) -> None:
    Mover.known.clear()
    engine = desk(Mover, "optimistic", response_latency="1s")
    second = np.array([0, 1, 2, 3, 4, 6, 7, 8, 9])  # nothing is open at second 5, when it is moved
    start, price = START + second * SECOND, np.full(9, 50_000.0)
    engine.add_bars(BITCOIN, start, start + SECOND, price, price + 1, price - 1, price, np.full(9, 100.0))
    engine.run(engine_name)
    assert ("amend refused", 50_005.0) in Mover.known, "of its size alone"
