"""Execution's margin part: settings once each, however often asked; reductions proved, also while halted."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from letrade.actors.execution.reduce import Closing, within
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.events import Halt
from letrade.core.messages.margin import LEVERAGE, MarginRequest, MarginUpdate, Reduce, VenueMargin
from letrade.core.messages.orders import Fill, OrderRefused, OrderUpdate
from letrade.core.messages.venue import VenueSubmit
from tests.actors.desk_parts import TradingDesk
from tests.actors.margin_parts import LINEAR, MS, margin_desk, stamped
from tests.stage import of_kind

SECOND = 1_000 * MS


def request(request_id: str = "leverage-1", value: float = 5.0, **more: Any) -> MarginRequest:
    fields: dict[str, Any] = {"account": "main", "instrument": LINEAR} | more
    return MarginRequest(strategy=NO_STRATEGY, request_id=request_id, change=LEVERAGE, value=value, **fields)


def reduce(size: float, reduction_id: str = "monitor-1", strategy: str = NO_STRATEGY) -> Reduce:
    return Reduce(
        strategy=strategy, account="main", instrument=LINEAR, reduction_id=reduction_id, size=size, reason="test"
    )


def states(said: list[Any]) -> list[str]:
    return [update.state for update in of_kind(said, MarginUpdate)]


def holding(*positions: tuple[str, float], script: tuple[str | None, ...] = ()) -> TradingDesk:
    desk = margin_desk(*script)
    desk.trade(100.0, LINEAR)
    for strategy, position in positions:
        desk.target(position, strategy=strategy, instrument=LINEAR)
    return desk


def test_a_setting_is_carried_to_the_venue_and_its_answer_told() -> None:
    said = margin_desk().tell(stamped(request()))
    assert states(said) == ["sent", "done"]
    assert of_kind(said, MarginUpdate)[-1].value == 5.0


def test_a_refusal_is_told_with_the_venues_code() -> None:
    said = margin_desk("-4161").tell(stamped(request()))
    assert [(each.state, each.code) for each in of_kind(said, MarginUpdate)] == [("sent", ""), ("refused", "-4161")]


def test_one_request_id_is_asked_for_once_and_a_repeat_hears_what_became_of_it() -> None:
    desk = margin_desk()
    desk.tell(stamped(request()), stamped(request()))
    said = desk.tell(stamped(request()))
    assert len(desk.actor("paper").asked) == 1
    assert states(said) == ["done"]


def test_silence_is_unknown_and_asked_again_under_the_same_id() -> None:
    desk = margin_desk(None, None, "")
    said = desk.tell(stamped(request()), wait=15 * SECOND)
    assert states(said) == ["sent", "unknown", "done"]
    assert [each.request_id for each in desk.actor("paper").asked] == ["leverage-1"] * 3


def test_a_late_second_answer_changes_nothing() -> None:
    desk = margin_desk()
    desk.tell(stamped(request()))
    said = desk.tell(stamped(desk_answer(desk)))
    assert states(said) == []


def desk_answer(desk: TradingDesk) -> Any:
    from letrade.core.messages.margin import VenueMarginAnswer

    return VenueMarginAnswer(
        strategy=NO_STRATEGY, account="main", instrument=LINEAR, request_id="leverage-1", change=LEVERAGE,
        refused=True, code="-1",
    )  # fmt: skip


def test_a_restart_between_question_and_answer_asks_under_the_same_id_and_settles_once() -> None:
    desk = margin_desk(None)
    desk.tell(stamped(request()))
    fresh = desk.restarted()
    asked = of_kind(fresh.tell(stamped(request())), VenueMargin)
    later = of_kind(fresh.tell(wait=3 * SECOND), VenueMargin)
    assert asked == []
    assert [each.request_id for each in later] == ["leverage-1"]


def test_an_unknown_account_or_instrument_is_refused_here() -> None:
    desk = margin_desk()
    assert states(desk.tell(stamped(request(account="nobody")))) == ["refused"]
    assert states(desk.tell(stamped(request("leverage-2", instrument="paper.X-USDT_USDT")))) == ["refused"]
    assert desk.actor("paper").asked == []


def test_a_reduction_is_sent_reduce_only_under_an_id_of_its_own() -> None:
    desk = holding(("alpha", 2.0))
    said = desk.tell(stamped(reduce(0.5)))
    (submit,) = of_kind(said, VenueSubmit)
    assert (submit.side, submit.size, submit.reduce_only, submit.strategy) == (-1, 0.5, True, "alpha")
    assert of_kind(said, OrderUpdate)[0].order_id == "reduce.monitor-1.1"
    assert desk.held("alpha", LINEAR) == 1.5


def test_a_reduction_goes_out_while_the_account_is_halted() -> None:
    desk = holding(("alpha", 2.0))
    desk.tell(Halt(account="main", reason="test", source="operator"))
    desk.tell(stamped(reduce(2.0)))
    assert desk.held("alpha", LINEAR) == 0.0


def test_a_reduction_is_never_sent_twice_also_not_after_a_restart() -> None:
    desk = holding(("alpha", 2.0))
    desk.tell(stamped(reduce(0.5)), stamped(reduce(0.5)))
    desk.tell(stamped(reduce(0.5)))
    assert desk.held("alpha", LINEAR) == 1.5
    assert of_kind(desk.restarted().tell(stamped(reduce(0.5))), VenueSubmit) == []


def test_a_reduction_of_the_account_is_shared_in_proportion_by_those_on_its_side() -> None:
    desk = holding(("alpha", 3.0), ("beta", 1.0))
    desk.tell(stamped(reduce(2.0)))
    assert (desk.held("alpha", LINEAR), desk.held("beta", LINEAR)) == (1.5, 0.5)


def test_no_more_is_closed_than_the_account_holds() -> None:
    desk = holding(("alpha", 3.0), ("beta", -1.0))
    desk.tell(stamped(reduce(9.0)))
    assert (desk.held("alpha", LINEAR), desk.held("beta", LINEAR)) == (1.0, -1.0)


def test_what_cannot_be_reduced_is_refused_and_told() -> None:
    said = holding().tell(stamped(reduce(1.0)))
    (refused,) = of_kind(said, OrderRefused)
    assert (refused.order_id, refused.rule) == ("reduce.monitor-1", "reduces")


def test_a_reduction_from_before_an_outage_is_not_sent_after_it() -> None:
    desk = holding(("alpha", 2.0))
    desk.actor("execution").max_age = SECOND
    desk.time += 20 * SECOND
    desk.trade(100.0, LINEAR)
    late = replace(reduce(0.5), time=desk.stage.node.floor - 6 * SECOND, source="operator", epoch=1, sequence=99)
    (refused,) = of_kind(desk.stage.tell(late, until=desk.time), OrderRefused)
    assert refused.rule == "late"
    assert desk.held("alpha", LINEAR) == 2.0


def test_working_orders_that_stand_in_the_way_are_taken_off_first() -> None:
    desk = holding(("alpha", 2.0))
    desk.quotes((-1, 101.0, 2.0), (1, 99.0, 1.0), instrument=LINEAR)
    said = desk.tell(stamped(reduce(1.5)))
    assert desk.held("alpha", LINEAR) == 0.5
    assert [fill.size for fill in of_kind(said, Fill)] == [1.5]
    assert desk.working() == []


def test_a_restart_while_orders_are_cancelled_neither_forgets_nor_doubles() -> None:
    desk = holding(("alpha", 2.0))
    desk.quotes((-1, 101.0, 2.0), instrument=LINEAR)
    desk.tell(stamped(reduce(1.5)), wait=0)
    fresh = desk.restarted()
    fresh.tell(stamped(reduce(1.5)), wait=SECOND)
    assert fresh.held("alpha", LINEAR) == 0.5


def test_parts_of_a_reduction_are_whole_lots_that_add_up() -> None:
    found = [Closing("a", -1, 700), Closing("b", -1, 200), Closing("c", -1, 100)]
    parts = within(found, 555, 10)
    assert [part.size % 10 for part in parts] == [0, 0, 0]
    assert sum(part.size for part in parts) == 550
