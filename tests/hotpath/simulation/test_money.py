"""Money in 128 bits against Python's whole numbers, and beyond them: a doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.core.money import round_half_even
from letrade.hotpath.ledger import rescale_half_even
from letrade.hotpath.simulation.doubt import Doubtful
from letrade.hotpath.simulation.money import difference, product, quotient_half_even, total, with_fewer_decimals

LEAST, MOST = -(2**127), 2**127 - 1
AMOUNTS = st.one_of(st.integers(LEAST, MOST), st.integers(-(10**6), 10**6), st.integers(-(2**64), 2**64))


def _or_doubt(found: int) -> int | None:
    return found if LEAST <= found <= MOST else None


def _tried(operation: object, left: int, right: int) -> int | None:
    assert callable(operation)
    try:
        return int(operation(left, right))
    except Doubtful:
        return None


@given(AMOUNTS, AMOUNTS)
def test_sums_differences_and_products_are_exact_or_doubtful(left: int, right: int) -> None:
    assert _tried(total, left, right) == _or_doubt(left + right)
    assert _tried(difference, left, right) == _or_doubt(left - right)
    assert _tried(product, left, right) == _or_doubt(left * right)


@given(AMOUNTS, st.one_of(st.integers(1, 2**126), st.integers(1, 1000)))
def test_quotients_are_rounded_half_to_even(numerator: int, denominator: int) -> None:
    assert quotient_half_even(numerator, denominator) == round_half_even(numerator, denominator)


@given(st.integers(-(10**30), 10**30), st.integers(0, 38))
def test_decimals_are_taken_off_half_to_even(units: int, places: int) -> None:
    assert with_fewer_decimals(units, places) == rescale_half_even(units, places, 0)


def test_more_than_128_bits_or_no_denominator_is_refused() -> None:
    with pytest.raises(Doubtful, match="128 bits"):
        total(2**127, 0)
    with pytest.raises(ValueError, match="above 0"):
        quotient_half_even(1, 0)
