"""Position limits in capital: wishes are cut, what is held beyond is reduced, and a limit never opens anything."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.margin import PositionLimit, Reduce
from letrade.core.messages.orders import Fill, OrderRefused, OrderUpdate, Proposal
from letrade.core.messages.venue import VenueSubmit
from tests.actors.desk_parts import TradingDesk
from tests.actors.margin_parts import LINEAR, MS, margin_desk, stamped
from tests.stage import of_kind

SECOND = 1_000 * MS


def limit(largest: float | None, *, strategy: str = NO_STRATEGY, source: str = "leverage", until: int = 0) -> Any:
    return stamped(
        PositionLimit(
            strategy=strategy, account="main", instrument=LINEAR, largest=largest, reason="test", until=until
        ),
        source,
    )  # fmt: skip


def desk_at(price: float = 100.0) -> TradingDesk:
    desk = TradingDesk()
    desk.trade(price, LINEAR)
    return desk


def net(desk: TradingDesk) -> float:
    return desk.held("alpha", LINEAR) + desk.held("beta", LINEAR)


def test_a_wish_beyond_is_cut_and_its_strategy_told() -> None:
    desk = desk_at()
    desk.tell(limit(3.0))
    said = desk.target(-5.0, instrument=LINEAR)
    (refused,) = of_kind(said, OrderRefused)
    assert (refused.rule, refused.limit, refused.value) == ("position_limit", "-3.0", "-5.0")
    assert desk.held("alpha", LINEAR) == -3.0


def test_what_is_held_beyond_is_reduced_and_stays_reduced() -> None:
    desk = desk_at()
    desk.target(5.0, instrument=LINEAR)
    desk.tell(limit(3.0))
    assert desk.held("alpha", LINEAR) == 3.0
    said = desk.tell(wait=10 * SECOND)
    assert of_kind(said, Fill) == []
    desk.target(5.0, instrument=LINEAR)
    assert desk.held("alpha", LINEAR) == 3.0


def test_lifting_a_limit_opens_nothing_until_the_strategy_wishes_anew() -> None:
    desk = desk_at()
    desk.tell(limit(3.0))
    desk.target(5.0, instrument=LINEAR)
    said = desk.tell(limit(None), wait=10 * SECOND)
    assert of_kind(said, VenueSubmit) == []
    desk.target(5.0, instrument=LINEAR)
    assert desk.held("alpha", LINEAR) == 5.0


def test_a_limit_ends_by_itself_at_its_time() -> None:
    desk = desk_at()
    desk.tell(limit(3.0, until=desk.time + SECOND))
    desk.target(5.0, instrument=LINEAR)
    assert desk.held("alpha", LINEAR) == 3.0
    assert of_kind(desk.tell(wait=2 * SECOND), VenueSubmit) == []
    desk.target(5.0, instrument=LINEAR)
    assert desk.held("alpha", LINEAR) == 5.0


def test_of_several_sources_the_least_counts() -> None:
    desk = desk_at()
    desk.tell(limit(3.0), limit(2.0, source="liquidation"))
    desk.target(5.0, instrument=LINEAR)
    assert desk.held("alpha", LINEAR) == 2.0
    desk.tell(limit(None, source="liquidation"))
    desk.target(5.0, instrument=LINEAR)
    assert desk.held("alpha", LINEAR) == 3.0


def test_the_limit_of_an_account_is_that_of_all_its_strategies_together() -> None:
    desk = desk_at()
    desk.tell(limit(3.0))
    desk.target(2.0, instrument=LINEAR)
    desk.target(2.0, strategy="beta", instrument=LINEAR)
    assert net(desk) == 3.0
    desk.target(-4.0, strategy="beta", instrument=LINEAR)
    assert net(desk) == -2.0


def test_a_strategys_own_limit_leaves_the_others_alone() -> None:
    desk = desk_at()
    desk.tell(limit(1.0, strategy="alpha"))
    desk.target(2.0, instrument=LINEAR)
    desk.target(2.0, strategy="beta", instrument=LINEAR)
    assert (desk.held("alpha", LINEAR), desk.held("beta", LINEAR)) == (1.0, 2.0)


def test_quotes_that_could_lead_beyond_are_not_placed() -> None:
    desk = desk_at()
    desk.target(2.0, instrument=LINEAR)
    desk.tell(limit(3.0))
    desk.quotes((1, 99.0, 1.0), (1, 98.0, 1.0), (-1, 101.0, 4.0), (-1, 102.0, 2.0), instrument=LINEAR)
    orders = desk.actor("execution").table.live("main")
    assert [(order.side, order.price) for order in orders] == [(1, 99.0), (-1, 101.0)]


def test_a_new_limit_takes_off_the_orders_that_could_lead_beyond() -> None:
    desk = desk_at()
    desk.quotes((1, 99.0, 1.0), (1, 98.0, 1.0), (-1, 101.0, 1.0), instrument=LINEAR)
    desk.tell(limit(1.0))
    orders = desk.actor("execution").table.live("main")
    assert [(order.side, order.price) for order in orders] == [(1, 99.0), (-1, 101.0)]


def test_a_reduction_of_another_ends_what_was_wished_before_it() -> None:
    desk = desk_at()
    desk.target(5.0, instrument=LINEAR)
    desk.target(8.0, instrument=LINEAR, price=90.0)
    said = desk.tell(
        stamped(
            Reduce(strategy=NO_STRATEGY, account="main", instrument=LINEAR, reduction_id="m-1", size=2.0, reason="test")
        ),
        limit(3.0, source="liquidation"),
        wait=10 * SECOND,
    )
    assert desk.held("alpha", LINEAR) == 3.0
    assert [update.order_id for update in of_kind(said, OrderUpdate) if update.state == "filled"] == ["reduce.m-1.1"]
    assert desk.working() == []


def test_a_limit_and_anothers_reduction_of_one_time_cut_once() -> None:
    desk = desk_at()
    desk.target(5.0, instrument=LINEAR)
    reduce = Reduce(
        strategy=NO_STRATEGY, account="main", instrument=LINEAR, reduction_id="m-1", size=4.0, reason="test"
    )
    desk.tell(limit(2.0), stamped(reduce, "monitor"), wait=10 * SECOND)
    assert desk.held("alpha", LINEAR) == 1.0


def test_limits_and_reductions_underway_survive_a_restart() -> None:
    desk = desk_at()
    desk.target(5.0, instrument=LINEAR)
    desk.tell(limit(3.0), wait=0)
    fresh = desk.restarted()
    fresh.tell(wait=10 * SECOND)
    assert fresh.held("alpha", LINEAR) == 3.0
    fresh.target(5.0, instrument=LINEAR)
    assert fresh.held("alpha", LINEAR) == 3.0


def test_an_order_that_is_lost_is_asked_for_again_at_a_measured_pace() -> None:
    desk = margin_desk()
    desk.trade(100.0, LINEAR)
    desk.target(5.0, instrument=LINEAR)
    desk.actor("paper").deaf = True
    said = desk.tell(limit(3.0), wait=9 * SECOND)
    assert 2 <= len(of_kind(said, Reduce)) <= 5


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("limit"), st.sampled_from([None, 0.0, 1.0, 2.0, 4.0])),
        st.tuples(st.sampled_from(["alpha", "beta"]), st.integers(-5, 5).map(float)),
    ),
    min_size=1,
    max_size=12,
)


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_no_limit_ever_opens_and_none_is_exceeded_at_rest(steps: list[tuple[str, float | None]]) -> None:
    desk, largest = desk_at(), None
    for who, value in steps:
        if who == "limit":
            largest = value
            before = net(desk)
            said = desk.tell(limit(value), wait=3 * SECOND)
            assert abs(net(desk)) <= abs(before)
            assert all(not each.orders for each in of_kind(said, Proposal))
        elif value is not None:
            desk.target(value, strategy=who, instrument=LINEAR, wait=3 * SECOND)
        assert largest is None or abs(net(desk)) <= largest
