"""The pure decision of funding arbitrage: what it enters, keeps, leaves and moves, and that it never spends what is
still on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.actors.strategies.funding_decision import Leg, Move, Purse, Route, Terms, decide, margin_of

TERMS = Terms(
    horizon_hours=72.0, enter=0.0005, exit=0.0, leverage=3.0, leverage_top_up=4.0, leverage_max=5.0, size_max=1.0,
    step=0.001, resize=0.2,
)  # fmt: skip
ROUTES = {("a", "b"): Route(1.0, 10.0), ("b", "a"): Route(1.0, 10.0)}


def leg(account: str, funding: float | None, held: float = 0.0, price: float | None = 100_000.0, **more: object) -> Leg:
    spot, borrow, cost = bool(more.get("spot", False)), more.get("borrow", 0.0), more.get("cost", 0.0005)
    return Leg(account, spot, price, funding, borrow, cost, held)  # type: ignore[arg-type]


def rich(**equities: float) -> dict[str, Purse]:
    return {account: Purse(equity) for account, equity in equities.items()}


def test_it_is_long_where_funding_is_low_and_short_where_it_is_high() -> None:
    legs = [leg("a", 0.00001), leg("b", 0.0001), leg("c", 0.00005)]
    found = decide(TERMS, legs, rich(a=100_000, b=100_000, c=100_000), {})
    assert found.wanted == (1.0, -1.0, 0.0)
    assert abs(found.expected - (0.00009 * 72 - 0.002)) < 1e-12


def test_what_does_not_earn_its_fees_and_spread_within_the_horizon_is_left_alone() -> None:
    purses = rich(a=100_000, b=100_000)
    earns = [leg("a", 0.0), leg("b", 0.0026 / 72)]
    assert decide(TERMS, earns, purses, {}).wanted is not None
    assert decide(TERMS, [each._replace(cost=0.0007) for each in earns], purses, {}).wanted is None


def test_the_cost_of_a_transfer_and_of_borrowing_counts() -> None:
    purses = rich(a=100_000, b=100_000)
    earns = [leg("a", 0.0), leg("b", 0.0026 / 72)]
    dear = {("a", "b"): Route(100.0, 0.0)}
    assert decide(TERMS, earns, purses, dear).wanted is None
    borrowed = [earns[0], earns[1]._replace(borrow=0.00001)]
    assert decide(TERMS, borrowed, purses, {}).wanted is None
    assert decide(TERMS, [earns[0], earns[1]._replace(borrow=None)], purses, {}).wanted is None


def test_spot_pays_no_funding_and_needs_all_of_its_price() -> None:
    legs = [leg("a", 0.0, spot=True), leg("b", 0.0001)]
    assert decide(TERMS, legs, rich(a=50_000, b=100_000), {}).wanted == (0.5, -0.5)
    assert decide(TERMS, legs, rich(a=500_000, b=10_000), {}).wanted == (0.3, -0.3)


def test_a_short_on_spot_is_as_large_as_what_is_lent_and_the_level_of_its_lender_allow() -> None:
    lent = Leg("a", True, 100_000.0, 0.0, 0.00001, 0.0005, 0.0, lent=0.4, level=1.5)
    legs = [leg("b", -0.0001), lent]
    assert decide(TERMS, legs, rich(a=100_000, b=100_000), {}).wanted == (0.4, -0.4)
    assert decide(TERMS, [legs[0], lent._replace(lent=9.0)], rich(a=25_000, b=100_000), {}).wanted == (0.5, -0.5)
    assert decide(TERMS, [legs[0], lent._replace(borrow=None)], rich(a=25_000, b=100_000), {}).wanted is None


def test_a_pair_is_kept_until_its_funding_turns_and_left_for_one_that_pays_its_own_costs_too() -> None:
    purses = rich(a=100_000, b=100_000, c=100_000)
    held = [leg("a", 0.0, 1.0), leg("b", 0.00001, -1.0), leg("c", 0.00001)]
    assert decide(TERMS, held, purses, {}).wanted is None
    assert decide(TERMS, [held[0], leg("b", -0.00001, -1.0), held[2]], purses, {}).wanted == (0.0, 0.0, 0.0)
    assert decide(TERMS, [held[0], held[1], leg("c", 0.00003)], purses, {}).wanted is None
    assert decide(TERMS, [held[0], held[1], leg("c", 0.0001)], purses, {}).wanted == (0.0, 0.0, 0.0)


def test_a_leg_that_is_short_of_margin_reduces_both_and_asks_for_money() -> None:
    """Short 1 at 100,000 with 18,000 left is beyond 5 times; the other account has plenty, a transfer away."""
    legs = [leg("a", 0.0, 1.0), leg("b", 0.0001, -1.0)]
    found = decide(TERMS, legs, rich(a=60_000, b=18_000), ROUTES)
    assert found.short == ("b",)
    assert found.wanted == (0.54, -0.54)
    assert found.moves == ()  # at the reduced size its margin is as it should be


def test_money_is_asked_for_before_margin_is_short_and_only_once() -> None:
    legs = [leg("a", 0.0, 1.0), leg("b", 0.0001, -1.0)]
    found = decide(TERMS, legs, {"a": Purse(60_000), "b": Purse(24_000)}, ROUTES)
    assert found.wanted is None
    (move,) = found.moves
    assert (move.from_account, move.to_account) == ("a", "b")
    assert abs(move.amount - (100_000 / 3 - 24_000 + 1)) < 1e-6
    waiting = {"a": Purse(60_000, leaving=move.amount), "b": Purse(24_000, coming=move.amount - 1)}
    assert decide(TERMS, legs, waiting, ROUTES).moves == ()


def test_a_reserve_gives_where_the_other_leg_cannot() -> None:
    legs = [leg("a", 0.0, 1.0), leg("b", 0.0001, -1.0)]
    purses = {**rich(a=60_000, b=24_000), "r": Purse(5_000)}
    (move,) = decide(TERMS, legs, purses, {("r", "b"): Route(1.0, 10.0)}, ["r"]).moves
    assert move == Move("r", "b", 5_000)


def test_gains_of_open_positions_cannot_be_sent() -> None:
    legs = [leg("a", 0.0, 1.0), leg("b", 0.0001, -1.0)]
    purses = {"a": Purse(60_000, cash=36_000), "b": Purse(24_000)}
    (move,) = decide(TERMS, legs, purses, ROUTES).moves
    assert abs(move.amount - (36_000 - 100_000 / 3)) < 1e-6


def test_a_giver_keeps_what_its_own_leg_needs() -> None:
    legs = [leg("a", 0.0, 1.0), leg("b", 0.0001, -1.0)]
    (move,) = decide(TERMS, legs, rich(a=36_000, b=24_000), ROUTES).moves
    assert abs(move.amount - (36_000 - 100_000 / 3)) < 1e-6


def test_a_leg_that_stands_alone_is_closed_and_uneven_legs_are_made_even() -> None:
    purses = rich(a=100_000, b=100_000)
    assert decide(TERMS, [leg("a", 0.0, 1.0), leg("b", 0.0001)], purses, {}).wanted == (0.0, 0.0)
    assert decide(TERMS, [leg("a", 0.0, 1.0), leg("b", 0.0001, -0.4)], purses, {}).wanted == (0.4, -0.4)


def test_what_is_not_known_opens_nothing() -> None:
    purses = rich(a=100_000, b=100_000)
    for wrong in (leg("b", None), leg("b", 0.0001, price=None)):
        assert decide(TERMS, [leg("a", 0.0), wrong], purses, {}).wanted is None
    assert decide(TERMS, [leg("a", 0.0), leg("b", 0.0001)], {"a": Purse(1e5), "b": Purse(None)}, {}).wanted is None


amounts = st.floats(0, 200_000)
rates = st.none() | st.floats(-0.0005, 0.0005)
accounts = st.sampled_from(["a", "b", "c"])
legs_of = st.lists(
    st.builds(
        Leg, accounts, st.booleans(), st.none() | st.floats(1_000, 200_000), rates,
        st.sampled_from([0.0, 0.0, 0.00001, None]), st.floats(0, 0.002), st.sampled_from([0.0, 0.0, 0.5, -0.5, 1.0]),
        st.floats(0, 2), st.sampled_from([1.0, 1.5, 2.0]),
    ),
    min_size=2, max_size=4,
)  # fmt: skip
purses_of = st.fixed_dictionaries(
    {
        name: st.builds(Purse, st.none() | st.floats(-5_000, 200_000), st.just(0.0) | amounts, st.just(0.0) | amounts)
        for name in "abc"
    }
)
ALL_ROUTES = {(one, other): Route(1.0, 10.0) for one in "abc" for other in "abc" if one != other}


def needs(legs: Sequence[Leg], sizes: Sequence[float], leverage: float) -> dict[str, float]:
    found: dict[str, float] = {}
    for each, size in zip(legs, sizes, strict=True):
        found[each.account] = found.get(each.account, 0.0) + margin_of(each, size, leverage)
    return found


def there(purse: Purse) -> float:
    return (purse.equity or 0.0) - purse.leaving


@settings(max_examples=600, deadline=None)
@given(legs_of, purses_of)
def test_arbitrage_is_never_paid_by_margin_that_has_not_arrived(legs: list[Leg], purses: dict[str, Purse]) -> None:
    """What opens is carried by what is there alone, at the lower leverage; so is what a short leg is cut down to."""
    found = decide(TERMS, legs, purses, ALL_ROUTES)
    if found.wanted is not None:
        opens = any(abs(wanted) > abs(leg.held) + 1e-9 for wanted, leg in zip(found.wanted, legs, strict=True))
        if opens or found.short:
            for account, need in needs(legs, found.wanted, TERMS.leverage).items():
                assert need <= max(0.0, there(purses[account])) * (1 + 1e-9) + 1e-3
        assert abs(sum(found.wanted)) < 1e-9
        assert sum(1 for wanted in found.wanted if wanted) in (0, 2)
    elif all(leg.held == 0.0 for leg in legs):
        assert found.moves == ()


@settings(max_examples=300, deadline=None)
@given(legs_of, purses_of, amounts)
def test_money_on_its_way_changes_nothing_of_what_is_held(
    legs: list[Leg], purses: dict[str, Purse], coming: float
) -> None:
    awaited = {name: purse._replace(coming=purse.coming + coming) for name, purse in purses.items()}
    one, other = (decide(TERMS, legs, each, ALL_ROUTES) for each in (purses, awaited))
    assert (one.wanted, one.short) == (other.wanted, other.short)


@settings(max_examples=600, deadline=None)
@given(legs_of, purses_of)
def test_who_gives_keeps_the_margin_of_its_own_leg(legs: list[Leg], purses: dict[str, Purse]) -> None:
    found = decide(TERMS, legs, purses, ALL_ROUTES)
    sizes = found.wanted if found.wanted is not None else [leg.held for leg in legs]
    for move in found.moves:
        need = needs(legs, sizes, TERMS.leverage)[move.from_account]
        assert there(purses[move.from_account]) - move.amount >= need - 1e-3
        _moves_less_than_there(purses, move)


def _moves_less_than_there(purses: Mapping[str, Purse], move: Move) -> None:
    assert 0 < move.amount <= there(purses[move.from_account])
