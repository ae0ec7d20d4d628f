"""Moving averages against slow recomputation, and what is published when."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from letrade.actors.features.moving_averages import MovingAverages, MovingAveragesConfig
from letrade.core.messages.features import Features
from letrade.core.messages.market import Bar
from letrade.hotpath.indicators import Ema, Sma
from tests.actors.cuts import with_a_cut, without_a_cut
from tests.stage import BTC, PERP, StageOf, context, of_kind

SECOND = 1_000_000_000
PRICES = some.lists(some.floats(1e-9, 1e12), min_size=1, max_size=60)


def bar(number: int, close: float, instrument: str = BTC.instrument, seconds: int = 1) -> Bar:
    end = number * SECOND
    return Bar(
        time=end,
        instrument=instrument,
        start=end - seconds * SECOND,
        end=end,
        open=close,
        high=close,
        low=close,
        close=close,
        volume=1.0,
    )


def averages(**config: Any) -> MovingAverages:
    return MovingAverages("averages", MovingAveragesConfig(**config), context())


@given(PRICES, some.integers(1, 20))
def test_sma_is_the_rounded_exact_mean_of_its_window(prices: list[float], window: int) -> None:
    sma = Sma(window)
    for count, found in enumerate(map(sma.add, prices), 1):
        if count < window:
            assert found is None
        else:
            # The sum is rounded once and divided once, as doubles are.
            assert found == float(sum(map(Fraction, prices[count - window : count]))) / window


def test_sma_of_equal_values_is_that_value_after_a_huge_one_has_left() -> None:
    sma = Sma(3)
    assert [sma.add(value) for value in (1e15, 0.1, 0.2, 0.3, 0.1)][-1] == (0.2 + 0.3 + 0.1) / 3


@given(PRICES, some.integers(1, 20))
def test_ema_is_the_recursion_from_the_first_value(prices: list[float], window: int) -> None:
    ema = Ema(window)
    found = [ema.add(price) for price in prices]
    weight = Fraction(2, window + 1)
    mean = Fraction(prices[0])
    for count, price in enumerate(prices, 1):
        mean = mean + weight * (Fraction(price) - mean)
        last = found[count - 1]
        assert (last is None) == (count < window)
        assert last is None or last == pytest.approx(float(mean), rel=1e-9, abs=1e-9 * max(prices))


def test_features_come_with_each_bar_from_which_an_average_is_warm_and_name_only_warm_ones() -> None:
    said = of_kind(StageOf(averages(sma=(2, 3), ema=(2,))).tell(*(bar(k, 10.0 * k) for k in range(1, 5))), Features)
    assert [features.names for features in said] == [("sma_2", "ema_2"), *[("sma_2", "sma_3", "ema_2")] * 2]
    last = said[-1]
    assert last.values[:2] == (35.0, 30.0)
    assert (last.price, last.bar_end, last.count, last.feature_set) == (40.0, 4 * SECOND, 4, "averages")


def test_the_cause_of_features_is_their_bar() -> None:
    (features,) = of_kind(StageOf(averages(sma=(1,))).tell(bar(7, 5.0)), Features)
    assert features.cause == "test:0:1"


def test_instruments_do_not_mix() -> None:
    stage = StageOf(averages(sma=(2,)))
    said = stage.tell(bar(1, 1.0), bar(1, 100.0, PERP.instrument), bar(2, 3.0), bar(2, 300.0, PERP.instrument))
    values = {features.instrument: features.values for features in of_kind(said, Features)}
    assert values == {BTC.instrument: (2.0,), PERP.instrument: (200.0,)}


def test_bars_of_another_duration_or_instrument_are_not_counted() -> None:
    stage = StageOf(averages(sma=(1,), bar=SECOND, instruments=(BTC.instrument,)))
    said = stage.tell(bar(5, 1.0, seconds=5), bar(6, 2.0), bar(7, 3.0, PERP.instrument))
    assert [features.values for features in of_kind(said, Features)] == [(2.0,)]


def test_a_repeated_bar_changes_nothing() -> None:
    stage = StageOf(averages(sma=(2,)))
    said = stage.tell(bar(1, 1.0), bar(2, 3.0), bar(2, 99.0), bar(3, 5.0))
    assert [features.values for features in of_kind(said, Features)] == [(2.0,), (4.0,)]


@pytest.mark.parametrize("seed", range(8))
def test_a_restart_anywhere_changes_no_value(seed: int) -> None:
    draw = random.Random(seed)
    names = (BTC.instrument, PERP.instrument)
    bars = [bar(k // 2 + 1, draw.uniform(1.0, 9.0), names[k % 2]) for k in range(60)]
    cut = draw.randrange(1, 60)
    config = {"sma": (3, 7), "ema": (2, 9)}
    whole = without_a_cut(lambda: averages(**config), bars, cut, 0)
    assert with_a_cut(lambda: averages(**config), bars, cut, 0) == whole
    assert len(of_kind(whole, Features)) == 60 - 2
