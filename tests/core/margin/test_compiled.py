"""The compiled book against the fractions: two roads from the same rules to the same slack and the same prices."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.core.fraction import Fraction
from letrade.core.margin import compiled as compiled_module
from letrade.core.margin.account import MarginAccount
from letrade.core.margin.book import Book, Unit, open_book
from letrade.core.margin.calculator import MarginCalculator
from letrade.core.margin.compiled import CompiledMargin
from letrade.core.margin.numbers import ONE, MarginError
from letrade.core.margin.rules import MarginRules
from letrade.core.margin.slack import Path, common_path, instrument_path
from letrade.core.margin.venues import binance, bitget, bybit, gate, htx, kucoin, okx, phemex
from letrade.hotpath.margin.margin_book import MarginBook
from tests.core.margin.accounts import LONG, SHORT, instrument, position, rate, slack_at, table, wallet
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
FARTHEST = Fraction(10**12)
"""Times the mark: beyond there the compiled book has no price."""
APART = Fraction(1, 10**6)
sides = st.sampled_from([LONG, SHORT])
marks = st.integers(10_000, 10_000_000).map(lambda value: Fraction(value, 100))
sizes = st.integers(1, 50_000).map(lambda value: Fraction(value, 1000))


def compare(rules: MarginRules, account: MarginAccount) -> None:
    """Every answer is the exact one, "none" and "uncertain" too."""
    compiled, exact = CompiledMargin(rules, account), MarginCalculator(rules).assess(account)
    book = open_book(rules, account)
    for place, unit in enumerate(exact.units):
        slack, bound = compiled.book.slack(compiled.units[place])
        assert abs(Fraction(slack) - unit.slack) <= Fraction(bound)
        if unit.positions:
            assert compiled.is_liquidated(place) == unit.liquidated
            move = None if unit.common_move is None else unit.common_move + 1
            sought = Sought(book, book.units[place], common_path(book, book.units[place]), ONE, move)
            answer, found, bound = compiled.book.common_move(compiled.units[place])
            check(sought, (answer, None if found is None else found + 1, bound))
        for number in unit.positions:
            margin = exact.positions[number]
            path = instrument_path(book, book.units[place], margin.instrument)
            sought = Sought(book, book.units[place], path, margin.mark, margin.liquidation_price)
            check(sought, compiled.book.liquidation(compiled.positions[number]))


class Sought(NamedTuple):
    """Where a unit is liquidated along a path that is at `start` now."""

    book: Book
    unit: Unit
    path: Path
    start: Fraction
    price: Fraction | None

    def slack(self, price: Fraction) -> Fraction:
        return slack_at(self.book, self.unit, self.path, price / self.start)


def check(sought: Sought, told: tuple[str, float | None, float]) -> None:
    answer, price, bound = told
    now = sought.slack(sought.start)
    if answer == "liquidated":
        assert now <= 0
    elif answer == "none":
        assert now > 0
        assert sought.price is None or not FARTHEST ** (-1) < sought.price / sought.start < FARTHEST
    elif answer == "price":
        assert price is not None
        assert sought.price is not None
        assert abs(Fraction(price) - sought.price) <= Fraction(bound) + Fraction(1, 10**15) * abs(sought.price)
    else:
        assert answer == "uncertain"
        assert price is not None
        assert is_open(sought, Fraction(price), now)


def is_open(sought: Sought, price: Fraction, now: Fraction) -> bool:
    """Whether the sign of the slack says nothing a millionth before and beyond a price."""
    before, beyond = (sought.slack(price + (price - sought.start) * step) for step in (-APART, APART))
    near = APART**2 * (abs(now) + sought.start)
    return price == sought.start or min(abs(before), abs(beyond)) <= near or (before > 0) == (beyond > 0)


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


@pytest.mark.parametrize("word", ["none", "uncertain", "liquidated"])
@pytest.mark.parametrize("name", ["liquidation", "common_move"])
def test_a_book_that_always_says_the_same_word_is_caught(monkeypatch: pytest.MonkeyPatch, name: str, word: str) -> None:
    account = MarginAccount(
        instruments=(instrument(rate("0.004"), 60_000),),
        positions=(position(LONG, 1, 60_000),),
        collaterals=(wallet(6000),),
    )
    compare(binance.USDM_CROSS, account)
    right = CompiledMargin(binance.USDM_CROSS, account).book.liquidation(0)[1] if name == "liquidation" else None
    for price in (None, right):
        monkeypatch.setattr(compiled_module, "MarginBook", mutant(name, (word, price, 0.0)))
        with pytest.raises(AssertionError):
            compare(binance.USDM_CROSS, account)


def mutant(name: str, told: tuple[str, float | None, float]) -> type[MarginBook]:
    return type("Mutant", (MarginBook,), {name: lambda book, number: told})


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


@pytest.mark.parametrize("price", [0.0, -5.0, float("nan"), float("inf"), 1e30])
def test_a_price_that_is_refused_changes_nothing(price: float) -> None:
    account = MarginAccount(
        instruments=(instrument(TIERS, 100),), positions=(position(LONG, 1, 100),), collaterals=(wallet(50),)
    )
    compiled = CompiledMargin(binance.USDM_CROSS, account)
    before = compiled.exact()
    with pytest.raises((MarginError, ValueError)):
        compiled.set_mark(account.instruments[0].name, price)
    with pytest.raises((MarginError, ValueError)):
        compiled.set_index("USDT", price)
    assert compiled.exact() == before
    assert not compiled.is_liquidated(0)
