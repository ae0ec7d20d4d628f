"""The simulated venue liquidates: each step of each venue as its own pages tell it, with the page in the docstring."""

from __future__ import annotations

import pytest

from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert
from letrade.core.messages.market import FundingRate
from letrade.core.messages.venue import VenueCash, VenueFill, VenueOrder
from tests.actors.venue_margin_parts import LINEAR, OTHER, MarginDesk, empty, mark
from tests.actors.venue_parts import bar, bar_open, cancel, quote, submit, trade
from tests.stage import of_kind


def test_a_position_at_its_liquidation_price_is_closed_in_the_market_and_what_is_left_stays_with_the_trader() -> None:
    """(2,400 − 48,000) / (0.8 × (0.004 − 1)) = 57,228.92; Binance FAQ 360033525271: an immediate-or-cancel order."""
    desk = MarginDesk(liquidation_fee=0)
    desk.isolated(20)
    desk.trade(1, 0.8)
    held = desk.held()
    assert held is not None
    assert held.isolated_margin is not None
    assert (held.average_price, held.leverage, held.margin_mode) == (60_000.0, 20.0, "isolated")
    assert str(held.isolated_margin) == "2400.00000000 USDT"
    assert held.liquidation_price == pytest.approx(57_000 / 0.996, rel=1e-14)
    desk.tell(quote(57_400.0, 57_500.0, 100.0, LINEAR))
    assert of_kind(desk.tell(mark(57_228.92)), VenueFill) == []
    (fill,) = of_kind(desk.tell(mark(57_228.91)), VenueFill)
    assert (fill.origin, fill.side, fill.price, fill.size) == ("liquidation", -1, 57_400.0, 0.8)
    assert desk.held() is None
    assert desk.usdt() == 10_000 - 2_080


def test_binance_cancels_open_orders_first() -> None:
    """FAQ 360033525271: during liquidation all open orders are immediately cancelled."""
    desk = MarginDesk()
    desk.isolated(20)
    desk.trade(1, 1.0)
    desk.tell(submit("bid", 1, 0.1, 50_000.0, instrument=LINEAR), submit("stop", -1, 1.0, 70_000.0, instrument=LINEAR))
    said = desk.tell(mark(57_000.0))
    ended = [(order.client_order_id, order.status) for order in of_kind(said, VenueOrder)]
    assert ended == [("bid", "cancelled"), ("stop", "cancelled")]
    assert [alert.code for alert in of_kind(said, Alert)] == ["liquidation"]
    assert said.index(of_kind(said, VenueOrder)[0]) < said.index(of_kind(said, VenueFill)[0])


def test_binance_reduces_to_the_first_tier_in_which_the_account_is_safe() -> None:
    """FAQ 360033525271: one large immediate-or-cancel order, without fully liquidating the user."""
    desk = MarginDesk(liquidation_fee=0, balance="20000")
    desk.ask("leverage", 50)
    desk.trade(1, 10.0)
    desk.tell(quote(58_440.0, 58_440.1, 100.0, LINEAR))
    assert of_kind(desk.tell(mark(58_460.0)), VenueFill) == []
    (fill,) = of_kind(desk.tell(mark(58_450.0)), VenueFill)
    assert (fill.size, fill.price) == (5.723, 58_440.0), "250,000 / 58,450 = 4.277... stay"
    assert desk.held() is not None


def test_binance_takes_a_liquidation_fee_on_what_the_market_took() -> None:
    """FAQ 360033525271: a fee on the amount liquidated only; 1.25 % of BTCUSDT by exchangeInfo."""
    desk = MarginDesk()
    desk.isolated(20)
    desk.trade(1, 0.5)
    desk.tell(quote(58_000.0, 58_000.1, 100.0, LINEAR))
    (cash,) = of_kind(desk.tell(mark(57_236.18)), VenueCash) or [None]
    assert cash is None
    (cash,) = of_kind(desk.tell(mark(57_200.0)), VenueCash)
    assert (cash.origin, str(cash.amount)) == ("liquidation", "-357.50000000 USDT")


