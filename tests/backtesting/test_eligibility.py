"""What only the desk's actors know how to tell is a doubt of the compiled engine, never a silence."""

from __future__ import annotations

import pytest

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtesting.compiled import CompiledBacktest
from letrade.backtesting.facade import BacktestEngine
from letrade.core.messages.accounts import Position
from letrade.hotpath.simulation.doubt import Doubtful
from tests.backtesting.golden import INSTRUMENT, tables


class Held(BaseStrategy):
    """Wants to hear of positions."""

    def on_position(self, position: Position) -> None:
        self.target(0.0)


def test_a_strategy_that_listens_to_positions_is_a_doubt() -> None:
    engine = BacktestEngine(tables())
    engine.add_strategy(Held, "held", instrument=INSTRUMENT, account="paper")
    with pytest.raises(Doubtful, match="held listens to Position, which the compiled desk does not tell"):
        CompiledBacktest(engine.config, "backtest")
