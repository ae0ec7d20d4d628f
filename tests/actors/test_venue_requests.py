"""The simulated venue at a distance: latency, the order of requests, answers lost, late, doubled, or a no."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from letrade.core.config.desk import FaultsConfig
from letrade.core.messages.base import Message
from letrade.core.messages.venue import VenueFill, VenueOrder, VenueState
from tests.actors.venue_parts import LATENCY, RESPONSE, Desk, cancel, query, snapshot, submit, trade
from tests.stage import of_kind

BOOK = snapshot([(99.0, 1000.0)], [(101.0, 1000.0)])
LATE = 50_000_000


def told(**faults: Any) -> Desk:
    desk = Desk(faults=FaultsConfig(seed=7, delay_time=LATE, **faults))
    desk.tell(BOOK)
    return desk


def header(message: Message) -> tuple[int, str]:
    return message.time, message.cause


def test_a_request_is_acted_on_after_the_order_latency_and_answered_after_the_response_latency() -> None:
    desk = told()
    sent = desk.time
    (answer,) = of_kind(desk.tell(submit("x", 1, 1.0, 95.0)), VenueOrder)
    assert header(answer) == (sent + LATENCY + RESPONSE, "execution:1:2")
    (fill,) = of_kind(desk.tell(trade(94.0)), VenueFill)
    assert header(fill) == (sent + 10_000_000 + RESPONSE, "execution:1:2")
    assert fill.venue_time == sent + 10_000_000


def test_an_order_meets_the_market_of_its_arrival_not_of_its_sending() -> None:
    for late, price in ((LATENCY - 1, 103.0), (LATENCY, 101.0), (LATENCY + 1, 101.0)):
        desk = Desk()
        desk.tell(trade(101.0))
        moved = msgspec.structs.replace(trade(103.0), time=desk.time + late)
        assert desk.fills(submit("x", 1, 1.0), moved) == [("x", price, 1.0)]


def test_requests_are_acted_on_in_the_order_of_their_times() -> None:
    desk = told()
    first = msgspec.structs.replace(submit("first", 1, 1.0), time=desk.time + 10)
    second = msgspec.structs.replace(submit("second", 1, 1.0), time=desk.time + 20)
    said = desk.tell(second, first, submit("zero", 1, 1.0))
    assert [fill.client_order_id for fill in of_kind(said, VenueFill)] == ["zero", "first", "second"]
    assert [order.venue_order_id for order in of_kind(said, VenueOrder)] == ["1", "2", "3"]


def test_a_request_that_is_on_its_way_survives_a_restart() -> None:
    desk = Desk(order_latency=5 * LATENCY)
    desk.tell(BOOK)
    assert desk.tell(submit("x", 1, 1.0), wait=LATENCY) == []
    desk.restarted()
    assert [fill.client_order_id for fill in of_kind(desk.tell(), VenueFill)] == ["x"]


def test_without_faults_every_request_has_one_answer() -> None:
    desk = told()
    for number in range(20):
        assert desk.answer(submit(f"{number}", 1, 1.0, 95.0)).status == "open"


def test_lost_requests_and_lost_answers_leave_a_truth_that_a_query_tells() -> None:
    desk = told(lose=0.5)
    answered = {}
    for number in range(60):
        said = of_kind(desk.tell(submit(f"{number}", 1, 1.0)), VenueOrder)
        answered[f"{number}"] = [each.status for each in said]
    state = next(state for _ in range(20) for state in of_kind(desk.tell(query()), VenueState))
    known = {name: order.status for name, order in desk.venue.exchange.accounts["a"].orders.items()}
    done = state.last_fill_number
    assert all(status == "filled" for status in known.values())
    assert done == len(known) < 60
    assert 0 < sum(map(len, answered.values())) < done
    assert all(statuses in ([], ["filled"]) for statuses in answered.values())
    missed = next(fills for _ in range(20) if (fills := of_kind(desk.tell(query(fills_after=0)), VenueFill)))
    assert [fill.fill_number for fill in missed] == list(range(1, done + 1))


def test_when_everything_is_lost_nothing_is_heard_and_half_is_done() -> None:
    desk = told(lose=1.0)
    assert [desk.tell(submit(f"{number}", 1, 1.0, 95.0)) for number in range(40)] == [[]] * 40
    assert 5 < len(desk.venue.exchange.accounts["a"].working) < 35
    assert desk.tell(query()) == []


def test_a_late_answer_is_the_same_answer() -> None:
    desk = told(delay=1.0)
    sent = desk.time
    said = desk.tell(submit("x", 1, 1.0), wait=100_000_000)
    assert {(type(each), each.time) for each in said} == {
        (VenueOrder, sent + LATENCY + RESPONSE + LATE),
        (VenueFill, sent + LATENCY + RESPONSE + LATE),
    }


def test_a_repeated_fill_has_the_same_id_and_number() -> None:
    desk = told(repeat=1.0)
    said = desk.tell(submit("x", 1, 1.0), wait=100_000_000)
    first, second = of_kind(said, VenueFill)
    assert (first.trade_id, first.fill_number, first.cause) == (second.trade_id, second.fill_number, second.cause)
    assert second.time - first.time == LATE
    assert len(of_kind(said, VenueOrder)) == 2
    assert desk.account().last_fill_number == 1


def test_a_request_refused_by_chance_changes_nothing_and_its_order_id_is_spent() -> None:
    desk = told(refuse=1.0)
    answer = desk.answer(submit("x", 1, 1.0))
    assert (answer.status, answer.refused, answer.reason) == ("rejected", True, "the venue is busy")
    assert desk.answer(cancel("x")).refused
    assert desk.answer(query("x")).status == "rejected"
    assert desk.account().last_fill_number == 0


def test_a_cancel_refused_by_chance_leaves_the_order() -> None:
    desk = told(refuse=0.5)
    answers: Counter[tuple[str, bool]] = Counter()
    for number in range(40):
        if not desk.answer(submit(f"{number}", 1, 0.1, 95.0)).refused:
            answer = desk.answer(cancel(f"{number}"))
            answers[(answer.status, answer.refused)] += 1
    assert set(answers) == {("open", True), ("cancelled", False)}
    assert len(desk.account().open_orders) == answers[("open", True)]


@pytest.mark.parametrize("faults", [{"lose": 0.3, "delay": 0.3, "repeat": 0.3, "refuse": 0.3}])
def test_the_same_seed_does_the_same_also_over_a_restart(faults: dict[str, float]) -> None:
    runs = []
    for restart in (None, 3, 11):
        desk = told(**faults)
        said: list[Message] = []
        for number in range(20):
            if number == restart:
                desk.restarted()
            said += desk.tell(submit(f"{number}", 1, 1.0), cancel(f"{number}"))
        runs.append(said)
    assert runs[0] == runs[1] == runs[2]


def test_nobody_is_told_of_an_account_that_is_not_at_this_venue() -> None:
    answer = told().answer(query("x", account="nobody"))
    assert (answer.status, answer.reason) == ("not_found", "unknown account 'nobody'")
