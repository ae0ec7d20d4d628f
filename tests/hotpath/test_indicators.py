"""Means, RSI, ATR and MACD against their definitions, against TA-Lib, and by whatever way the values come."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.hotpath.indicators import Atr, Ema, Macd, Rsi, Sma
from tests.models import indicators as slow

PRICES = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=40)
PERIODS = st.integers(1, 12)
DRAW = np.random.default_rng(5)
CLOSES = 100.0 * np.exp(np.cumsum(DRAW.normal(0.0, 0.01, 600)))
HIGHS = CLOSES * (1.0 + DRAW.random(600) * 0.01)
LOWS = CLOSES * (1.0 - DRAW.random(600) * 0.01)


def near(found: Any, expected: Any) -> bool:
    if expected is None or found is None:
        return found is expected
    return bool(np.allclose(found, expected, rtol=1e-9, atol=1e-9 * float(np.max(np.abs(expected)) + 1e-3)))


@settings(max_examples=150)
@given(PRICES, PERIODS)
def test_each_is_its_definition_at_every_value(prices: list[float], period: int) -> None:
    sma, ema, rsi = Sma(period), Ema(period), Rsi(period)
    for end, price in enumerate(prices, 1):
        known = prices[:end]
        assert sma.add(price) == slow.sma(known, period)
        assert ema.add(price) == slow.ema(known, period)
        # Where gains and losses are of very different size a double's rounding shows.
        assert near(rsi.add(price), slow.rsi(known, period))


@settings(max_examples=60)
@given(PRICES, st.integers(1, 5), st.integers(1, 6), st.integers(1, 5))
def test_macd_is_its_definition_at_every_value(prices: list[float], fast: int, more: int, signal: int) -> None:
    macd = Macd(fast, fast + more, signal)
    for end, price in enumerate(prices, 1):
        expected = slow.macd(prices[:end], fast, fast + more, signal)
        found = macd.add(price)
        assert (found is None) == (expected is None)
        assert found is None or found == pytest.approx(expected, abs=1e-9 * max(prices))


@settings(max_examples=60)
@given(st.lists(st.tuples(*[st.floats(1e-3, 1e6)] * 3), min_size=1, max_size=30), PERIODS)
def test_atr_is_its_definition_at_every_value(rows: list[tuple[float, ...]], period: int) -> None:
    bars = [(max(row), min(row), row[1]) for row in rows]
    atr = Atr(period)
    for end, bar in enumerate(bars, 1):
        high, low, close = zip(*bars[:end], strict=True)
        assert near(atr.add(*bar), slow.atr(high, low, close, period))


@settings(max_examples=60)
@given(st.lists(st.floats(-1e15, 1e15), min_size=1, max_size=80), PERIODS)
def test_the_sum_of_a_mean_is_rounded_once_whatever_passed_through(values: list[float], period: int) -> None:
    sma = Sma(period)
    for end, value in enumerate(values, 1):
        assert sma.add(value) == slow.sma(values[:end], period)


MADE: list[tuple[Callable[[], Any], tuple[np.ndarray, ...]]] = [
    (lambda: Sma(7), (CLOSES,)),
    (lambda: Ema(7), (CLOSES,)),
    (lambda: Rsi(14), (CLOSES,)),
    (lambda: Macd(12, 26, 9), (CLOSES,)),
    (lambda: Atr(14), (HIGHS, LOWS, CLOSES)),
]


def rows_of(found: Any) -> list[Any]:
    """What `add` would have given, from what `batch` gave."""
    columns = found if isinstance(found, tuple) else (found,)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    plain = [row if len(columns) > 1 else row[0] for row in rows]
    return [None if math.isnan(columns[0][index]) else each for index, each in enumerate(plain)]


@pytest.mark.parametrize(("make", "columns"), MADE)
def test_batches_single_values_and_a_restart_between_give_the_same(make: Any, columns: tuple[np.ndarray, ...]) -> None:
    single, batched = make(), make()
    expected = [single.add(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    first = rows_of(batched.batch(*(column[:250] for column in columns)))
    restored = make()
    restored.restore(json.loads(json.dumps(batched.state())))
    second = rows_of(restored.batch(*(column[250:] for column in columns)))
    assert first + second == expected
    assert restored.count == single.count == len(CLOSES)
    assert restored.state() == single.state()


@pytest.mark.parametrize(("make", "columns"), MADE)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 2e100])
def test_what_is_no_ordinary_number_is_refused_and_changes_nothing(make: Any, columns: Any, bad: float) -> None:
    found = make()
    found.batch(*(column[:100] for column in columns))
    before = found.state()
    with pytest.raises(ValueError, match="finite"):
        found.add(*[bad] * len(columns))
    with pytest.raises(ValueError, match="finite"):
        found.batch(*(np.append(column[:3], bad) for column in columns))
    assert found.state() == before


def test_wrong_periods_and_columns_are_refused() -> None:
    for make in (Sma, Ema, Rsi, Atr):
        with pytest.raises(ValueError, match="period must be from 1"):
            make(0)
    with pytest.raises(ValueError, match="fast must be below slow"):
        Macd(26, 12)
    with pytest.raises(ValueError, match="one length"):
        Atr(2).batch([2.0, 2.0], [1.0, 1.0], [1.0])
    with pytest.raises(ValueError, match="below its low"):
        Atr(2).add(1.0, 2.0, 1.5)
    with pytest.raises(ValueError, match="below its low"):
        Atr(2).batch([1.0], [2.0], [1.5])


def test_an_empty_batch_is_empty() -> None:
    assert len(Sma(2).batch([])) == 0
    assert [len(column) for column in Macd().batch([])] == [0, 0, 0]


def test_a_market_that_does_not_move_has_an_rsi_in_the_middle() -> None:
    assert [Rsi(2).add(5.0), *Rsi(2).batch([5.0] * 4)[2:]] == [None, 50.0, 50.0]


def test_ta_lib_gives_the_same() -> None:
    talib = pytest.importorskip("talib", reason="TA-Lib is not installed: it comes with the test extra")
    pairs = [
        (Sma(20).batch(CLOSES), talib.SMA(CLOSES, 20)),
        (Rsi(14).batch(CLOSES), talib.RSI(CLOSES, 14)),
        (Atr(14).batch(HIGHS, LOWS, CLOSES), talib.ATR(HIGHS, LOWS, CLOSES, 14)),
    ]
    for found, expected in pairs:
        np.testing.assert_allclose(found, expected, rtol=1e-10)
    # Its means start at a mean of the first values, ours at the first value: 500 values later nothing is left of that.
    np.testing.assert_allclose(Ema(20).batch(CLOSES)[500:], talib.EMA(CLOSES, 20)[500:], rtol=1e-10)
    for found, expected in zip(Macd().batch(CLOSES), talib.MACD(CLOSES), strict=True):
        np.testing.assert_allclose(found[500:], expected[500:], rtol=1e-8, atol=1e-12)
