"""Execution against a venue that says exactly what the test wants: late, lost, twice, out of order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from letrade.actors.execution.execution import Execution
from letrade.actors.execution.sending import ExecutionConfig
from letrade.core.ids import client_order_id
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert, Halt, Recovered, Resume
from letrade.core.messages.orders import (
    AmendIntent,
    ApprovedAmend,
    ApprovedOrder,
    CancelOrder,
    CashEntry,
    Fill,
    OrderIntent,
    OrderRefused,
    OrderUpdate,
)
from letrade.core.messages.venue import (
    OpenOrder,
    VenueAmend,
    VenueCancel,
    VenueCash,
    VenueFill,
    VenueOrder,
    VenueQuery,
    VenueState,
    VenueSubmit,
)
from letrade.core.money import money
from letrade.core.stage import Stage
from tests.actors.desk_parts import MS, SECOND, SPOT, settings
from tests.stage import StageOf, context, of_kind

CLIENT = client_order_id("test-uid", "alpha.1.1")


class Desk:
    """Execution alone: approvals of `risk` and answers of `paper` go in."""

    def __init__(self) -> None:
        self.execution = Execution("execution", ExecutionConfig(), context(settings=settings()))
        sources = [("paper", Stage.VENUE), ("capital", Stage.CAPITAL), ("risk", Stage.RISK)]
        self.stage = StageOf(self.execution, sources=sources)
        self.stage.settle(MS)
        self.time = SECOND
        self.approvals = 0
        self.sequence = 0
        self.answer(state())

    def tell(self, *messages: Message, source: str, wait: int = 10 * MS) -> list[Message]:
        stamped = []
        for message in messages:
            self.sequence += 1
            stamped.append(
                msgspec.structs.replace(message, time=self.time, source=source, epoch=1, sequence=self.sequence)
            )
        said = self.stage.tell(*stamped, until=self.time + wait)
        self.time += wait
        return said

    def answer(self, *messages: Message, wait: int = 10 * MS) -> list[Message]:
        return self.tell(*messages, source="paper", wait=wait)

    def wait(self, time: int) -> list[Message]:
        self.time += time
        return self.stage.settle(self.time)

    def approve(self, price: float | None = 95.0, opening: bool = True) -> list[Message]:
        """One order alpha.N.1 to buy 1."""
        self.approvals += 1
        order = OrderIntent(order_id=f"alpha.{self.approvals}.1", side=1, size=1.0, price=price)
        return self.tell(
            ApprovedOrder(
                strategy="alpha", account="main", instrument=SPOT, approval=self.approvals, order=order, opening=opening
            ),
            source="risk",
        )

    def amend(self, price: float, size: float) -> list[Message]:
        self.approvals += 1
        amend = AmendIntent(order_id="alpha.1.1", price=price, size=size)
        return self.tell(
            ApprovedAmend(
                strategy="alpha", account="main", instrument=SPOT, approval=self.approvals, amend=amend, opening=True
            ),
            source="risk",
        )

    def cancel(self) -> list[Message]:
        return self.tell(
            CancelOrder(strategy="alpha", account="main", instrument=SPOT, order_id="alpha.1.1"), source="capital"
        )


def order(status: str, request: str = "", **more: Any) -> VenueOrder:
    usual = {"side": 1, "size": 1.0, "filled": 0.0, "price": 95.0, "client_order_id": CLIENT}
    return VenueOrder(
        strategy="-", account="main", instrument=SPOT, venue_order_id="7", status=status, request=request,
        **{**usual, **more},
    )  # fmt: skip


def fill(number: int, size: float = 1.0, **more: Any) -> VenueFill:
    usual = {"client_order_id": CLIENT, "account": "main", "instrument": SPOT}
    return VenueFill(
        strategy="-", venue_order_id="7", trade_id=f"t{number}", fill_number=number, side=1, price=95.0, size=size,
        fee=money("USDT", 0), maker=True, **{**usual, **more},
    )  # fmt: skip


def state(last_fill: int = 0, orders: Iterable[OpenOrder] = ()) -> VenueState:
    return VenueState(
        strategy="-", account="main", instrument="paper.-", open_orders=tuple(orders), balances=(), positions=(),
        last_fill_number=last_fill,
    )  # fmt: skip


def states(said: list[Message]) -> list[str]:
    return [update.state for update in of_kind(said, OrderUpdate)]


def codes(said: list[Message]) -> list[str]:
    return [alert.code for alert in of_kind(said, Alert)]


def fills(said: list[Message]) -> list[int]:
    return [filled.fill_number for filled in of_kind(said, Fill)]


def questions(said: list[Message]) -> list[VenueQuery]:
    return [query for query in of_kind(said, VenueQuery) if query.account == "main"]


def test_an_approved_order_is_sent_once_under_an_id_that_is_always_the_same() -> None:
    desk = Desk()
    (sent,) = of_kind(desk.approve(), VenueSubmit)
    assert sent.client_order_id == CLIENT
    again = ApprovedOrder(
        strategy="alpha", account="main", instrument=SPOT, approval=2, opening=True,
        order=OrderIntent(order_id="alpha.1.1", side=1, size=1.0, price=95.0),
    )  # fmt: skip
    assert of_kind(desk.tell(again, source="risk"), VenueSubmit) == []


def test_an_approval_that_comes_after_a_lost_one_waits_for_it_and_both_are_taken_in_order() -> None:
    desk = Desk()
    desk.approve()
    desk.approvals += 1  # the second is lost
    assert of_kind(desk.approve(), VenueSubmit) == []
    restored = Desk()
    restored.execution.restore(json_of(desk.execution.state()))
    for each in (desk, restored):
        each.time, each.sequence, each.approvals = desk.time, 50, 1
        assert [update.order_id for update in of_kind(each.approve(), OrderUpdate)] == ["alpha.2.1", "alpha.3.1"]
        each.approvals = 3
        assert len(of_kind(each.approve(), VenueSubmit)) == 1


def test_an_approval_that_waits_for_one_that_never_comes_ends_unsent_when_the_operator_resumes() -> None:
    desk = Desk()
    desk.approve()
    desk.approvals += 1
    desk.approve()
    said = desk.tell(Resume(account="*"), source="operator")
    assert [(update.order_id, update.state) for update in of_kind(said, OrderUpdate)] == [("alpha.3.1", "expired")]
    assert of_kind(said, VenueSubmit) == []
    assert len(of_kind(desk.approve(), VenueSubmit)) == 1


def test_only_the_restart_of_the_desk_itself_lifts_a_pause_and_any_restart_asks_the_venue() -> None:
    desk = Desk()
    desk.tell(Halt(account="*", reason="test", pause=True), source="operator")
    for process, sent in (("one", 0), ("desk", 1)):
        assert questions(desk.tell(Recovered(process=process), source=process))
        assert len(of_kind(desk.approve(), VenueSubmit)) == sent


def json_of(state: Any) -> Any:
    """As a snapshot gives it back."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(msgspec.to_builtins(state)))


