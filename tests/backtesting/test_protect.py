"""A strategy's stops and take-profits, on either engine: one of a pair cancels the other."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pytest

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtesting.facade import BacktestEngine
from letrade.core.messages.market import Quote
from letrade.core.messages.orders import Fill, OrderRefused, OrderUpdate
from tests.backtesting.golden import INSTRUMENT, tables

SECOND = 10**9
SPOT = "binance.BTC-USDT"


class Bracket(BaseStrategy):
    """Buys at the first quote, with a stop and a take-profit, and keeps what becomes of its orders."""

    fills: ClassVar[list[tuple[int, float, float]]] = []
    ends: ClassVar[list[tuple[str, str]]] = []
    refused: ClassVar[list[str]] = []

    def on_quote(self, quote: Quote) -> None:
        if not self.signal:
            self.target(1.0)
            self.protect(stop=95.0, take_profit=110.0)

    def on_fill(self, fill: Fill) -> None:
        Bracket.fills.append((fill.side, fill.price, fill.size))

    def on_order_update(self, update: OrderUpdate) -> None:
        if update.state in ("filled", "cancelled", "expired", "rejected"):
            Bracket.ends.append((update.order_id, update.state))

    def on_order_refused(self, refused: OrderRefused) -> None:
        Bracket.refused.append(refused.rule)


def forget() -> None:
    for heard in (Bracket.fills, Bracket.ends, Bracket.refused):
        heard.clear()


def desk(bids: list[float]) -> BacktestEngine:
    forget()
    engine = BacktestEngine(tables())
    engine.add_strategy(Bracket, "bracket", instrument=INSTRUMENT, account="paper")
    bid, size = np.array(bids), np.full(len(bids), 2.0)
    engine.add_quotes(INSTRUMENT, np.arange(1, len(bids) + 1) * SECOND, bid, size, bid + 0.1, size)
    return engine


@pytest.mark.parametrize("engine_name", ["compiled", "actors"])
@pytest.mark.parametrize(
    ("last", "closed", "gone"), [(94.0, "bracket.2.1", "bracket.2.2"), (111.0, "bracket.2.2", "bracket.2.1")]
)
def test_what_is_reached_fills_and_the_other_is_cancelled(
    last: float, closed: str, gone: str, engine_name: Literal["compiled", "actors"]
) -> None:
    desk([100.0, 100.0, 101.0, last, last, 100.0]).run(engine_name)
    assert Bracket.fills == [(1, 100.1, 1.0), (-1, last, 1.0)]
    assert dict(Bracket.ends) == {"bracket.1.1": "filled", closed: "filled", gone: "cancelled"}
    assert Bracket.refused == []


class Large(Bracket):
    """A bracket for more than the best bid shows later."""

    def on_quote(self, quote: Quote) -> None:
        if not self.signal:
            self.target(2.0)
            self.protect(stop=95.0, take_profit=110.0)


@pytest.mark.parametrize("engine_name", ["compiled", "actors"])
@pytest.mark.parametrize("instrument", [INSTRUMENT, SPOT])
def test_what_a_stop_leaves_is_protected_anew_by_both_of_the_pair_and_for_no_more_than_is_held(
    engine_name: Literal["compiled", "actors"], instrument: str
) -> None:
    forget()
    made = tables(order_latency="50ms")
    made["instrument"][0]["name"] = instrument
    engine = BacktestEngine(made)
    engine.add_strategy(Large, "large", instrument=instrument, account="paper")
    bid, size = np.array([100.0, 100.0, 94.0, 94.0, 100.0, 112.0]), np.array([2.0, 2.0, 0.5, 0.6, 2.0, 2.0])
    times = np.array([1000, 2000, 3000, 3020, 4000, 5000]) * SECOND // 1000
    engine.add_quotes(instrument, times, bid, size, bid + 0.1, np.full(6, 2.0))
    engine.run(engine_name)
    assert Bracket.fills == [(1, 100.1, 2.0), (-1, 94.0, 0.5), (-1, 94.0, 0.6), (-1, 112.0, 0.9)]
    assert dict(Bracket.ends)["large.2.2"] == "cancelled"
    assert Bracket.refused == []


class Greedy(Bracket):
    """Wants more than a quote shows, once."""

    def on_quote(self, quote: Quote) -> None:
        if not self.signal:
            self.target(5.0)


@pytest.mark.parametrize("engine_name", ["compiled", "actors"])
def test_the_rest_of_a_target_that_a_quote_does_not_show_ends_and_is_not_asked_for_again(
    engine_name: Literal["compiled", "actors"],
) -> None:
    forget()
    engine = BacktestEngine(tables(fills={"beyond_quote": "wait"}))
    engine.add_strategy(Greedy, "greedy", instrument=INSTRUMENT, account="paper")
    bid, size = np.full(5, 100.0), np.full(5, 2.0)
    engine.add_quotes(INSTRUMENT, np.arange(1, 6) * SECOND, bid, size, bid + 0.1, size)
    engine.run(engine_name)
    assert Bracket.fills == [(1, 100.1, 2.0)]
    assert Bracket.ends == [("greedy.1.1", "expired")]
