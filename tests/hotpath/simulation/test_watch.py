"""What is noted for the report, against a twin that keeps everything."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.hotpath.simulation.watch import Watch
from tests.models.watch import Price, after, gained

SECOND = 1_000_000_000
steps = st.lists(st.tuples(st.integers(1, 20 * SECOND), st.booleans(), st.integers(1, 9)), min_size=1, max_size=40)


@given(steps)
def test_prices_after_trades_are_those_that_held_then(course: list[tuple[int, bool, int]]) -> None:
    watch, prices, time = Watch(1, 1), [Price(0, 5.0)], 0
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
    watch.finish(time)
    noted = watch.after()
    assert len(noted) == 5 * len(trades)
    for place, (told, price) in enumerate(trades):
        bid, ask, *middles = noted[5 * place : 5 * place + 5]
        assert (bid, ask) == (price - 1.0, price + 1.0)
        assert [None if math.isnan(each) else each for each in middles] == after(prices, told, time)


fills = st.lists(st.tuples(st.sampled_from([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0]), st.integers(1, 99), st.integers(0, 3)))


@given(fills, st.integers(1, 99))
def test_equity_is_what_came_in_and_what_is_held(course: list[tuple[float, int, int]], mark: int) -> None:
    watch = Watch(1, 1)
    for change, price, fee in course:
        watch.note_fill(0, 0, change, float(price), float(fee))
    watch.note_price(0, 1, float(mark))
    watch.finish(1)
    ((_, ((equity, unrealised, exposure),), prices),) = watch.samples()
    held = sum(change for change, _, _ in course)
    expected = gained([(change, float(price), float(fee)) for change, price, fee in course], float(mark))
    assert (equity, unrealised) == pytest.approx(expected, abs=1e-6)
    assert exposure == pytest.approx(abs(held) * mark)
    assert list(prices) == [float(mark)]


def test_samples_coarsen_by_doubling_and_keep_the_whole_course() -> None:
    watch = Watch(1, 1, step=SECOND, rows_max=100)
    for second in range(1_000):
        watch.note_price(0, second * SECOND, float(second + 1))
        watch.note_time(second * SECOND)
    watch.finish(1_000 * SECOND)
    times = [time for time, _, _ in watch.samples()]
    assert times == sorted(times)
    assert 50 <= len(times) <= 101
    assert (times[0], times[-1], watch.step) == (0, 1_000 * SECOND, 16 * SECOND)


def test_an_account_or_an_instrument_that_is_not_there_is_refused() -> None:
    watch = Watch(1, 1)
    for wrong in (-1, 1):
        with pytest.raises(IndexError):
            watch.note_price(wrong, 1, 1.0)
        with pytest.raises(IndexError):
            watch.note_fill(wrong, 0, 1.0, 1.0, 0.0)
        with pytest.raises(IndexError):
            watch.note_cash(wrong, 1.0)