def test_a_fill_before_the_ack_counts_and_the_late_ack_changes_nothing() -> None:
    desk = Desk()
    desk.approve()
    said = desk.answer(fill(1, 0.4), order("open", "submit"), fill(2, 0.6), order("filled", filled=1.0))
    assert states(said) == ["partly_filled", "filled"]
    assert fills(said) == [1, 2]


def test_a_fill_after_the_cancel_is_booked_and_the_order_ends_only_when_it_is_in() -> None:
    desk = Desk()
    desk.approve()
    desk.answer(order("open", "submit"))
    assert of_kind(desk.cancel(), VenueCancel)
    assert states(desk.answer(order("cancelled", "cancel", filled=0.4))) == []
    assert states(desk.answer(fill(1, 0.4))) == ["cancelled"]


def test_fills_that_come_twice_are_booked_once() -> None:
    desk = Desk()
    desk.approve()
    assert fills(desk.answer(fill(1, 0.4), fill(1, 0.4))) == [1]
    assert fills(desk.answer(fill(1, 0.4))) == []


def test_a_lost_fill_is_asked_for_and_those_after_it_wait_for_their_turn() -> None:
    desk = Desk()
    desk.approve()
    assert fills(desk.answer(fill(2, 0.3))) == []
    (asked,) = [query for query in of_kind(desk.wait(3 * SECOND), VenueQuery) if not query.client_order_id]
    assert asked.fills_after == 0
    assert fills(desk.answer(fill(1, 0.2), fill(2, 0.3))) == [1, 2]
    assert desk.execution.table.orders["alpha.1.1"].filled == 0.5


