"""Orders that wait, hide, expire or cancel each other at the simulated venue, and how its latencies vary."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from letrade.core.config.desk import FillsConfig, LatencyConfig
from letrade.core.errors import ConfigurationError
from letrade.core.latency import read_latencies
from letrade.core.messages.base import Message
from letrade.core.messages.market import IndexPrice, MarkPrice, Trade
from letrade.core.messages.venue import VenueFill, VenueOrder, VenueSubmit
from tests.actors.venue_parts import (
    LATENCY,
    LINEAR,
    RESPONSE,
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


def told(*messages: Message, **venue: Any) -> Desk:
    desk = Desk(**venue)
    desk.tell(*messages)
    return desk


def linear(name: str, side: int, size: float, price: float | None = None, **more: Any) -> VenueSubmit:
    return submit(name, side, size, price, instrument=LINEAR, **more)


def at(price: float) -> Trade:
    return trade(price, 1.0, LINEAR)


def long_one() -> Desk:
    """Long 1 contract, bought at 100, where only trades are known."""
    desk = told(at(100.0))
    desk.tell(linear("entry", 1, 1.0))
    return desk


@pytest.mark.parametrize(
    ("order", "quiet", "fires", "fill"),
    [
        ({"side": -1, "order_kind": "stop", "trigger": 98.0}, [99.0, 98.1, 105.0], 97.0, 97.0),
        ({"side": -1, "order_kind": "take_profit", "trigger": 103.0}, [102.9, 90.0], 103.5, 103.5),
        ({"side": 1, "order_kind": "stop", "trigger": 103.0}, [102.9, 90.0], 103.5, 103.5),
        ({"side": 1, "order_kind": "take_profit", "trigger": 98.0}, [98.1, 110.0], 97.5, 97.5),
        ({"side": -1, "order_kind": "trailing_stop", "trail": 2.0}, [101.0, 104.0, 102.1], 102.0, 102.0),
        ({"side": 1, "order_kind": "trailing_stop", "trail": 2.0}, [99.0, 96.0, 97.9], 98.0, 98.0),
        ({"side": -1, "order_kind": "stop", "trigger": 98.0, "price": 96.0}, [99.0], 97.0, 97.0),
    ],
)
def test_an_order_waits_for_its_trigger(order: dict[str, Any], quiet: list[float], fires: float, fill: float) -> None:
    desk = told(at(100.0))
    answer = desk.answer(linear("x", size=1.0, **order))
    assert (answer.status, answer.reason) == ("open", "")
    assert [fill for price in quiet for fill in desk.fills(at(price))] == []
    assert desk.fills(at(fires)) == [("x", fill, 1.0)]


def test_a_stop_limit_rests_where_its_limit_is_missed() -> None:
    desk = told(at(100.0))
    desk.tell(linear("x", -1, 1.0, 97.5, order_kind="stop", trigger=98.0))
    said = desk.tell(at(97.0))
    assert [(each.status, each.reason) for each in of_kind(said, VenueOrder)] == [("open", "triggered")]
    assert desk.fills(at(97.6)) == [("x", 97.5, 1.0)]


@pytest.mark.parametrize(("source", "message"), [("mark", MarkPrice), ("index", IndexPrice)])
def test_a_trigger_may_be_the_mark_or_the_index(source: str, message: type[MarkPrice | IndexPrice]) -> None:
    desk = told(message(instrument=LINEAR, price=100.0), at(100.0))
    desk.tell(linear("x", -1, 1.0, order_kind="stop", trigger=98.0, trigger_by=source))
    assert desk.fills(at(90.0)) == []
    assert desk.fills(message(instrument=LINEAR, price=98.0001)) == []
    assert desk.fills(message(instrument=LINEAR, price=98.0)) == [("x", 90.0, 1.0)]


@pytest.mark.parametrize("source", ["mark", "index"])
def test_an_order_that_awaits_a_price_nobody_told_is_refused(source: str) -> None:
    desk = told(at(100.0), (IndexPrice if source == "mark" else MarkPrice)(instrument=LINEAR, price=100.0))
    said = desk.tell(linear("x", -1, 1.0, order_kind="stop", trigger=98.0, trigger_by=source))
    (refused,) = of_kind(said, VenueOrder)
    assert refused.status == "rejected"
    assert refused.reason == f"trigger_by: the data have told no {source} price of the instrument so far"


def test_a_mark_from_before_the_order_and_from_before_the_market_is_remembered() -> None:
    desk = told(MarkPrice(instrument=LINEAR, price=97.0), at(100.0))
    assert desk.fills(linear("a", -1, 1.0, order_kind="stop", trigger=98.0, trigger_by="mark")) == [("a", 100.0, 1.0)]
    desk.tell(quote(99.0, 101.0, 9.0, LINEAR))
    assert desk.fills(linear("b", 1, 1.0, order_kind="take_profit", trigger=98.0, trigger_by="mark")) == [
        ("b", 101.0, 1.0)
    ]


def test_a_stop_trails_the_mark_on_the_tick() -> None:
    desk = told(MarkPrice(instrument=LINEAR, price=100.0), at(100.0))
    desk.tell(linear("x", -1, 1.0, order_kind="trailing_stop", trail=2.0, trigger_by="mark"))
    assert desk.fills(MarkPrice(instrument=LINEAR, price=103.19)) == []
    assert desk.fills(MarkPrice(instrument=LINEAR, price=101.15)) == []
    assert desk.fills(MarkPrice(instrument=LINEAR, price=101.1)) == [("x", 100.0, 1.0)]


def test_a_stop_that_is_reached_already_fires_at_once() -> None:
    desk = told(at(100.0))
    assert desk.fills(linear("x", -1, 1.0, order_kind="stop", trigger=101.0)) == [("x", 100.0, 1.0)]


def test_where_no_trade_is_told_quotes_trigger_and_fill() -> None:
    desk = told(quote(99.0, 101.0, 2.0, LINEAR))
    desk.tell(linear("stop", -1, 1.0, order_kind="stop", trigger=98.0), linear("bid", 1, 3.0, 97.0))
    assert desk.fills(quote(98.5, 99.5, 2.0, LINEAR)) == []
    assert desk.fills(quote(98.0, 99.0, 2.0, LINEAR)) == [("stop", 98.0, 1.0)]
    assert desk.fills(quote(95.0, 97.0, 2.0, LINEAR)) == [("bid", 97.0, 2.0)]


def test_of_two_protections_one_cancels_the_other() -> None:
    desk = long_one()
    pair: dict[str, Any] = {"reduce_only": True, "group": "g"}
    desk.tell(linear("stop", -1, 1.0, order_kind="stop", trigger=95.0, **pair))
    desk.tell(linear("target", -1, 1.0, order_kind="take_profit", trigger=105.0, **pair))
    said = desk.tell(at(105.0))
    assert [(fill.client_order_id, fill.price) for fill in of_kind(said, VenueFill)] == [("target", 105.0)]
    assert {each.client_order_id: (each.status, each.reason) for each in of_kind(said, VenueOrder)} == {
        "stop": ("cancelled", "one cancels the other"),
        "target": ("filled", "triggered"),
    }
    assert desk.account().open_orders == ()
    assert desk.account().positions == ()


def test_a_pair_on_spot_sets_aside_once_what_one_of_them_sells() -> None:
    desk = told(trade(100.0))
    pair: dict[str, Any] = {"reduce_only": True, "group": "g"}
    first = desk.answer(submit("stop", -1, 8.0, order_kind="stop", trigger=95.0, **pair))
    second = desk.answer(submit("target", -1, 8.0, 105.0, group="g"))
    assert (first.status, second.status) == ("open", "open")
    assert desk.answer(submit("more", -1, 3.0)).reason.startswith("insufficient balance")
    desk.tell(cancel("stop"))
    assert desk.answer(submit("more2", -1, 3.0)).reason.startswith("insufficient balance")
    desk.tell(cancel("target"))
    assert desk.answer(submit("more3", -1, 3.0)).status == "filled"


def test_a_protection_ends_with_the_position_that_it_would_close() -> None:
    desk = long_one()
    desk.tell(linear("stop", -1, 1.0, order_kind="stop", trigger=95.0, reduce_only=True))
    said = desk.tell(linear("exit", -1, 1.0))
    (ended,) = [each for each in of_kind(said, VenueOrder) if each.client_order_id == "stop"]
    assert (ended.status, ended.reason) == ("cancelled", "reduce_only: no more is left to reduce")


def test_a_protection_that_comes_before_its_position_stays_and_closes_no_more_than_that() -> None:
    desk = told(at(100.0))
    desk.tell(linear("stop", -1, 5.0, order_kind="stop", trigger=95.0, reduce_only=True))
    desk.tell(linear("entry", 1, 2.0))
    assert desk.fills(at(95.0)) == [("stop", 95.0, 2.0)]


def test_fill_or_kill_is_all_or_nothing() -> None:
    desk = told(BOOK)
    answer = desk.answer(submit("x", 1, 8.0, 102.0, time_in_force="fok"))
    assert (answer.status, answer.filled) == ("expired", 0.0)
    assert desk.fills(submit("y", 1, 7.0, 102.0, time_in_force="fok")) == [("y", 101.0, 2.0), ("y", 102.0, 5.0)]


def test_an_order_good_till_a_time_ends_at_that_time_also_after_a_restart() -> None:
    desk = told(BOOK)
    end = desk.time + 25_000_000
    desk.tell(submit("x", 1, 1.0, 98.0, time_in_force="gtd", expires=end))
    desk.restarted()
    assert of_kind(desk.tell(trade(100.0)), VenueOrder) == []
    (ended,) = of_kind(desk.tell(trade(100.0)), VenueOrder)
    assert isinstance(ended, VenueOrder)
    assert (ended.status, ended.reason, ended.time) == ("expired", "gtd: its time is over", end + RESPONSE)
    late = desk.answer(submit("y", 1, 1.0, 98.0, time_in_force="gtd", expires=5))
    assert (late.status, late.refused) == ("rejected", True)


def test_an_iceberg_shows_a_part_and_what_comes_next_goes_behind_the_queue() -> None:
    desk = told(snapshot([(99.0, 4.0)], [(101.0, 2.0)]), fills=FillsConfig(queue="pessimistic"))
    desk.tell(submit("x", 1, 3.0, 99.0, shown=1.0))
    assert desk.fills(trade(99.0, 4.0)) == []
    assert desk.fills(trade(99.0, 4.0)) == [("x", 99.0, 1.0)]
    assert desk.fills(trade(99.0, 3.0)) == []
    assert desk.fills(trade(99.0, 3.0)) == [("x", 99.0, 1.0)]
    assert desk.fills(trade(98.0, 3.0)) == [("x", 99.0, 1.0)]


def test_an_account_never_trades_with_itself_on_recorded_data_either() -> None:
    desk = told(BOOK)
    desk.tell(submit("bid", 1, 1.0, 100.0))
    answer = desk.answer(submit("x", -1, 1.0, 99.5))
    assert (answer.status, answer.reason) == ("expired", "self trade: the account's own order is next")
    assert desk.fills(submit("other", -1, 1.0, 99.0, account="b")) == [("other", 99.0, 1.0)]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"order_kind": "maybe", "trigger": 95.0}, "order_kind"),
    ({"order_kind": "stop"}, "trigger"),
    ({"order_kind": "stop", "trigger": 95.001}, "tick"),
    ({"order_kind": "stop", "trigger": 95.0, "trigger_by": "hope"}, "trigger_by"),
    ({"order_kind": "trailing_stop"}, "trail"),
    ({"order_kind": "stop", "trigger": 95.0, "price": 94.0, "post_only": True}, "post_only"),
    ({"order_kind": "stop", "trigger": 105.0, "side": 1}, "price"),
    ({"time_in_force": "gtd", "price": 95.0}, "time_in_force"),
    ({"price": 95.0, "shown": 0.000001}, "lot"),
]


@pytest.mark.parametrize(("order", "reason"), REFUSED)
def test_a_refusal_of_an_order_that_waits_names_the_rule(order: dict[str, Any], reason: str) -> None:
    answer = told(trade(100.0)).answer(submit("x", **{"side": -1, "size": 1.0, **order}))
    assert (answer.status, answer.refused) == ("rejected", True)
    assert answer.reason.startswith(reason)


# ---- among other participants


def among_others() -> Desk:
    """99 bid for 5, 101 asked for 5; the account b bids 98 for 1."""
    desk = told(flow(("limit", 1, 1, 99.0, 5.0), ("limit", 2, -1, 101.0, 5.0), instrument=LINEAR))
    desk.tell(linear("b", 1, 1.0, 98.0, account="b"))
    return desk


def test_among_participants_a_stop_fires_by_their_trades_and_meets_another_account_also_after_a_restart() -> None:
    desk = among_others()
    desk.tell(linear("entry", 1, 1.0))
    pair: dict[str, Any] = {"reduce_only": True, "group": "g"}
    desk.tell(linear("stop", -1, 1.0, order_kind="stop", trigger=99.0, **pair))
    desk.tell(linear("target", -1, 1.0, order_kind="take_profit", trigger=110.0, **pair))
    desk.restarted()
    assert len(desk.account().open_orders) == 2
    said = desk.tell(flow(("market", 3, -1, 0.0, 5.0), instrument=LINEAR))
    assert [(fill.account, fill.client_order_id, fill.price) for fill in of_kind(said, VenueFill)] == [
        ("b", "b", 98.0),
        ("a", "stop", 98.0),
    ]
    assert {each.client_order_id: (each.status, each.reason) for each in of_kind(said, VenueOrder)} == {
        "b": ("filled", ""),
        "stop": ("filled", "triggered"),
        "target": ("cancelled", "one cancels the other"),
    }
    assert (desk.account().positions, desk.account().open_orders) == ((), ())


def test_among_participants_orders_expire_hide_and_are_killed() -> None:
    desk = among_others()
    killed = desk.answer(linear("fok", 1, 6.0, 101.0, time_in_force="fok"))
    assert (killed.status, killed.filled) == ("expired", 0.0)
    desk.tell(linear("ice", 1, 3.0, 100.0, shown=1.0))
    assert desk.fills(flow(("market", 4, -1, 0.0, 2.0), instrument=LINEAR)) == [
        ("ice", 100.0, 1.0),
        ("ice", 100.0, 1.0),
    ]
    desk.tell(linear("gtd", 1, 1.0, 97.0, time_in_force="gtd", expires=desk.time + 15_000_000))
    (ended,) = of_kind(desk.tell(), VenueOrder)
    assert (ended.client_order_id, ended.status, ended.reason) == ("gtd", "expired", "gtd: its time is over")
    desk.tell(MarkPrice(instrument=LINEAR, price=97.0))
    desk.tell(cancel("ice"), linear("mark", -1, 1.0, order_kind="stop", trigger=90.0, trigger_by="mark"))
    assert desk.answer(amend("mark", 95.0, 1.0, instrument=LINEAR)).status == "open"
    assert desk.fills(MarkPrice(instrument=LINEAR, price=94.9)) == [("mark", 99.0, 1.0)]


def test_a_waiting_order_is_amended_and_cancelled() -> None:
    desk = told(at(100.0))
    desk.tell(linear("x", -1, 1.0, order_kind="stop", trigger=95.0))
    assert desk.answer(amend("x", 97.0, 2.0, instrument=LINEAR)).status == "open"
    assert desk.fills(at(97.0)) == [("x", 97.0, 2.0)]
    desk.tell(linear("y", -1, 1.0, order_kind="stop", trigger=90.0))
    assert desk.answer(cancel("y")).status == "cancelled"
    assert desk.fills(at(80.0)) == []


# ---- bars


def test_within_one_bar_the_stop_comes_before_the_target_and_a_gap_fills_it_at_the_open() -> None:
    for opened, price in ((100.0, 95.0), (93.0, 93.0)):
        desk = told(bar_open(0, 100.0, LINEAR))
        pair: dict[str, Any] = {"reduce_only": True, "group": "g"}
        desk.tell(linear("entry", 1, 1.0))
        desk.tell(linear("stop", -1, 1.0, order_kind="stop", trigger=95.0, **pair))
        desk.tell(linear("target", -1, 1.0, 105.0, **pair))
        said = desk.tell(bar(0, (100.0, 101.0, 99.0, 100.0), LINEAR), bar_open(1, opened, LINEAR))
        said += desk.tell(bar(1, (opened, 110.0, 90.0, 100.0), LINEAR))
        assert [(fill.client_order_id, fill.price) for fill in of_kind(said, VenueFill)] == [("stop", price)]


def test_a_taker_on_bars_pays_half_the_spread_and_impact_and_gets_a_share_of_the_volume() -> None:
    fills = FillsConfig(spread=Decimal("0.002"), impact=Decimal("0.5"), volume_share=Decimal("0.25"))
    desk = told(bar_open(0, 100.0), fills=fills)
    desk.tell(bar(0, (100.0, 102.0, 98.0, 100.0)), bar_open(1, 100.0))
    said = desk.tell(submit("x", 1, 1.0))
    # half of 0.002 × 100, and 0.5 × a range of 4 × sqrt(0.25 / 1)
    assert [(fill.price, fill.size) for fill in of_kind(said, VenueFill)] == [(101.1, 0.25)]
    assert of_kind(said, VenueOrder)[0].status == "expired"
    assert desk.answer(submit("y", 1, 1.0)).filled == 0.0


# ---- queues and latency


@pytest.mark.parametrize(
    ("queue", "filled"), [("none", 1.0), ("pessimistic", 0.5), ("probabilistic", 1.0), ("last", 0.0)]
)
def test_the_queue_model_says_what_of_a_trade_at_our_price_is_ours(queue: Any, filled: float) -> None:
    desk = told(snapshot([(99.0, 4.0)], [(101.0, 2.0)]), fills=FillsConfig(queue=queue, queue_power=Decimal(1)))
    desk.tell(submit("x", 1, 1.0, 99.0))
    desk.tell(delta(11, 11, bids=[(99.0, 7.0)]), trade(99.0, 1.0))
    desk.tell(delta(12, 12, bids=[(99.0, 4.0)]))
    said = desk.tell(trade(99.0, 3.5)) if queue != "none" else []
    done = sum(fill.size for fill in of_kind(said, VenueFill)) if queue != "none" else desk.answer(cancel("x")).filled
    assert done == filled


def test_latency_varies_by_seed_and_an_overloaded_venue_turns_requests_away() -> None:
    desk = told(BOOK, latency=LatencyConfig(jitter=3_000_000, seed=5))
    times = []
    for number in range(8):
        sent = desk.time
        times.append(desk.answer(submit(f"{number}", 1, 0.1, 98.0)).time - sent)
    assert len(set(times)) > 4
    assert all(LATENCY + RESPONSE <= time <= LATENCY + RESPONSE + 6_000_000 for time in times)
    busy = told(BOOK, latency=LatencyConfig(reject=1.0)).answer(submit("x", 1, 0.1, 98.0))
    assert (busy.status, busy.reason) == ("rejected", "the venue is busy")


def test_recorded_latencies_are_read_and_followed(tmp_path: Path) -> None:
    path = tmp_path / "latency.csv"
    path.write_text("time,request,response\n0,2000000,300000\n")
    desk = told(BOOK, latency=LatencyConfig(recorded=str(path)))
    sent = desk.time
    assert desk.answer(submit("x", 1, 0.1, 98.0)).time == sent + 2_300_000
    path.write_bytes(b"\xef\xbb\xbf5,70,6\n\n1,-60,6\n\n")
    assert read_latencies(str(path)) == [[5, 70, 6], [1, -60, 6]]
    with pytest.raises(ConfigurationError, match="No such file"):
        read_latencies(str(tmp_path / "none.csv"))


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (b"1,2\n", "line 1: expected time,request,response, found '1,2'"),
        (b"time,request,response\n0,1,x\n", "line 2: expected whole ns"),
        (b"", "expected rows of time,request,response, found none"),
        (b"time,request,response\n", "found none"),
        (b"0,99999999999999999999,2\n", "latencies of at most a day"),
        (b"0,2,-9223372036854775808\n", "latencies of at most a day"),
        (b"\xff\xfe0,1,2\n", "a text of UTF-8"),
    ],
)
def test_recorded_latencies_that_make_no_sense_are_refused(tmp_path: Path, told: bytes, reason: str) -> None:
    path = tmp_path / "latency.csv"
    path.write_bytes(told)
    with pytest.raises(ConfigurationError, match=reason):
        Desk(latency=LatencyConfig(recorded=str(path)))


def test_a_jitter_of_more_than_a_day_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"latency\.jitter: expected at most a day"):
        Desk(latency=LatencyConfig(jitter=2**63 - 1))


def test_orders_meet_the_market_as_it_was_when_the_data_left_it() -> None:
    """A trade that we see 50 us late happened before an order that we saw arrive in between."""
    lag = RESPONSE // 2
    desk = told(trade(100.0), data_latency=lag)
    sent = desk.time
    request = submit("x", 1, 1.0, time=sent)
    seen_late = msgspec.structs.replace(trade(105.0), time=sent + LATENCY + lag - 1)
    said = desk.tell(request, seen_late)
    (fill,) = of_kind(said, VenueFill)
    assert (fill.price, fill.venue_time, fill.time) == (105.0, sent + LATENCY, sent + LATENCY + RESPONSE)
    with pytest.raises(ConfigurationError, match="data_latency"):
        Desk(data_latency=RESPONSE + 1)
