"""What holds of every account: safe on one side of its price and not on the other, more margin never nearer."""

from __future__ import annotations

from fractions import Fraction as PlainFraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.core.fraction import Fraction
from letrade.core.margin.account import InstrumentState, MarginAccount, PositionState
from letrade.core.margin.book import open_book
from letrade.core.margin.calculator import MarginCalculator
from letrade.core.margin.results import PositionMargin
from letrade.core.margin.rules import Contract, MarginRules
from letrade.core.margin.slack import instrument_path
from letrade.core.margin.tiers import Tier, TierTable
from letrade.core.margin.venues import binance, bybit, gate, okx
from tests.core.margin.accounts import LONG, SHORT, instrument, position, slack_at, wallet

UNIT = Fraction(1, 100)
"""One price unit."""
SINGLE = [binance.USDM_ISOLATED, binance.USDM_CROSS, gate.ISOLATED_FLAT, okx.ISOLATED, bybit.ISOLATED_AT_MARK]
cents = st.integers(1_000, 10_000_000).map(lambda value: Fraction(value, 100))
sizes = st.integers(1, 100_000).map(lambda value: Fraction(value, 1000))
leverages = st.integers(1, 20).map(Fraction)
sides = st.sampled_from([LONG, SHORT])


@st.composite
def tables(draw: st.DrawFn) -> TierTable:
    """One to five rows, rates of 0.4 % to 30 %."""
    count = draw(st.integers(1, 5))
    floors = sorted(draw(st.sets(st.integers(1, 10_000_000), min_size=count - 1, max_size=count - 1)))
    rates = sorted(draw(st.lists(st.integers(4, 300), min_size=count, max_size=count)))
    edges: list[Fraction | None] = [Fraction(0), *(Fraction(floor) for floor in floors), None]
    rows = zip(edges, edges[1:], rates, strict=False)
    return TierTable("BTC", tuple(Tier(floor or Fraction(0), cap, Fraction(each, 1000)) for floor, cap, each in rows))


@st.composite
def accounts(draw: st.DrawFn, contract: Contract = "linear") -> tuple[InstrumentState, PositionState]:
    market = instrument(draw(tables()), draw(cents), contract=contract, fee="0.0005", settle="USDT")
    if contract == "inverse":
        market = msgspec.structs.replace(market, multiplier=Fraction(100))
    entry = market.mark * draw(st.integers(90, 110)) / 100
    return market, position(draw(sides), draw(sizes), entry, leverage=draw(leverages))


def account_of(rules: MarginRules, market: InstrumentState, *legs: PositionState, funds: Fraction) -> MarginAccount:
    shared = () if rules.unit == "position" else (wallet(funds, market.settle),)
    return MarginAccount(instruments=(market,), positions=legs, collaterals=shared)


def assessed(rules: MarginRules, market: InstrumentState, *legs: PositionState, funds: Fraction) -> PositionMargin:
    return MarginCalculator(rules).assess(account_of(rules, market, *legs, funds=funds)).positions[0]


def at(market: InstrumentState, mark: Fraction) -> InstrumentState:
    return msgspec.structs.replace(market, mark=mark)


def funds_of(market: InstrumentState, held: PositionState) -> Fraction:
    face = held.size * market.multiplier
    value = face * held.entry if market.contract == "linear" else face / held.entry
    return value / (held.leverage or 1)


@pytest.mark.parametrize("rules", SINGLE, ids=lambda rules: f"{rules.venue}-{rules.mode}")
@settings(max_examples=30, deadline=None)
@given(given_account=accounts())
def test_one_price_unit_on_the_safe_side_is_not_liquidated_and_one_beyond_is(
    rules: MarginRules, given_account: tuple[InstrumentState, PositionState]
) -> None:
    market, held = given_account
    funds = funds_of(market, held)
    found = assessed(rules, market, held, funds=funds)
    if found.liquidation_price is None or found.liquidated:
        return
    away = -1 if found.liquidation_price < market.mark else 1
    beyond, before = found.liquidation_price + away * UNIT, found.liquidation_price - away * UNIT
    if beyond > 0:
        assert assessed(rules, at(market, beyond), held, funds=funds).liquidated
    if (before - market.mark) * away > 0:
        assert not assessed(rules, at(market, before), held, funds=funds).liquidated