def test_what_the_market_does_not_take_the_fund_takes_over_at_the_bankruptcy_price() -> None:
    """FAQ 360033525271: closed at the bankruptcy price, and the insurance fund takes over the position."""
    desk = MarginDesk(liquidation_fee=0)
    desk.isolated(20)
    desk.trade(1, 0.8)
    desk.tell(quote(57_100.0, 57_100.1, 0.4, LINEAR))
    fills = of_kind(desk.tell(mark(57_110.0)), VenueFill)
    assert [(fill.size, fill.price) for fill in fills[:1]] == [(0.4, 57_100.0)]
    assert [(fill.size, fill.price) for fill in fills[1:]] == [(0.4, 56_900.0)], "60,000 − 1,240 / 0.4"
    assert desk.held() is None
    assert desk.usdt() == 7_600, "the isolated margin is gone, and nothing else"


def test_a_cross_account_is_liquidated_as_one_the_largest_need_first() -> None:
    desk = MarginDesk(liquidation_fee=0)
    desk.trade(1, 2.0)
    desk.trade(1, 10.0, instrument=OTHER)
    desk.tell(quote(55_400.0, 55_400.1, 100.0, LINEAR))
    assert of_kind(desk.tell(mark(55_500.0)), VenueFill) == []
    said = desk.tell(mark(55_250.0))
    assert [(fill.instrument, fill.origin) for fill in of_kind(said, VenueFill)] == [(LINEAR, "liquidation")]
    assert desk.held(instrument=OTHER) is not None, "what is safe stays"


def test_a_cross_account_that_nobody_buys_from_ends_at_nothing() -> None:
    desk = MarginDesk(balance="9000")
    desk.trade(1, 2.0)
    desk.trade(-1, 10.0, instrument=OTHER)
    desk.tell(empty(), empty(OTHER))
    desk.tell(mark(50_000.0))
    assert desk.held() is None
    assert desk.held(instrument=OTHER) is None
    assert desk.usdt() == 0


def test_bybit_offers_a_lower_tier_fill_or_kill_and_then_closes_at_the_bankruptcy_price() -> None:
    """bybit.eu liquidation-summarize: second tier or higher: a fill-or-kill order of the difference, else the whole."""
    desk = MarginDesk("bybit", balance="20000")
    desk.ask("leverage", 50)
    desk.trade(1, 10.0)
    desk.tell(quote(58_440.0, 58_440.1, 3.0, LINEAR))
    (fill,) = of_kind(desk.tell(mark(58_450.0)), VenueFill)
    assert (fill.size, fill.price) == (10.0, 58_000.0), "3 is not enough for all of the difference, so nothing fills"
    assert desk.usdt() == 0


def test_bybit_closes_the_lowest_tier_at_the_bankruptcy_price_at_once() -> None:
    """bybit.eu liquidation-summarize: lowest margin tier: orders cancelled, then closed at the bankruptcy price."""
    desk = MarginDesk("bybit")
    desk.isolated(20)
    desk.trade(1, 0.5)
    (fill,) = of_kind(desk.tell(mark(57_200.0)), VenueFill)
    assert (fill.size, fill.price) == (0.5, 57_000.0)
    assert desk.usdt() == 8_500


def test_okx_goes_two_tiers_down_and_waits_a_minute_for_the_next_step() -> None:
    """OKX, forced partial liquidation: from tier 3 on, two tiers down; checked again about a minute later."""
    desk = MarginDesk("okx", balance="20000")
    desk.ask("leverage", 50)
    desk.trade(1, 10.0)
    desk.tell(quote(58_500.0, 58_500.1, 0.5, LINEAR))
    (fill,) = of_kind(desk.tell(mark(58_550.0)), VenueFill)
    assert (fill.size, fill.price) == (0.5, 58_500.0), "8 were offered, to hold 2 as tier 1 does; the book had 0.5"
    desk.tell(quote(58_500.0, 58_500.1, 9.0, LINEAR))
    assert of_kind(desk.tell(mark(58_550.0)), VenueFill) == [], "it waits"
    (fill,) = of_kind(desk.tell(mark(58_550.0), wait=61_000_000_000), VenueFill)
    assert (fill.size, fill.price) == (7.5, 58_500.0)


