"""The simulated venue on recorded data: what limits fills where a book, trades or bars are known."""

from __future__ import annotations

import msgspec
import pytest

from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert
from letrade.core.messages.venue import VenueFill, VenueOrder
from tests.actors.venue_parts import (
    LINEAR,
    Desk,
    amend,
    bar,
    bar_open,
    cancel,
    delta,
    flow,
    quote,
    snapshot,
    submit,
    trade,
)
from tests.stage import of_kind

BOOK = snapshot([(99.0, 5.0)], [(101.0, 2.0), (102.0, 5.0)])


def told(*messages: Message) -> Desk:
    desk = Desk()
    desk.tell(*messages)
    return desk


@pytest.mark.parametrize(
    ("first", "then", "price"),
    [
        (trade(100.0), quote(98.0, 103.0), 103.0),
        (quote(98.0, 103.0), BOOK, 101.0),
        (trade(100.0), bar_open(0, 104.0), 104.0),
        (bar_open(0, 104.0), trade(100.0), 104.0),
        (BOOK, quote(98.0, 103.0), 101.0),
        (BOOK, trade(100.0), 101.0),
        (BOOK, bar_open(0, 104.0), 101.0),
        (trade(100.0), flow(("limit", 1, -1, 107.0, 5.0)), 107.0),
    ],
)
def test_the_model_that_knows_most_decides(first: Message, then: Message, price: float) -> None:
    desk = told(first, then)
    assert desk.fills(submit("x", 1, 1.0)) == [("x", price, 1.0)]


def test_a_model_of_the_desk_files_choice_hears_nothing_else() -> None:
    desk = Desk(fill_model="trades")
    desk.tell(BOOK)
    assert desk.answer(submit("x", 1, 1.0)).reason == "no market"
    desk.tell(trade(100.0))
    assert desk.fills(submit("y", 1, 1.0)) == [("y", 100.0, 1.0)]


def test_orders_stay_when_a_model_gives_way_to_one_that_knows_more() -> None:
    desk = told(trade(100.0))
    desk.tell(submit("x", 1, 1.0, 95.0))
    desk.tell(BOOK)
    assert [order.client_order_id for order in desk.account().open_orders] == ["x"]
    assert desk.fills(trade(94.0)) == [("x", 95.0, 1.0)]


def test_what_we_take_from_a_level_is_gone_until_it_shows_another_size_also_after_a_restart() -> None:
    desk = told(BOOK)
    assert desk.fills(submit("x", 1, 1.5)) == [("x", 101.0, 1.5)]
    desk.restarted()
    desk.tell(delta(11, 11, asks=[(101.0, 2.0)]))
    desk.tell(snapshot([(99.0, 5.0)], [(101.0, 2.0), (102.0, 5.0)], update=11))
    assert desk.fills(submit("y", 1, 1.0)) == [("y", 101.0, 0.5), ("y", 102.0, 0.5)]
    assert desk.fills(delta(12, 12, asks=[(101.0, 3.0)]), submit("z", 1, 1.0)) == [("z", 101.0, 1.0)]


def test_a_resting_limit_fills_only_when_a_trade_goes_through_it_and_no_more_than_the_trades_size() -> None:
    desk = told(BOOK)
    desk.tell(submit("x", 1, 3.0, 98.0))
    assert desk.fills(trade(98.0, 50.0)) == []
    assert desk.fills(delta(11, 11, asks=[(97.0, 9.0)])) == []
    assert desk.fills(trade(97.99, 2.0)) == [("x", 98.0, 2.0)]
    assert desk.fills(trade(97.99, 2.0)) == [("x", 98.0, 1.0)]
    assert desk.fills(trade(97.99, 2.0)) == []