@settings(max_examples=40, deadline=None)
@given(given_account=accounts(), other_size=sizes, funds=cents)
def test_two_legs_of_one_mark_are_liquidated_together_and_not_before(
    given_account: tuple[InstrumentState, PositionState], other_size: Fraction, funds: Fraction
) -> None:
    market, held = given_account
    legs = (held, msgspec.structs.replace(held, side=-held.side, size=other_size, entry=market.mark))
    for rules in (binance.USDM_CROSS, okx.CROSS):
        first = MarginCalculator(rules).assess(account_of(rules, market, *legs, funds=funds))
        one, two = first.positions
        assert one.liquidation_price == two.liquidation_price
        if one.liquidation_price is None or one.liquidated:
            continue
        away = -1 if one.liquidation_price < market.mark else 1
        beyond = one.liquidation_price + away * UNIT
        if beyond > 0:
            assert assessed(rules, at(market, beyond), *legs, funds=funds).liquidated
        between = (one.liquidation_price + market.mark) / 2
        assert not assessed(rules, at(market, between), *legs, funds=funds).liquidated


@settings(max_examples=30, deadline=None)
@given(given_account=accounts("inverse"))
def test_the_same_holds_of_inverse_contracts(given_account: tuple[InstrumentState, PositionState]) -> None:
    market, held = given_account
    funds = funds_of(market, held)
    found = assessed(binance.COINM_CROSS, market, held, funds=funds)
    if found.liquidation_price is None or found.liquidated:
        return
    away = -1 if found.liquidation_price < market.mark else 1
    near = found.liquidation_price * (1 + away * Fraction(1, 10**9))
    assert assessed(binance.COINM_CROSS, at(market, near), held, funds=funds).liquidated
    safe = found.liquidation_price * (1 - away * Fraction(1, 10**9))
    if (safe - market.mark) * away > 0:
        assert not assessed(binance.COINM_CROSS, at(market, safe), held, funds=funds).liquidated


@settings(max_examples=30, deadline=None)
@given(given_account=accounts(), steps=st.integers(1, 199))
def test_no_mark_between_the_present_one_and_the_price_is_liquidated(
    given_account: tuple[InstrumentState, PositionState], steps: int
) -> None:
    market, held = given_account
    for rules in (binance.USDM_CROSS, gate.ISOLATED_FLAT):
        funds = funds_of(market, held)
        found = assessed(rules, market, held, funds=funds)
        if found.liquidation_price is None or found.liquidated:
            continue
        between = market.mark + (found.liquidation_price - market.mark) * steps / 200
        assert not assessed(rules, at(market, between), held, funds=funds).liquidated


@settings(max_examples=30, deadline=None)
@given(given_account=accounts(), more=cents)
def test_more_margin_never_brings_liquidation_nearer(
    given_account: tuple[InstrumentState, PositionState], more: Fraction
) -> None:
    market, held = given_account
    for rules in SINGLE:
        funds = funds_of(market, held)
        added = msgspec.structs.replace(held, added=more) if rules.unit == "position" else held
        first = assessed(rules, market, held, funds=funds)
        second = assessed(rules, market, added, funds=funds + more)
        if first.distance is None:
            assert second.distance is None
        elif second.distance is not None:
            assert second.distance >= first.distance


