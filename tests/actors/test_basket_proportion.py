"""What a basket's legs support of each other: a mix of the portfolio before and the one wanted, as large as fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from letrade.actors.capital.proportion import excess, supported
from letrade.core.fraction import Fraction

amounts = st.integers(-1_000, 1_000)
legs = st.lists(st.tuples(amounts, amounts, amounts), min_size=1, max_size=4)
lots = st.sampled_from((1, 7, 10, 100))


def columns(rows: list[tuple[int, ...]]) -> list[list[int]]:
    return [list(column) for column in zip(*rows, strict=True)]


@given(legs)
def test_it_is_never_more_than_a_leg_holds_nor_on_its_other_side(rows: list[tuple[int, int, int]]) -> None:
    held, before, wanted = columns(rows)
    for amount, part in zip(held, supported(held, before, wanted), strict=True):
        assert 0 <= part * (1 if amount >= 0 else -1) <= abs(amount)


@given(legs, st.integers(0, 12))
def test_what_lies_between_before_and_wanted_stands_alone_nowhere(
    rows: list[tuple[int, int, int]], twelfths: int
) -> None:
    _, before, wanted = columns(rows)
    same = [old * new >= 0 for old, new in zip(before, wanted, strict=True)]
    held = [12 * old + twelfths * (new - old) for old, new in zip(before, wanted, strict=True)]
    scaled = [[12 * each for each in side] for side in (before, wanted)]
    if all(same) or twelfths in (0, 12):
        assert excess(held, *scaled, [1] * len(held)) == [0] * len(held)


@given(legs, lots)
def test_once_what_stands_alone_is_reduced_nothing_does(rows: list[tuple[int, int, int]], lot: int) -> None:
    held, before, wanted = columns(rows)
    cut = excess(held, before, wanted, [lot] * len(held))
    assert all(0 <= size <= abs(amount) and size % lot == 0 for size, amount in zip(cut, held, strict=True))
    left = [amount - (size if amount > 0 else -size) for amount, size in zip(held, cut, strict=True)]
    assert excess(left, before, wanted, [lot] * len(held)) == [0] * len(held)


@given(legs, st.integers(0, 20), st.integers(0, 20))
def test_no_other_mix_that_fits_is_larger(rows: list[tuple[int, int, int]], first: int, second: int) -> None:
    held, before, wanted = columns(rows)
    share, other = Fraction(first, 20), Fraction(second, 20)
    mix = [share * old + other * new for old, new in zip(before, wanted, strict=True)]
    fits = share + other <= 1 and all(
        (0 <= part <= amount) if amount >= 0 else (amount <= part <= 0) for part, amount in zip(mix, held, strict=True)
    )
    if fits:
        largest = [max(abs(old), abs(new), 1) for old, new in zip(before, wanted, strict=True)]
        found = supported(held, before, wanted)
        assert _kept(found, largest) >= _kept(mix, largest)


def _kept(parts: list[Fraction], largest: list[int]) -> Fraction:
    return sum((abs(part) / most for part, most in zip(parts, largest, strict=True)), Fraction(0))


def test_the_least_filled_leg_decides() -> None:
    assert excess([10, -4], [0, 0], [10, -10], [1, 1]) == [6, 0]
    assert excess([10, -4], [10, -10], [0, 0], [1, 1]) == [6, 0]
    assert excess([10, -10], [10, -10], [0, 0], [1, 1]) == [0, 0]
    assert excess([20, -15], [10, -10], [20, -20], [1, 1]) == [5, 0]
    assert excess([10, 0, 0], [10, -10, 0], [10, 0, -10], [1, 1, 1]) == [10, 0, 0]
    assert excess([10, -10, -10], [10, -10, 0], [10, 0, -10], [1, 1, 1]) == [0, 10, 0]
