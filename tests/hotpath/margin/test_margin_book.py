"""Margin in doubles with a bound, against the same in fractions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hotpath.margin.worlds import AROUND, World, worlds
from tests.models.margin_book import Account, Contract, Leg, Scene, equity, maintenance, slack

ANY = st.booleans().flatmap(lambda exact: worlds(exact=exact))
LITTLE = Fraction(1, 10**12)
Measure = Callable[[Sequence[Contract], Account, Scene], Fraction]


def value_at(world: World, measure: Measure, instrument: int, price: Fraction) -> Fraction:
    return measure(world.contracts, world.account, world.scene.moved(world.contracts, instrument, price))


@settings(max_examples=100, deadline=None)
@given(ANY)
def test_slack_is_within_its_bound(world: World) -> None:
    found_equity, found_maintenance, found, bound = world.book.margins(0)
    true = slack(world.contracts, world.account, world.scene)
    assert abs(Fraction(found) - true) <= Fraction(bound)
    true_equity = equity(world.contracts, world.account, world.scene)
    true_maintenance = maintenance(world.contracts, world.account, world.scene)
    assert abs(Fraction(found_equity) - true_equity) <= Fraction(bound) + abs(true_equity) / 10**15
    assert abs(Fraction(found_maintenance) - true_maintenance) <= Fraction(bound) + abs(true_maintenance) / 10**15


@settings(max_examples=100, deadline=None)
@given(ANY)
def test_a_bit_before_the_price_is_safe_and_a_bit_beyond_is_not(world: World) -> None:
    """A millionth of a millionth of the price, or what the given numbers leave open if that is more."""
    measures: tuple[Measure, Measure] = slack, equity
    for leg, position in zip(world.account.legs, world.positions, strict=True):
        for ask, measure in zip((world.book.liquidation, world.book.bankruptcy), measures, strict=True):
            answer, found, spread = ask(position)
            mark = world.scene.marks[leg.instrument]
            if answer == "liquidated":
                assert found == float(mark)
                assert value_at(world, measure, leg.instrument, mark) <= 0
            elif answer == "price":
                assert found is not None
                price = Fraction(found)
                apart = max(Fraction(spread), price * LITTLE) * (1 if price > mark else -1)
                assert value_at(world, measure, leg.instrument, price - apart) > 0
                assert value_at(world, measure, leg.instrument, price + apart) <= 0
                for part in range(10):
                    between = mark + (price - apart - mark) * part / 10
                    assert value_at(world, measure, leg.instrument, between) > 0
                if price != mark and (price > mark) != (hurtful_way(world, measure, leg) > 0):
                    assert_never(world, measure, leg, hurtful_way(world, measure, leg))
            elif answer == "none":
                assert_never(world, measure, leg, 1)
                assert_never(world, measure, leg, -1)


def hurtful_way(world: World, measure: Measure, leg: Leg) -> int:
    """1: the legs of this mark together lose when it rises, -1: when it falls, which a small step shows; 0: neither."""
    mark = world.scene.marks[leg.instrument]
    down, up = (legs_at(world, leg.instrument, measure, mark * (1 + step)) for step in (-LITTLE, LITTLE))
    return (up < down) - (down < up)


def assert_never(world: World, measure: Measure, leg: Leg, way: int) -> None:
    """Nowhere on one side."""
    mark = world.scene.marks[leg.instrument]
    for power in range(11):
        for times in (Fraction(101, 100), 2, 5):
            away = Fraction(10) ** power * times
            if way:
                assert value_at(world, measure, leg.instrument, mark * away if way > 0 else mark / away) > 0


def legs_at(world: World, instrument: int, measure: Measure, price: Fraction) -> Fraction:
    contract, legs = world.contracts[instrument], [leg for leg in world.account.legs if leg.instrument == instrument]
    gained = sum((contract.gain(leg, price) for leg in legs), Fraction(0))
    return gained - contract.maintenance(legs, price, Fraction(1)) if measure is slack else gained


@settings(max_examples=100, deadline=None)
@given(ANY)
def test_the_common_move_is_the_first_either_way(world: World) -> None:
    answer, found, spread = world.book.common_move(0)

    def at(times: Fraction) -> Fraction:
        return slack(world.contracts, world.account, world.scene.all_moved(world.fixed, times))

    if answer == "liquidated":
        assert at(Fraction(1)) <= 0
    elif answer == "price":
        assert found is not None
        move = Fraction(found)
        apart = max(Fraction(spread), LITTLE * (1 + move)) * (1 if move > 0 else -1)
        assert at(1 + move - apart) > 0
        assert at(1 + move + apart) <= 0
        for part in range(1, 10):
            for step in (move * part / 10, -move * part / 10):
                assert step <= -1 or at(1 + step) > 0
    elif answer == "none":
        assert all(at(Fraction(10) ** power * times) > 0 for power in range(-11, 11) for times in (1, 2, 5))


SCALES = st.sampled_from((Fraction(0), Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(30)))


@settings(max_examples=100, deadline=None)
@given(ANY, st.data())
def test_scenarios_are_within_their_bounds_and_equal_single_computations(world: World, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 4))
    rows = [(drawn(data, world.scene.marks), drawn(data, world.scene.indexes)) for _ in range(count)]
    scales = [(data.draw(SCALES), data.draw(SCALES)) for _ in range(count)]
    marks, indexes = [row[0] for row in rows], [row[1] for row in rows]
    slacks, bounds, uncertain = world.book.assess_scenarios(
        marks, indexes,
        haircut_scales=[float(haircut) for haircut, _ in scales], rate_scales=[float(rate) for _, rate in scales],
    )  # fmt: skip
    open_signs = 0
    for row in range(count):
        scene = Scene(
            [Fraction(mark) for mark in marks[row]], [Fraction(index) for index in indexes[row]], *scales[row]
        )
        found, bound = Fraction(slacks[row, 0]), Fraction(bounds[row, 0])
        assert abs(found - slack(world.contracts, world.account, scene)) <= bound
        open_signs += abs(found) <= bound and (found != 0 or bound != 0)
    assert uncertain == open_signs
    assert_alike(world, marks, indexes)


def drawn(data: st.DataObject, numbers: Sequence[Fraction]) -> list[float]:
    """Near the present ones, or those."""
    return [float(number * data.draw(st.one_of(st.just(Fraction(1)), AROUND))) for number in numbers]


def assert_alike(world: World, marks: list[list[float]], indexes: list[list[float]]) -> None:
    slacks, bounds, _ = world.book.assess_scenarios(marks, indexes)
    for row in range(len(marks)):
        for instrument, mark in enumerate(marks[row]):
            world.book.set_mark(instrument, mark)
        for coin, index in enumerate(indexes[row]):
            world.book.set_coin(coin, index, fixed=world.fixed[coin])
        found, bound = world.book.slack(0)
        assert abs(found - slacks[row, 0]) <= bound + bounds[row, 0]
        if abs(found) > bound:
            assert (found > 0) == (slacks[row, 0] > 0)
            assert abs(slacks[row, 0]) > bounds[row, 0]