def test_without_an_answer_an_order_is_unknown_and_asked_for_until_the_venue_tells() -> None:
    desk = Desk()
    desk.approve()
    said = desk.wait(3 * SECOND)
    assert states(said) == ["unknown"]
    assert [query.client_order_id for query in of_kind(said, VenueQuery)] == [CLIENT]
    assert len(of_kind(desk.wait(60 * SECOND), VenueQuery)) >= 3
    assert desk.execution.exposure("main", SPOT).buys == 10**18
    assert states(desk.answer(order("open", "query"))) == ["open"]


def test_not_found_once_is_not_enough_to_give_an_order_up() -> None:
    desk = Desk()
    desk.approve()
    desk.wait(3 * SECOND)
    lost = order("not_found", "query", size=0.0, price=None)
    assert states(desk.answer(lost)) == []
    desk.wait(3 * SECOND)
    assert states(desk.answer(lost)) == ["rejected"]
    assert desk.execution.exposure("main", SPOT).buys == 0


def test_an_order_that_the_venue_took_after_all_is_cancelled() -> None:
    desk = Desk()
    desk.approve()
    desk.answer(order("rejected", "submit", refused=True))
    said = desk.answer(order("open", "submit"))
    assert states(said) == ["open", "cancel_sent"]
    assert of_kind(said, VenueCancel)


def test_a_refused_cancel_is_asked_about_and_sent_again() -> None:
    desk = Desk()
    desk.approve()
    desk.answer(order("open", "submit"))
    desk.cancel()
    assert states(desk.answer(order("open", "cancel", refused=True))) == ["unknown"]
    assert of_kind(desk.wait(3 * SECOND), VenueQuery)
    said = desk.answer(order("open", "query"))
    assert of_kind(said, VenueCancel)
    assert states(desk.answer(order("cancelled", "cancel"))) == ["cancelled"]


def test_an_amend_is_known_by_its_answer_and_a_refused_one_by_a_query() -> None:
    desk = Desk()
    desk.approve()
    desk.answer(order("open", "submit"))
    assert of_kind(desk.amend(96.0, 2.0), VenueAmend)
    (update,) = of_kind(desk.answer(order("open", "amend", price=96.0, size=2.0)), OrderUpdate)
    assert (update.reason, update.price, update.size) == ("amended", 96.0, 2.0)
    desk.amend(97.0, 2.0)
    assert of_kind(desk.answer(order("open", "amend", refused=True, price=96.0, size=2.0)), VenueQuery)
    (update,) = of_kind(desk.answer(order("open", "query", price=96.0, size=2.0)), OrderUpdate)
    assert (update.reason, update.price) == ("amend refused", 96.0)


def test_the_answer_to_an_earlier_question_says_nothing_of_an_amend() -> None:
    desk = Desk()
    desk.approve()
    assert of_kind(desk.wait(5 * SECOND), VenueQuery)
    desk.answer(order("open", "submit"))
    assert of_kind(desk.amend(96.0, 2.0), VenueAmend)
    assert not of_kind(desk.answer(order("open", "query")), OrderUpdate)
    assert desk.execution.table.orders["alpha.1.1"].remaining == 2 * 10**18
    (update,) = of_kind(desk.answer(order("open", "amend", price=96.0, size=2.0)), OrderUpdate)
    assert (update.reason, update.price, update.size) == ("amended", 96.0, 2.0)
    desk.amend(97.0, 2.0)
    assert of_kind(desk.wait(5 * SECOND), VenueQuery)
    (update,) = of_kind(desk.answer(order("open", "query", price=96.0, size=2.0)), OrderUpdate)
    assert (update.reason, update.price) == ("amend refused", 96.0)


def test_an_amend_of_what_is_not_open_is_refused() -> None:
    desk = Desk()
    desk.approve()
    (refused,) = of_kind(desk.amend(96.0, 2.0), OrderRefused)
    assert (refused.what, refused.refused_by) == ("amend", "execution")


def test_a_fill_of_no_order_of_ours_is_booked_as_manual_and_shown() -> None:
    said = Desk().answer(fill(1, client_order_id="somebody"))
    (booked,) = of_kind(said, Fill)
    assert (booked.strategy, booked.origin, booked.order_id) == ("-", "manual", "")
    assert codes(said) == ["foreign_fill"]


