"""The simulated venue among other participants: price-time priority, its public trades and quotes, two accounts."""

from __future__ import annotations

from decimal import Decimal

from letrade.core.messages.events import Alert
from letrade.core.messages.market import Quote, Trade
from letrade.core.messages.venue import VenueFill, VenueOrder
from tests.actors.venue_parts import LINEAR, SPOT, Desk, amend, cancel, flow, submit
from tests.stage import of_kind


def best(quotes: list[Quote]) -> list[tuple[float, float, float, float]]:
    return [(each.bid, each.bid_size, each.ask, each.ask_size) for each in quotes]


def test_quotes_are_published_only_when_the_best_prices_change() -> None:
    desk = Desk()
    said = desk.tell(flow(("limit", 1, 1, 99.0, 5.0)))
    assert best(of_kind(said, Quote)) == [(99.0, 5.0, 0.0, 0.0)]
    assert of_kind(desk.tell(flow(("limit", 2, 1, 98.0, 5.0))), Quote) == []
    said = desk.tell(flow(("limit", 3, -1, 101.0, 1.0), ("market", 4, 1, 0.0, 1.0), ("cancel", 1, 0, 0.0, 0.0)))
    assert best(of_kind(said, Quote)) == [(98.0, 5.0, 0.0, 0.0)]


def test_trades_of_others_are_public_and_known_at_once() -> None:
    desk = Desk()
    said = desk.tell(flow(("limit", 1, 1, 99.0, 5.0), ("market", 2, -1, 0.0, 2.0)))
    (trade,) = of_kind(said, Trade)
    assert (trade.price, trade.size, trade.side, trade.trade_id, trade.time) == (99.0, 2.0, -1, "paper-1", 0)
    assert (trade.source, trade.cause) == ("paper", "feed:1:1")


def test_an_order_waits_behind_those_that_were_there_before() -> None:
    desk = Desk()
    desk.tell(flow(("limit", 1, 1, 99.0, 5.0)))
    desk.tell(submit("x", 1, 2.0, 99.0))
    desk.tell(flow(("limit", 2, 1, 99.0, 5.0)))
    assert desk.fills(flow(("market", 3, -1, 0.0, 5.0))) == []
    assert desk.fills(flow(("market", 4, -1, 0.0, 1.0))) == [("x", 99.0, 1.0)]
    assert desk.fills(flow(("market", 5, -1, 0.0, 6.0))) == [("x", 99.0, 1.0)]


def test_a_smaller_size_keeps_the_place_and_a_larger_one_loses_it() -> None:
    for size, filled in ((1.0, [("x", 99.0, 1.0)]), (3.0, [("y", 99.0, 2.0)])):
        desk = Desk()
        desk.tell(flow(("limit", 1, -1, 101.0, 1.0)))
        desk.tell(submit("x", 1, 2.0, 99.0))
        desk.tell(submit("y", 1, 2.0, 99.0))
        desk.tell(amend("x", 99.0, size))
        assert desk.fills(flow(("market", 2, -1, 0.0, filled[0][2]))) == filled


def test_each_fill_names_the_order_that_it_came_of_and_shares_the_public_trades_id() -> None:
    desk = Desk()
    desk.tell(flow(("limit", 1, -1, 101.0, 1.0)))
    said = desk.tell(submit("x", 1, 2.0, 101.0))
    asked = next(each.cause for each in of_kind(said, VenueOrder))
    said += desk.tell(flow(("market", 2, -1, 0.0, 1.0)))
    fills, trades = of_kind(said, VenueFill), of_kind(said, Trade)
    assert [fill.cause for fill in fills] == [asked, asked]
    assert [fill.trade_id for fill in fills] == [trade.trade_id for trade in trades] == ["paper-1", "paper-2"]
    assert [(fill.maker, fill.fill_number) for fill in fills] == [(False, 1), (True, 2)]
    assert [order.status for order in of_kind(said, VenueOrder)] == ["partly_filled", "filled"]


def test_two_accounts_trade_with_each_other_and_nothing_is_made_or_lost_but_fees() -> None:
    desk = Desk(maker_fee=Decimal("-0.0001"), taker_fee=Decimal("0.0003"))
    desk.tell(flow(("limit", 1, 1, 1.0, 1.0)))
    desk.tell(submit("x", 1, 2.0, 100.0, account="a"))
    said = desk.tell(submit("y", -1, 5.0, 100.0, account="b"))
    mine, theirs = of_kind(said, VenueFill)
    assert (mine.account, theirs.account, mine.trade_id) == ("a", "b", theirs.trade_id)
    assert (str(mine.fee), str(theirs.fee)) == ("-0.02000000 USDT", "0.06000000 USDT")
    assert desk.balance("USDT", "a") == Decimal("999800.02")
    assert desk.balance("USDT", "b") == Decimal("1000199.94")
    assert (desk.balance("BTC", "a"), desk.balance("BTC", "b")) == (12, 8)


