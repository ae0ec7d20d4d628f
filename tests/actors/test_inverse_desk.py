"""A whole desk with an inverse contract: ledger, capital and risk count in coin, and agree with the venue exactly."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from letrade.core.bookkeeping import average_price, gain_at, new_position, trade, value_at_entry
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.fraction import Fraction
from letrade.core.instruments import Specification
from letrade.core.messages.accounts import Account, Position
from letrade.core.messages.events import Halt
from letrade.core.messages.orders import Fill, OrderRefused
from letrade.core.quantities import exact, fraction_of_money
from tests.actors.desk_parts import TradingDesk, settings
from tests.actors.venue_margin_parts import inverse
from tests.stage import BTC, of_kind

COIN = "paper.BTC-USD_BTC"
FEES: dict[str, Any] = {"maker_fee": Decimal("0.0002"), "taker_fee": Decimal("0.0005")}


def coin_desk(balance: str = "2", risk: RiskTable | None = None, **venue: Any) -> TradingDesk:
    coins = {"BTC": Decimal(balance)}
    config = settings(balances=coins, risk=risk, **{"max_leverage": Decimal(5), **FEES, **venue})
    desk = TradingDesk(config, instruments=(BTC, msgspec.structs.replace(inverse("binance"), brackets=())))
    desk.trade(60_000.0)
    desk.trade(60_000.0, instrument=COIN, size=1_000_000.0)
    return desk


def coins(desk: TradingDesk) -> tuple[Fraction, Fraction]:
    """What the ledger and the venue have."""
    return (
        desk.actor("ledger").books["main"].wallets["BTC"],
        desk.venue.exchange.accounts["main"].wallet.total("BTC").value,  # type: ignore[attr-defined]
    )


@pytest.mark.parametrize("seed", range(8))
def test_the_ledger_has_the_coins_of_the_venue_after_anything(seed: int) -> None:
    rng, desk = random.Random(seed), coin_desk()
    for _ in range(40):
        price = round(60_000 * rng.uniform(0.8, 1.2), 1)
        desk.trade(price, instrument=COIN, size=1_000_000.0)
        desk.target(float(rng.randint(-600, 600)), strategy=rng.choice(("alpha", "beta")), instrument=COIN)
    assert len(of_kind(desk.said, Fill)) > 30
    assert of_kind(desk.said, Halt) == []
    ours, venues = coins(desk)
    assert ours == venues
    ledger = desk.actor("ledger")
    shares = sum(desk.held(name, COIN) for name in ("alpha", "beta"))
    held = of_kind([each for each in desk.said if getattr(each, "strategy", "") == "-"], Position)[-1]
    assert held.quantity == shares
    assert ledger.books["main"].positions[COIN].state() == desk.venue.exchange.accounts["main"].positions[COIN].state()  # type: ignore[attr-defined]


def test_a_strategys_gain_is_told_in_coin_and_the_accounts_equity_in_the_reporting_currency() -> None:
    """600 contracts of 100 USD from 60,000 to 75,000 are 1 − 0.8 = 0.2 BTC."""
    desk = coin_desk(maker_fee=Decimal(0), taker_fee=Decimal(0))
    desk.target(600.0, instrument=COIN)
    desk.trade(75_000.0)
    said = desk.trade(75_000.0, instrument=COIN, size=1_000_000.0, wait=2_000_000_000)
    said += desk.trade(75_000.0)
    told = [each for each in of_kind(said, Account) if each.account == "main"][-1]
    assert told.equity.decimal == Decimal("2.2") * 75_000
    assert told.unrealised.decimal == Decimal("0.2") * 75_000
    said = desk.target(0.0, instrument=COIN)
    (own,) = [each for each in of_kind(said, Position) if each.strategy == "alpha"]
    assert str(own.realised) == "0.20000000 BTC"
    assert coins(desk) == (Fraction(11, 5), Fraction(11, 5))


def test_capital_refuses_what_the_coins_do_not_cover() -> None:
    """2 BTC at a leverage of 1 are 1,200 contracts at 60,000, less fees and slippage."""
    desk = coin_desk()
    (refused,) = of_kind(desk.target(1_201.0, instrument=COIN), OrderRefused)
    assert (refused.rule, refused.limit[-8:]) == ("capital", "BTC free")
    assert of_kind(desk.target(1_150.0, instrument=COIN), OrderRefused) == []
    assert desk.held(instrument=COIN) == 1_150.0


def test_a_lower_price_makes_the_same_contracts_dearer() -> None:
    desk = coin_desk()
    desk.trade(30_000.0, instrument=COIN, size=1_000_000.0)
    (refused,) = of_kind(desk.target(601.0, instrument=COIN), OrderRefused)
    assert refused.rule == "capital"
    assert of_kind(desk.target(575.0, instrument=COIN), OrderRefused) == []


def test_risk_counts_contracts_in_the_reporting_currency() -> None:
    """100 contracts are 10,000 USD: 1/6 BTC at 60,000 USDT each."""
    limits = RiskTable(stale_after=None, max_position_notional=Decimal(10_000))
    desk = coin_desk(risk=limits)
    (refused,) = of_kind(desk.target(101.0, instrument=COIN), OrderRefused)
    assert refused.rule == "position_notional"
    assert of_kind(desk.target(-100.0, instrument=COIN), OrderRefused) == []
    gross = RiskTable(stale_after=None, max_gross_exposure=Decimal(10_000))
    desk = coin_desk(risk=gross)
    assert [each.rule for each in of_kind(desk.target(-101.0, instrument=COIN), OrderRefused)] == ["gross_exposure"]
    assert of_kind(desk.target(100.0, instrument=COIN), OrderRefused) == []


def test_an_inverse_position_is_the_fractions_within_what_forty_decimals_leave() -> None:
    """Against Σ contracts / price in fractions, with closes that take their share of it; nothing is left of a close."""
    rng, rules = random.Random(5), Specification(inverse("binance"))
    for _ in range(20):
        position, held, cost = new_position(rules), 0, Fraction(0)
        for _ in range(50):
            side, size, price = rng.choice((1, -1)), rng.randint(1, 100_000), round(rng.uniform(1e3, 2e5), 1)
            gain, cost, held = slow_trade(held, cost, side, size, exact(price))
            realised = trade(position, rules, side, float(size), price)
            assert abs(realised - gain) <= Fraction(1, 2 * 10**8) + Fraction(1, 10**25)
            assert realised.denominator == 1 or 10**8 % realised.denominator == 0
            assert abs(value_at_entry(position, rules) - abs(cost)) < Fraction(1, 10**25)
            now = exact(round(rng.uniform(1e3, 2e5), 1))
            assert abs(gain_at(position, rules, now) - (cost - 100 * held / now)) < Fraction(1, 10**25)
            if held:
                assert average_price(position, inverse=True) == pytest.approx(float(100 * held / cost), rel=1e-14)
        if held:
            trade(position, rules, -1 if held > 0 else 1, float(abs(held)), 1_000.0)
        assert (position.quantity, position.cost) == (0, 0)


def slow_trade(
    held: int, cost: Fraction, side: int, size: int, price: Fraction
) -> tuple[Fraction, Fraction, int]:
    """(gain, cost of what is held then, what is held then)."""
    if held * side >= 0:
        return Fraction(0), cost + 100 * side * size / price, held + side * size
    closing = min(abs(held), size)
    share = cost * closing / abs(held)
    gain = share + 100 * side * closing / price
    rest, left = size - closing, held + side * closing
    return gain, cost - share + 100 * side * rest / price, left + side * rest


def test_money_of_an_inverse_contract_reads_back() -> None:
    desk = coin_desk()
    said = desk.target(-300.0, instrument=COIN)
    (fill,) = of_kind(said, Fill)
    assert fill.fee.currency == "BTC"
    assert fraction_of_money(fill.fee) == Fraction(1, 4000), "0.05 % of half a coin"
