"""Ratios and slacks of columns, bit for bit those of their definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from letrade.hotpath.liquidation.liquidation_ratios import PositionRatios
from tests.models import liquidation_ratios as slow

FLOORS, RATES, AMOUNTS = (0.0, 1_000.0, 50_000.0), (0.004, 0.01, 0.05), (0.0, 6.0, 2_006.0)
TIERS = (FLOORS, RATES, AMOUNTS)
NUMBERS = st.floats(-1e9, 1e9)
PRICES = st.floats(1e-6, 1e6)
MORE_TIERS = st.lists(st.tuples(st.floats(1.0, 1e12), NUMBERS, NUMBERS), max_size=12, unique_by=lambda tier: tier[0])


def columns(*rows: tuple[float, ...]) -> list[NDArray[np.float64]]:
    return [np.array(column, float) for column in zip(*rows, strict=True)]


@settings(max_examples=150)
@given(st.lists(st.tuples(NUMBERS, PRICES, NUMBERS), min_size=1, max_size=30), PRICES, st.integers(1, 40), MORE_TIERS)
def test_columns_give_what_single_positions_give(
    rows: list[tuple[float, float, float]], value: float, times: int, more: list[tuple[float, float, float]]
) -> None:
    tiers = [(0.0, 0.004, 0.0), *sorted(more)]
    floors, rates, amounts = columns(*tiers)
    table, told = PositionRatios(floors, rates, amounts), (floors.tolist(), rates.tolist(), amounts.tolist())
    (quantities, entries, margins), answers = columns(*(rows * times)), np.zeros(len(rows) * times)
    table.ratios(value, quantities, entries, margins, answers)
    assert answers.tolist() == [slow.ratio(told, row, value) for row in rows] * times
    table.slacks(value, quantities, entries, margins, answers)
    assert answers.tolist() == [slow.slack(told, row, value) for row in rows] * times


def test_a_position_at_a_floor_is_of_the_tier_that_begins_there() -> None:
    table, answers = PositionRatios(*(np.array(column) for column in TIERS)), np.zeros(3)
    quantities = np.array([999.0, 1_000.0, -50_000.0])
    table.slacks(1.0, quantities, np.ones(3), np.full(3, 5_000.0), answers)
    assert answers.tolist() == [5_000 - 0.004 * 999, 5_000 - (0.01 * 1_000 - 6), 5_000 - (0.05 * 50_000 - 2_006)]


def test_no_equity_is_an_infinite_ratio_and_a_nan_stays_one() -> None:
    table, answers = PositionRatios(*(np.array(column) for column in TIERS)), np.zeros(3)
    table.ratios(10.0, np.array([1.0, -1.0, math.nan]), np.array([20.0, 5.0, 1.0]), np.array([10.0, 4.0, 1.0]), answers)
    assert answers.tolist()[:2] == [math.inf, math.inf]
    assert math.isnan(answers[2])


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_price_is_refused(value: float) -> None:
    table = PositionRatios(*(np.array(column) for column in TIERS))
    with pytest.raises(ValueError, match="above 0"):
        table.ratios(value, *(np.zeros(1) for _ in range(4)))


@pytest.mark.parametrize(
    "tiers",
    [((), (), ()), ((1.0,), (0.1,), (0.0,)), ((0.0, 0.0), (0.1, 0.2), (0.0, 0.0)), ((0.0, 1.0), (0.1,), (0.0, 0.0)),
     ((0.0, math.nan), (0.1, 0.2), (0.0, 0.0)), ((0.0,), (math.nan,), (0.0,)), ((0.0,), (0.1,), (math.inf,))],
)  # fmt: skip
def test_tiers_with_gaps_or_without_numbers_are_refused(tiers: tuple[tuple[float, ...], ...]) -> None:
    with pytest.raises(ValueError, match=r"tier|floors"):
        PositionRatios(*(np.array(column, float) for column in tiers))


def test_columns_that_do_not_belong_together_are_refused() -> None:
    table, one = PositionRatios(*(np.array(column) for column in TIERS)), np.ones(1)
    with pytest.raises(ValueError, match="length"):
        table.ratios(1.0, one, one, np.ones(2), np.zeros(1))
    with pytest.raises(ValueError, match="share memory"):
        table.slacks(1.0, one, one.copy(), one.copy(), one)
    with pytest.raises(TypeError):
        table.ratios(1.0, one, one, one, np.zeros(1, np.float32))
