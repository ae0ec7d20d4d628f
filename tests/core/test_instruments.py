"""Prices and sizes become whole units and come back, exactly, by the rules that hold at their time."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from letrade.core.errors import DataError
from letrade.core.instruments import Catalogue, Grid, Specification
from letrade.core.messages.market import Instrument

BTC = Instrument(
    instrument="x.BTC-USDT", kind="spot", base="BTC", quote="USDT", settle="USDT", tick="0.01", lot="0.00001"
)


def grid(text: str) -> Grid:
    return Grid(text, "tick", "x.A-B")


@pytest.mark.parametrize(
    ("step", "value", "units", "steps"),
    [
        ("1", 5e12, 5 * 10**12, 5 * 10**12),  # SHIB
        ("0.000000000000000001", 1e6, 10**24, 10**24),  # ETH at 1e-18
        ("0.000000000000000001", 1e-18, 1, 1),
        ("0.0000000001", 0.0000123456, 123456, 123456),  # PEPE
        ("0.0000000001", 1e-10, 1, 1),
        ("0.05", 0.15, 15, 3),
        ("0.5", 100.5, 1005, 201),
        ("10", 120.0, 120, 12),
        ("1E-2", 0.3, 30, 30),
    ],
)
def test_conversion_is_exact_both_ways(step: str, value: float, units: int, steps: int) -> None:
    there = grid(step)
    assert (there.units(value), there.steps(value)) == (units, steps)
    assert (there.value(units), there.value_of_steps(steps)) == (value, value)


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 18))
def test_every_decimal_of_fifteen_digits_comes_back(units: int, decimals: int) -> None:
    there = grid(f"1e-{decimals}")
    assert there.units(there.value(units)) == units


@pytest.mark.parametrize("value", [0.011, math.nan, math.inf, -math.inf, 0.1 + 0.2, 123456789012345.67, 1e-320])
def test_what_is_off_the_grid_is_refused_with_the_grid_named(value: float) -> None:
    with pytest.raises(DataError, match=r"x\.A-B: tick"):
        grid("0.01").units(value)


@pytest.mark.parametrize("step", ["", "x", "0", "-1", "nan", "sNaN", "inf", "1e-65", "1e400", "1e999999999", "1" * 16])
def test_a_step_that_is_none_is_refused(step: str) -> None:
    with pytest.raises(DataError, match="tick"):
        grid(step)


@given(
    st.floats(-1e15, 1e15), st.sampled_from(["0.01", "0.05", "1", "10", "0.00000001", "0.000000000000000001", "2.5"])
)
def test_roundings_are_the_nearest_steps_on_their_side(value: float, step: str) -> None:
    there = grid(step)
    exact = Fraction(repr(value))
    down, up, floor = there.round_down(value), there.round_up(value), there.round_floor(value)
    assume(abs(exact) / there.step < 10**15)  # beyond, doubles are coarser than the grid
    assert there.value(round(exact // there.step * there.step * 10**there.decimals)) == floor
    assert floor <= value <= up or math.isclose(floor, value) or math.isclose(up, value)
    assert abs(down) <= abs(value) or math.isclose(down, value)
    assert down in (floor, up)
    assert Fraction(repr(up)) - exact < there.step
    assert exact - Fraction(repr(floor)) < there.step


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_cannot_be_rounded(value: float) -> None:
    for rounding in (grid("1").round_down, grid("1").round_up, grid("1").round_floor):
        with pytest.raises(DataError, match="finite"):
            rounding(value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "option"), ("tick", "0"), ("lot", "x"), ("multiplier", "0"), ("multiplier", "2"),
        ("size_min", "nan"), ("size_min", "-1"), ("notional_min", "x"), ("notional_min", "inf"),
    ],
)  # fmt: skip
def test_rules_that_are_none_are_refused(field: str, value: str) -> None:
    with pytest.raises(DataError, match=r"x\.BTC-USDT"):
        Specification(msgspec.structs.replace(BTC, **{field: value}))


def test_a_notional_is_exact_and_rounded_once() -> None:
    shib = Specification(msgspec.structs.replace(BTC, tick="0.00000001", lot="1"))
    assert shib.notional_units(0.00001234, 5e12, 8) == 61_700_000 * 10**8
    perpetual = Specification(msgspec.structs.replace(BTC, kind="linear", multiplier="0.001"))
    assert perpetual.notional_units(0.01, -3.0, 5) == 3
    assert perpetual.notional_units(0.01, 0.5, 5) == 0  # half a unit goes to the even side
    assert perpetual.notional_units(0.01, 1.5, 5) == 2


def test_the_rules_that_hold_are_those_of_the_time_asked_for() -> None:
    catalogue = Catalogue((msgspec.structs.replace(BTC, tick="0.1", valid_from=100), BTC))
    catalogue.add(msgspec.structs.replace(BTC, tick="1", valid_from=200))
    ticks: list[Any] = [catalogue.at(BTC.instrument, time).message.tick for time in (0, 99, 100, 199, 200, 10**19)]
    assert ticks == ["0.01", "0.01", "0.1", "0.1", "1", "1"]
    assert [message.valid_from for message in catalogue.messages()] == [0, 100, 200]
    with pytest.raises(DataError):
        catalogue.at(BTC.instrument, 150).price.units(0.01)


def test_before_the_first_version_that_one_holds() -> None:
    catalogue = Catalogue((msgspec.structs.replace(BTC, valid_from=100),))
    assert catalogue.at(BTC.instrument, 5).message.valid_from == 100


def test_the_same_date_again_replaces_the_version() -> None:
    catalogue = Catalogue((BTC,))
    catalogue.add(msgspec.structs.replace(BTC, tick="1"))
    assert [message.tick for message in catalogue.messages()] == ["1"]


def test_an_unknown_instrument_is_told_with_the_known_ones() -> None:
    catalogue = Catalogue((BTC,))
    assert BTC.instrument in catalogue
    assert "x.A-B" not in catalogue
    with pytest.raises(DataError, match=r"'x\.A-B': the desk knows x\.BTC-USDT"):
        catalogue.at("x.A-B", 0)
