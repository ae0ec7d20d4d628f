"""Each order type and flag of the simulated venue, on each fill model."""

from __future__ import annotations

from typing import Any

import pytest

from letrade.core.messages.venue import VenueFill, VenueOrder
from tests.actors.venue_parts import MARKETS, Desk, amend, cancel, query, submit
from tests.stage import of_kind

SHOWN = ["matching", "book"]
BLIND = ["trades", "bars"]
ALL = [*SHOWN, *BLIND]

Case = tuple[list[str], dict[str, Any], str, list[tuple[float, float]]]
CASES: list[Case] = [
    (SHOWN, {"side": 1, "size": 3.0}, "filled", [(101.0, 2.0), (102.0, 1.0)]),
    (SHOWN, {"side": 1, "size": 9.0}, "expired", [(101.0, 2.0), (102.0, 5.0)]),
    (SHOWN, {"side": -1, "size": 3.0}, "filled", [(99.0, 3.0)]),
    (SHOWN, {"side": 1, "size": 3.0, "price": 101.0}, "partly_filled", [(101.0, 2.0)]),
    (SHOWN, {"side": 1, "size": 3.0, "price": 100.0}, "open", []),
    (SHOWN, {"side": 1, "size": 3.0, "price": 101.0, "time_in_force": "ioc"}, "expired", [(101.0, 2.0)]),
    (SHOWN, {"side": 1, "size": 3.0, "price": 103.0, "time_in_force": "ioc"}, "filled", [(101.0, 2.0), (102.0, 1.0)]),
    (SHOWN, {"side": 1, "size": 3.0, "price": 101.0, "post_only": True}, "rejected", []),
    (SHOWN, {"side": 1, "size": 3.0, "price": 100.99, "post_only": True}, "open", []),
    (BLIND, {"side": 1, "size": 3.0}, "filled", [(100.0, 3.0)]),
    (BLIND, {"side": -1, "size": 3.0}, "filled", [(100.0, 3.0)]),
    (BLIND, {"side": 1, "size": 3.0, "price": 100.01}, "filled", [(100.0, 3.0)]),
    (BLIND, {"side": 1, "size": 3.0, "price": 100.0}, "open", []),
    (BLIND, {"side": 1, "size": 3.0, "price": 100.0, "time_in_force": "ioc"}, "expired", []),
    (BLIND, {"side": 1, "size": 3.0, "price": 100.01, "post_only": True}, "rejected", []),
    (BLIND, {"side": -1, "size": 3.0, "price": 100.01, "post_only": True}, "open", []),
    (ALL, {"side": -1, "size": 1.0, "price": 105.0, "reduce_only": True}, "open", []),
    (ALL, {"side": 1, "size": 1.0, "price": 95.0, "reduce_only": True}, "rejected", []),
]
EACH = [(kind, *case[1:]) for case in CASES for kind in case[0]]


def told(kind: str, **venue: Any) -> Desk:
    desk = Desk(**venue)
    desk.tell(*MARKETS[kind])
    return desk


@pytest.mark.parametrize(("kind", "order", "status", "fills"), EACH)
def test_an_order_ends_as_its_type_says(
    kind: str, order: dict[str, Any], status: str, fills: list[tuple[float, float]]
) -> None:
    desk = told(kind)
    said = desk.tell(submit("x", **order))
    (answer,) = of_kind(said, VenueOrder)
    assert (answer.status, answer.request, answer.refused) == (status, "submit", status == "rejected")
    assert [(each.price, each.size) for each in of_kind(said, VenueFill)] == fills
    assert answer.filled == sum(size for _, size in fills)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"side": 1, "size": 1.0, "price": 100.001}, "tick"),
    ({"side": 1, "size": 0.000001, "price": 100.0}, "lot"),
    ({"side": 1, "size": 0.0, "price": 100.0}, "size"),
    ({"side": 1, "size": 1e15, "price": 100.0}, "lot"),
    ({"side": 1, "size": 1234567890.12345678, "price": 100.0}, "lot"),
    ({"side": 1, "size": 1.0, "price": 0.1 + 0.2}, "tick"),
    ({"side": 2, "size": 1.0, "price": 100.0}, "side"),
    ({"side": 1, "size": 1.0, "price": 100.0, "time_in_force": "day"}, "time_in_force"),
    ({"side": 1, "size": 1.0, "post_only": True}, "post_only"),
    ({"side": 1, "size": 1.0, "price": 100.0, "post_only": True, "time_in_force": "ioc"}, "post_only"),
    ({"side": 1, "size": 1.0, "instrument": "paper.X-Y"}, "unknown instrument"),
    ({"side": 1, "size": 1.0, "instrument": "paper.BTC-USDT_USDT"}, "no market"),
    ({"side": 1, "size": 1.0, "account": "c"}, "unknown account"),
    ({"side": -1, "size": 11.0}, "insufficient balance"),
    ({"side": 1, "size": 10000.0, "price": 100.0}, "insufficient balance"),
]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(("order", "reason"), REFUSED)
def test_a_refusal_names_the_rule(kind: str, order: dict[str, Any], reason: str) -> None:
    answer = told(kind).answer(submit("x", **order))
    assert answer.status == "rejected"
    assert answer.refused
    assert answer.reason.startswith(reason)