def test_okx_closes_all_where_even_the_lowest_tier_would_not_be_enough() -> None:
    """OKX, forced full liquidation: tier 3 or above with less than the maintenance of tier 1."""
    desk = MarginDesk("okx", balance="20000")
    desk.ask("leverage", 20)
    desk.trade(1, 6.0)
    desk.tell(empty())
    (fill,) = of_kind(desk.tell(mark(56_800.0)), VenueFill)
    assert fill.size == 6.0
    assert desk.usdt() == pytest.approx(0, abs=1e-7)


def test_hyperliquid_closes_a_fifth_of_a_large_position_and_then_all_of_it() -> None:
    """Hyperliquid docs, liquidations: above 100k only 20 % is sent; for 30 seconds after that, the entire position."""
    desk = MarginDesk("hyperliquid", balance="6000")
    desk.trade(1, 2.0)
    desk.tell(quote(57_200.0, 57_200.1, 100.0, LINEAR))
    (fill,) = of_kind(desk.tell(mark(57_200.0)), VenueFill)
    assert (fill.size, fill.price) == (0.4, 57_200.0)
    (fill,) = of_kind(desk.tell(mark(57_190.0)), VenueFill)
    assert (fill.size, fill.price) == (1.6, 57_200.0)
    assert desk.usdt() == pytest.approx(400), "there is no liquidation fee"


def test_hyperliquid_leaves_a_position_to_the_backstop_only_below_two_thirds_of_maintenance() -> None:
    """Hyperliquid docs, liquidations: below 2/3 of maintenance the liquidator vault has it, with its margin."""
    desk = MarginDesk("hyperliquid")
    desk.isolated(20)
    desk.trade(1, 1.0)
    desk.tell(empty())
    assert of_kind(desk.tell(mark(57_200.0)), VenueFill) == []
    assert of_kind(desk.tell(mark(57_160.0)), VenueFill) == []
    (fill,) = of_kind(desk.tell(mark(57_100.0)), VenueFill)
    assert (fill.size, fill.price) == (1.0, 57_000.0)
    assert desk.usdt() == 7_000


def test_hyperliquid_leaves_a_position_alone_whose_equity_equals_its_maintenance() -> None:
    """Hyperliquid docs, liquidations: when the account equity drops below maintenance."""
    desk = MarginDesk("hyperliquid", balance="240")
    desk.ask("leverage", 100)
    desk.trade(1, 0.1)
    desk.tell(empty())
    assert of_kind(desk.tell(mark(57_831.325301204819)), Alert) == []
    assert [alert.code for alert in of_kind(desk.tell(mark(57_831.3)), Alert)] == ["liquidation"]


def test_funding_that_uses_up_isolated_margin_liquidates() -> None:
    desk = MarginDesk(funding=True)
    desk.isolated(20)
    desk.trade(1, 1.0)
    due = desk.time + 20_000_000
    desk.tell(FundingRate(instrument=LINEAR, rate=0.03, funding_time=due))
    said = desk.tell(mark(60_000.0), wait=2_000_000_000)
    assert next(cash.origin for cash in of_kind(said, VenueCash)) == "funding"
    said = desk.tell(FundingRate(instrument=LINEAR, rate=0.025, funding_time=desk.time + 1))
    said += desk.tell(mark(60_000.0), wait=2_000_000_000)
    assert [fill.origin for fill in of_kind(said, VenueFill)] == ["liquidation"]


def test_the_mark_that_funding_waits_for_pays_it_before_it_liquidates() -> None:
    """What is owed for the instant comes out of the margin that there was: afterwards nothing is left to pay it."""
    desk = MarginDesk(funding=True)
    desk.trade(1, 1.0)
    desk.tell(empty())
    due = desk.time + 2_000_000_000
    desk.tell(FundingRate(instrument=LINEAR, rate=0.01, funding_time=due), wait=2_000_000_000)
    said = desk.tell(mark(50_100.0), wait=2_000_000_000)
    told = [each.origin for each in said if isinstance(each, VenueCash | VenueFill)]
    assert told[:2] == ["funding", "liquidation"]
    assert desk.usdt() == 0