@pytest.mark.parametrize("side", [1, -1])
def test_one_trade_fills_the_best_priced_first_then_the_oldest(side: int) -> None:
    desk = told(snapshot([(90.0, 5.0)], [(110.0, 2.0)]))
    for name, price in (("far", 98.0), ("near", 99.0), ("late", 99.0)):
        desk.tell(submit(name, side, 1.0, price if side > 0 else 200.0 - price))
    through = 97.0 if side > 0 else 103.0
    names = [name for name, _, _ in desk.fills(trade(through, 2.5))]
    assert names == ["near", "late", "far"]


def test_an_amended_order_goes_behind_its_equals_unless_it_only_shrinks() -> None:
    desk = told(BOOK)
    for name in ("x", "y"):
        desk.tell(submit(name, 1, 2.0, 98.0))
    desk.tell(amend("x", 98.0, 1.0))
    assert [name for name, _, _ in desk.fills(trade(97.0, 1.5))] == ["x", "y"]
    desk.tell(submit("z", 1, 2.0, 98.0))
    desk.tell(amend("y", 98.0, 3.0))
    assert [name for name, _, _ in desk.fills(trade(97.0, 2.5))] == ["z", "y"]


def test_a_gap_in_the_book_is_no_market_until_the_next_snapshot() -> None:
    desk = told(BOOK)
    desk.tell(delta(11, 12), delta(15, 16))
    assert desk.answer(submit("x", 1, 1.0)).reason == "no market"
    desk.tell(snapshot([(99.0, 5.0)], [(104.0, 1.0)], update=16))
    assert desk.fills(submit("y", 1, 1.0)) == [("y", 104.0, 1.0)]


def test_deltas_before_the_snapshot_wait_for_it() -> None:
    desk = told(delta(8, 9, asks=[(101.0, 7.0)]), delta(10, 12, asks=[(100.5, 1.0)]))
    assert desk.answer(submit("x", 1, 1.0)).reason == "no market"
    desk.tell(snapshot([(99.0, 5.0)], [(101.0, 2.0)], update=10))
    assert desk.fills(submit("y", 1, 2.0)) == [("y", 100.5, 1.0), ("y", 101.0, 1.0)]


def test_a_book_off_the_instruments_grid_is_told_and_not_believed() -> None:
    desk = told(BOOK)
    (alert,) = of_kind(desk.tell(delta(11, 11, asks=[(100.001, 1.0)])), Alert)
    assert alert.code == "venue-bad-data"
    assert desk.answer(submit("x", 1, 1.0)).reason == "no market"


def test_quotes_alone_fill_no_more_than_they_show_and_the_rest_is_cancelled() -> None:
    desk = told(quote(99.0, 101.0, 2.0))
    said = desk.tell(submit("x", 1, 5.0))
    assert [(fill.price, fill.size) for fill in of_kind(said, VenueFill)] == [(101.0, 2.0)]
    assert of_kind(said, VenueOrder)[0].status == "expired"
    said = desk.tell(quote(0.0, 0.0, 0.0), submit("y", -1, 1.0))
    assert of_kind(said, VenueOrder)[0].reason == "no market"


def test_a_recorded_trade_may_be_finer_than_the_lot_and_off_the_tick() -> None:
    desk = told(trade(100.005))
    assert desk.fills(submit("x", 1, 1.0)) == [("x", 100.005, 1.0)]
    assert str(desk.balance("USDT")) == "999899.94499750"
    desk.tell(submit("y", 1, 1.0, 99.0))
    assert desk.fills(trade(98.0, 0.000019)) == [("y", 99.0, 0.00001)]


def test_an_order_decided_at_a_close_fills_at_the_next_open_and_never_earlier() -> None:
    desk = told(bar_open(0, 100.0))
    desk.tell(bar(0, (100.0, 110.0, 90.0, 105.0)))
    assert desk.fills(submit("x", 1, 1.0)) == []
    assert [order.client_order_id for order in desk.account().open_orders] == ["x"]
    said = desk.tell(bar_open(1, 107.0))
    assert [(fill.price, fill.size) for fill in of_kind(said, VenueFill)] == [(107.0, 1.0)]
    assert [(each.status, each.request) for each in of_kind(said, VenueOrder)] == [("filled", "")]
    desk.tell(bar(1, (107.0, 108.0, 106.0, 107.5)), bar_open(2, 108.0))
    assert desk.fills(submit("y", 1, 1.0)) == [("y", 108.0, 1.0)]


