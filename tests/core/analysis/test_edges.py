"""Nothing, one trade, no variance, unknown numbers: every figure is defined, and none of them is NaN or infinite."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.core.analysis.analyzer import analyse
from letrade.core.analysis.builder import RecordBuilder
from letrade.core.analysis.curves import DAY_NS
from letrade.core.analysis.drawdowns import drawdown_of
from letrade.core.analysis.ratios import cagr, compare, ratios_of
from letrade.core.analysis.record import InstrumentNote, Names, RunRecord, RunSettings

NOTE = InstrumentNote(name="x.A-B", kind="linear")


def numbers_in(value: Any) -> list[float]:
    """All floats of an analysis."""
    if isinstance(value, float):
        return [value]
    if isinstance(value, dict):
        return [number for each in value.values() for number in numbers_in(each)]
    if isinstance(value, list | tuple):
        return [number for each in value for number in numbers_in(each)]
    return []


def assert_defined(record: RunRecord) -> None:
    analysis = msgspec.to_builtins(analyse(record))
    assert all(math.isfinite(number) for number in numbers_in(analysis))


def test_a_run_of_nothing_is_analysed() -> None:
    analysis = analyse(RunRecord.empty())
    assert analysis.total.trades.trades == 0
    assert analysis.total.ratios.sharpe is None
    assert analysis.total.profit.fraction is None
    assert analysis.strategies == ()
    assert any("never sampled" in note for note in analysis.notes)
    assert_defined(RunRecord.empty())


def test_a_strategy_that_never_traded_is_listed() -> None:
    told = RunSettings(starting_equity=100.0, data_from=DAY_NS, data_to=5 * DAY_NS)
    record = RunRecord.empty(Names(strategies=("idle",)), told)
    analysis = analyse(record)
    assert [part.name for part in analysis.strategies] == ["idle"]
    assert analysis.total.profit.profit == 0.0
    assert analysis.total.ratios.days == 4
    assert (analysis.total.ratios.sharpe, analysis.total.ratios.cagr) == (None, 0.0)
    assert_defined(record)


def test_one_winning_trade_has_no_profit_factor_and_no_deviation() -> None:
    builder = RecordBuilder([NOTE], ["s"], ["a"])
    builder.row("fills", time=10, side=1, size=1.0, price=100.0, fee=0.0)
    builder.row("fills", time=20, side=-1, size=1.0, price=110.0, fee=0.0)
    record = builder.record(RunSettings(starting_equity=1000.0))
    trades = analyse(record).total.trades
    assert (trades.trades, trades.win_rate, trades.profit) == (1, 1.0, 10.0)
    assert (trades.profit_factor, trades.sqn, trades.p_value, trades.win_loss_ratio) == (None, None, None, None)
    assert_defined(record)


def test_unknown_numbers_do_not_spread() -> None:
    nan = float("nan")
    builder = RecordBuilder([NOTE], ["s"], ["a"])
    builder.row("orders", order_id=1, side=1, size=0.0, filled=0.0, decided=5, mid_at_decision=nan)
    builder.row("fills", order=1, time=10, side=1, size=1.0, price=100.0, fee=0.0)
    builder.row("equity", time=10, equity=nan, unrealised=nan, exposure=nan)
    builder.row("equity", time=20, equity=100.0)
    builder.row("prices", time=30, price=0.0)
    assert_defined(builder.record(RunSettings()))


def test_losing_everything_leaves_ratios_unknown() -> None:
    builder = RecordBuilder([NOTE], ["s"], ["a"])
    for day, equity in enumerate((100.0, 50.0, -20.0, -30.0)):
        builder.row("equity", time=day * DAY_NS + 1, equity=equity, exposure=0.0, unrealised=0.0)
    record = builder.record(RunSettings(starting_equity=100.0))
    analysis = analyse(record)
    assert analysis.total.ratios.sharpe is None
    assert analysis.total.drawdown.fraction == pytest.approx(-1.3)
    assert_defined(record)


def test_equal_days_have_no_sharpe() -> None:
    found = ratios_of(np.full(30, 0.001), 30 / 365)
    assert (found.sharpe, found.volatility, found.sortino, found.calmar, found.serenity) == (None,) * 5
    assert compare(np.full(30, 0.001), np.zeros(30), None).beta is None


def test_growth_over_less_than_a_day_is_not_annualised() -> None:
    assert cagr(1.01, 0.5 / 365) is None
    assert cagr(2.0, 1.0) == pytest.approx(1.0)
    assert cagr(1e300, 1 / 365) is None
    assert cagr(0.0, 1.0) is None


def test_a_drawdown_knows_its_ends() -> None:
    times, equity = np.arange(1, 8), np.array([100.0, 120.0, 90.0, 130.0, 91.0, 110.0, 104.0])
    found = drawdown_of(times, equity, 100.0)
    assert found.fraction == pytest.approx(-0.3)
    assert (found.absolute, found.start, found.bottom, found.end) == (39.0, 4, 5, None)
    assert (found.duration, found.longest) == (3, 3)
    assert found.now == pytest.approx(-0.2)
    assert (found.profit_at_peak, found.profit_at_bottom) == (30.0, -9.0)
    assert drawdown_of(times, np.arange(100.0, 107.0), 100.0).fraction == 0.0


FILLS = st.tuples(st.sampled_from([-1, 1]), st.floats(0, 1e6), st.floats(0, 1e9), st.floats(-1e3, 1e3))


@settings(max_examples=40)
@given(st.lists(FILLS, max_size=12), st.floats(-1e12, 1e12))
def test_no_run_makes_a_number_that_is_not_finite(trades: list[tuple[int, float, float, float]], equity: float) -> None:
    builder = RecordBuilder([NOTE], ["s"], ["a"])
    for place, (side, size, price, fee) in enumerate(trades):
        time = (place + 1) * DAY_NS // 3
        builder.row("fills", time=time, side=side, size=size, price=price, fee=fee, bid=price, ask=price, mid_1s=price)
        builder.row("equity", time=time, equity=equity + place * fee, unrealised=0.0, exposure=size)
        builder.row("prices", time=time, price=price)
    assert_defined(builder.record(RunSettings()))
