"""Positions and roundings against fractions, at the sizes where 64 bits or floats would fail."""

import json
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.hotpath.constants import BUY, SELL
from letrade.hotpath.ledger import Position, multiply_rate, rescale_half_even
from tests.models import ledger as slow
from tests.models.ledger import SlowPosition

SIDES = st.sampled_from([BUY, SELL])
SMALL_FILLS = st.tuples(SIDES, st.integers(1, 9), st.integers(0, 30))
LARGE_FILLS = st.tuples(SIDES, st.integers(1, 10**26), st.integers(0, 10**20))
FILLS = st.lists(SMALL_FILLS, max_size=12) | st.lists(LARGE_FILLS, max_size=8)
VALUES = st.integers(-(10**40), 10**40) | st.integers(-3000, 3000)
DECIMALS = st.integers(0, 20)


@settings(max_examples=150)
@given(DECIMALS, DECIMALS, FILLS, st.integers(0, 10**20))
def test_realised_and_unrealised_are_the_cash_that_flowed(
    price_decimals: int, quantity_decimals: int, fills: list[tuple[int, int, int]], mark: int
) -> None:
    position, model = Position(price_decimals, quantity_decimals), SlowPosition(price_decimals, quantity_decimals)
    unit = Fraction(1, 10 ** (price_decimals + quantity_decimals))
    realised = 0
    for side, quantity, price in fills:
        profit = position.fill(side, quantity, price)
        realised += profit
        assert profit * unit == model.fill(side, quantity, price)
        assert position.quantity == model.quantity * 10**quantity_decimals
        assert position.cost * unit == model.cost
        assert (realised + position.unrealised(mark)) * unit == model.worth(mark)
        numerator, denominator = position.average_entry()
        if position.quantity:
            assert Fraction(numerator, denominator) == model.cost / model.quantity * 10**price_decimals
    again = Position(0, 0)
    again.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(position.state())))
    assert again.state() == position.state()


@settings(max_examples=150)
@given(VALUES, st.integers(-(10**6), 10**6), DECIMALS, DECIMALS, DECIMALS)
def test_rounding_is_half_even_at_any_size(
    value: int, rate: int, rate_scale: int, from_scale: int, to_scale: int
) -> None:
    expected = slow.multiply_rate(value, rate, rate_scale, from_scale, to_scale)
    assert multiply_rate(value, rate, rate_scale, from_scale, to_scale) == expected
    assert rescale_half_even(value, from_scale, to_scale) == slow.rescale_half_even(value, from_scale, to_scale)


def test_ties_go_to_the_even_neighbour_on_both_sides_of_zero() -> None:
    values = [-25, -15, -5, 5, 15, 25, 26, 24]
    assert [rescale_half_even(value, 1, 0) for value in values] == [-2, -2, 0, 0, 2, 2, 3, 2]


def test_a_fee_is_rounded_once() -> None:
    assert multiply_rate(123456789, 5, 4, 4, 8) == 617283945
    assert multiply_rate(5, 5, 1, 8, 8) == 2


def test_nothing_is_left_after_a_full_close_in_uneven_parts() -> None:
    position = Position(0, 0)
    assert position.fill(BUY, 2, 10) + position.fill(BUY, 1, 11) == 0
    assert position.average_entry() == (31, 3)
    assert [position.fill(SELL, 1, 12) for _ in range(3)] == [2, 2, 1]
    assert (position.quantity, position.cost, position.average_entry()) == (0, 0, (0, 1))


def test_crossing_zero_closes_and_opens_at_the_price_of_the_fill() -> None:
    position = Position(1, 3)
    position.fill(BUY, 1000, 500)
    assert position.fill(SELL, 3000, 510) == 10 * 1000
    assert (position.quantity, position.average_entry()) == (-2000, (2000 * 510, 2000))
    assert position.unrealised(500) == 2000 * 10
    assert position.fill(BUY, 2000, 520) == -2000 * 10
    assert position.quantity == 0