@pytest.mark.parametrize("kind", ALL)
def test_a_duplicate_is_refused_and_the_first_unchanged_also_after_a_restart(kind: str) -> None:
    desk = told(kind)
    desk.tell(submit("x", 1, 1.0, 95.0))
    again = desk.answer(submit("x", 1, 2.0, 96.0))
    assert (again.refused, again.reason, again.status, again.size, again.price) == (
        True,
        "duplicate",
        "open",
        1.0,
        95.0,
    )
    desk.restarted()
    desk.tell(cancel("x"))
    again = desk.answer(submit("x", 1, 2.0))
    assert (again.refused, again.reason, again.status) == (True, "duplicate", "cancelled")
    assert desk.account().last_fill_number == 0


def test_a_refused_order_is_not_taken_when_it_comes_again() -> None:
    desk = told("book")
    desk.tell(submit("x", 1, 1.0, 100.001))
    assert desk.answer(submit("x", 1, 1.0, 100.0)).reason == "duplicate"
    assert desk.account().open_orders == ()


@pytest.mark.parametrize("kind", ALL)
def test_a_cancel_ends_a_working_order_once(kind: str) -> None:
    desk = told(kind)
    desk.tell(submit("x", 1, 1.0, 95.0), submit("y", 1, 1.0))
    answers = [desk.answer(cancel("x")), desk.answer(cancel("x")), desk.answer(cancel("y")), desk.answer(cancel("z"))]
    assert [(each.status, each.refused, each.reason) for each in answers] == [
        ("cancelled", False, ""),
        ("cancelled", True, "already cancelled"),
        ("filled", True, "already filled"),
        ("not_found", True, "unknown order"),
    ]
    assert {each.request for each in answers} == {"cancel"}


AMENDS: list[tuple[float, float, str, bool, str]] = [
    (95.0, 2.0, "open", False, ""),
    (96.0, 4.0, "open", False, ""),
    (96.001, 4.0, "open", True, "tick"),
    (96.0, 0.000001, "open", True, "lot"),
    (96.0, 1_000_000.0, "open", True, "insufficient balance"),
]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(("price", "size", "status", "refused", "reason"), AMENDS)
def test_an_amend_changes_price_and_size_or_nothing(
    kind: str, price: float, size: float, status: str, refused: bool, reason: str
) -> None:
    desk = told(kind)
    desk.tell(submit("x", 1, 3.0, 95.0))
    answer = desk.answer(amend("x", price, size))
    assert (answer.status, answer.refused) == (status, refused)
    assert answer.reason.startswith(reason)
    assert (answer.price, answer.size) == ((95.0, 3.0) if refused else (price, size))


@pytest.mark.parametrize("kind", SHOWN)
def test_an_amend_that_crosses_trades_and_one_below_what_is_filled_is_refused(kind: str) -> None:
    desk = told(kind)
    desk.tell(submit("x", 1, 3.0, 100.0))
    assert desk.fills(amend("x", 101.0, 3.0)) == [("x", 101.0, 2.0)]
    answer = desk.answer(amend("x", 101.0, 1.0))
    assert (answer.refused, answer.status, answer.size) == (True, "partly_filled", 3.0)
    assert "is not above the 2.0 filled" in answer.reason


@pytest.mark.parametrize("kind", ALL)
def test_a_post_only_order_is_not_amended_into_a_taker(kind: str) -> None:
    desk = told(kind)
    desk.tell(submit("x", 1, 1.0, 95.0, post_only=True))
    answer = desk.answer(amend("x", 103.0, 1.0))
    assert (answer.refused, answer.price) == (True, 95.0)
    assert answer.reason.startswith("post_only")


def test_a_query_tells_the_truth_of_an_order() -> None:
    desk = told("book")
    desk.tell(submit("x", 1, 3.0, 101.0), submit("y", 1, 1.0, 95.0), submit("z", 1, 1.0, 95.001))
    desk.tell(cancel("y"))
    answers = [desk.answer(query(name)) for name in ("x", "y", "z", "w")]
    assert [(each.status, each.filled, each.refused) for each in answers] == [
        ("partly_filled", 2.0, False),
        ("cancelled", 0.0, False),
        ("rejected", 0.0, False),
        ("not_found", 0.0, False),
    ]
