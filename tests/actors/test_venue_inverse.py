"""Inverse contracts at the simulated venue: contracts of so many USD, with gains, fees, funding and margin in coin."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from letrade.core.bookkeeping import AccountBook
from letrade.core.fraction import Fraction
from letrade.core.instruments import Specification
from letrade.core.messages.base import Message
from letrade.core.messages.margin import VenueMarginAnswer
from letrade.core.messages.market import FundingRate
from letrade.core.messages.orders import CashEntry
from letrade.core.messages.venue import VenueCash, VenueFill
from letrade.core.quantities import fraction_of_money
from tests.actors.test_venue_liquidation_sums import fill_of
from tests.actors.venue_margin_parts import COIN, DATED, CoinDesk, inverse, mark
from tests.actors.venue_parts import quote, submit
from tests.stage import of_kind

INVERSE_VENUES = ("binance", "bybit", "okx")
FEES = {"maker_fee": Decimal("0.0002"), "taker_fee": Decimal("0.0005")}


def at(desk: CoinDesk, price: float, size: float = 1_000_000.0, name: str = COIN) -> list[Message]:
    """The book first, so that the mark meets it."""
    return [*desk.tell(quote(price - 0.1, price, size, name)), *desk.tell(mark(price, name))]


def test_a_gain_is_paid_in_coin_and_rounded_once() -> None:
    """Three buys of 100 USD contracts and one sale: 100 × (200/60,000 + 200/61,000 + 200/62,000 − 600/66,000)."""
    desk = CoinDesk()
    for price in (60_000.0, 61_000.0, 62_000.0):
        at(desk, price)
        desk.trade(1, 200.0)
    held = desk.held()
    assert held is not None
    assert held.average_price == pytest.approx(600 / (200 / 60_000 + 200 / 61_000 + 200 / 62_000), rel=1e-14)
    at(desk, 66_000.1)
    desk.trade(-1, 600.0)
    assert desk.held() is None
    exact = 100 * (Fraction(200, 60_000) + Fraction(200, 61_000) + Fraction(200, 62_000) - Fraction(600, 66_000))
    assert desk.coins() == 10 + Decimal(round(exact * 10**8)).scaleb(-8)


def test_a_short_of_all_the_collateral_is_worth_the_same_dollars_at_every_price() -> None:
    """1 BTC of collateral, short 600 contracts of 100 USD at 60,000 (59,999.9 is the bid)."""
    desk = CoinDesk(balance="1")
    desk.tell(quote(60_000.0, 60_000.1, 1_000_000.0, COIN))
    desk.trade(-1, 600.0)
    account, rules = desk.venue.exchange.accounts["a"], desk.venue.exchange.rules_of(COIN)
    for price in (1_000.0, 30_000.0, 60_000.0, 90_000.0, 1_000_000.0):
        coins = account.wallet.total("BTC").value + account.unrealised(COIN, price, rules)
        assert abs(coins * int(price) - 60_000) < Fraction(1, 10**20), "1 / 60,000 is kept to 40 decimals"


def test_fees_and_funding_are_paid_in_coin() -> None:
    """0.05 % of 6,000,000 / 60,000 = 100 BTC is 0.05; a rate of 0.01 % of the same at a mark of 50,000 is 0.012."""
    desk = CoinDesk(balance="100", funding=True, **FEES)
    desk.trade(1, 60_000.0)
    assert desk.coins() == 100 - Decimal("0.05")
    rate = FundingRate(instrument=COIN, rate=0.0001, funding_time=desk.time + 20_000_000)
    desk.tell(rate)
    (cash,) = of_kind(desk.tell(mark(50_000.0, COIN), wait=2_000_000_000), VenueCash)
    assert (cash.origin, cash.account, str(cash.amount)) == ("funding", "a", "-0.01200000 BTC")


@pytest.mark.parametrize("venue", INVERSE_VENUES)
def test_an_isolated_long_is_liquidated_at_the_price_of_the_venues_formula(venue: str) -> None:
    """q C (m + s) / (W + c + s q C / E): 600 contracts of 100 USD at 60,000 with 20 × are 1 BTC and 0.05 BTC of margin;
    the lowest tier is 0.4 % everywhere, and there are no fees."""
    desk = CoinDesk(venue)
    desk.isolated(20)
    desk.trade(1, 600.0)
    held = desk.held()
    assert held is not None
    assert str(held.isolated_margin) == "0.05000000 BTC"
    expected = 60_000 * 1.004 / 1.05
    assert held.liquidation_price == pytest.approx(expected, rel=1e-14)
    desk.tell(quote(1.0, 1_000_000.0, 1_000_000.0, COIN))
    assert of_kind(desk.tell(mark(round(expected + 0.1, 1), COIN)), VenueFill) == []
    (fill,) = of_kind(desk.tell(mark(round(expected - 0.1, 1), COIN)), VenueFill)
    assert (fill.origin, fill.size) == ("liquidation", 600.0)
    assert fill.price == pytest.approx(60_000 / 1.05, abs=0.11), "nobody buys: the bankruptcy price, on its tick"
    assert desk.coins() == 10 - Decimal("0.05"), "the margin, and nothing else"


def test_an_isolated_short_is_liquidated_by_a_rise() -> None:
    """q C (m − 1) / (W − q C / E) = 60,000 × 0.996 / 0.95."""
    desk = CoinDesk()
    desk.isolated(20)
    desk.tell(quote(60_000.0, 60_000.1, 1_000_000.0, COIN))
    desk.trade(-1, 600.0)
    held = desk.held()
    assert held is not None
    assert held.liquidation_price == pytest.approx(60_000 * 0.996 / 0.95, rel=1e-14)
    desk.tell(quote(1.0, 1_000_000.0, 1_000_000.0, COIN))
    assert of_kind(desk.tell(mark(62_905.2, COIN)), VenueFill) == []
    assert of_kind(desk.tell(mark(62_905.3, COIN)), VenueFill)
    assert desk.coins() == 10 - Decimal("0.05")


def test_a_perpetual_and_a_dated_future_share_the_wallet_of_their_coin() -> None:
    """Long 1 BTC of one and short 1 BTC of the other: a move of both marks costs maintenance alone."""
    desk = CoinDesk(balance="0.5")
    desk.ask("leverage", 20, instrument=COIN)
    desk.ask("leverage", 20, instrument=DATED)
    desk.trade(1, 600.0)
    desk.trade(-1, 600.0, instrument=DATED)
    for price in (50_000.0, 40_000.0, 90_000.0):
        said = desk.tell(mark(price, COIN), mark(price, DATED))
        assert of_kind(said, VenueFill) == []
    desk.tell(mark(60_000.0, COIN), mark(60_000.0, DATED))
    assert of_kind(desk.tell(mark(35_000.0, COIN)), VenueFill), "one alone falls: 0.5 − 0.71"


@pytest.mark.parametrize(("venue", "code"), [("binance", "-2019"), ("bybit", "110007"), ("okx", "51008")])
def test_an_order_needs_its_initial_margin_in_coin(venue: str, code: str) -> None:
    desk = CoinDesk(venue, balance="0.5")
    desk.ask("leverage", 10, instrument=COIN)
    desk.tell(quote(60_000.0, 60_000.1, 1_000_000.0, COIN))
    answer = desk.answer(submit("much", -1, 3_001.0, instrument=COIN))
    assert answer.refused
    assert answer.reason.startswith(code)
    assert not desk.answer(submit("enough", -1, 3_000.0, instrument=COIN)).refused


def test_binance_goes_down_to_the_first_tier_in_which_the_wallet_is_safe() -> None:
    """Tiers are in coin: 5 BTC at the mark stay, which are 5 × 51,800 / 100 = 2,590 contracts."""
    desk = CoinDesk(balance="1.3", liquidation_fee=0)
    desk.ask("leverage", 20, instrument=COIN)
    desk.trade(1, 4_800.0)
    assert of_kind(at(desk, 51_900.0), VenueFill) == []
    (fill,) = of_kind(at(desk, 51_800.0), VenueFill)
    assert (fill.size, fill.price) == (2_210.0, 51_799.9)
    held = desk.held()
    assert held is not None
    assert held.quantity == 2_590.0


def booked(venue: str, messages: list[Message], account: str, coins: int) -> Fraction:
    """What a ledger has of BTC that books what the venue told."""
    book = AccountBook({"BTC": Decimal(coins)})
    rules = {name: Specification(inverse(venue, name)) for name in (COIN, DATED)}
    for message in messages:
        if isinstance(message, VenueFill) and message.account == account:
            book.book_fill(rules[message.instrument], fill_of(message))
        elif isinstance(message, VenueCash) and message.account == account:
            entry = CashEntry(
                strategy="-", account=account, instrument=message.instrument, entry_id=message.entry_id,
                origin=message.origin, amount=message.amount,
            )  # fmt: skip
            book.book_cash(entry)
    return book.wallets["BTC"]


def crashed(venue: str, seed: int, mode: str) -> tuple[CoinDesk, list[Message]]:
    """Trades of two accounts, and a fall or a rise of a few marks over thin books."""
    rng = random.Random(f"{venue} {seed} {mode}")
    desk = CoinDesk(venue, insurance_fund={"BTC": rng.choice((0, 1, 10**9))}, **FEES)
    said: list[Message] = []
    for account in ("a", "b"):
        for name in (COIN, DATED):
            desk.ask("margin_mode", mode=mode, account=account, instrument=name)
            desk.ask("leverage", rng.choice((5, 20)), account=account, instrument=name)
        for step in range(4):
            size = float(rng.randint(10, 60_000))
            name = rng.choice((COIN, DATED))
            said += desk.tell(submit(f"{account}{step}", rng.choice((1, -1)), size, account=account, instrument=name))
    way = rng.choice((1, -1))
    for step in range(1, 8):
        for name in (COIN, DATED):
            now = round(60_000.0 * (1 + way * rng.uniform(0.5, 1.5) * step / 25), 1)
            said += desk.tell(quote(now - 0.1, now, rng.choice((500.0, 20_000.0)), name), mark(now, name))
    return desk, said


@pytest.mark.parametrize("mode", ["cross", "isolated"])
@pytest.mark.parametrize("venue", INVERSE_VENUES)
def test_a_ledger_that_books_what_the_venue_tells_has_the_coins_that_the_venue_has(venue: str, mode: str) -> None:
    origins: set[str] = set()
    for seed in range(12):
        desk, said = crashed(venue, seed, mode)
        origins |= {fill.origin for fill in of_kind(said, VenueFill)}
        for account in ("a", "b"):
            held = {money.currency: fraction_of_money(money) for money in desk.account(account).balances}
            assert held["BTC"] == booked(venue, said, account, 10)
            assert held["BTC"] >= 0, "the fund or the others bear what is more than all"
    assert {"desk", "liquidation"} <= origins


def test_all_is_kept_over_a_restart() -> None:
    desk, again = CoinDesk(), CoinDesk()
    for each in (desk, again):
        each.isolated(20)
        each.trade(1, 700.0)
        each.trade(-1, 300.0)
    again.restarted()
    assert desk.account() == again.account()
    assert at(desk, 50_000.0, 100.0) == at(again, 50_000.0, 100.0)
    assert desk.account() == again.account()


def test_settings_are_those_of_linear_contracts() -> None:
    desk = CoinDesk()
    desk.isolated(20)
    desk.trade(1, 600.0)
    lowered = desk.ask("leverage", 10, instrument=COIN)
    assert (lowered.refused, lowered.code) == (True, "-4161")
    added = desk.ask("isolated_margin", 0.05, instrument=COIN)
    assert isinstance(added, VenueMarginAnswer)
    assert (added.refused, added.value) == (False, 0.1)
    held = desk.held()
    assert held is not None
    assert held.liquidation_price == pytest.approx(60_000 * 1.004 / 1.1, rel=1e-14)
