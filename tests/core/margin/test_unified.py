"""Accounts of several coins: haircuts, debts, linear and inverse gains, and indexes that move with the mark."""

from __future__ import annotations

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from letrade.core.fraction import Fraction
from letrade.core.margin.account import CollateralState, CollateralTier, MarginAccount
from letrade.core.margin.book import open_book
from letrade.core.margin.calculator import MarginCalculator
from letrade.core.margin.slack import STILL, common_path, instrument_path
from letrade.core.margin.venues import binance, bybit
from tests.core.margin.accounts import LONG, SHORT, instrument, position, slack_at, table

RATIOS = tuple(
    CollateralTier(Fraction(low), None if high is None else Fraction(high), Fraction(ratio, 100))
    for low, high, ratio in ((0, 5, 98), (5, 10, 95), (10, 30, 80), (30, None, 0))
)
TIERS = table((0, 1_000_000, "0.005"), (1_000_000, 5_000_000, "0.01"), (5_000_000, None, "0.02"))
COIN_TIERS = table((0, 20, "0.005"), (20, 100, "0.01"), (100, None, "0.02"))
sides = st.sampled_from([LONG, SHORT])
USDT_RATIOS = (
    CollateralTier(Fraction(0), Fraction(500_000), Fraction(1)),
    CollateralTier(Fraction(500_000), None, Fraction(0)),
)
caps = st.none() | st.integers(1, 3000).map(lambda value: Fraction(value, 100))
amounts = st.integers(-2000, 4000).map(lambda value: Fraction(value, 100))


@st.composite
def unified(draw: st.DrawFn) -> MarginAccount:
    """BTC and USDT as collateral, with caps and last rows that count nothing; BTC linear and inverse, ETH linear."""
    mark = Fraction(draw(st.integers(20_000, 90_000)))
    markets = (
        instrument(TIERS, mark, "BTCUSDT", underlying="BTC", fee="0.00055"),
        instrument(COIN_TIERS, mark + 100, "BTCUSD", contract="inverse", settle="BTC", underlying="BTC"),
        instrument(TIERS, 3000, "ETHUSDT", underlying="ETH"),
    )
    legs = (
        position(draw(sides), Fraction(draw(st.integers(1, 4000)), 100), mark * 99 / 100, "BTCUSDT", leverage=10),
        position(draw(sides), draw(st.integers(1, 1_000_000)), mark, "BTCUSD", leverage=10),
        position(draw(sides), draw(st.integers(1, 500)), 3000, "ETHUSDT", leverage=10),
    )
    capped, ratios = draw(caps), draw(st.sampled_from([(), USDT_RATIOS]))
    coin = CollateralState(currency="BTC", balance=draw(amounts), index=mark, ratios=RATIOS, cap=draw(caps))
    usdt = CollateralState(currency="USDT", balance=Fraction(draw(st.integers(-(10**5), 10**7))), ratios=ratios)
    held = (
        msgspec.structs.replace(coin, debt_buffer=Fraction(1, 50)),
        msgspec.structs.replace(usdt, pegged=True, cap=None if capped is None else capped * 50_000),
    )
    return MarginAccount(instruments=markets, positions=legs, collaterals=held)


def moved(account: MarginAccount, factor: Fraction, names: set[str], coins: set[str]) -> Fraction:
    """The slack of the same account when these marks and indexes are `factor` times what they are."""
    markets = tuple(
        msgspec.structs.replace(market, mark=market.mark * (factor if market.name in names else 1))
        for market in account.instruments
    )
    held = tuple(
        msgspec.structs.replace(coin, index=coin.index * (factor if coin.currency in coins else 1))
        for coin in account.collaterals
    )
    changed = msgspec.structs.replace(account, instruments=markets, collaterals=held)
    book = open_book(bybit.UNIFIED_CROSS, changed)
    return slack_at(book, book.units[0], STILL, Fraction(1))


@settings(max_examples=40, deadline=None)
@given(account=unified(), x=st.integers(1, 300))
def test_the_curve_is_the_account_assessed_at_other_marks_and_indexes(account: MarginAccount, x: int) -> None:
    book, factor = open_book(bybit.UNIFIED_CROSS, account), Fraction(x, 100)
    unit = book.units[0]
    for name in ("BTCUSDT", "BTCUSD"):
        path = instrument_path(book, unit, name)
        assert path.currencies == {"BTC"}
        assert slack_at(book, unit, path, factor) == moved(account, factor, {name}, {"BTC"})
    everything = {market.name for market in account.instruments}
    assert slack_at(book, unit, common_path(book, unit), factor) == moved(account, factor, everything, {"BTC"})


