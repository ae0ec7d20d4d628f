"""What is noted for the report, against a twin that keeps everything."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.hotpath.simulation.grid import Grid
from letrade.hotpath.simulation.watch import Watch
from tests.models.grid import Grid as Twin
from tests.models.watch import Price, after

SECOND = 1_000_000_000
steps = st.lists(st.tuples(st.integers(1, 20 * SECOND), st.booleans(), st.integers(1, 9)), min_size=1, max_size=40)


@given(steps)
def test_prices_after_trades_are_those_that_held_then(course: list[tuple[int, bool, int]]) -> None:
    watch, prices, time = Watch(1), [Price(0, 5.0)], 0
    trades: list[tuple[int, int]] = []
    watch.note_price(0, 0, 5.0)
    for step, is_trade, price in course:
        time += step
        if is_trade:
            assert watch.note_trade(0, time, price - 1.0, price + 1.0) == len(trades)
            trades.append((time, price))
        else:
            watch.note_price(0, time, float(price))
            prices.append(Price(time, float(price)))
    watch.finish(0, time, prices[-1].price)
    noted = watch.after()
    assert len(noted) == 5 * len(trades)
    for place, (told, price) in enumerate(trades):
        bid, ask, *middles = noted[5 * place : 5 * place + 5]
        assert (bid, ask) == (price - 1.0, price + 1.0)
        assert [None if math.isnan(each) else each for each in middles] == after(prices, told, time)


@given(st.lists(st.tuples(st.integers(0, 3 * SECOND), st.floats(0, 9)), max_size=60), st.integers(2, 12))
def test_a_grid_keeps_what_its_twin_keeps(course: list[tuple[int, float]], rows_max: int) -> None:
    grid, twin, time = Grid(2, step=SECOND, rows_max=rows_max), Twin(SECOND, rows_max), 0
    for step, value in course:
        time += step
        grid.note(time, value, -value)
        twin.add(time, value, -value)
        assert (grid.step, grid.next > time) == (twin.step_ns, True)
    times, values = grid.rows()
    assert list(zip(times, values[::2], values[1::2], strict=True)) == twin.rows


def test_prices_are_sampled_once_a_second_and_at_the_end() -> None:
    watch = Watch(1)
    for third in range(30):
        watch.note_price(0, third * SECOND // 3, float(third))
    watch.finish(0, 10 * SECOND, 29.0)
    times, prices = watch.prices_of(0)
    assert list(prices) == [0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0, 29.0]
    assert times[-1] == 29 * SECOND // 3


def test_a_grid_that_keeps_nothing_is_refused() -> None:
    for width, keys in ((0, {}), (1, {"step": 0}), (1, {"rows_max": 1})):
        with pytest.raises(ValueError, match="expected a width"):
            Grid(width, **keys)
    with pytest.raises(ValueError, match="expected 2 values"):
        Grid(2).note(1, 1.0)


def test_an_instrument_that_is_not_there_is_refused() -> None:
    watch = Watch(1)
    for wrong in (-1, 1):
        with pytest.raises(IndexError):
            watch.note_price(wrong, 1, 1.0)
        with pytest.raises(IndexError):
            watch.prices_of(wrong)