def test_five_trillion_shib_at_eight_decimals() -> None:
    position = Position(8, 0)
    position.fill(BUY, 5 * 10**12, 1234)
    assert position.fill(SELL, 5 * 10**12 - 1, 1235) == 5 * 10**12 - 1
    assert position.fill(SELL, 1, 1234) == 0
    assert position.cost == 0


def test_a_million_ether_at_eighteen_decimals() -> None:
    position = Position(2, 18)
    million = 10**6 * 10**18
    position.fill(BUY, million, 350_000)
    position.fill(BUY, 1, 350_001)
    assert position.unrealised(350_100) == 100 * million + 99
    assert position.fill(SELL, million + 1, 350_100) == 100 * million + 99
    assert position.quantity == position.cost == 0


def test_pepe_at_ten_decimals_short_and_back() -> None:
    position = Position(10, 0)
    position.fill(SELL, 10**15, 12_345)
    assert position.fill(BUY, 10**15, 12_344) == 10**15


def test_a_tick_change_in_the_middle_keeps_every_unit() -> None:
    position = Position(2, 3)
    position.fill(BUY, 3000, 10_001)
    first = position.fill(SELL, 1000, 10_002)
    position.rescale(4, 5)
    assert (position.quantity, position.average_entry()) == (200_000, (200_000 * 1_000_100, 200_000))
    rest = position.fill(SELL, 200_000, 1_000_250)
    assert (first, rest) == (1000, 200_000 * 150)
    assert position.quantity == position.cost == 0


def test_a_rescale_that_is_not_exact_is_refused_and_changes_nothing() -> None:
    position = Position(2, 3)
    position.fill(BUY, 1001, 10_001)
    before = position.state()
    with pytest.raises(ValueError, match="quantity 1001 at 3 decimals has no exact value at 2"):
        position.rescale(2, 2)
    with pytest.raises(ValueError, match="cost 10011001 at 5 decimals has no exact value at 4"):
        position.rescale(1, 3)
    assert position.state() == before
    position.rescale(8, 9)
    position.rescale(2, 3)
    assert position.state() == before


def test_the_state_fits_every_encoder_and_reader() -> None:
    position = Position(18, 18)
    position.fill(SELL, 10**30, 10**25)
    assert position.state() == [18, 18, "-1" + "0" * 30, "-1" + "0" * 55]
    assert json.loads(json.dumps(position.state())) == position.state()


def test_a_state_that_is_no_position_is_refused_and_changes_nothing() -> None:
    position = Position(2, 3)
    position.fill(BUY, 7, 9)
    before = position.state()
    odd: list[list[Any]] = [[2, 3, "1", "-1"], [2, 3, "0", "1"], [99, 3, "1", "1"], [2, 3, "x", "1"], [2, 3, "1"]]
    for bad in (*odd, [2, 3, 1.5, "1"]):
        with pytest.raises(ValueError, match=r"cost has|from 0 to 64|invalid literal|has 4 parts"):
            position.restore(bad)
    for other in (None, 5, "2311", {2: 3}):
        with pytest.raises(TypeError, match="expected the list that a position's"):
            position.restore(other)  # type: ignore[arg-type]
    assert position.state() == before


def test_nonsense_is_refused_and_changes_nothing() -> None:
    position = Position(2, 3)
    for arguments, text in (((0, 1, 1), "side must be"), ((BUY, 0, 1), "above 0, found 0"), ((BUY, 1, -1), "found -1")):
        with pytest.raises(ValueError, match=text):
            position.fill(*arguments)
    with pytest.raises(TypeError):
        position.fill(BUY, 1.5, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="price_decimals must be from 0 to 64, found -1"):
        Position(-1, 0)
    with pytest.raises(ValueError, match="to_scale must be from 0 to 64, found 65"):
        rescale_half_even(1, 0, 65)
    assert position.state() == [2, 3, "0", "0"]