@settings(max_examples=40, deadline=None)
@given(account=unified())
def test_a_common_move_beyond_the_smallest_liquidates_and_no_smaller_one_does(account: MarginAccount) -> None:
    found = MarginCalculator(bybit.UNIFIED_CROSS).assess(account)
    assume(not found.units[0].liquidated)
    everything = {market.name for market in account.instruments}
    move = found.common_move
    nearer = [Fraction(step, 50) for step in range(-49, 50)] if move is None else []
    if move is not None:
        assert moved(account, 1 + move * (1 + Fraction(1, 10**12)), everything, {"BTC"}) < 0
        nearer = [move * step / 20 for step in range(-19, 20)]
    for step in nearer:
        if step > -1:
            assert moved(account, 1 + step, everything, {"BTC"}) > 0


@settings(max_examples=40, deadline=None)
@given(account=unified())
def test_a_price_of_one_instrument_takes_the_coin_that_it_prices_with_it(account: MarginAccount) -> None:
    found = MarginCalculator(bybit.UNIFIED_CROSS).assess(account)
    assume(not found.units[0].liquidated)
    leg = found.positions[0]
    if leg.liquidation_price is None:
        return
    factor = leg.liquidation_price / leg.mark
    beyond = 1 + (factor - 1) * (1 + Fraction(1, 10**12))
    if beyond > 0:
        assert moved(account, beyond, {"BTCUSDT"}, {"BTC"}) < 0
    assert moved(account, 1 + (factor - 1) * Fraction(99, 100), {"BTCUSDT"}, {"BTC"}) > 0


def test_an_index_that_falls_with_its_own_gains_is_solved_too() -> None:
    """Linear gains in a currency that moves too are a square of the move."""
    market = instrument(table((0, None, "0.01")), 50_000, "BTCEUR", settle="EUR")
    held = CollateralState(
        currency="EUR",
        balance=Fraction(20_000),
        index=Fraction(11, 10),
        ratios=(CollateralTier(Fraction(0), None, Fraction(1)),),
    )
    account = MarginAccount(
        instruments=(market,), positions=(position(LONG, 1, 50_000, "BTCEUR", leverage=5),), collaterals=(held,)
    )
    found = MarginCalculator(binance.USDM_MULTI_ASSETS).assess(account)
    assert found.common_move is not None
    x = 1 + found.common_move
    equity, need = (20_000 + 50_000 * (x - 1)) * x, 500 * x * x
    assert abs(equity - need) < Fraction(1, 10**9)


def capped(cap: int | None, ratios: tuple[CollateralTier, ...], balance: int) -> MarginAccount:
    """Long 10 at 60,000 beside dollars of which a part counts."""
    dollars = CollateralState(currency="USDT", balance=Fraction(balance), ratios=ratios, pegged=True)
    held = msgspec.structs.replace(dollars, cap=None if cap is None else Fraction(cap))
    market = instrument(table((0, None, "0.004")), 60_000, underlying="BTC")
    return MarginAccount(
        instruments=(market,), positions=(position(LONG, 10, 60_000, leverage=10),), collaterals=(held,)
    )


def test_a_price_lies_where_the_legs_lose_although_gains_above_a_cap_count_for_nothing() -> None:
    """9.96 p = 100,000 (below 60,000 the loss is first taken from what does not count); 0.04 p = 100,000 far above."""
    only = (
        CollateralTier(Fraction(0), Fraction(100_000), Fraction(1)),
        CollateralTier(Fraction(100_000), None, Fraction(0)),
    )
    for rules, account in (
        (binance.USDM_MULTI_ASSETS, capped(100_000, (), 500_000)),
        (bybit.UNIFIED_CROSS, capped(None, only, 500_000)),
    ):
        found = MarginCalculator(rules).assess(account).positions[0]
        assert found.liquidation_price == Fraction(100_000) / Fraction(996, 100)
        assert found.other_liquidation_price == 2_500_000
        assert found.liquidation_note == "the margin is used up on the other side too, at 2500000"


def test_a_price_lies_on_the_other_side_where_only_the_collateral_loses() -> None:
    """3 coins that count 80 % and a debt of 100,000: 2.4 p - 100,000 + (50,000 - p) - 0.005 p = 0."""
    coin = CollateralState(
        currency="BTC",
        balance=Fraction(3),
        index=Fraction(50_000),
        ratios=(CollateralTier(Fraction(0), None, Fraction(4, 5)),),
    )
    debt = CollateralState(currency="USDT", balance=Fraction(-100_000), pegged=True)
    market = instrument(table((0, None, "0.005")), 50_000, underlying="BTC")
    account = MarginAccount(
        instruments=(market,), positions=(position(SHORT, 1, 50_000, leverage=10),), collaterals=(debt, coin)
    )
    found = MarginCalculator(bybit.UNIFIED_CROSS).assess(account).positions[0]
    assert found.liquidation_price == Fraction(50_000) / Fraction(1395, 1000)
    assert found.other_liquidation_price is None
    assert found.liquidation_note == "the margin is used up on the other side only"
