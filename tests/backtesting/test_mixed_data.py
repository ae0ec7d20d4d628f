"""Data of several kinds, instruments and feeds beside each other: one answer and one record of both engines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from letrade.actors.strategies.ema_cross import EmaCross
from letrade.actors.strategies.hold import Hold
from letrade.backtesting.facade import BacktestEngine
from tests.backtesting.golden import START

SECOND = 1_000_000_000
ROWS = 10
BITCOIN, ETHER = "binance.BTC-USDT_USDT", "binance.ETH-USDT_USDT"
MIDDLES = 50_000.0 + 10 * np.arange(ROWS)
TIMES = START + SECOND * np.arange(ROWS)
ONES = np.ones(ROWS)
BUILDER = ({"name": "bars", "class": "letrade.actors.market.bars.BarBuilder", "bars": ["2s"]},)


def desk(
    *instruments: str, order_latency: str = "1ms", actors: tuple[Any, ...] = (), **balances: str
) -> BacktestEngine:
    return BacktestEngine(
        {
            "venue": [{"name": "binance", "order_latency": order_latency, "taker_fee": "0.001"}],
            "instrument": [{"name": name, "tick": "0.1", "lot": "0.001"} for name in instruments],
            "account": [{"name": "paper", "venue": "binance", "balances": {"USDT": "100000", **balances}}],
            **({"actor": list(actors)} if actors else {}),
        }
    )


def hold(engine: BacktestEngine) -> BacktestEngine:
    engine.add_strategy(Hold, "holds", instrument=BITCOIN, account="paper", position=0.1)
    return engine


def add_quotes(engine: BacktestEngine, instrument: str = BITCOIN, after: int = 0) -> None:
    engine.add_quotes(instrument, TIMES + after, np.round(MIDDLES - 0.1, 1), ONES, np.round(MIDDLES + 0.1, 1), ONES)


def add_bars(engine: BacktestEngine, after: int = 0) -> None:
    start, prices = TIMES + after, (MIDDLES - 3, MIDDLES + 5, MIDDLES - 5, MIDDLES + 1)
    engine.add_bars(BITCOIN, start, start + SECOND, *prices, ONES)


def add_levels(engine: BacktestEngine) -> None:
    """Each a new book of one level a side."""
    prices = np.round(np.column_stack([MIDDLES - 0.1, MIDDLES + 0.1]).ravel(), 1)
    sides, offsets = np.tile([1, -1], ROWS), 2 * np.arange(ROWS + 1)
    engine.add_levels(BITCOIN, TIMES, offsets, sides, prices, np.ones(2 * ROWS), np.ones(ROWS, int))


@pytest.mark.parametrize("after", [-SECOND // 2, 0, 1, SECOND // 2])
def test_what_an_account_with_a_coin_began_with_is_known_before_its_first_fill(after: int) -> None:
    engine = desk(BITCOIN, BTC="3")
    add_bars(engine)
    add_quotes(engine, after=after)
    summary = hold(engine).run("compiled")
    assert summary["fills"] == 1
    assert engine.verify() == []
    assert engine.record().settings.starting_equity == 100_000 + 3 * MIDDLES[0]


@pytest.mark.parametrize("late", [0, SECOND])
@pytest.mark.parametrize("turned", [False, True])
def test_prices_of_one_time_are_in_the_order_of_instruments_however_data_begins(turned: bool, late: int) -> None:
    engine = desk(BITCOIN, ETHER)
    for instrument in (ETHER, BITCOIN) if turned else (BITCOIN, ETHER):
        add_quotes(engine, instrument, late if instrument == BITCOIN else 0)
    hold(engine).run("compiled")
    assert engine.verify() == []


def test_the_last_price_is_the_newest_where_orders_take_longer_than_data_comes() -> None:
    """What is derived of a book is told after later trades: the desk hears a window of its latency at once."""
    engine = desk(BITCOIN, order_latency="2s")
    add_levels(engine)
    engine.add_trades(BITCOIN, TIMES + SECOND // 20, MIDDLES + 0.4, ONES, np.ones(ROWS, int))
    hold(engine).run("compiled")
    assert engine.verify() == []
    assert engine.record().settings.prices_end == {BITCOIN: MIDDLES[-1] + 0.4}


def test_fills_are_valued_at_the_rates_of_their_time_where_orders_take_longer_than_data_comes() -> None:
    pair, coin = "binance.ETH-BTC", "binance.BTC-USDT"
    engine = desk(pair, coin, order_latency="3s", BTC="10", ETH="10")
    add_quotes(engine, coin)
    engine.add_trades(pair, TIMES, ONES, ONES, np.ones(ROWS, int))
    engine.add_strategy(Hold, "holds", instrument=pair, account="paper", position=0.1)
    assert engine.run("compiled")["fills"] == 1
    assert engine.verify() == []
    fills = engine.record().fills
    assert fills.rate.tolist() == MIDDLES[(fills.time - START) // SECOND].tolist()


@pytest.mark.parametrize("lengths", [(1, 5), (5, 1), (2, 5), (1, 1)])
@pytest.mark.parametrize("built", [False, True])
def test_of_bars_of_two_feeds_the_shorter_tell_the_exchanges_price(lengths: tuple[int, int], built: bool) -> None:
    engine = desk(BITCOIN, actors=BUILDER if built else ())
    draw = np.random.Generator(np.random.PCG64(7))
    for length in lengths:
        start = START + SECOND * np.arange(0, 100, length)
        middles = np.round(50_000 + draw.integers(-20, 21, len(start)) * 0.1, 1)
        ends = (middles, middles + 3, middles - 3, middles + 0.5)
        engine.add_bars(BITCOIN, start, start + length * SECOND, *ends, np.ones(len(start)))
    if built:
        engine.add_trades(BITCOIN, TIMES + SECOND // 3, MIDDLES, ONES, np.ones(ROWS, int))
    engine.add_strategy(EmaCross, "crosses", instrument=BITCOIN, account="paper", on="bars", fast=2, slow=4, size=0.1)
    assert engine.run("compiled")["fills"] > 3
    assert engine.verify() == []


@pytest.mark.parametrize("end_ms", [600, 750, 950])
def test_a_bar_that_is_built_after_the_drain_tells_what_accounts_are_worth(end_ms: int) -> None:
    engine = desk(BITCOIN, order_latency="30ms", actors=({**BUILDER[0], "bars": ["1s"]},))
    times = START + np.array([0, 2 * SECOND, 4 * SECOND + end_ms * 1_000_000])
    engine.add_trades(BITCOIN, times, MIDDLES[:3], ONES[:3], np.ones(3, int))
    hold(engine).run("compiled")
    assert engine.verify() == []
    assert engine.record().equity.time[-1] > START + 5 * SECOND
