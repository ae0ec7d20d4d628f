"""Orders that are over are kept as rows of what reports ask for: memory is a window, not the history."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from letrade.actors.strategies.base import BaseStrategy, StrategyConfig
from letrade.backtesting.compiled import CompiledBacktest
from letrade.backtesting.facade import BacktestEngine
from letrade.core.actor import ActorConfig
from letrade.core.messages.market import Quote
from tests.backtesting.golden import INSTRUMENT, quotes, tables

AT_ONCE = {"order_latency": "1ns", "response_latency": "0ns", "fills": {"beyond_quote": "one_tick"}}


class TurnerConfig(StrategyConfig, frozen=True, kw_only=True):
    """Whether an order far from the market rests for ever before all others."""

    rests: bool = False


class Turner(BaseStrategy):
    """Turns its position at every quote, or sets a limit that never trades and then is silent."""

    Config: ClassVar[type[ActorConfig]] = TurnerConfig

    def on_quote(self, quote: Quote) -> None:
        if not self.config.rests:
            buys = self.signal % 2
            self.target(0.05 if buys else -0.05, price=55_000.0 if buys else 45_000.0)  # trades at once
        elif not self.signal:
            self.target(0.05, price=1.0)


def desk(rows: int) -> BacktestEngine:
    engine = BacktestEngine(tables(**AT_ONCE))
    engine.add_quotes(INSTRUMENT, **quotes(rows))
    engine.add_strategy(Turner, "rests", instrument=INSTRUMENT, account="paper", rests=True)
    engine.add_strategy(Turner, "turns", instrument=INSTRUMENT, account="paper")
    return engine


def test_orders_that_are_over_leave_rows_behind_though_one_before_them_rests() -> None:
    run = CompiledBacktest(desk(5_000).config, "backtest")
    run.run()
    assert run.desk.orders_count > 4_500
    assert run.desk.fat_count <= 3


def test_rows_tell_the_same_as_the_actors() -> None:
    engine = desk(700)
    engine.run("compiled")
    ours = engine.record()
    engine.run("actors")
    theirs = engine.record()
    assert len(ours.fills.time) > 600
    for name in ("time", "venue_time", "side", "price", "size", "fee_units", "maker"):
        np.testing.assert_array_equal(getattr(ours.fills, name), getattr(theirs.fills, name), err_msg=name)
    for name in ("decided", "sent", "ended", "side", "size", "filled", "state"):
        np.testing.assert_array_equal(getattr(ours.orders, name), getattr(theirs.orders, name), err_msg=name)
