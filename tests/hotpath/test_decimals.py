"""Floats of messages become integers exactly or not at all, against exact fractions."""

import math
import struct
from collections.abc import Callable
from decimal import localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.hotpath.decimals import SCALE_MAX, Scale, from_units, levels_to_units, shortest, to_units
from tests.models import decimals as slow

DIGITS = st.integers(-(10**15) + 1, 10**15 - 1)
DECIMALS = st.integers(0, 30)
THOUSANDTHS = st.integers(-(10**6), 10**6).map(lambda number: number / 1000)
FLOATS = st.floats() | THOUSANDTHS | st.integers(0, 10**22).map(float)


def outcome(convert: Callable[..., object], *arguments: object) -> object:
    """The answer, or that there is none."""
    try:
        return convert(*arguments)
    except ValueError:
        return "refused"


@settings(max_examples=200)
@given(DIGITS, DECIMALS, st.integers(0, 30))
def test_a_decimal_of_fifteen_digits_comes_back_from_its_nearest_double(digits: int, places: int, zeros: int) -> None:
    value = slow.from_units(digits, places)
    assert from_units(digits, places) == value
    assert to_units(value, places) == digits
    assert to_units(value, places + zeros) == digits * 10**zeros


@settings(max_examples=300)
@given(FLOATS, DECIMALS)
def test_any_float_is_converted_or_refused_as_the_slow_way_does(value: float, decimals: int) -> None:
    assert outcome(to_units, value, decimals) == outcome(slow.to_units, value, decimals)


@settings(max_examples=200)
@given(st.integers(-(10**40), 10**40) | st.integers(-(2**54), 2**54), DECIMALS)
def test_an_integer_becomes_its_nearest_double(units: int, decimals: int) -> None:
    assert from_units(units, decimals) == slow.from_units(units, decimals)


@settings(max_examples=300)
@given(FLOATS | st.tuples(DIGITS, DECIMALS).map(lambda pair: slow.from_units(*pair)))
def test_the_shortest_decimal_is_the_one_that_is_printed(value: float) -> None:
    assert shortest(value) == slow.shortest(value)


@settings(max_examples=300)
@given(FLOATS, st.sampled_from([0, 3, 18, SCALE_MAX]))
def test_a_scale_counts_what_is_plain_and_leaves_the_rest(value: float, decimals: int) -> None:
    found = slow.shortest(value)
    plain = found is not None and found[1] <= decimals
    expected = found[0] * 10 ** (decimals - found[1]) if found is not None and plain else "left"
    assert Scale(decimals, lambda value: "left").units(value) == expected  # type: ignore[arg-type, return-value]


def test_a_scale_has_a_bounded_number_of_decimals() -> None:
    with pytest.raises(ValueError, match="from 0 to 96, found 97"):
        Scale(SCALE_MAX + 1, int)


PRICES = st.integers(0, 60).map(lambda units: units / 10) | st.floats(-1, 10) | st.just(1e14)
ODD_SIZES = st.sampled_from([-0.0, -1.0, 5e12, 1e25, math.nan, math.inf])
SIZES = st.integers(0, 60).map(lambda units: units / 1000) | ODD_SIZES


@settings(max_examples=200)
@given(st.lists(st.tuples(PRICES, SIZES), max_size=4), st.sampled_from([1, 5]), st.sampled_from([1, 10**10]))
def test_packed_levels_are_read_as_the_slow_way_does(levels: list[tuple[float, float]], tick: int, lot: int) -> None:
    packed = b"".join(struct.pack("<dd", *level) for level in levels)
    size_decimals = 3 if lot == 1 else 13
    arguments = (packed, 1, size_decimals, tick, lot)
    assert outcome(levels_to_units, *arguments) == outcome(slow.levels_to_units, *arguments)


@pytest.mark.parametrize(
    ("value", "decimals", "units"),
    [
        (5e12, 8, 5 * 10**20),
        (0.00001234, 8, 1234),
        (1e-18, 18, 1),
        (1_000_000.0, 18, 10**24),
        (0.0000012345, 10, 12345),
        (123456789.012345, 6, 123456789012345),
        (-0.0, 3, 0),
        (0.1, 3, 100),
    ],
)
def test_known_prices_and_sizes(value: float, decimals: int, units: int) -> None:
    assert to_units(value, decimals) == units
    assert from_units(units, decimals) == value


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.123, 2, "0.123 is not a multiple of 1e-2"),
        (0.1 + 0.2, 17, "more than 15 significant digits"),
        (5e-324, 2, "not a multiple"),
        (2.0**53 + 2, 0, "more than 15 significant digits"),
        (math.nan, 2, "number nan is not finite"),
        (-math.inf, 2, "number -inf is not finite"),
        (1.0, -1, "decimals must be from 0 to 64, found -1"),
    ],
)
def test_what_is_not_exact_is_refused(value: float, decimals: int, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        to_units(value, decimals)


@pytest.mark.parametrize(
    ("price", "size", "text"),
    [
        (100.25, 1.0, "price 100.25 is not a multiple of 1e-1"),
        (100.2, 1.0, "price 100.2 is not a multiple of 5e-1"),
        (100.5, 0.0001, "size 0.0001 is not a multiple of 1e-3"),
        (0.0, 1.0, "price 0.0 is not above 0"),
        (-1.0, 1.0, "price -1.0 is below 0"),
        (100.5, -1.0, "size -1.0 is below 0"),
        (100.5, math.nan, "size nan is not finite"),
        (math.inf, 1.0, "price inf is not finite"),
        (100.5, 1e17, "size 1e\\+17 is more than 9223372036854775807 times 1e-3"),
    ],
)
def test_a_bad_level_is_refused_by_name(price: float, size: float, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        levels_to_units(struct.pack("<4d", 100.5, 1.0, price, size), 1, 3, 5, 1)


def test_levels_are_whole_pairs_of_bytes_on_real_steps() -> None:
    with pytest.raises(ValueError, match="16 bytes each"):
        levels_to_units(bytes(17), 1, 3, 1, 1)
    with pytest.raises(ValueError, match="at least 1 unit, found 0 and 1"):
        levels_to_units(b"", 1, 3, 0, 1)
    assert levels_to_units(struct.pack("<4d", 100.5, 1.0, 101.0, 0.0), 1, 3, 5, 1) == ([201, 202], [1000, 0])


def test_the_callers_decimal_context_does_not_matter() -> None:
    with localcontext() as context:
        context.prec = 3
        assert to_units(123456789012.345, 12) == 123456789012345 * 10**9


def test_numbers_of_the_wrong_type_are_refused() -> None:
    with pytest.raises(TypeError):
        from_units(1.5, 2)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        to_units(1.5, 2.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        to_units("1.5", 2)  # type: ignore[arg-type]
