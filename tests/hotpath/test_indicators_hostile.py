"""What no indicator may do whatever it is given: crash, take a wrong number, or be half of what it was."""

from __future__ import annotations

import math
import threading
from random import Random
from typing import Any

import numpy as np
import pytest

from letrade.hotpath.indicators import Atr, Ema, Macd, Rsi, Sma
from letrade.hotpath.rolling import Bollinger, Extremes, OrderFlow, Volatility, Vwap

ALL = (Sma(3), Ema(3), Rsi(3), Atr(3), Macd(2, 3, 2), Bollinger(3), Volatility(3), Vwap(3), OrderFlow(3), Extremes(3))
INPUTS = {Atr: 3, Vwap: 2, OrderFlow: 4}


def fed(indicator: Any, count: int = 4) -> Any:
    for value in range(1, count + 1):
        indicator.add(*[float(value)] * INPUTS.get(type(indicator), 1))
    return indicator


def test_a_ratio_of_prices_beyond_all_doubles_is_refused_before_it_is_in_the_sums() -> None:
    volatility = Volatility(20)
    volatility.add(1e100)
    for price in (5e-324, 1e-101, 0.0, -1.0):
        with pytest.raises(ValueError, match="price is above 0"):
            volatility.add(price)
        with pytest.raises(ValueError, match="price is above 0"):
            volatility.batch([1.0, price])
    found = [volatility.add(1e-100 if turn % 2 else 1e100) for turn in range(200)]
    assert found[-1] is not None
    assert math.isfinite(found[-1])
    assert volatility.count == 201


def test_a_price_too_small_for_a_double_is_no_price() -> None:
    tiny = np.array([np.longdouble("1e-4000")] * 3)
    with pytest.raises(ValueError, match="price is above 0"):
        Volatility(2).batch(tiny)


def test_sums_of_all_magnitudes_stay_exact_however_many_parts_they_need() -> None:
    chance = Random(7)
    mean, bands = Sma(400), Bollinger(400)
    values: list[float] = []
    for turn in range(3_000):
        exponent = chance.uniform(-1070.0, 330.0) if turn % 3 else -1070.0 + turn * 0.4667
        values.append(chance.choice((-1.0, 1.0)) * math.ldexp(chance.choice((1.0, chance.random())), int(exponent)))
        found = mean.add(values[-1])
        bands.add(values[-1])
        if found is not None:
            assert found == math.fsum(values[-400:]) / 400
    for value in [3.0] * 400:
        bands.add(value)
    assert bands.add(3.0) == (3.0, 3.0, 3.0)


@pytest.mark.parametrize("indicator", ALL, ids=lambda indicator: type(indicator).__name__)
def test_a_state_that_cannot_be_is_refused_and_changes_nothing(indicator: Any) -> None:
    before = fed(indicator).state()
    for count in (-1, 2**63, 2**62 + 1, 1.5, "x", None):
        with pytest.raises((ValueError, TypeError, OverflowError)):
            indicator.restore([count, *before[1:]])
        assert indicator.state() == before
    for place in range(1, len(before)):
        for wrong in (math.nan, math.inf, 1e300, "x", None):
            damaged = list(before)
            damaged[place] = [wrong] * max(len(before[place]), 1) if isinstance(before[place], list) else wrong
            with pytest.raises((ValueError, TypeError)):
                indicator.restore(damaged)
            assert indicator.state() == before
    indicator.restore(before)
    assert indicator.state() == before


