"""Money is exact at any size, and travels as it is."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.core import codec
from letrade.core.errors import DataError
from letrade.core.messages.accounts import Balance
from letrade.core.money import INT64_MAX, Money, money, parse_units, rescale, round_half_even

UNITS = st.integers(-(10**40), 10**40)
SCALES = st.integers(0, 64)


@given(UNITS, SCALES)
def test_money_of_any_size_survives_both_encodings(units: int, scale: int) -> None:
    balance = Balance(strategy="-", account="a", instrument="x.-", total=money("ETH", units, scale))
    for payload in (codec.encode(balance), codec.encode_json(balance)):
        total = codec.decode(payload).total  # type: ignore[attr-defined]
        assert (total.integer, total.scale) == (units, scale)


@pytest.mark.parametrize(
    ("text", "scale", "units"),
    [
        ("1000000", 18, 10**24),
        ("0.000000000000000001", 18, 1),
        ("5000000000000", 8, 5 * 10**20),
        ("0.0000000001", 10, 1),
        ("-1.5", 2, -150),
        ("1e3", 2, 100_000),
        ("150e-2", 2, 150),
        ("0", 8, 0),
    ],
)
def test_amounts_are_parsed_exactly(text: str, scale: int, units: int) -> None:
    with localcontext(prec=2):  # nothing may depend on the caller's context
        assert parse_units(text, scale) == units


@given(UNITS, st.integers(0, 30))
def test_an_amount_written_out_is_read_back(units: int, scale: int) -> None:
    assert parse_units(str(money("X", units, scale)).split()[0], scale) == units


@pytest.mark.parametrize(
    "text", ["", "x", "nan", "sNaN", "inf", "-Infinity", "1e999999999", "1e-999999999", "0.001", "9" * 5_000, "1e65"]
)
def test_what_is_no_amount_at_this_scale_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="amount"):
        parse_units(text, 2)


@given(st.integers(), st.integers(1, 10**30))
def test_rounding_goes_to_the_nearest_and_ties_to_even(numerator: int, denominator: int) -> None:
    assert round_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(UNITS, SCALES, SCALES)
def test_rescaling_is_the_nearest_amount_at_the_other_scale(units: int, from_scale: int, to_scale: int) -> None:
    assert rescale(units, from_scale, to_scale) == round(Fraction(units) * Fraction(10) ** (to_scale - from_scale))


def test_a_number_beyond_64_bits_is_text_on_the_wire() -> None:
    assert money("X", INT64_MAX).units == INT64_MAX
    assert money("X", INT64_MAX + 1).units == str(INT64_MAX + 1)
    assert str(money("SHIB", 5 * 10**20)) == "5000000000000.00000000 SHIB"
    assert money("X", -5, 1).decimal == Decimal("-0.5")


@pytest.mark.parametrize(
    "wire",
    [["X", 8, "abc"], ["X", 8, "1e5"], ["X", 8, ""], ["X", 8, "9" * 101], ["X", -1, 5], ["X", 65, 5], ["X", 8, 1.5]],
)
def test_what_is_no_money_is_refused_when_it_comes_in(wire: list[Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wire, Money)