def test_funding_that_waits_for_a_mark_is_paid_before_its_account_is_liquidated() -> None:
    """Where marks have stopped, a price of the second after the instant liquidates; who waits still is paid later."""
    desk = MarginDesk(funding=True, mark_age=1_000_000_000)
    desk.trade(1, 1.0)
    desk.trade(-1, 0.1, "b")
    desk.tell(empty(), wait=2_000_000_000)
    due = desk.time + 1_000_000_000
    desk.tell(FundingRate(instrument=LINEAR, rate=0.01, funding_time=due), wait=1_100_000_000)
    said = desk.tell(trade(50_000.0, instrument=LINEAR), wait=2_000_000_000)
    told = [(each.account, each.origin) for each in said if isinstance(each, VenueCash | VenueFill)]
    assert told[:2] == [("a", "funding"), ("a", "liquidation")]
    assert told[-1] == ("b", "funding")
    assert desk.usdt() == 0


def test_all_is_kept_over_a_restart() -> None:
    desk = MarginDesk(insurance_fund={"USDT": 5_000})
    desk.isolated(10)
    desk.trade(1, 1.0)
    before = desk.account()
    desk.restarted()
    assert desk.account().positions == before.positions
    assert desk.ask("margin_mode", mode="isolated").code == "-4046"
    desk.tell(empty())
    desk.tell(mark(50_000.0))
    desk.restarted()
    assert desk.usdt() == 4_000
    assert desk.venue.liquidation is not None
    assert desk.venue.liquidation._takeover.fund == {"USDT": 1_000}


def test_between_bars_the_venues_order_waits_for_the_next_open() -> None:
    desk = MarginDesk(fill_model="bars", liquidation_fee=0)
    desk.isolated(20)
    desk.tell(bar_open(0, 60_000.0, LINEAR))
    desk.trade(1, 0.8)
    desk.tell(bar(0, (60_000.0, 60_000.0, 60_000.0, 60_000.0), LINEAR))
    assert of_kind(desk.tell(mark(57_200.0)), VenueFill) == []
    (fill,) = of_kind(desk.tell(bar_open(10, 57_150.0, LINEAR)), VenueFill)
    assert (fill.origin, fill.price, fill.size) == ("liquidation", 57_150.0, 0.8)
    assert desk.held() is None


def test_a_cancel_that_comes_after_the_liquidation_finds_the_order_ended() -> None:
    desk = MarginDesk()
    desk.isolated(20)
    desk.trade(1, 1.0)
    desk.tell(submit("bid", 1, 0.1, 50_000.0, instrument=LINEAR))
    desk.tell(mark(57_000.0))
    assert desk.answer(cancel("bid")).reason == "already cancelled"


def test_between_two_steps_nobody_else_changes_the_unit() -> None:
    """Binance: -2023 USER_IN_LIQUIDATION, here while the venue's order waits for the next bar's open."""
    desk = MarginDesk(fill_model="bars", liquidation_fee=0)
    desk.isolated(20)
    desk.tell(bar_open(0, 60_000.0, LINEAR))
    desk.trade(1, 0.8)
    desk.tell(bar(0, (60_000.0, 60_000.0, 60_000.0, 60_000.0), LINEAR), mark(57_200.0))
    assert desk.answer(submit("x", 1, 0.1, 50_000.0, instrument=LINEAR)).reason == "-2023 USER_IN_LIQUIDATION"
    assert desk.ask("isolated_margin", 1_000.0).code == "-2023"
    desk.restarted()
    assert desk.ask("isolated_margin", 1_000.0).code == "-2023"
    desk.tell(bar_open(10, 57_150.0, LINEAR))
    assert desk.answer(submit("y", 1, 0.1, 50_000.0, instrument=LINEAR)).status == "open"


def test_an_alert_tells_of_a_liquidation_once_until_the_unit_is_safe_again() -> None:
    desk = MarginDesk("hyperliquid")
    desk.isolated(20)
    desk.trade(1, 1.0)
    desk.tell(empty())
    told = [len(of_kind(desk.tell(mark(price)), Alert)) for price in (57_200.0, 57_190.0, 58_000.0, 57_200.0)]
    assert told == [1, 0, 0, 1]


def test_margin_added_in_time_keeps_a_position() -> None:
    desk = MarginDesk()
    desk.isolated(20)
    desk.trade(1, 0.5)
    desk.ask("isolated_margin", 1_000.0)
    assert of_kind(desk.tell(mark(57_000.0)), VenueFill) == []
    held = desk.held()
    assert held is not None
    assert held.liquidation_price == pytest.approx((2_500 - 30_000) / (0.5 * (0.004 - 1)), rel=1e-14)


