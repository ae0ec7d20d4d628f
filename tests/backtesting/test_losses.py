"""Losses that halt an account are found in compiled runs when the actors find them, and left to these."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec import structs

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtesting.arrays import ArraysConfig, ArraysFeed
from letrade.backtesting.facade import ARRAYS, BacktestEngine
from letrade.core.config.desk import FeedEntry
from letrade.core.data.columns import Kind, ValueRows
from letrade.core.errors import ConfigurationError
from letrade.core.messages.market import Quote
from tests.backtesting.golden import START

INSTRUMENT = "binance.BTC-USDT_USDT"
TENTH = 100_000_000
ROWS = 10
TIMES = START + TENTH * np.arange(ROWS)
ONES = np.ones(ROWS)


class Grower(BaseStrategy):
    """Has some from the first quote on, and at each second one wants more for less."""

    def start(self) -> None:
        self.heard = 0

    def on_quote(self, quote: Quote) -> None:
        self.heard += 1
        if self.heard % 2:
            self.target(0.1 * self.heard, price=None if self.heard == 1 else 49_000.0)


def desk(taker_fee: str, **limits: str) -> BacktestEngine:
    tables: dict[str, Any] = {
        "venue": [{"name": "binance", "order_latency": "1ms", "response_latency": "1ms", "taker_fee": taker_fee}],
        "instrument": [{"name": INSTRUMENT, "tick": "0.1", "lot": "0.001"}],
        "account": [{"name": "paper", "venue": "binance", "balances": {"USDT": "100000"}}],
        "risk": limits,
    }
    engine = BacktestEngine(tables)
    engine.add_quotes(INSTRUMENT, TIMES, 49_999.9 * ONES, ONES, 50_000 * ONES, ONES)
    engine.add_strategy(Grower, "grows", instrument=INSTRUMENT, account="paper")
    return engine


@pytest.mark.parametrize("limits", [{"max_daily_loss": "4"}, {"max_drawdown": "0.00004"}])
def test_a_fill_whose_fee_is_too_much_halts_at_once(limits: dict[str, str]) -> None:
    """5 USDT of fee, long before equity is looked at again."""
    engine = desk("0.001", **limits)
    with pytest.raises(ConfigurationError, match="the compiled engine does not run this desk: an account"):
        engine.run("compiled")
    summary = engine.run()
    assert summary["engine"] == "actors"
    assert summary["fills"] == 1
    assert summary["refused"] == {"halt": 4}


def test_a_loss_at_a_mark_price_halts_however_soon_a_quote_denies_it() -> None:
    engine = desk("0", max_daily_loss="100")
    marks = ArraysConfig(
        kind=Kind.MARKS, instrument=INSTRUMENT, time=START + 10 * TENTH * np.arange(2),
        rows=ValueRows(np.array([50_000.0, 40_000.0])),
    )  # fmt: skip
    entry = FeedEntry(name="marks", path=ARRAYS, feed_class=ArraysFeed, config=marks)
    engine.config = structs.replace(engine.config, feeds=[*engine.config.feeds, entry])
    late = TIMES[-1] + TENTH * np.arange(2, 4)
    engine.add_quotes(INSTRUMENT, late, np.full(2, 49_999.9), np.ones(2), np.full(2, 50_000.0), np.ones(2))
    with pytest.raises(ConfigurationError, match="loses as much in a day as it may"):
        engine.run("compiled")
    assert engine.run()["refused"] == {"halt": 1}
