"""Bars from trades: what is in them, when they close and because of what, and that a restart changes nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from letrade.actors.market.bars import BarBuilder, BarBuilderConfig
from letrade.core.messages.events import Alert
from letrade.core.messages.market import Bar, Trade
from tests.actors.cuts import with_a_cut, without_a_cut
from tests.stage import BTC, PERP, StageOf, context, of_kind

MS = 1_000_000
SECOND = 1_000 * MS


def builder(**config: Any) -> BarBuilder:
    return BarBuilder("bars", BarBuilderConfig(**config), context())


def trade(ms: int, price: float, size: float = 1.0, instrument: str = BTC.instrument) -> Trade:
    return Trade(time=ms * MS, instrument=instrument, price=price, size=size)


def shape(bar: Bar) -> tuple[float, ...]:
    return (bar.start // SECOND, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades)


def test_a_bar_holds_the_trades_from_its_start_to_before_its_end() -> None:
    trades = (trade(1_000, 10.0), trade(1_400, 12.0), trade(1_500, 9.0), trade(1_999, 11.0), trade(2_000, 50.0))
    bars = of_kind(StageOf(builder()).tell(*trades), Bar)
    assert [shape(bar) for bar in bars] == [(1, 10.0, 12.0, 9.0, 11.0, 4.0, 4)]


def test_the_first_trade_after_the_end_closes_a_bar_and_is_its_cause() -> None:
    stage = StageOf(builder())
    (bar,) = of_kind(stage.tell(trade(1_000, 10.0), trade(2_050, 11.0)), Bar)
    assert (bar.end, bar.time, bar.cause) == (2 * SECOND, 2_050 * MS, "test:0:2")


def test_without_another_trade_a_timer_closes_the_bar_and_its_last_trade_is_the_cause() -> None:
    stage = StageOf(builder(grace=100 * MS))
    (bar,) = of_kind(stage.tell(trade(1_000, 10.0), trade(1_900, 11.0), until=3 * SECOND), Bar)
    assert (bar.end, bar.time, bar.cause) == (2 * SECOND, 2_100 * MS, "test:0:2")


def test_a_second_without_trades_has_no_bar() -> None:
    bars = of_kind(StageOf(builder()).tell(trade(1_000, 10.0), trade(5_000, 11.0), until=7 * SECOND), Bar)
    assert [bar.start // SECOND for bar in bars] == [1, 5]


def test_volumes_are_exact_sums_of_lots() -> None:
    trades = [trade(1_000 + k, 10.0, 0.1) for k in range(3)]
    (bar,) = of_kind(StageOf(builder()).tell(*trades, until=3 * SECOND), Bar)
    assert bar.volume == 0.3


def test_a_late_trade_is_in_no_bar_and_is_told_once() -> None:
    actor = builder(grace=0)
    stage = StageOf(actor)
    stage.tell(trade(1_000, 10.0), until=2_200 * MS)
    said = stage.tell(trade(1_500, 99.0), trade(1_600, 99.0), trade(2_300, 12.0), until=4 * SECOND)
    assert [bar.high for bar in of_kind(said, Bar)] == [12.0]
    assert [alert.code for alert in of_kind(said, Alert)] == ["late-trade"]
    assert actor.late == {BTC.instrument: 2}


def test_each_instrument_and_duration_has_its_own_bars() -> None:
    stage = StageOf(builder(bars=(SECOND, 2 * SECOND)))
    trades = (trade(2_000, 10.0), trade(2_001, 20.0, 1.0, PERP.instrument), trade(3_000, 11.0))
    bars = of_kind(stage.tell(*trades, until=5 * SECOND), Bar)
    found = sorted((bar.instrument, bar.start // SECOND, (bar.end - bar.start) // SECOND) for bar in bars)
    spot, perpetual = BTC.instrument, PERP.instrument
    assert found == [(spot, 2, 1), (spot, 2, 2), (spot, 3, 1), (perpetual, 2, 1), (perpetual, 2, 2)]


def test_only_the_configured_instruments_are_built() -> None:
    stage = StageOf(builder(instruments=(PERP.instrument,)))
    bars = of_kind(stage.tell(trade(1_000, 10.0), trade(1_000, 20.0, 1.0, PERP.instrument), until=3 * SECOND), Bar)
    assert [bar.instrument for bar in bars] == [PERP.instrument]


def random_trades(seed: int, count: int) -> Sequence[Trade]:
    draw = random.Random(seed)
    times = sorted(draw.randrange(1_000, 12_000) for _ in range(count))
    names = (BTC.instrument, PERP.instrument)
    return [
        trade(ms, draw.randrange(900, 1_100) / 10, draw.randrange(1, 500) / 1_000, draw.choice(names)) for ms in times
    ]


@pytest.mark.parametrize("seed", range(5))
def test_bars_are_those_of_grouping_all_trades_by_their_second(seed: int) -> None:
    trades = random_trades(seed, 300)
    bars = of_kind(StageOf(builder()).tell(*trades, until=14 * SECOND), Bar)
    expected = {}
    for name, second in {(each.instrument, each.time // SECOND) for each in trades}:
        group = [each for each in trades if (each.instrument, each.time // SECOND) == (name, second)]
        prices = [each.price for each in group]
        volume = round(sum(each.size for each in group), 5)
        expected[name, second] = (second, prices[0], max(prices), min(prices), prices[-1], volume, len(group))
    assert {(bar.instrument, bar.start // SECOND): shape(bar) for bar in bars} == expected


@pytest.mark.parametrize("seed", range(8))
def test_a_restart_anywhere_changes_no_bar(seed: int) -> None:
    trades = random_trades(100 + seed, 120)
    cut = random.Random(seed).randrange(1, len(trades))
    whole = without_a_cut(lambda: builder(bars=(SECOND, 3 * SECOND)), trades, cut, 16 * SECOND)
    assert with_a_cut(lambda: builder(bars=(SECOND, 3 * SECOND)), trades, cut, 16 * SECOND) == whole
