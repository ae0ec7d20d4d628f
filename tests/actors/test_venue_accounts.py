"""The simulated venue's money: fees in each currency, what orders lock, leverage, positions, funding, deep scales."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from letrade.actors.venue.simulated import SimulatedVenue
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.desk import DeskConfig, VenueConfig
from letrade.core.errors import ConfigurationError
from letrade.core.messages.events import Alert
from letrade.core.messages.market import FundingRate, IndexPrice, Instrument, MarkPrice
from letrade.core.messages.venue import VenueCash, VenueFill, VenueOrder
from tests.actors.venue_parts import LINEAR, SPOT, Desk, amend, cancel, query, quote, snapshot, submit, trade
from tests.stage import BTC, context, of_kind

FEES: list[tuple[dict[str, Any], int, str, dict[str, str]]] = [
    ({}, 1, "0.02500000 USDT", {"USDT": "949.97500000", "BTC": "1.50000000"}),
    ({}, -1, "0.02500000 USDT", {"USDT": "1049.97500000", "BTC": "0.50000000"}),
    ({"taker_fee": Decimal("-0.0005")}, 1, "-0.02500000 USDT", {"USDT": "950.02500000"}),
    ({"fee_currency": "base"}, 1, "0.00025000 BTC", {"USDT": "950.00000000", "BTC": "1.49975000"}),
    ({"fee_currency": "base"}, -1, "0.00025000 BTC", {"USDT": "1050.00000000", "BTC": "0.49975000"}),
    (
        {"fee_currency": "BNB", "fee_prices": {"BNB-USDT": Decimal(300)}},
        1,
        "0.00008333 BNB",
        {"BNB": "0.99991667", "USDT": "950.00000000", "BTC": "1.50000000"},
    ),
    (
        {"fee_currency": "BNB", "fee_prices": {"USDT-BNB": Decimal("0.004")}},
        -1,
        "0.00010000 BNB",
        {"BNB": "0.99990000"},
    ),
    ({"fee_currency": "USDT"}, 1, "0.02500000 USDT", {"USDT": "949.97500000"}),
]


@pytest.mark.parametrize(("venue", "side", "fee", "balances"), FEES)
def test_a_fee_is_exact_in_its_currency(venue: dict[str, Any], side: int, fee: str, balances: dict[str, str]) -> None:
    desk = Desk(balances={"USDT": Decimal(1000), "BTC": Decimal(1), "BNB": Decimal(1)}, **venue)
    desk.tell(trade(100.0))
    (fill,) = of_kind(desk.tell(submit("x", side, 0.5)), VenueFill)
    assert str(fill.fee) == fee
    held = {money.currency: f"{money.decimal:f}" for money in desk.account().balances}
    assert {currency: held[currency] for currency in balances} == balances


def test_a_fee_of_half_a_unit_goes_to_the_even_one() -> None:
    desk = Desk(taker_fee=Decimal("0.0005"))
    desk.tell(trade(1.0))
    fees = [of_kind(desk.tell(submit(f"{lots}", 1, lots / 100_000)), VenueFill)[0].fee.units for lots in (1, 3, 5)]
    assert fees == [0, 2, 2]


def test_without_a_price_for_the_fees_currency_an_order_is_refused() -> None:
    desk = Desk(fee_currency="BNB")
    desk.tell(trade(100.0))
    assert desk.answer(submit("x", 1, 1.0)).reason == "no price for fees: add BNB-USDT to fee_prices"


def test_working_orders_lock_what_they_may_cost() -> None:
    desk = Desk(balances={"USDT": Decimal("100.05"), "BTC": Decimal(1)})
    desk.tell(snapshot([(90.0, 5.0)], [(110.0, 5.0)]))
    assert desk.answer(submit("x", 1, 1.0, 100.0)).status == "open"
    assert desk.answer(submit("y", 1, 0.00001, 1.0)).reason.startswith("insufficient balance")
    assert desk.answer(submit("s", -1, 1.0, 120.0)).status == "open"
    assert desk.answer(submit("t", -1, 0.00001, 120.0)).reason.startswith("insufficient balance")
    assert desk.answer(amend("x", 100.01, 1.0)).reason.startswith("insufficient balance")
    desk.tell(amend("x", 50.0, 1.0))
    assert desk.answer(submit("z", 1, 1.0, 50.0)).status == "open"
    desk.tell(cancel("x"), cancel("z"), cancel("s"))
    assert desk.answer(submit("w", 1, 1.0, 100.0)).status == "open"


def test_money_that_covers_an_order_to_the_unit_is_enough_and_is_never_overdrawn() -> None:
    desk = Desk(balances={"USDT": Decimal("100.05")}, maker_fee=Decimal("0.0005"))
    desk.tell(snapshot([(90.0, 5.0)], [(110.0, 5.0)]))
    desk.tell(submit("x", 1, 1.0, 100.0))
    for _ in range(3):
        desk.tell(trade(99.0, 0.33333))
    desk.tell(trade(99.0))
    assert desk.balance("USDT") == 0
    assert desk.balance("BTC") == 1


def test_a_spot_sale_that_only_reduces_sells_what_is_free() -> None:
    desk = Desk(balances={"BTC": Decimal("1.000005")})
    desk.tell(trade(100.0))
    assert desk.fills(submit("x", -1, 7.0, reduce_only=True)) == [("x", 100.0, 1.0)]
    desk = Desk(balances={"BTC": Decimal(1)}, fee_currency="base")
    desk.tell(trade(100.0))
    assert desk.fills(submit("x", -1, 7.0, reduce_only=True)) == [("x", 100.0, 0.9995)]


def test_least_sizes_and_values_hold_but_not_for_what_closes_a_contract() -> None:
    small = {"size_min": "0.01", "notional_min": "5"}
    spot = msgspec.structs.replace(BTC, **small)
    linear = msgspec.structs.replace(BTC, instrument=LINEAR, kind="linear", lot="0.001", **small)
    desk = Desk(instruments=(spot, linear))
    desk.tell(quote(100.0, 100.0), quote(100.0, 100.0, instrument=LINEAR))
    assert desk.answer(submit("a", 1, 0.009)).reason.startswith("min_size")
    assert desk.answer(submit("b", 1, 0.04)).reason.startswith("min_notional")
    assert desk.answer(submit("c", 1, 0.05)).status == "filled"
    assert desk.answer(submit("d", 1, 0.06, instrument=LINEAR)).status == "filled"
    assert desk.answer(submit("e", -1, 0.055, instrument=LINEAR, reduce_only=True)).status == "filled"
    assert desk.answer(submit("f", -1, 0.005, instrument=LINEAR)).reason.startswith("min_size")
    assert desk.answer(submit("g", -1, 9.0, instrument=LINEAR, reduce_only=True)).filled == 0.005


def test_contracts_are_worth_no_more_than_equity_times_leverage() -> None:
    desk = Desk(balances={"USDT": Decimal(100)}, max_leverage=Decimal(10), maker_fee=Decimal(0), taker_fee=Decimal(0))
    desk.tell(trade(100.0, instrument=LINEAR))
    assert desk.answer(submit("a", 1, 10.001, instrument=LINEAR)).reason.startswith("leverage")
    assert desk.answer(submit("b", 1, 6.0, instrument=LINEAR)).status == "filled"
    assert desk.answer(submit("c", 1, 4.0, 90.0, instrument=LINEAR)).status == "open"
    assert desk.answer(submit("d", 1, 0.001, 90.0, instrument=LINEAR)).reason.startswith("leverage")
    desk.tell(trade(91.0, instrument=LINEAR))
    assert desk.answer(submit("e", 1, 0.001, 90.0, instrument=LINEAR)).reason.startswith("leverage")
    assert desk.answer(submit("f", -1, 6.0, instrument=LINEAR)).status == "filled"
    assert desk.balance("USDT") == 46


def test_an_account_without_equity_may_only_reduce() -> None:
    desk = Desk(balances={"USDT": Decimal(100)}, maker_fee=Decimal(0), taker_fee=Decimal(0))
    desk.tell(trade(100.0, instrument=LINEAR))
    desk.tell(submit("a", 1, 10.0, instrument=LINEAR))
    desk.tell(MarkPrice(instrument=LINEAR, price=90.0))
    assert "is not above 0" in desk.answer(submit("b", -1, 10.001, instrument=LINEAR)).reason
    assert desk.answer(submit("c", -1, 10.0, instrument=LINEAR)).status == "filled"


def test_a_contract_position_nets_and_pays_its_profit_at_average_cost() -> None:
    desk = Desk(balances={"USDT": Decimal(1000)}, maker_fee=Decimal(0), taker_fee=Decimal(0))
    steps = [(100.0, 1, 1.0, "1000"), (110.0, 1, 2.0, "1000"), (120.0, -1, 1.5, "1020"), (90.0, -1, 3.0, "995")]
    for number, (price, side, size, balance) in enumerate(steps):
        desk.tell(trade(price, instrument=LINEAR))
        desk.tell(submit(f"{number}", side, size, instrument=LINEAR))
        assert desk.balance("USDT") == Decimal(balance)
    (held,) = desk.account().positions
    assert (held.instrument, held.quantity) == (LINEAR, -1.5)


def test_funding_is_paid_once_at_its_time_by_longs_to_shorts() -> None:
    desk = Desk(funding=True, maker_fee=Decimal(0), taker_fee=Decimal(0))
    desk.tell(trade(100.0, instrument=LINEAR))
    desk.tell(submit("a", 1, 2.0, instrument=LINEAR), submit("b", -1, 3.0, account="b", instrument=LINEAR))
    due = desk.time + 30_000_000
    first = FundingRate(instrument=LINEAR, rate=0.5, funding_time=due)
    last = FundingRate(instrument=LINEAR, rate=0.0001, funding_time=due)
    assert of_kind(desk.tell(first, last), VenueCash) == []
    said = of_kind(desk.tell(MarkPrice(instrument=LINEAR, price=101.5), wait=50_000_000), VenueCash)
    assert [(cash.account, cash.amount.decimal, cash.time) for cash in said] == [
        ("a", Decimal("-0.0203"), due + 100_000),
        ("b", Decimal("0.03045"), due + 100_000),
    ]
    assert of_kind(desk.tell(last), VenueCash) == []
    assert desk.balance("USDT", "b") == Decimal("1000000.03045")
    late = FundingRate(instrument=LINEAR, rate=0.0001, funding_time=desk.time - 1)
    assert len(of_kind(desk.tell(late), VenueCash)) == 2


def test_funding_without_a_mark_price_is_estimated_and_says_so_and_is_off_unless_asked_for() -> None:
    estimated = ("no mark price of the instant: the last price of 0.02 s before", True)
    for funding, reasons in ((True, [estimated]), (False, [])):
        desk = Desk(funding=funding)
        desk.tell(trade(100.0, instrument=LINEAR))
        desk.tell(submit("a", 1, 2.0, instrument=LINEAR))
        told = FundingRate(instrument=LINEAR, rate=0.0001, funding_time=desk.time)
        assert of_kind(desk.tell(told), VenueCash) == []
        said = of_kind(desk.tell(wait=1_100_000_000), VenueCash)
        assert [(cash.reason, cash.estimated) for cash in said] == reasons


def test_funding_is_paid_on_the_positions_of_the_instant_at_a_mark_that_comes_within_its_second() -> None:
    desk = Desk(funding=True)
    desk.tell(trade(100.0, instrument=LINEAR))
    desk.tell(submit("a", 1, 2.0, instrument=LINEAR))
    desk.tell(FundingRate(instrument=LINEAR, rate=0.01, funding_time=desk.time))
    desk.tell(submit("b", 1, 3.0, instrument=LINEAR))
    (cash,) = of_kind(desk.tell(MarkPrice(instrument=LINEAR, price=110.0), wait=50_000_000), VenueCash)
    assert (cash.amount.decimal, cash.estimated) == (Decimal("-2.2"), False)


def test_an_index_pays_where_the_venue_pays_by_it() -> None:
    desk = Desk(funding=True, funding_price="index")
    desk.tell(trade(100.0, instrument=LINEAR))
    desk.tell(submit("a", 1, 2.0, instrument=LINEAR))
    desk.tell(MarkPrice(instrument=LINEAR, price=110.0), IndexPrice(instrument=LINEAR, price=90.0))
    due = FundingRate(instrument=LINEAR, rate=0.01, funding_time=desk.time)
    (cash,) = of_kind(desk.tell(due, wait=50_000_000), VenueCash)
    assert (cash.amount.decimal, cash.estimated) == (Decimal("-1.8"), False)


def test_a_price_too_old_pays_nothing_and_is_told_as_an_error() -> None:
    desk = Desk(funding=True, funding_price_age=3_000_000_000)
    desk.tell(trade(100.0, instrument=LINEAR))
    desk.tell(submit("a", 1, 2.0, instrument=LINEAR))
    desk.tell(wait=5_000_000_000)
    said = desk.tell(FundingRate(instrument=LINEAR, rate=0.01, funding_time=desk.time), wait=2_000_000_000)
    assert of_kind(said, VenueCash) == []
    (alert,) = of_kind(said, Alert)
    assert (alert.level, alert.code, alert.account) == ("error", "funding_missing", "a")


DEEP = [
    ("PEPE", "0.0000000001", "1", 0.0000123457, 3e9),
    ("ETH", "0.01", "0.000000000000000001", 2000.01, 1.5e-16),
    ("SHIB", "0.00000001", "1", 0.00001, 5e12),
]


@pytest.mark.parametrize(("base", "tick", "lot", "price", "size"), DEEP)
def test_small_ticks_large_sizes_and_deep_lots_stay_exact(
    base: str, tick: str, lot: str, price: float, size: float
) -> None:
    name = f"paper.{base}-USDT"
    coin = Instrument(instrument=name, kind="spot", base=base, quote="USDT", settle="USDT", tick=tick, lot=lot)
    desk = Desk(instruments=(coin,), balances={"USDT": Decimal(100_000_000)}, taker_fee=Decimal(0))
    desk.tell(trade(price, instrument=name))
    assert desk.answer(submit("x", 1, size, instrument=name)).status == "filled"
    assert desk.balance(base) == Decimal(repr(size))
    cost = Fraction(repr(price)) * Fraction(repr(size))
    assert Fraction(desk.balance("USDT")) == 100_000_000 - cost


def test_a_tick_that_changes_refuses_new_orders_and_keeps_resting_ones() -> None:
    coarse = msgspec.structs.replace(BTC, tick="0.5", valid_from=50_000_000)
    desk = Desk(instruments=(BTC, coarse))
    desk.tell(snapshot([(90.0, 5.0)], [(110.0, 5.0)]))
    desk.tell(submit("x", 1, 1.0, 95.01), wait=90_000_000)
    assert desk.answer(submit("y", 1, 1.0, 95.01)).reason == "tick: 95.01 is no multiple of 0.5"
    assert desk.fills(trade(95.0)) == [("x", 95.01, 1.0)]


def test_the_account_as_a_whole_is_told_with_the_fills_that_were_missed() -> None:
    desk = Desk()
    desk.tell(snapshot([(99.0, 5.0)], [(101.0, 2.0), (102.0, 5.0)]))
    desk.tell(submit("x", 1, 3.0), submit("y", 1, 1.0, 98.0))
    told = desk.tell(query(fills_after=1))
    (fill,) = of_kind(told, VenueFill)
    assert (fill.fill_number, fill.price, fill.trade_id) == (2, 102.0, "paper-2")
    state = desk.account()
    assert (state.strategy, state.instrument, state.last_fill_number) == ("-", "paper.-", 2)
    (working,) = state.open_orders
    assert (working.client_order_id, working.instrument, working.price) == ("y", SPOT, 98.0)
    assert of_kind(desk.tell(query(account="nobody")), VenueOrder)[0].status == "not_found"


@pytest.mark.parametrize("mode", [{"position_mode": "hedge"}, {"margin_mode": "isolated"}])
def test_an_account_mode_that_the_venue_does_not_have_is_refused_at_the_start(mode: dict[str, Any]) -> None:
    login = AccountConfig(name="a", venue="paper", **mode)
    settings = DeskConfig(venues=[VenueConfig(name="paper")], accounts=[login])
    with pytest.raises(ConfigurationError, match="one_way positions and cross margin"):
        SimulatedVenue("paper", SimulatedVenue.Config(venue="paper"), context(settings=settings))


def test_a_venue_that_the_desk_does_not_have_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match=r"desk's venues \(none\), found 'paper'"):
        SimulatedVenue("paper", SimulatedVenue.Config(venue="paper"), context(settings=DeskConfig()))
