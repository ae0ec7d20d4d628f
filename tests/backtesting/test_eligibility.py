"""What only the desk's actors know how to tell is a doubt of the compiled engine, never a silence."""

from __future__ import annotations

import pytest

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtesting.compiled import CompiledBacktest
from letrade.backtesting.facade import BacktestEngine
from letrade.core.messages.orders import CashEntry
from letrade.hotpath.simulation.doubt import Doubtful
from tests.backtesting.golden import INSTRUMENT, tables


class Paid(BaseStrategy):
    """Wants to hear of funding."""

    def on_cash_entry(self, entry: CashEntry) -> None:
        self.target(0.0)


def test_a_strategy_that_listens_to_cash_is_a_doubt() -> None:
    engine = BacktestEngine(tables())
    engine.add_strategy(Paid, "paid", instrument=INSTRUMENT, account="paper")
    with pytest.raises(Doubtful, match="paid listens to CashEntry, which the compiled desk does not tell"):
        CompiledBacktest(engine.config, "backtest")