def test_the_close_of_a_bar_and_the_next_open_may_come_in_either_order() -> None:
    desk = told(bar_open(0, 100.0))
    desk.tell(bar_open(1, 107.0), bar(0, (100.0, 110.0, 90.0, 105.0)))
    assert desk.fills(submit("x", 1, 1.0)) == [("x", 107.0, 1.0)]


@pytest.mark.parametrize(("side", "price", "low", "high"), [(1, 95.0, 95.0, 101.0), (-1, 105.0, 99.0, 105.0)])
def test_a_limit_fills_at_its_price_when_a_bar_goes_through_it_not_when_it_touches(
    side: int, price: float, low: float, high: float
) -> None:
    desk = told(bar_open(0, 100.0))
    desk.tell(submit("x", side, 1.0, price))
    assert desk.fills(bar(0, (100.0, high, low, 100.0)), bar_open(1, 100.0)) == []
    beyond = bar(1, (100.0, high + 0.01, low - 0.01, 100.0))
    assert desk.fills(beyond) == [("x", price, 1.0)]


def test_a_limit_fills_at_its_price_when_a_bar_opens_beyond_it() -> None:
    desk = told(bar_open(0, 100.0))
    desk.tell(submit("x", 1, 1.0, 95.0))
    assert desk.fills(bar(0, (100.0, 101.0, 99.0, 100.0)), bar_open(1, 90.0)) == [("x", 95.0, 1.0)]


def test_an_order_that_waits_for_the_open_may_be_cancelled_or_meet_a_price_it_cannot_pay() -> None:
    desk = told(bar_open(0, 100.0))
    desk.tell(bar(0, (100.0, 100.0, 100.0, 100.0)))
    desk.tell(submit("gone", 1, 1.0), cancel("gone"), submit("dear", 1, 9_000.0))
    said = desk.tell(bar_open(1, 200.0))
    assert of_kind(said, VenueFill) == []
    (answer,) = of_kind(said, VenueOrder)
    assert (answer.client_order_id, answer.status) == ("dear", "expired")
    assert answer.reason.startswith("insufficient balance")


def test_bars_that_the_desk_builds_itself_are_nothing_to_the_venue() -> None:
    desk = told(bar_open(0, 100.0))
    desk.tell(submit("x", 1, 1.0, 95.0))
    built = msgspec.structs.replace(bar(0, (100.0, 100.0, 90.0, 100.0)), source="execution", sequence=1, time=desk.time)
    assert of_kind(desk.stage.tell(built, until=desk.time + 1_000_000), VenueFill) == []


def test_instruments_of_other_venues_are_not_heard() -> None:
    desk = told(msgspec.structs.replace(trade(100.0), instrument="other.BTC-USDT"))
    assert desk.answer(submit("x", 1, 1.0, instrument=LINEAR)).reason == "no market"


def test_bad_data_again_and_again_is_told_less_and_less_often() -> None:
    desk = told()
    bad = [desk.tell(quote(100.001, 101.0)) for _ in range(9)]
    alerts = [alert.text.rpartition("(")[2] for said in bad for alert in of_kind(said, Alert)]
    assert alerts == ["1 so far)", "2 so far)", "4 so far)", "8 so far)"]


def test_a_position_is_valued_at_the_middle_that_is_shown_also_where_we_took_all_that_was_there() -> None:
    desk = told(snapshot([(99.0, 5.0)], [(101.0, 2.0)], instrument=LINEAR))
    assert desk.fills(submit("x", 1, 2.0, instrument=LINEAR)) == [("x", 101.0, 2.0)]
    market = desk.venue.exchange.market(LINEAR)
    assert market is not None
    assert market.value_price() == 100.0
