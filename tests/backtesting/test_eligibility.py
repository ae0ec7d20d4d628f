"""What only the desk's actors know how to tell is a doubt of the compiled engine, never a silence."""

from __future__ import annotations

import pytest

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtesting.compiled import CompiledBacktest
from letrade.backtesting.facade import BacktestEngine
from letrade.core.messages.accounts import Position
from letrade.core.messages.margin import LiquidationNear
from letrade.hotpath.simulation.doubt import Doubtful
from tests.backtesting.golden import INSTRUMENT, tables


class Held(BaseStrategy):
    """Wants to hear of positions."""

    def on_position(self, position: Position) -> None:
        self.target(0.0)


class Near(BaseStrategy):
    """Wants to hear how near liquidation is."""

    def on_liquidation_near(self, near: LiquidationNear) -> None:
        self.target(0.0)


def test_a_strategy_that_listens_to_positions_is_a_doubt() -> None:
    engine = BacktestEngine(tables())
    engine.add_strategy(Held, "held", instrument=INSTRUMENT, account="paper")
    with pytest.raises(Doubtful, match="held listens to Position, which the compiled desk does not tell"):
        CompiledBacktest(engine.config, "backtest")


def test_a_strategy_that_listens_to_margin_is_a_doubt() -> None:
    engine = BacktestEngine(tables())
    engine.add_strategy(Near, "near", instrument=INSTRUMENT, account="paper")
    with pytest.raises(Doubtful, match="near listens to LiquidationNear, which the compiled desk does not tell"):
        CompiledBacktest(engine.config, "backtest")


@pytest.mark.parametrize("monitor", ["liquidation.monitor.LiquidationMonitor", "leverage.manager.LeverageManager"])
def test_a_monitor_that_may_act_is_a_doubt_and_never_left_out(monitor: str) -> None:
    desk = tables()
    desk["actor"] = [*desk.get("actor", []), {"name": "guard", "class": f"letrade.actors.{monitor}"}]
    with pytest.raises(Doubtful, match=r"guard .* is a monitor, which might act on what it sees"):
        CompiledBacktest(BacktestEngine(desk).config, "backtest")
