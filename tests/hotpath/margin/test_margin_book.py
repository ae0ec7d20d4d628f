"""Margin in doubles with a bound, against the same in fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hotpath.margin.worlds import World, worlds
from tests.models.margin_book import Scene, equity, maintenance, slack

ANY = st.booleans().flatmap(lambda exact: worlds(exact=exact))
FAR = [Fraction(10) ** power for power in range(-11, 12)]


@settings(max_examples=300, deadline=None)
@given(ANY)
def test_slack_is_within_its_bound_and_its_sign_is_proved_outside_it(world: World) -> None:
    found_equity, found_maintenance, found, bound = world.book.margins(0)
    true = slack(world.contracts, world.account, world.scene)
    assert abs(Fraction(found) - true) <= Fraction(bound)
    true_equity = equity(world.contracts, world.account, world.scene)
    true_maintenance = maintenance(world.contracts, world.account, world.scene)
    assert abs(Fraction(found_equity) - true_equity) <= Fraction(bound) + abs(true_equity) / 10**15
    assert abs(Fraction(found_maintenance) - true_maintenance) <= Fraction(bound) + abs(true_maintenance) / 10**15


@settings(max_examples=300, deadline=None)
@given(ANY)
def test_a_bit_before_the_liquidation_price_is_safe_and_a_bit_beyond_is_not(world: World) -> None:
    for leg, position in zip(world.account.legs, world.positions, strict=True):
        for ask, of in ((world.book.liquidation, slack), (world.book.bankruptcy, equity)):
            answer, price, spread = ask(position)
            mark = world.scene.marks[leg.instrument]

            def at(price: Fraction, of=of, leg=leg) -> Fraction:
                return of(world.contracts, world.account, world.scene.moved(world.contracts, leg.instrument, price))

            if answer == "liquidated":
                assert price == float(mark)
                assert at(mark) <= 0
            elif answer == "price":
                assert price is not None
                assert spread <= 1e-12 * price or at(mark) < Fraction(1, 10**6), (price, spread)
                away = 1 if price > mark else -1
                apart = max(Fraction(spread), Fraction(price) / 10**12)
                assert at(Fraction(price) - away * apart) > 0
                assert at(Fraction(price) + away * apart) <= 0
                for part in range(20):
                    assert at(mark + (Fraction(price) - away * apart - mark) * part / 20) > 0
