"""The compiled book against the fractions: two roads from the same rules to the same slack and the same prices."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.core.fraction import Fraction
from letrade.core.margin.account import MarginAccount
from letrade.core.margin.calculator import MarginCalculator
from letrade.core.margin.compiled import CompiledMargin
from letrade.core.margin.numbers import MarginError
from letrade.core.margin.rules import MarginRules
from letrade.core.margin.venues import binance, bitget, bybit, gate, htx, kucoin, okx, phemex
from tests.core.margin.accounts import LONG, SHORT, instrument, position, rate, table, wallet
from tests.core.margin.test_unified import RATIOS, unified

TIERS = table((0, 50_000, "0.004"), (50_000, 600_000, "0.005"), (600_000, 3_000_000, "0.01"), (3_000_000, None, "0.05"))
COIN_TIERS = table((0, 1, "0.004"), (1, 10, "0.01"), (10, None, "0.05"))
ISOLATED = [
    binance.USDM_ISOLATED,
    okx.ISOLATED,
    bybit.ISOLATED_AT_ENTRY,
    bybit.ISOLATED_AT_MARK,
    gate.ISOLATED_FLAT,
    gate.ISOLATED,
    bitget.ISOLATED,
    kucoin.ISOLATED_AT_ENTRY,
    kucoin.ISOLATED_AT_MARK,
    htx.ISOLATED,
    phemex.USDT_ISOLATED,
]
sides = st.sampled_from([LONG, SHORT])
marks = st.integers(10_000, 10_000_000).map(lambda value: Fraction(value, 100))
sizes = st.integers(1, 50_000).map(lambda value: Fraction(value, 1000))


def compare(rules: MarginRules, account: MarginAccount) -> None:
    compiled, exact = CompiledMargin(rules, account), MarginCalculator(rules).assess(account)
    for place, unit in enumerate(exact.units):
        slack, bound = compiled.book.slack(compiled.units[place])
        assert abs(Fraction(slack) - unit.slack) <= Fraction(bound)
        if unit.positions:
            assert compiled.is_liquidated(place) == unit.liquidated
    for place, margin in enumerate(exact.positions):
        answer, price, bound = compiled.book.liquidation(compiled.positions[place])
        if answer == "price" and price is not None and not margin.liquidation_note:
            assert margin.liquidation_price is not None
            assert abs(Fraction(price) - margin.liquidation_price) <= Fraction(bound)
        if answer == "price":
            assert margin.liquidation_price is not None
        if answer == "liquidated":
            assert margin.liquidated


@pytest.mark.parametrize("rules", ISOLATED, ids=lambda rules: f"{rules.venue}-{rules.mode}-{rules.since}")
@settings(max_examples=15, deadline=None)
@given(mark=marks, side=sides, size=sizes, leverage=st.integers(1, 25), entry=st.integers(95, 105))
def test_isolated_positions_are_the_same(
    rules: MarginRules, mark: Fraction, side: int, size: Fraction, leverage: int, entry: int
) -> None:
    market = instrument(TIERS, mark, fee="0.0005")
    held = position(LONG if side > 0 else SHORT, size, mark * entry / 100, leverage=leverage, added=5)
    compare(rules, MarginAccount(instruments=(market,), positions=(held,)))


@settings(max_examples=40, deadline=None)
@given(
    first=marks,
    second=marks,
    legs=st.lists(st.tuples(sides, sizes), min_size=2, max_size=3),
    funds=st.integers(0, 10**7),
)
def test_cross_wallets_with_two_legs_and_another_instrument_are_the_same(
    first: Fraction, second: Fraction, legs: list[tuple[int, Fraction]], funds: int
) -> None:
    markets = (instrument(TIERS, first), instrument(TIERS, second, "ETH"))
    held = [position(LONG, legs[0][1], first), position(SHORT, legs[1][1], first * 101 / 100)]
    held += [position(LONG if side > 0 else SHORT, size, second, "ETH") for side, size in legs[2:]]
    account = MarginAccount(instruments=markets, positions=tuple(held), collaterals=(wallet(funds),))
    compare(binance.USDM_CROSS, account)


@settings(max_examples=30, deadline=None)
@given(mark=marks, side=sides, contracts=st.integers(1, 10_000), coins=st.integers(1, 10_000))
def test_inverse_wallets_are_the_same(mark: Fraction, side: int, contracts: int, coins: int) -> None:
    market = instrument(COIN_TIERS, mark, contract="inverse", settle="BTC", multiplier=100)
    held = position(LONG if side > 0 else SHORT, contracts, mark)
    funds = wallet(Fraction(coins, 100), "BTC")
    compare(binance.COINM_CROSS, MarginAccount(instruments=(market,), positions=(held,), collaterals=(funds,)))


@settings(max_examples=40, deadline=None)
@given(account=unified())
def test_unified_accounts_are_the_same(account: MarginAccount) -> None:
    compare(bybit.UNIFIED_CROSS, account)
    linear = tuple(leg for leg in account.positions if leg.instrument != "BTCUSD")
    markets = tuple(market for market in account.instruments if market.contract == "linear")
    compare(binance.USDM_MULTI_ASSETS, msgspec.structs.replace(account, instruments=markets, positions=linear))


@settings(max_examples=30, deadline=None)
@given(account=unified())
def test_the_common_move_is_the_same(account: MarginAccount) -> None:
    compiled, exact = (
        CompiledMargin(bybit.UNIFIED_CROSS, account),
        MarginCalculator(bybit.UNIFIED_CROSS).assess(account),
    )
    answer, move, bound = compiled.book.common_move(compiled.units[0])
    if answer == "price" and move is not None:
        assert exact.common_move is not None
        assert abs(Fraction(move) - exact.common_move) <= Fraction(bound)
    if answer == "none":
        assert exact.common_move is None or abs(exact.common_move) > 10**11


def test_marks_and_indexes_move_and_an_open_sign_is_decided_exactly() -> None:
    """With 10,200 slack is exactly 0 at 50,000, which doubles cannot tell: the compiled sign is open there."""
    account = MarginAccount(
        instruments=(instrument(rate("0.004"), 60_000),),
        positions=(position(LONG, 1, 60_000),),
        collaterals=(wallet(6000),),
    )
    compiled = CompiledMargin(binance.USDM_CROSS, account)
    assert not compiled.is_liquidated(0)
    compiled.set_mark("BTC", 54_216.8)
    assert compiled.is_liquidated(0)
    compiled.set_mark("BTC", 54_216.9)
    assert not compiled.is_liquidated(0)
    whole = msgspec.structs.replace(account, collaterals=(wallet(10_200),))
    compiled = CompiledMargin(binance.USDM_CROSS, whole)
    compiled.set_mark("BTC", 50_000.0)
    slack, bound = compiled.book.slack(compiled.units[0])
    assert abs(slack) <= bound
    assert compiled.is_liquidated(0)


def test_a_falling_index_is_heard() -> None:
    coin = msgspec.structs.replace(wallet(1, "BTC", 50_000), ratios=RATIOS)
    usdt = msgspec.structs.replace(wallet(0), pegged=True)
    account = MarginAccount(
        instruments=(instrument(rate("0.005"), 3000, "ETH"),),
        positions=(position(LONG, 20, 4000, "ETH", leverage=10),),
        collaterals=(coin, usdt),
    )
    compiled = CompiledMargin(bybit.UNIFIED_CROSS, account)
    assert not compiled.is_liquidated(0)
    compiled.set_index("BTC", 20_000.0)
    assert compiled.is_liquidated(0)


def test_what_the_compiled_book_does_not_know_is_refused() -> None:
    market = instrument(rate("0.1", 100), 60_000)
    account = MarginAccount(instruments=(market,), positions=(position(LONG, 1, 60_000, leverage=5),))
    with pytest.raises(MarginError, match="an amount without its table is not compiled"):
        CompiledMargin(binance.USDM_ISOLATED, account)
    legs = (position(LONG, 1, 60_000), position(SHORT, 1, 60_000))
    hedged = MarginAccount(instruments=(instrument(rate("0.1"), 60_000),), positions=legs, collaterals=(wallet(10**6),))
    with pytest.raises(MarginError, match="a tier that two legs share is not compiled"):
        CompiledMargin(okx.CROSS, hedged)
