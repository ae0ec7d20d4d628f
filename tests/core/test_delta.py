"""Delta is the derivative of what an account is worth, exactly, over every kind of holding."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from letrade.core.delta import Holding, contract_value, delta, delta_value, hedge_change, value_at_risk, worth
from letrade.core.fraction import Fraction

prices = st.integers(1, 10**9).map(lambda cents: Fraction(cents, 100))
sizes = st.integers(-(10**9), 10**9).map(lambda milli: Fraction(milli, 1000))


@st.composite
def holdings(draw: Any) -> Holding:
    kind = draw(st.sampled_from(("coin", "linear", "inverse")))
    return Holding(
        kind=kind,
        size=draw(sizes),
        price=draw(prices),
        multiplier=Fraction(1)
        if kind == "coin"
        else draw(st.sampled_from((Fraction(1), Fraction(100), Fraction(1, 1000)))),
        entry=None if kind == "coin" else draw(prices),
        coin_price=draw(prices) if kind == "inverse" else None,
    )


def moved(holding: Holding, factor: Fraction) -> Holding:
    coin_price = None if holding.coin_price is None else holding.coin_price * factor
    return replace(holding, price=holding.price * factor, coin_price=coin_price)


@given(st.lists(holdings(), max_size=6), st.fractions(min_value="1/2", max_value=2))
def test_worth_changes_by_delta_times_the_move_exactly(held: list[Holding], factor: Any) -> None:
    factor = Fraction(factor.numerator, factor.denominator)
    before = sum(map(worth, held), Fraction(0))
    after = sum((worth(moved(each, factor)) for each in held), Fraction(0))
    assert after - before == delta_value(held) * (factor - 1)


@given(st.lists(holdings(), min_size=1, max_size=4), prices)
def test_delta_in_coins_is_the_numeric_derivative(held: list[Holding], price: Fraction) -> None:
    held = [replace(each, price=price, coin_price=None) for each in held]
    step = price / 10**6
    up, down = (
        sum((worth(replace(each, price=price + side * step)) for each in held), Fraction(0)) for side in (1, -1)
    )
    assert (up - down) / (2 * step) == delta(held, price)


@given(prices)
def test_a_coin_of_collateral_short_its_worth_of_an_inverse_contract_is_worth_the_same_at_every_price(
    price: Fraction,
) -> None:
    held = (
        Holding(kind="coin", size=Fraction(1), price=price),
        Holding(kind="inverse", size=Fraction(-60_000), price=price, entry=Fraction(60_000)),
    )
    assert sum(map(worth, held)) == 60_000
    assert delta(held, price) == 0


@pytest.mark.parametrize("contracts", [0, -59_900, -60_100, 60_000])
def test_with_any_other_hedge_it_is_not(contracts: int) -> None:
    price = Fraction(90_000)
    held = (
        Holding(kind="coin", size=Fraction(1), price=price),
        Holding(kind="inverse", size=Fraction(contracts), price=price, entry=Fraction(60_000)),
    )
    assert sum(map(worth, held)) - 60_000 == Fraction(60_000 + contracts) / 60_000 * 30_000
    assert delta(held, price) == Fraction(60_000 + contracts, 60_000)


def test_the_same_hedge_by_a_linear_contract_has_no_delta_either_and_its_worth_is_what_it_was_opened_at() -> None:
    held = (
        Holding(kind="coin", size=Fraction(1), price=Fraction(50_000)),
        Holding(
            kind="linear",
            size=Fraction(-10),
            multiplier=Fraction(1, 10),
            price=Fraction(50_000),
            entry=Fraction(60_000),
        ),
    )
    assert sum(map(worth, held)) == 60_000
    assert delta_value(held) == 0


@given(st.lists(holdings(), max_size=4), holdings().filter(lambda each: each.kind != "coin"))
def test_the_change_of_the_hedge_takes_all_delta_away(held: list[Holding], hedge: Holding) -> None:
    more = hedge_change(held, hedge)
    opened = replace(hedge, size=more, entry=hedge.price)
    assert delta_value([*held, opened]) == 0
    assert contract_value(hedge) == value_at_risk(replace(hedge, size=Fraction(1), entry=hedge.price))


def test_a_cross_hedge_counts_by_its_beta() -> None:
    long = Holding(kind="coin", size=Fraction(100), price=Fraction(3_000))
    hedge = Holding(kind="linear", size=Fraction(0), price=Fraction(60_000))
    assert hedge_change([replace(long, beta=Fraction(12, 10))], hedge) == -6


def test_an_unknown_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="entry price"):
        delta_value([Holding(kind="inverse", size=Fraction(1), price=Fraction(1))])