@settings(max_examples=30, deadline=None)
@given(given_account=accounts(), scale=st.integers(2, 1000))
def test_a_book_of_another_scale_has_the_same_prices(
    given_account: tuple[InstrumentState, PositionState], scale: int
) -> None:
    """Sizes, margins and tier floors × k: the price stays. Prices and floors × k: the price is × k."""
    market, held = given_account
    rows = market.tiers.tiers
    wider = TierTable(
        "BTC", tuple(Tier(row.floor * scale, None if row.cap is None else row.cap * scale, row.rate) for row in rows)
    )
    funds = funds_of(market, held)
    base = assessed(binance.USDM_CROSS, market, held, funds=funds).liquidation_price
    larger = assessed(
        binance.USDM_CROSS,
        msgspec.structs.replace(market, tiers=wider),
        msgspec.structs.replace(held, size=held.size * scale),
        funds=funds * scale,
    ).liquidation_price
    dearer = assessed(
        binance.USDM_CROSS,
        msgspec.structs.replace(market, tiers=wider, mark=market.mark * scale),
        msgspec.structs.replace(held, entry=held.entry * scale),
        funds=funds * scale,
    ).liquidation_price
    assert larger == base
    assert dearer == (None if base is None else base * scale)


@settings(max_examples=30, deadline=None)
@given(market_tiers=tables(), mark=cents, size=sizes, funds=cents)
def test_a_flat_hedged_book_has_no_price_or_a_far_one(
    market_tiers: TierTable, mark: Fraction, size: Fraction, funds: Fraction
) -> None:
    market = instrument(market_tiers, mark)
    legs = (position(LONG, size, mark), position(SHORT, size, mark))
    found = assessed(binance.USDM_CROSS, market, *legs, funds=funds)
    if found.liquidated:
        return
    assert found.liquidation_price is None or found.liquidation_price > market.mark
    assert found.bankruptcy_price is None


@settings(max_examples=30, deadline=None)
@given(given_account=accounts(), other=sides, other_size=sizes, x=st.integers(1, 400))
def test_the_curve_of_the_slack_is_the_account_assessed_at_another_mark(
    given_account: tuple[InstrumentState, PositionState], other: int, other_size: Fraction, x: int
) -> None:
    """Two ways to the same number: moving the marks in the account, and evaluating the curve."""
    market, held = given_account
    hedge = msgspec.structs.replace(held, side=-held.side, size=other_size)
    factor = Fraction(x, 100)
    for rules in (binance.USDM_CROSS, okx.CROSS):
        book = open_book(rules, account_of(rules, market, held, hedge, funds=Fraction(10**6)))
        moved = account_of(rules, at(market, market.mark * factor), held, hedge, funds=Fraction(10**6))
        unit = MarginCalculator(rules).assess(moved).units[0]
        assert slack_at(book, book.units[0], instrument_path(book, book.units[0], "BTC"), factor) == unit.slack


@settings(max_examples=30, deadline=None)
@given(given_account=accounts())
def test_a_linear_price_is_the_closed_form_of_the_tier_it_lies_in(
    given_account: tuple[InstrumentState, PositionState],
) -> None:
    market, held = given_account
    funds = funds_of(market, held)
    found = assessed(binance.USDM_CROSS, market, held, funds=funds)
    if found.liquidation_price is None or found.liquidated:
        return
    value = held.size * found.liquidation_price
    row = market.tiers.ready("cumulative", "lower")
    tier = row.tiers[row.index(value)]
    assert tier.amount is not None
    top = funds + tier.amount - held.side * held.size * held.entry
    assert found.liquidation_price == top / (held.size * tier.rate - held.side * held.size)


def test_answers_are_fractions() -> None:
    market = instrument(TierTable("BTC", (Tier(Fraction(0), None, Fraction(1, 250)),)), 60_000)
    account = account_of(binance.USDM_ISOLATED, market, position(LONG, 1, 60_000, leverage=10), funds=Fraction(0))
    margins = MarginCalculator(binance.USDM_ISOLATED).assess(account)
    assert isinstance(margins.units[0].equity, Fraction | PlainFraction)
    assert margins.positions[0].liquidation_price == Fraction(54_000) / Fraction(996, 1000)