def test_a_foreign_order_is_shown_once_and_left_alone() -> None:
    desk = Desk()
    foreign = OpenOrder(client_order_id="somebody", instrument=SPOT, side=1, size=1.0, filled=0.0, price=90.0)
    assert codes(desk.answer(state(orders=[foreign]))) == ["foreign_order"]
    said = desk.answer(state(orders=[foreign]))
    assert codes(said) == []
    assert of_kind(said, VenueCancel) == []


def test_an_order_of_ours_that_works_though_it_was_over_is_cancelled() -> None:
    desk = Desk()
    desk.approve()
    desk.answer(order("cancelled", "submit"))
    zombie = OpenOrder(client_order_id=CLIENT, instrument=SPOT, side=1, size=1.0, filled=0.0, price=95.0)
    said = desk.answer(state(orders=[zombie]))
    assert codes(said) == ["order_not_gone"]
    assert of_kind(said, VenueCancel)


def test_an_open_order_that_the_venue_does_not_list_is_asked_for() -> None:
    desk = Desk()
    desk.approve()
    desk.answer(order("open", "submit"))
    assert [query.client_order_id for query in of_kind(desk.answer(state()), VenueQuery)] == [CLIENT]


def test_the_account_is_compared_after_trading_and_then_left_in_peace() -> None:
    desk = Desk()
    desk.approve()
    desk.answer(fill(1), order("filled", "submit", filled=1.0))
    assert len(questions(desk.wait(11 * SECOND))) == 1
    desk.answer(state(last_fill=1))
    assert questions(desk.wait(3600 * SECOND)) == []


def test_a_fill_that_cannot_be_booked_halts_its_account() -> None:
    said = Desk().answer(fill(1, instrument="paper.ETH-USDT"))
    assert codes(said) == ["unbookable_fill"]
    assert [halt.account for halt in of_kind(said, Halt)] == ["main"]


def test_cash_is_booked_once() -> None:
    desk = Desk()
    cash = VenueCash(strategy="-", account="main", instrument="paper.-", entry_id="f1", origin="funding",
                     amount=money("USDT", -5))  # fmt: skip
    assert len(of_kind(desk.answer(cash, cash), CashEntry)) == 1


@pytest.mark.parametrize("before", ["sent", "open", "cancelling", "cancelled", "rejected", "filled", "unknown"])
@pytest.mark.parametrize("request_kind", ["submit", "cancel", "amend", "query"])
@pytest.mark.parametrize("refused", [False, True])
def test_no_answer_in_no_state_stops_execution(request_kind: str, refused: bool, before: str) -> None:
    for status in ("filled", "cancelled", "expired", "rejected", "open", "not_found"):
        desk = Desk()
        desk.approve()
        if before == "unknown":
            desk.wait(3 * SECOND)
        elif before == "filled":
            desk.answer(fill(1))
        elif before != "sent":
            first = "open" if before in ("open", "cancelling") else before
            desk.answer(order(first, "submit", refused=first == "rejected"))
        if before == "cancelling":
            desk.cancel()
        answer = order(status, request_kind, refused=refused)
        desk.answer(answer, msgspec.structs.replace(answer, filled=0.5), fill(1, 0.5), answer)
        assert not desk.stage.node.slots[0].stopped


@pytest.mark.parametrize(
    ("opening", "age", "sent"), [(True, 0.9, 1), (True, 1.1, 0), (False, 4.9, 1), (False, 5.1, 0)]
)
def test_what_was_decided_before_an_outage_is_not_sent_after_it(opening: bool, age: float, sent: int) -> None:
    desk = Desk()
    desk.execution.max_age = SECOND
    desk.time += 20 * SECOND
    desk.answer(state())
    order = OrderIntent(order_id="alpha.1.1", side=1, size=1.0, price=95.0)
    late = ApprovedOrder(
        strategy="alpha", account="main", instrument=SPOT, approval=1, order=order, opening=opening,
        time=desk.stage.node.floor - int(age * SECOND), source="risk", epoch=1, sequence=1,
    )  # fmt: skip
    said = desk.stage.tell(late, until=desk.time)
    assert len(of_kind(said, VenueSubmit)) == sent
    assert [update.state for update in of_kind(said, OrderUpdate)][-1] == ("sent" if sent else "expired")
