"""A strategy that two sales at once leave short on spot buys that back, beside coins of its account."""

from __future__ import annotations

import numpy as np

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtesting.facade import BacktestEngine
from letrade.core.messages.market import Quote
from tests.backtesting.golden import START

INSTRUMENT = "binance.BTC-USDT"
SECOND = 1_000_000_000
BIDS = np.array([50_000.0] * 8 + [49_000.0] * 12)


class SellsTwice(BaseStrategy):
    """Its stop fires while what it sold is on the way."""

    def start(self) -> None:
        self.heard = 0

    def on_quote(self, quote: Quote) -> None:
        self.heard += 1
        if self.heard == 1:
            self.target(0.2)
        elif self.heard == 4:
            self.protect(stop=49_500.0)
        elif self.heard == 8:
            self.target(0.0)
        elif self.heard == 9:
            self.protect()
        elif self.heard == 15:
            self.target(0.1)


def test_what_is_short_on_spot_is_bought_back_beside_own_coins_in_both_engines() -> None:
    engine = BacktestEngine(
        {
            "venue": [{"name": "binance", "order_latency": "1s", "response_latency": "1ms"}],
            "instrument": [{"name": INSTRUMENT, "tick": "0.1", "lot": "0.001"}],
            "account": [{"name": "paper", "venue": "binance", "balances": {"USDT": "100000", "BTC": "5"}}],
        }
    )
    times, ones = START + SECOND * np.arange(len(BIDS)), np.ones(len(BIDS))
    engine.add_quotes(INSTRUMENT, times, BIDS, ones, BIDS + 0.1, ones)
    engine.add_strategy(SellsTwice, "sells", instrument=INSTRUMENT, account="paper")
    summary = engine.run("compiled")
    assert engine.verify() == []
    assert summary["positions"][0]["quantity"] == "0.1"
