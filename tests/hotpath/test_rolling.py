"""Indicators over windows against exact fractions, against TA-Lib, and by whatever way the values come."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.hotpath.rolling import Bollinger, Extremes, OrderFlow, Volatility, Vwap
from tests.hotpath.test_indicators import CLOSES, DRAW, rows_of
from tests.models import rolling as slow

PRICES = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=40)
SIZES = st.integers(0, 50).map(float)
VOLUMES = DRAW.integers(0, 50, len(CLOSES)).astype(float)
BIDS, ASKS = np.round(CLOSES, 1), np.round(CLOSES, 1) + 0.1


@settings(max_examples=120)
@given(PRICES, st.integers(2, 12))
def test_bands_and_volatility_are_their_definitions_at_every_value(prices: list[float], period: int) -> None:
    bands, volatility = Bollinger(period, 2.5), Volatility(period, 365.0)
    for end, price in enumerate(prices, 1):
        expected, found = slow.bollinger(prices[:end], period, 2.5), bands.add(price)
        assert found == expected if expected is None else found == pytest.approx(expected, rel=1e-12, abs=1e-12)
        wanted, given_ = slow.volatility(prices[:end], period, 365.0), volatility.add(price)
        assert given_ == wanted if wanted is None else given_ == pytest.approx(wanted, rel=1e-12, abs=1e-15)


def test_a_deviation_far_below_the_values_is_exact_also_after_huge_ones_have_left() -> None:
    bands = Bollinger(4, 1.0)
    values = [1e15, 3.0, 1e9 + 0.25, 1e9 - 0.25, 1e9 + 0.25, 1e9 - 0.25]
    assert [bands.add(value) for value in values][-1] == (1e9 + 0.25, 1e9, 1e9 - 0.25)
    assert Bollinger(3).batch([7.0] * 3)[0][-1] == 7.0


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(1e-3, 1e6), SIZES), min_size=1, max_size=30), st.integers(0, 6))
def test_vwap_is_its_definition_at_every_trade(trades: list[tuple[float, float]], period: int) -> None:
    vwap = Vwap(period)
    for end, trade in enumerate(trades, 1):
        expected, found = slow.vwap(trades[:end], period), vwap.add(*trade)
        assert found == expected if expected is None else found == pytest.approx(expected, rel=1e-15)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(1, 4), SIZES, st.integers(5, 8), SIZES), min_size=1, max_size=30),
       st.integers(0, 6))  # fmt: skip
def test_order_flow_is_its_definition_at_every_change(rows: list[tuple[float, ...]], period: int) -> None:
    flow = OrderFlow(period)
    for end, row in enumerate(rows, 1):
        assert flow.add(*row) == slow.order_flow(rows[:end], period)


@settings(max_examples=150)
@given(st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=60), st.integers(1, 9))
def test_extremes_are_those_of_the_window(values: list[float], period: int) -> None:
    extremes = Extremes(period)
    for end, value in enumerate(values, 1):
        assert extremes.add(value) == slow.extremes(values[:end], period)


def test_a_reset_begins_anew() -> None:
    vwap, flow = Vwap(), OrderFlow()
    vwap.add(100.0, 5.0)
    vwap.reset()
    assert vwap.add(50.0, 1.0) == 50.0
    for row in ((1.0, 5.0, 2.0, 5.0), (1.0, 7.0, 2.0, 5.0)):
        flow.add(*row)
    flow.reset()
    assert flow.add(1.0, 8.0, 2.0, 5.0) == flow.sum == 1.0
    flow.part()
    assert (flow.add(9.0, 90.0, 10.0, 1.0), flow.sum) == (None, 1.0)


MADE: list[tuple[Callable[[], Any], tuple[np.ndarray, ...]]] = [
    (lambda: Bollinger(20), (CLOSES,)),
    (lambda: Volatility(20), (CLOSES,)),
    (lambda: Extremes(9), (CLOSES,)),
    (lambda: Vwap(), (CLOSES, VOLUMES)),
    (lambda: Vwap(9), (CLOSES, VOLUMES)),
    (lambda: OrderFlow(), (BIDS, VOLUMES, ASKS, VOLUMES[::-1].copy())),
    (lambda: OrderFlow(9), (BIDS, VOLUMES, ASKS, VOLUMES[::-1].copy())),
]


@pytest.mark.parametrize(("make", "columns"), MADE)
def test_batches_single_values_and_a_restart_between_give_the_same(make: Any, columns: tuple[np.ndarray, ...]) -> None:
    single, batched = make(), make()
    expected = [single.add(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    first = rows_of(batched.batch(*(column[:250] for column in columns)))
    restored = make()
    restored.restore(json.loads(json.dumps(batched.state())))
    second = rows_of(restored.batch(*(column[250:] for column in columns)))
    assert first + second == expected
    assert restored.count == single.count


@pytest.mark.parametrize(("make", "columns"), MADE)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_ordinary_number_is_refused_and_changes_nothing(make: Any, columns: Any, bad: float) -> None:
    found = make()
    found.batch(*(column[:100] for column in columns))
    before = found.state()
    with pytest.raises(ValueError, match="finite"):
        found.add(*[bad] * len(columns))
    with pytest.raises(ValueError, match="finite"):
        found.batch(*(np.append(column[:3], bad) for column in columns))
    assert found.state() == before


def test_prices_volumes_and_sizes_below_what_they_can_be_are_refused() -> None:
    calls: list[Callable[[], Any]] = [
        lambda: Volatility().add(0.0), lambda: Volatility().batch([1.0, 0.0]), lambda: Vwap().add(1.0, -1.0),
        lambda: Vwap().batch([1.0], [-1.0]), lambda: OrderFlow().add(1.0, -1.0, 2.0, 1.0),
        lambda: OrderFlow().batch([1.0], [1.0], [2.0], [-1.0]), lambda: Volatility(1), lambda: Extremes(0),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(ValueError, match=r"above 0|0 or more|at least 2|from 1 to"):
            call()


def test_ta_lib_gives_the_same() -> None:
    talib = pytest.importorskip("talib", reason="TA-Lib is not installed: it comes with the test extra")
    for found, expected in zip(Bollinger(20, 2.0).batch(CLOSES), talib.BBANDS(CLOSES, 20, 2.0, 2.0), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9)
    returns = np.log(CLOSES[1:] / CLOSES[:-1])
    sample = math.sqrt(20 / 19)
    np.testing.assert_allclose(Volatility(20).batch(CLOSES)[21:], talib.STDDEV(returns, 20)[20:] * sample, rtol=1e-7)
    for found, expected in zip(Extremes(9).batch(CLOSES), talib.MINMAX(CLOSES, 9), strict=True):
        np.testing.assert_array_equal(found[8:], expected[8:])