def test_an_isolated_position_leaves_the_cross_ones_alone() -> None:
    desk = MarginDesk(liquidation_fee=0)
    desk.isolated(20)
    desk.trade(1, 1.0)
    desk.trade(1, 5.0, instrument=OTHER)
    desk.tell(empty())
    said = desk.tell(mark(30_000.0))
    assert {fill.instrument for fill in of_kind(said, VenueFill)} == {LINEAR}
    assert desk.held(instrument=OTHER) is not None


def test_okx_freezes_a_position_between_two_steps_also_over_a_restart() -> None:
    desk = MarginDesk("okx", balance="20000")
    desk.ask("leverage", 50)
    desk.trade(1, 10.0)
    desk.tell(quote(58_500.0, 58_500.1, 0.5, LINEAR), mark(58_550.0))
    desk.restarted()
    assert desk.answer(submit("x", 1, 0.001, 50_000.0, instrument=LINEAR)).reason == "the position is being liquidated"
    assert desk.ask("leverage", 20).reason == "the position is being liquidated"
    desk.tell(quote(58_500.0, 58_500.1, 9.0, LINEAR))
    (fill,) = of_kind(desk.tell(mark(58_550.0), wait=61_000_000_000), VenueFill)
    assert (fill.origin, fill.size) == ("liquidation", 7.5)


def test_a_short_is_liquidated_by_a_rise() -> None:
    """(1,500 + 30,000) / (0.5 × (1 + 0.004)) = 62,749.0."""
    desk = MarginDesk(liquidation_fee=0)
    desk.isolated(20)
    desk.trade(-1, 0.5)
    held = desk.held()
    assert held is not None
    assert held.liquidation_price == pytest.approx(31_499.95 / 0.502, rel=1e-7)
    desk.tell(quote(62_700.0, 62_800.0, 5.0, LINEAR))
    assert of_kind(desk.tell(mark(62_748.0)), VenueFill) == []
    (fill,) = of_kind(desk.tell(mark(62_749.1)), VenueFill)
    assert (fill.side, fill.price, fill.origin) == (1, 62_800.0, "liquidation")


def test_a_fill_may_liquidate_by_the_price_it_gets() -> None:
    """A market buy far above the mark loses its margin at once."""
    desk = MarginDesk()
    desk.isolated(125)
    desk.tell(quote(59_000.0, 60_500.0, 5.0, LINEAR))
    said = desk.tell(submit("x", 1, 0.5, instrument=LINEAR))
    assert [fill.origin for fill in of_kind(said, VenueFill)][:2] == ["desk", "liquidation"]


def test_a_mark_that_is_too_old_gives_way_to_the_last_price_and_comes_back() -> None:
    desk = MarginDesk("hyperliquid", mark_age=1_000_000_000)
    desk.isolated(20)
    desk.trade(1, 1.0)
    desk.tell(empty())
    assert of_kind(desk.tell(trade(57_200.0, instrument=LINEAR)), Alert) == [], "the mark is still young"
    desk.tell(wait=1_000_000_000)
    assert [alert.code for alert in of_kind(desk.tell(trade(57_200.0, instrument=LINEAR)), Alert)] == ["liquidation"]
    desk.tell(mark(60_000.0))
    assert of_kind(desk.tell(trade(57_200.0, instrument=LINEAR)), Alert) == []


def test_a_restart_does_not_change_when_a_unit_is_looked_at() -> None:
    """The mark of one contract has aged, so that its last price counts, and the next message is of the other one."""

    def told(*, restarts: bool) -> list[Message]:
        desk = MarginDesk(accounts=("a",), mark_age=1_000_000_000)
        for name, size in ((LINEAR, 0.5), (OTHER, 10.0)):
            desk.ask("margin_mode", mode="isolated", instrument=name)
            desk.trade(1, size, instrument=name)
        desk.tell(trade(2_700.0, instrument=OTHER), wait=2_000_000_000)
        if restarts:
            desk.restarted()
        return desk.tell(mark(59_990.0)) + desk.tell(mark(2_900.0, OTHER))

    assert told(restarts=True) == told(restarts=False) == []
