"""Orders that are under way for longer than execution waits for an answer give one answer in both engines."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtesting.facade import BacktestEngine
from letrade.core.messages.market import Quote
from letrade.core.messages.orders import Fill
from letrade.core.messages.signals import WorkingQuote
from tests.backtesting.golden import INSTRUMENT, START, tables

ROWS = 400
TICK = 0.1


class Restless(BaseStrategy):
    """Wants something else at each fourth quote: a position, a limit, quotes or a protection, seeded by its name."""

    def start(self) -> None:
        self.draw = random.Random(self.name)
        self.middle = 0.0

    def on_quote(self, quote: Quote) -> None:
        self.middle = round((quote.bid + quote.ask) / 2, 1)
        if self.draw.random() < 0.25:
            self.want()

    def on_fill(self, fill: Fill) -> None:
        if self.middle and self.draw.random() < 0.05:
            self.want()

    def near(self, ticks: int) -> float:
        return round(self.middle + self.draw.randint(-ticks, ticks) * TICK, 1)

    def want(self) -> None:
        draw = self.draw
        kind = draw.random()
        if kind < 0.25:
            self.target(round(draw.uniform(-2, 2), 3))
        elif kind < 0.35:
            self.target(round(draw.uniform(-1, 1), 3), price=self.near(8), post_only=draw.random() < 0.5)
        elif kind < 0.4:
            self.target(draw.uniform(-1, 1), sized=False)
        elif kind < 0.7:
            self.quotes(tuple(self.quote() for _ in range(draw.randint(0, 5))))
        else:
            self.protect(stop=draw.choice([None, self.near(15)]), take_profit=draw.choice([None, self.near(15)]))

    def quote(self) -> WorkingQuote:
        return WorkingQuote(self.draw.choice([1, -1]), self.near(10), round(self.draw.uniform(0.001, 1.5), 3))


def engine(seed: int, order_latency: str, response_latency: str, **more: Any) -> BacktestEngine:
    """Quotes 0 to 2 s apart, in sizes that are sometimes nothing."""
    draw = np.random.Generator(np.random.PCG64(seed))
    middle = 500_000 + np.cumsum(draw.integers(-4, 5, ROWS))
    half = draw.integers(0, 3, ROWS)
    sizes = draw.integers(0, 4_000, (2, ROWS)) / 1_000
    time = START + np.cumsum(draw.integers(0, 3, ROWS)) * 1_000_000_000
    made = BacktestEngine(tables(order_latency=order_latency, response_latency=response_latency) | more)
    bid, ask = np.round((middle - half) * TICK, 1), np.round((middle + half) * TICK, 1)
    made.add_quotes(INSTRUMENT, time, bid, sizes[0], ask, sizes[1])
    made.add_strategy(Restless, f"restless-{seed}", instrument=INSTRUMENT, account="paper")
    return made


@pytest.mark.parametrize(
    ("order_latency", "response_latency"), [("1999ms", "1ms"), ("2s", "1ms"), ("500ms", "1500ms"), ("7s", "3s")]
)
@pytest.mark.parametrize("seed", range(5))
def test_orders_that_execution_asks_for_on_their_way(seed: int, order_latency: str, response_latency: str) -> None:
    twins = engine(seed, order_latency, response_latency)
    assert twins.run("compiled")["orders"] > 20
    assert twins.verify() == []


@pytest.mark.parametrize("seed", range(3))
def test_newer_wishes_go_on_where_risk_refuses_orders_of_older_ones(seed: int) -> None:
    limits = {"max_order_size": "1.2", "max_position_notional": "60000"}
    twins = engine(seed, "500ms", "1500ms", risk=limits)
    assert twins.run("compiled")["orders"] > 20
    assert twins.verify() == []
