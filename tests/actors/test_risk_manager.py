"""RiskManager: opening and reducing are proved, the worst case is reserved, approvals count without a gap."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from letrade.actors.risk.manager import RiskConfig, RiskManager
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.config.desk import RiskLimit
from letrade.core.messages.base import Message
from letrade.core.messages.events import Failure, Flatten, Halt, Resume
from letrade.core.messages.market import Trade
from letrade.core.messages.orders import (
    AmendIntent,
    ApprovedAmend,
    ApprovedOrder,
    Fill,
    OrderIntent,
    OrderRefused,
    OrderUpdate,
    Proposal,
)
from letrade.core.money import money
from tests.actors.desk_parts import LINEAR, SECOND, SPOT, settings
from tests.stage import StageOf, context, of_kind


class Desk:
    """A RiskManager alone, with a market price of 100 in both instruments."""

    def __init__(self, **limits: Any) -> None:
        table = RiskTable(**{"stale_after": None, **limits})
        self.risk = RiskManager("risk", RiskConfig(), context(settings=settings(risk=table)))
        self.stage = StageOf(self.risk)
        self.time = SECOND
        self.count = 0
        self.tell(Trade(instrument=SPOT, price=100.0, size=1.0), Trade(instrument=LINEAR, price=100.0, size=1.0))

    def tell(self, *messages: Message) -> list[Message]:
        self.time += SECOND
        return self.stage.tell(*(msgspec.structs.replace(message, time=self.time) for message in messages))

    def propose(self, side: int, size: float, price: float | None = None, **more: Any) -> list[Message]:
        self.count += 1
        order = OrderIntent(
            order_id=more.pop("order_id", f"alpha.{self.count}.1"), side=side, size=size, price=price,
            reduce_only=more.pop("reduce_only", False),
        )  # fmt: skip
        return self.tell(proposal(orders=(order,), **more))

    def opening(self, side: int, size: float, price: float | None = None, **more: Any) -> bool | str:
        """Whether the order was approved as opening, or the rule that refused it."""
        (answer,) = self.propose(side, size, price, **more)
        if isinstance(answer, OrderRefused):
            return answer.rule
        assert isinstance(answer, ApprovedOrder)
        return answer.opening

    def fill(self, order_id: str, side: int, size: float, instrument: str = LINEAR) -> None:
        self.tell(
            Fill(
                strategy="alpha", account="main", instrument=instrument, order_id=order_id, client_order_id="",
                trade_id=f"{order_id}{self.time}", side=side, price=100.0, size=size, fee=money("USDT", 0),
                maker=False,
            )
        )  # fmt: skip

    def update(self, order_id: str, state: str, **more: Any) -> None:
        usual = {"side": 1, "size": 1.0, "filled": 0.0, "price": 95.0, "reason": ""}
        self.tell(
            OrderUpdate(
                strategy="alpha", account="main", instrument=LINEAR, order_id=order_id, client_order_id="",
                venue_order_id="", state=state, reduce_only=False, **{**usual, **more},
            )
        )  # fmt: skip


def proposal(instrument: str = LINEAR, account: str = "main", **more: Any) -> Proposal:
    return Proposal(strategy="alpha", account=account, instrument=instrument, signal=1, **more)


def test_approvals_count_from_one_without_a_gap() -> None:
    desk = Desk()
    numbers = []
    for size in (1.0, 2.0, 3.0):
        numbers += [approved.approval for approved in of_kind(desk.propose(1, size), ApprovedOrder)]
    assert numbers == [1, 2, 3]


def test_the_same_order_is_approved_once() -> None:
    desk = Desk()
    desk.propose(1, 1.0, order_id="alpha.1.1")
    assert desk.propose(1, 1.0, order_id="alpha.1.1") == []
    desk.update("alpha.1.1", "cancelled")
    assert desk.propose(1, 1.0, order_id="alpha.1.1") == []


def test_an_order_reduces_only_if_it_does_whatever_else_fills() -> None:
    desk = Desk()
    assert desk.opening(1, 2.0) is True
    desk.fill("alpha.1.1", 1, 2.0)
    assert desk.opening(-1, 1.5) is False
    assert desk.opening(-1, 1.0) is True
    desk.update("alpha.2.1", "cancelled")
    assert desk.opening(-1, 1.0) is False


def test_the_word_of_the_sender_proves_nothing() -> None:
    desk = Desk()
    (approved,) = of_kind(desk.propose(-1, 1.0, reduce_only=True), ApprovedOrder)
    assert approved.opening
    assert not approved.order.reduce_only


def test_the_worst_case_of_all_that_works_counts_against_the_limit_until_it_ends() -> None:
    desk = Desk(max_position_notional=Decimal(300))
    assert desk.opening(1, 2.0) is True
    assert desk.opening(1, 2.0) == "position_notional"
    assert desk.opening(-1, 3.0) is True
    desk.update("alpha.1.1", "rejected", size=2.0)
    assert desk.opening(1, 3.0) is True


def test_a_fill_moves_the_reservation_into_the_position() -> None:
    desk = Desk(max_position_notional=Decimal(300))
    desk.propose(1, 2.0)
    desk.fill("alpha.1.1", 1, 2.0)
    assert desk.risk.reservations.orders == {}
    assert desk.opening(1, 1.1) == "position_notional"
    assert desk.opening(1, 1.0) is True


def test_an_order_that_lives_after_all_is_reserved_again() -> None:
    desk = Desk(max_position_notional=Decimal(300))
    desk.propose(1, 2.0)
    desk.update("alpha.1.1", "rejected", size=2.0)
    desk.update("alpha.1.1", "open", size=2.0)
    assert desk.opening(1, 2.0) == "position_notional"


def test_limits_of_one_account_or_instrument_take_the_place_of_the_desks() -> None:
    limits = [RiskLimit(name="perpetual", instrument=LINEAR, max_order_size=Decimal(1))]
    desk = Desk(max_order_size=Decimal(5), limits=limits)
    assert desk.opening(1, 2.0) == "order_size"
    assert desk.opening(1, 2.0, instrument=SPOT) is True


def test_gross_exposure_counts_all_instruments() -> None:
    desk = Desk(max_gross_exposure=Decimal(500))
    desk.propose(1, 3.0, instrument=SPOT)
    assert desk.opening(-1, 3.0) == "gross_exposure"
    assert desk.opening(-1, 2.0) is True
    assert desk.opening(-1, 3.0, account="other") is True


def test_openings_of_an_account_within_a_second_are_counted() -> None:
    desk = Desk(max_orders_per_second=2.0)
    orders = [OrderIntent(order_id=f"alpha.{n}.1", side=1, size=1.0) for n in (11, 12, 13)]
    said = desk.tell(proposal(orders=tuple(orders)))
    assert [type(each) for each in said] == [ApprovedOrder, ApprovedOrder, OrderRefused]
    assert desk.opening(1, 1.0) is True


def test_our_own_orders_never_trade_with_each_other() -> None:
    desk = Desk()
    desk.propose(1, 1.0, 99.0)
    assert desk.opening(-1, 1.0, 99.0) == "own_order"
    assert desk.opening(-1, 1.0) == "own_order"
    assert desk.opening(-1, 1.0, 99.1) is True
    assert desk.opening(1, 1.0, 99.0) is True
    assert desk.opening(-1, 1.0, 99.0, account="other") == "own_order"


def test_two_accounts_may_trade_with_each_other_where_the_desk_says_so() -> None:
    desk = Desk(own_orders="account")
    desk.propose(1, 1.0, 99.0)
    assert desk.opening(-1, 1.0, 99.0, account="other") is True
    assert desk.opening(-1, 1.0, 99.0) == "own_order"


def amend(desk: Desk, price: float, size: float, order_id: str = "alpha.1.1") -> str:
    (answer,) = desk.tell(proposal(amends=(AmendIntent(order_id=order_id, price=price, size=size),)))
    if isinstance(answer, OrderRefused):
        assert answer.what == "amend"
        return answer.rule
    assert isinstance(answer, ApprovedAmend)
    return "opening" if answer.opening else "reducing"


def test_an_amend_counts_with_whatever_is_larger_until_it_is_answered() -> None:
    desk = Desk(max_position_notional=Decimal(300))
    desk.propose(1, 1.0, 95.0)
    assert amend(desk, 95.0, 4.0) == "position_notional"
    assert amend(desk, 95.0, 2.5) == "opening"
    assert amend(desk, 95.0, 2.0) == "amend"
    assert desk.opening(1, 1.0, 95.0) == "position_notional"
    desk.update("alpha.1.1", "open", reason="amend refused")
    assert desk.opening(1, 1.0, 95.0) is True


def test_an_amend_that_only_makes_an_order_smaller_passes_a_halt() -> None:
    desk = Desk()
    desk.propose(1, 2.0, 95.0)
    desk.tell(Halt(account="main", reason="test"))
    assert amend(desk, 95.0, 1.0) == "opening"
    desk.update("alpha.1.1", "open", reason="amended", size=1.0)
    assert amend(desk, 96.0, 1.0) == "halt"
    assert amend(desk, 96.0, 1.0, "alpha.9.9") == "amend"


def test_an_amend_that_execution_would_not_send_is_over() -> None:
    desk = Desk()
    desk.propose(1, 1.0, 95.0)
    amend(desk, 95.0, 2.0)
    desk.tell(
        OrderRefused(
            strategy="alpha", account="main", instrument=LINEAR, order_id="alpha.1.1", rule="amend", limit="",
            value="", refused_by="execution", what="amend",
        )
    )  # fmt: skip
    assert amend(desk, 95.0, 2.0) == "opening"


def test_flatten_pauses_and_a_stopped_owner_halts() -> None:
    desk = Desk()
    desk.tell(Flatten(account="other"))
    assert desk.opening(1, 1.0, account="other") == "halt"
    assert desk.opening(1, 1.0) is True
    said = desk.tell(Failure(actor="ledger", kind="fill", message_id="", error="bug", stopped=True))
    assert [halt.account for halt in of_kind(said, Halt)] == ["*"]
    assert desk.opening(1, 1.0) == "halt"
    desk.tell(Resume(account="*"))
    assert desk.opening(1, 1.0) is True


def test_unknown_accounts_and_instruments_are_refused() -> None:
    desk = Desk()
    assert desk.opening(1, 1.0, account="nobody") == "unknown"
    assert desk.opening(1, 1.0, instrument="paper.ETH-USDT") == "unknown"
