"""Desks of many kinds of actors, data and instruments give one answer in both engines, to the last unit."""

from __future__ import annotations

import numpy as np
import pytest

from letrade.actors.strategies.book_maker import BookMaker
from letrade.actors.strategies.ema_cross import EmaCross
from letrade.actors.strategies.ma_cross import MACross
from letrade.actors.strategies.quoter import Quoter
from letrade.backtesting.facade import BacktestEngine
from tests.backtesting.golden import START, quotes

ROWS = 2_500
AVERAGES = {"class": "letrade.actors.features.moving_averages.MovingAverages", "bar": "2s", "sma": [3, 8]}
BARS = {"class": "letrade.actors.market.bars.BarBuilder", "bars": ["2s"]}


def desk(instrument: str, *others: str) -> BacktestEngine:
    return BacktestEngine(
        {
            "venue": [{"name": "binance", "order_latency": "50ms", "response_latency": "5ms"}],
            "instrument": [{"name": name, "tick": "0.1", "lot": "0.001"} for name in (instrument, *others)],
            "account": [{"name": "paper", "venue": "binance", "balances": {"USDT": "1000000", "BTC": "2", "ETH": "5"}}],
            "actor": [{"name": "bars", **BARS}, {"name": "averages", **AVERAGES}],
        }
    )


@pytest.mark.parametrize("instrument", ["binance.BTC-USDT", "binance.BTC-USDT_USDT"])
def test_several_strategies_with_bars_and_averages_on_two_instruments(instrument: str) -> None:
    ether = "binance.ETH-USDT"
    engine, data = desk(instrument, ether), quotes(ROWS)
    draw = np.random.Generator(np.random.PCG64(3))
    side = draw.choice([-1, 1], ROWS)
    price, size = np.where(side > 0, data["ask"], data["bid"]), draw.integers(1, 2_000, ROWS) * 0.001
    engine.add_quotes(instrument, **data)
    engine.add_trades(instrument, data["time"], price, size, side)
    engine.add_trades(ether, data["time"] + 33_000_000, price, size, side)
    for name, at, keys in (("cross", instrument, {"size": 0.1}), ("sized", ether, {})):
        engine.add_strategy(
            MACross, name, instrument=at, account="paper", feature_set="averages", fast=3, slow=8, **keys
        )
    engine.add_strategy(
        Quoter, "quoter", instrument=instrument, account="paper", size=0.05, position_max=1.0, half_spread=0.00001
    )
    if instrument.endswith("_USDT"):
        engine.add_strategy(EmaCross, "ema", instrument=instrument, account="paper", on="trades", size=0.05)
    summary = engine.run("compiled")
    assert summary["fills"] > 100
    assert engine.verify() == []


def test_a_maker_in_a_book_that_is_known_by_its_levels_alone() -> None:
    """Whole levels around a walk, changed four at a time."""
    instrument, draw = "binance.BTC-USDT_USDT", np.random.Generator(np.random.PCG64(5))
    events, levels = 600, 20
    middles = 500_000 + np.cumsum(draw.integers(-1, 2, events))
    rows: list[tuple[int, int, int]] = []
    offset, known = [0], {1: set[int](), -1: set[int]()}
    for middle in middles.tolist():
        for side in (1, -1):
            gone = [price for price in known[side] if side * price >= side * middle]
            new = [
                middle - side * (1 + place) for place in range(levels) if middle - side * (1 + place) not in known[side]
            ]
            rows += [(side, price, 0) for price in gone] + [(side, price, int(draw.integers(1, 500))) for price in new]
            known[side] = (known[side] - set(gone)) | set(new)
        offset.append(len(rows))
    engine = desk(instrument)
    engine.add_levels(
        instrument, START + np.arange(events) * 100_000_000, offset, [row[0] for row in rows],
        [row[1] * 0.1 for row in rows], [row[2] * 0.001 for row in rows], [1] + [0] * (events - 1),
    )  # fmt: skip
    engine.add_strategy(BookMaker, "maker", instrument=instrument, account="paper", size=0.1, position_max=1.0)
    summary = engine.run("compiled")
    assert summary["orders"] > 10
    assert engine.verify() == []