@pytest.mark.parametrize("indicator", ALL, ids=lambda indicator: type(indicator).__name__)
def test_a_state_of_the_wrong_shape_is_refused_by_what_was_expected_and_found(indicator: Any) -> None:
    before = fed(indicator).state()
    for shape in ([], (), [1], before[:-1], [*before, 1.0], (*before, None), [0] * 1000):
        said = rf"expected the list \[count, .* of {len(before)} parts; found {len(shape)}"
        with pytest.raises(ValueError, match=said):
            indicator.restore(shape)
    for other in (None, 5, "state", b"", {}, {0: 1}, set(before[:1]), iter(before), np.ones(len(before))):
        with pytest.raises(TypeError, match=r"expected the list \[count, .*, found " + type(other).__name__):
            indicator.restore(other)
    for place in range(1, len(before)):
        for wrong in (None, "5", {}, [[]], [None]):
            with pytest.raises(TypeError, match=r"expected a (list of )?numbers? as \w+, found "):
                indicator.restore([*before[:place], wrong, *before[place + 1 :]])
        huge = [10**400] * 4 if isinstance(before[place], list) else 10**400
        with pytest.raises(ValueError, match="of ordinary size as"):
            indicator.restore([*before[:place], huge, *before[place + 1 :]])
    assert indicator.state() == before
    indicator.restore(tuple(before))
    assert indicator.state() == before


def test_windows_that_there_are_none_of_take_no_values() -> None:
    for state in ([1, [], [], [1.0], [1.0]], [1, [], [], [], [1.0]]):
        with pytest.raises(ValueError, match=r"window|as many"):
            Vwap().restore(state)
    with pytest.raises(ValueError, match="window"):
        OrderFlow().restore([1, [1.0, 1.0, 2.0, 1.0], [], [1.0]])
    with pytest.raises(ValueError, match="window"):
        Vwap(2).restore([3, [], [], [1.0] * 3, [1.0] * 3])
    with pytest.raises(ValueError, match="last row"):
        OrderFlow(2).restore([1, [1.0], [], []])


def test_a_longer_window_is_restored_into_a_shorter_one_by_its_last_values() -> None:
    for kind in (Sma, Bollinger, Extremes):
        short = kind(2)
        short.restore(fed(kind(4), 9).state())
        assert short.add(10.0) == fed(kind(2), 9).add(10.0)
        assert short.state()[1] == [9.0, 10.0]


@pytest.mark.parametrize("kind", [Sma, Ema, Rsi, Atr, Bollinger, Volatility, Vwap, OrderFlow, Extremes, Macd])
def test_a_period_is_a_whole_number(kind: Any) -> None:
    for period in (2.5, math.nan, "3", np.float64(3.0)):
        with pytest.raises(TypeError):
            kind(period)
    for period in (-1, 2**40, 2**64):
        with pytest.raises((ValueError, OverflowError)):
            kind(period)


class Changing:
    """An array that spoils another one when it is read, and itself the second time."""

    def __init__(self, values: list[float], other: Any = None) -> None:
        self.values, self.other, self.reads = values, other, 0

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        self.reads += 1
        if self.other is not None:
            self.other[:] = math.nan
        return np.array(self.values if self.reads == 1 else [math.nan] * len(self.values))


def test_columns_are_read_once_and_checked_after_all_are_read() -> None:
    prices = np.ones(3)
    with pytest.raises(ValueError, match="finite"):
        Vwap(2).batch(prices, Changing([1.0, 1.0, 1.0], prices))
    volatility = Volatility(2)
    volatility.batch(Changing([1.0, 2.0, 4.0]))
    assert volatility.count == 3


def test_columns_of_other_things_than_numbers_are_refused() -> None:
    columns: list[Any] = [
        ["1.5"],
        np.array([1j]),
        np.array(["2024-01-01"], dtype="datetime64[ns]"),
        [[1.0]],
        ["x"],
        [None],
    ]
    for column in columns:
        with pytest.raises((TypeError, ValueError)):
            Ema(2).batch(column)
    assert Sma(1).batch(np.arange(10)[::-2]).tolist() == [9.0, 7.0, 5.0, 3.0, 1.0]
    read_only = np.ones(3)
    read_only.setflags(write=False)
    assert Sma(3).batch(read_only)[2] == 1.0


def test_threads_that_share_an_indicator_lose_no_value() -> None:
    mean, values = Sma(7), np.arange(100_000, dtype=float)

    def work() -> None:
        for _ in range(3):
            mean.batch(values)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mean.count == 1_200_000
    assert len(mean.state()[1]) == 7
