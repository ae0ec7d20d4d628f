"""Baskets: all legs or none, and nothing stands alone for longer than it may."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pytest

from letrade.actors.strategies.base import BaseStrategy, StrategyConfig
from letrade.core.config.desk import DeskConfig, RiskLimit
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.messages.events import Alert, Failure, Flatten, Halt
from letrade.core.messages.margin import PositionLimit, Reduce
from letrade.core.messages.market import Trade
from letrade.core.messages.orders import BasketProposal, BasketUpdate, OrderRefused
from letrade.core.messages.signals import Basket
from letrade.core.messages.venue import VenueSubmit
from tests.actors.basket_parts import LINEAR, LOSE, MS, REFUSE, SECOND, SPOT, BasketDesk, updates
from tests.actors.desk_parts import settings
from tests.actors.margin_parts import stamped
from tests.stage import StageOf, context, of_kind


def rich(**more: Any) -> DeskConfig:
    return settings(balances={"USDT": Decimal(1_000_000)}, **more)


PAIR = ((SPOT, 1.0), (LINEAR, -1.0))


def test_both_legs_are_sent_at_once_and_told_as_complete() -> None:
    desk = BasketDesk()
    said = desk.basket(*PAIR)
    assert desk.pair() == (1.0, -1.0)
    assert len({submit.time for submit in of_kind(said, VenueSubmit)}) == 1
    assert updates(said) == [("working", False), ("standing", True)]


def test_legs_of_any_number_of_decimals_are_rounded_towards_zero_to_the_lot() -> None:
    desk = BasketDesk()
    said = desk.basket((SPOT, 0.0010000000000000002), (LINEAR, -0.0010000000000000002))
    assert desk.pair() == (0.001, -0.001)
    assert of_kind(said, Failure) == []


def test_no_leg_is_sent_where_capital_does_not_reach_for_all() -> None:
    desk = BasketDesk(settings())
    said = desk.basket(*PAIR)
    assert of_kind(said, BasketProposal) == []
    assert desk.pair() == (0.0, 0.0)
    assert updates(said) == [("refused", False)]
    assert [refused.rule for refused in of_kind(said, OrderRefused)] == ["capital"]
    assert desk.actor("capital").working.by_id == {}


def test_no_leg_is_sent_where_risk_refuses_one() -> None:
    limit = RiskLimit(name="small", instrument=LINEAR, max_order_size=Decimal("0.5"))
    desk = BasketDesk(rich(risk=RiskTable(stale_after=None, limits=[limit])))
    said = desk.basket(*PAIR)
    assert of_kind(said, VenueSubmit) == []
    assert {refused.order_id: refused.rule for refused in of_kind(said, OrderRefused)} == {
        "alpha.1.1": "basket", "alpha.1.2": "order_size",
    }  # fmt: skip
    assert updates(said) == [("working", False), ("standing", False)]
    assert of_kind(said, BasketUpdate)[-1].reason.startswith("order_size")
    risk = desk.actor("risk")
    assert (risk.approvals, risk.reservations.orders) == (0, {})
    assert desk.actor("capital").working.by_id == {}


def test_the_openings_of_a_basket_count_together_in_the_rate_of_orders() -> None:
    desk = BasketDesk(rich(risk=RiskTable(stale_after=None, max_orders_per_second=1)))
    said = desk.basket(*PAIR)
    assert of_kind(said, VenueSubmit) == []
    assert "order_rate" in {refused.rule for refused in of_kind(said, OrderRefused)}
    assert of_kind(desk.target(1.0), VenueSubmit) != []


def test_no_leg_is_sent_beyond_a_position_limit() -> None:
    desk = BasketDesk()
    desk.tell(
        stamped(PositionLimit(strategy="-", account="main", instrument=LINEAR, largest=0.5, reason="test"), "leverage")
    )
    said = desk.basket(*PAIR)
    assert of_kind(said, VenueSubmit) == []
    assert desk.pair() == (0.0, 0.0)


def test_what_the_venue_refuses_is_tried_once_more() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, REFUSE)
    said = desk.basket(*PAIR)
    assert desk.pair() == (1.0, -1.0)
    assert updates(said) == [("working", False), ("standing", True)]


def test_what_the_venue_refuses_again_takes_the_other_leg_back() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, REFUSE, REFUSE)
    said = desk.basket(*PAIR)
    assert desk.pair() == (0.0, 0.0)
    assert [(reduce.instrument, reduce.size) for reduce in of_kind(said, Reduce)] == [(SPOT, 1.0)]
    assert updates(said) == [("working", False), ("undoing", False), ("standing", False)]
    assert "margin is insufficient" in of_kind(said, BasketUpdate)[-2].reason or of_kind(said, BasketUpdate)[-1].reason


def test_an_order_that_is_lost_takes_the_other_leg_back_after_half_of_the_bound() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, LOSE)
    began = desk.time
    said = desk.basket(*PAIR, bound=400 * MS, wait=SECOND)
    assert desk.pair() == (0.0, 0.0)
    (reduce,) = of_kind(said, Reduce)
    assert reduce.time - began < 250 * MS
    assert of_kind(said, Alert) == []


def test_half_of_a_pair_that_is_closed_is_finished() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    desk.script(LINEAR, REFUSE, REFUSE)
    desk.basket((SPOT, 0.0), (LINEAR, 0.0), wait=200 * MS)
    assert desk.pair() == (0.0, 0.0)


def test_a_deleveraged_leg_is_bought_back() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    said = desk.cut(LINEAR, 0.4, "adl")
    assert desk.pair() == (1.0, -1.0)
    assert of_kind(said, Reduce) == []


def test_the_other_leg_follows_where_a_deleveraged_one_cannot_be_bought_back() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    desk.script(LINEAR, "", REFUSE)
    said = desk.cut(LINEAR, 0.4, "adl")
    assert desk.pair() == (0.6, -0.6)
    assert updates(said) == [("undoing", False), ("standing", False)]


def test_the_other_leg_follows_a_liquidation() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    desk.cut(LINEAR, 1.0, "liquidation")
    assert desk.pair() == (0.0, 0.0)
    assert desk.actor("capital").groups == {}


def test_a_reduction_of_both_legs_by_another_is_not_doubled() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    said = desk.tell(
        *(
            stamped(
                Reduce(strategy="-", account="main", instrument=leg, reduction_id=f"m-{leg}", size=0.25, reason="test"),
                "monitor",
            )
            for leg in (SPOT, LINEAR)
        ),
        wait=5 * SECOND,
    )
    assert desk.pair() == (0.75, -0.75)
    assert of_kind(said, Reduce) == []


def test_what_others_cut_is_not_rebuilt_after_a_deleveraging() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    one = Reduce(strategy="-", account="main", instrument=LINEAR, reduction_id="m-1", size=0.25, reason="test")
    desk.tell(stamped(one, "monitor"), wait=SECOND)
    desk.cut(LINEAR, 0.25, "adl")
    assert desk.pair() == (0.75, -0.75)


def test_a_reduction_of_one_leg_takes_the_other_along() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    one = Reduce(strategy="-", account="main", instrument=LINEAR, reduction_id="m-1", size=0.25, reason="test")
    desk.tell(stamped(one, "monitor"), wait=SECOND)
    assert desk.pair() == (0.75, -0.75)


def test_a_larger_basket_falls_back_to_the_one_before() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    desk.script(SPOT, REFUSE, REFUSE)
    desk.basket((SPOT, 1.5), (LINEAR, -1.5), wait=200 * MS)
    assert desk.pair() == (1.0, -1.0)


def test_one_leg_alone_may_change() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    said = desk.basket((SPOT, 1.0), (LINEAR, -1.1))
    assert desk.pair() == (1.0, -1.1)
    assert of_kind(said, Reduce) == []


def test_a_wish_that_comes_meanwhile_waits_and_the_newest_counts() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, LOSE)
    desk.basket(*PAIR, bound=400 * MS)
    desk.basket((SPOT, 5.0), (LINEAR, -5.0), bound=400 * MS)
    desk.basket((SPOT, 2.0), (LINEAR, -2.0), bound=400 * MS, wait=3 * SECOND)
    assert desk.pair() == (2.0, -2.0)


def test_orders_of_an_earlier_wish_are_taken_off_first() -> None:
    desk = BasketDesk()
    desk.quotes((1, 50_000.0, 1.0))
    said = desk.basket(*PAIR)
    assert desk.pair() == (1.0, -1.0)
    assert desk.working() == []
    assert [update.state for update in of_kind(said, BasketUpdate)] == ["working", "standing"]


def test_a_target_of_one_leg_ends_the_watch() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    said = desk.target(0.0)
    assert desk.pair() == (0.0, -1.0)
    assert of_kind(said, Reduce) == []


def test_legs_in_two_accounts_are_one_basket() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, REFUSE, REFUSE)
    desk.basket(*PAIR, accounts=("main", "other"), wait=SECOND)
    assert desk.held(account="main") == 0.0
    desk.basket(*PAIR, accounts=("main", "other"))
    assert (desk.held(account="main"), desk.held(instrument=LINEAR, account="other")) == (1.0, -1.0)


def test_wrong_baskets_are_refused_with_the_reason() -> None:
    desk = BasketDesk()
    for legs, accounts in [
        (((SPOT, 1.0), (SPOT, 2.0)), ()),
        (((SPOT, 1.0), ("paper.ETH-USDT", 2.0)), ()),
        (((SPOT, 1.0), (LINEAR, -0.0001)), ()),
        (((SPOT, -1.0), (LINEAR, 1.0)), ()),
        (((SPOT, 1.0), (LINEAR, -1.0)), ("main",)),
        (((SPOT, 1.0), (LINEAR, -1.0)), ("main", "nowhere")),
        (((SPOT, 1.0), (LINEAR, -1.0)), ("nowhere", "main")),
    ]:
        said = desk.basket(*legs, accounts=accounts)
        (told,) = of_kind(said, BasketUpdate)
        assert (told.state, bool(told.reason)) == ("refused", True)
        assert of_kind(said, VenueSubmit) == []


def test_the_bound_holds_over_a_restart() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, LOSE)
    desk.basket(*PAIR, bound=2 * SECOND)
    assert desk.pair() == (1.0, 0.0)
    fresh = desk.restarted()
    began = fresh.time
    said = fresh.tell(wait=4 * SECOND)
    assert (fresh.held(), fresh.held(instrument=LINEAR)) == (0.0, 0.0)
    assert of_kind(said, Reduce)[0].time - began < SECOND


def test_a_leg_that_cannot_be_reduced_is_told_and_tried_on() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, REFUSE, REFUSE)
    desk.script(SPOT, "", *[REFUSE] * 12)
    said = desk.basket(*PAIR, bound=400 * MS, wait=10 * SECOND)
    assert [alert.code for alert in of_kind(said, Alert) if alert.level == "error"] == ["naked_leg"]
    assert desk.pair() == (0.0, 0.0)


def test_a_share_that_another_strategy_holds_against_is_cut_all_the_same() -> None:
    desk = BasketDesk()
    desk.target(1.0, strategy="beta", instrument=LINEAR)
    desk.script(SPOT, REFUSE, REFUSE)
    desk.basket(*PAIR, wait=5 * SECOND)
    assert desk.pair() == (0.0, 0.0)
    assert desk.held("beta", LINEAR) == 1.0


def test_without_risk_a_basket_may_close_and_nothing_of_one_that_opens_is_sent() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    desk.tell(stamped(Failure(actor="risk", kind="trade", message_id="", error="test", stopped=True), "risk"))
    desk.stage.node.slots[[slot.name for slot in desk.stage.node.slots].index("risk")].stop()
    said = desk.basket((SPOT, 0.5), (LINEAR, -1.5))
    assert of_kind(said, VenueSubmit) == []
    desk.basket((SPOT, 0.5), (LINEAR, -0.5))
    assert desk.pair() == (0.5, -0.5)


class Wishful(BaseStrategy):
    """Asks for what it is told to at each trade."""

    wishes: ClassVar[list[tuple[Any, Any]]] = []

    def on_trade(self, trade: Trade) -> None:
        legs, bound = self.wishes.pop(0)
        self.basket(legs, naked_ns_max=bound)


def wished(legs: Any, bound: Any = SECOND) -> list[Any]:
    strategy = Wishful("wishful", StrategyConfig(instrument=SPOT, account="main"), context())
    Wishful.wishes = [(legs, bound)]
    return StageOf(strategy).tell(Trade(instrument=SPOT, price=1.0, size=1.0, time=1))


def test_a_strategy_names_legs_with_or_without_their_accounts() -> None:
    (basket,) = of_kind(wished([(SPOT, np.float32(0.5)), (LINEAR, -1, "other")], np.int64(SECOND)), Basket)
    assert basket.legs == ((SPOT, 0.5), (LINEAR, -1.0))
    assert (basket.accounts, basket.naked_ns_max, basket.signal) == (("main", "other"), SECOND, 1)
    assert [type(number) for _, number in basket.legs] == [float, float]


@pytest.mark.parametrize(
    ("legs", "bound", "told"),
    [
        ([], SECOND, "expected at least one"),
        ("ab", SECOND, "expected tuples"),
        ([(SPOT,)], SECOND, "leg 0 of a basket"),
        ([(SPOT, "1")], SECOND, "position of leg 0"),
        ([(SPOT, 1.0), (LINEAR, 1.0, 5)], SECOND, "account of leg 1"),
        ([(5, 1.0)], SECOND, "instrument of leg 0"),
        ([(SPOT, 1.0)], 0, "above 0"),
        ([(SPOT, 1.0)], 1.5, "whole number"),
    ],
)
def test_what_is_no_basket_raises_in_the_strategy_and_ends_nothing(legs: Any, bound: Any, told: str) -> None:
    (failure,) = of_kind(wished(legs, bound), Failure)
    assert told in failure.error
    assert not failure.stopped


def test_a_limit_that_cuts_one_leg_takes_the_other_along() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    desk.tell(
        stamped(PositionLimit(strategy="-", account="main", instrument=LINEAR, largest=0.5, reason="test"), "leverage"),
        wait=SECOND,
    )
    assert desk.pair() == (0.5, -0.5)


def test_a_halt_between_the_legs_keeps_nobody_from_taking_the_first_one_back() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, REFUSE)
    desk.basket(*PAIR, wait=0)
    said = desk.tell(stamped(Halt(account="main", reason="test")), wait=SECOND)
    assert desk.pair() == (0.0, 0.0)
    assert "undoing" in [state for state, _ in updates(said)]


def test_flattening_an_account_closes_both_legs_once() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    said = desk.tell(stamped(Flatten(account="main", reason="test")), wait=5 * SECOND)
    assert desk.pair() == (0.0, 0.0)
    assert of_kind(said, Reduce) == []
    assert desk.actor("capital").groups == {}


def test_a_strategy_that_stops_between_the_legs_leaves_none_alone() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, LOSE)
    desk.basket(*PAIR, wait=5 * MS)
    desk.tell(stamped(Failure(actor="alpha", kind="trade", message_id="", error="test", stopped=True), "alpha"))
    desk.tell(wait=10 * SECOND)
    assert desk.pair() == (0.0, 0.0)


def test_fees_in_the_coin_leave_no_leg_waiting_for_what_is_not_there() -> None:
    desk = BasketDesk(rich(taker_fee=Decimal("0.001"), fee_currency="base"))
    said = desk.basket(*PAIR)
    assert desk.held(instrument=LINEAR) == -1.0
    assert abs(desk.held() - 1.0) < 0.001
    assert updates(said)[-1] == ("standing", True)
    said = desk.basket((SPOT, 0.0), (LINEAR, 0.0), wait=SECOND)
    assert desk.held(instrument=LINEAR) == 0.0
    assert updates(said)[-1][0] == "standing"
    desk.tell(wait=20 * SECOND)
    assert "naked_leg" not in {alert.code for alert in of_kind(desk.said, Alert)}


def test_a_leg_that_the_account_holds_the_other_way_round_is_undone_through_orders_of_ours_in_its_way() -> None:
    desk = BasketDesk()
    desk.basket((SPOT, 1.0), (LINEAR, -1.0))
    desk.target(1.0, strategy="beta", instrument=LINEAR)
    desk.target(-0.1, strategy="beta", instrument=LINEAR, account="other", price=60_100.0)
    desk.cut(SPOT, 1.0, "liquidation", side=-1)
    said = desk.tell(wait=4 * SECOND)
    assert desk.pair() == (0.0, 0.0)
    assert desk.held("beta", LINEAR) == 1.0
    assert not desk.working()
    assert "naked_leg" not in {alert.code for alert in of_kind(said, Alert)}