def test_an_account_never_trades_with_itself() -> None:
    desk = Desk()
    desk.tell(flow(("limit", 1, -1, 100.0, 1.0), ("limit", 2, -1, 102.0, 1.0)))
    desk.tell(submit("x", -1, 1.0, 101.0))
    said = desk.tell(submit("y", 1, 3.0, 103.0))
    assert [(each.client_order_id, each.price) for each in of_kind(said, VenueFill)] == [("y", 100.0)]
    (answer,) = of_kind(said, VenueOrder)
    assert (answer.status, answer.filled) == ("expired", 1.0)
    assert answer.reason.startswith("self trade")


def test_our_orders_are_seen_in_the_quotes_and_gone_when_cancelled() -> None:
    desk = Desk()
    desk.tell(flow(("limit", 1, 1, 99.0, 5.0)))
    assert best(of_kind(desk.tell(submit("x", 1, 2.0, 99.5)), Quote)) == [(99.5, 2.0, 0.0, 0.0)]
    assert best(of_kind(desk.tell(cancel("x")), Quote)) == [(99.0, 5.0, 0.0, 0.0)]


def test_a_reduce_only_order_shrinks_with_the_position_and_never_opens_another() -> None:
    desk = Desk()
    desk.tell(flow(("limit", 1, -1, 100.0, 5.0), ("limit", 2, 1, 99.0, 50.0), instrument=LINEAR))
    desk.tell(submit("open", 1, 5.0, instrument=LINEAR))
    answer = desk.answer(submit("close", -1, 9.0, 101.0, instrument=LINEAR, reduce_only=True))
    assert (answer.status, answer.size) == ("open", 5.0)
    said = desk.tell(submit("sell", -1, 3.0, instrument=LINEAR))
    (shrunk,) = [each for each in of_kind(said, VenueOrder) if not each.request]
    assert (shrunk.client_order_id, shrunk.size, shrunk.status) == ("close", 2.0, "open")
    said = desk.tell(submit("rest", -1, 4.0, instrument=LINEAR))
    (gone,) = [each for each in of_kind(said, VenueOrder) if not each.request]
    assert (gone.client_order_id, gone.status, gone.filled) == ("close", "cancelled", 0.0)
    assert [position.quantity for position in desk.account().positions] == [-2.0]
    assert desk.answer(submit("no", -1, 1.0, instrument=LINEAR, reduce_only=True)).reason.startswith("reduce_only")


def test_a_plain_and_a_reduce_only_order_taken_at_once_leave_the_position_flat() -> None:
    desk = Desk()
    desk.tell(flow(("limit", 1, -1, 100.0, 5.0), instrument=LINEAR))
    desk.tell(submit("open", 1, 5.0, instrument=LINEAR))
    desk.tell(submit("plain", -1, 5.0, 101.0, instrument=LINEAR))
    desk.tell(submit("close", -1, 5.0, 101.0, instrument=LINEAR, reduce_only=True))
    said = desk.tell(flow(("market", 2, 1, 0.0, 10.0), instrument=LINEAR))
    assert [(fill.client_order_id, fill.size) for fill in of_kind(said, VenueFill)] == [("plain", 5.0)]
    assert [each.status for each in of_kind(said, VenueOrder) if each.client_order_id == "close"][-1] == "cancelled"
    state = desk.account()
    assert (state.positions, state.open_orders) == ((), ())


def test_flow_that_no_book_can_take_is_told_and_the_rest_done() -> None:
    desk = Desk()
    said = desk.tell(
        flow(
            ("limit", 1, 1, 99.001, 1.0),
            ("limit", -1, 1, 99.0, 1.0),
            ("limit", 2, 1, 99.0, 1e15),
            ("stop", 3, 1, 99.0, 1.0),
            ("limit", 4, 1, 99.0, 1.0),
            ("limit", 4, 1, 99.0, 1.0),
            ("limit", 5, 3, 99.0, 1.0),
        )
    )
    (alert,) = of_kind(said, Alert)
    assert (alert.code, alert.instrument) == ("venue-bad-data", SPOT)
    assert alert.text.startswith("participant's order 1:")
    assert best(of_kind(said, Quote)) == [(99.0, 1.0, 0.0, 0.0)]
