"""From wanted, held and working to orders: never more on the way than what is missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from letrade.actors.capital.orders import Working
from letrade.actors.capital.reconcile import NewOrder, match_quotes, stands, toward_position
from letrade.core.quantities import ONE, units

LOT = ONE // 10


def working(
    name: str, side: int, size: float, price: float | None = None, *, filled: float = 0.0, cancelling: bool = False,
    acknowledged: bool = True,
) -> Working:  # fmt: skip
    return Working(
        name, "main", "paper.BTC-USDT", "alpha", side, size, price, False, 100.0, filled=filled,
        acknowledged=acknowledged, cancelling=cancelling,
    )  # fmt: skip


def plan_of(wanted: float, held: float, *orders: Working, price: float | None = None) -> tuple[object, ...]:
    plan = toward_position(units(wanted), units(held), LOT, price, orders)
    new = [(order.side * order.size / ONE, order.closing / ONE) for order in plan.orders]
    amends = [(amend.order_id, amend.price, amend.size / ONE) for amend in plan.amends]
    return new, amends, list(plan.cancels), plan.waiting


def test_what_is_missing_is_ordered() -> None:
    assert plan_of(1.0, 0.0) == ([(1.0, 0.0)], [], [], False)
    assert plan_of(1.0, 0.0, working("a", 1, 0.4)) == ([(0.6, 0.0)], [], [], False)
    assert plan_of(1.0, 1.0) == ([], [], [], False)


def test_dust_below_a_lot_is_left() -> None:
    assert plan_of(0.0, 0.05) == ([], [], [], False)
    assert plan_of(0.0, 0.15) == ([(-0.1, 0.1)], [], [], False)


def test_an_order_through_zero_knows_what_it_closes() -> None:
    assert plan_of(-1.0, 0.5) == ([(-1.5, 0.5)], [], [], False)
    assert plan_of(-1.0, 0.5, working("a", -1, 0.5)) == ([(-1.0, 0.0)], [], [], False)


def test_orders_the_other_way_are_cancelled() -> None:
    assert plan_of(0.0, 0.0, working("a", 1, 1.0)) == ([], [], ["a"], True)
    assert plan_of(-1.0, 0.0, working("a", 1, 1.0)) == ([(-1.0, 0.0)], [], ["a"], True)


def test_what_a_cancel_has_not_ended_yet_still_counts() -> None:
    assert plan_of(1.0, 0.0, working("a", 1, 1.0, cancelling=True)) == ([], [], [], True)
    assert plan_of(1.0, 0.0, working("a", 1, 0.4, cancelling=True)) == ([(0.6, 0.0)], [], [], True)


def test_one_limit_order_is_amended_and_an_unacknowledged_one_is_waited_for() -> None:
    order = working("a", 1, 1.0, 95.0, filled=0.2)
    assert plan_of(2.2, 0.2, order, price=96.0) == ([], [("a", 96.0, 2.2)], [], False)
    assert plan_of(1.0, 0.2, order, price=95.0) == ([], [], [], False)
    late = working("a", 1, 1.0, 95.0, acknowledged=False)
    assert plan_of(2.0, 0.0, late, price=96.0) == ([], [], [], True)


def test_too_much_on_the_way_is_cancelled_before_the_rest_is_asked_for() -> None:
    assert plan_of(0.5, 0.0, working("a", 1, 1.0)) == ([], [], ["a"], True)


ORDERS = st.lists(
    st.builds(
        working,
        st.uuids().map(str),
        st.sampled_from([1, -1]),
        st.integers(1, 30).map(lambda tenths: tenths / 10),
        st.sampled_from([None, 95.0, 105.0]),
        cancelling=st.booleans(),
        acknowledged=st.booleans(),
    ),
    max_size=5,
)
TENTHS = st.integers(-50, 50).map(lambda tenths: tenths * LOT)


@given(TENTHS, TENTHS, st.sampled_from([None, 95.0, 105.0]), ORDERS)
def test_nothing_new_can_bring_the_position_beyond_what_is_wanted(
    wanted: int, held: int, price: float | None, orders: list[Working]
) -> None:
    plan = toward_position(wanted, held, LOT, price, orders)
    need = wanted - held
    for new in plan.orders:
        on_the_way = sum(order.remaining for order in orders if order.side == new.side)
        assert new.side * need > 0
        assert new.size + on_the_way <= abs(need)
        assert 0 <= new.closing <= min(new.size, max(0, -new.side * held))
    for amend in plan.amends:
        others = sum(o.remaining for o in orders if o.order_id != amend.order_id and o.side * need > 0 and o.cancelling)
        assert amend.size + others <= abs(need)
    assert len(set(plan.cancels)) == len(plan.cancels)
    assert plan.waiting or not (plan.cancels or any(order.cancelling for order in orders))  # it may fill all the same


def test_quotes_keep_what_stands_and_move_the_rest() -> None:
    orders = [working("a", 1, 1.0, 99.0), working("b", 1, 1.0, 98.0), working("c", -1, 1.0, 101.0)]
    wanted = [(1, 98.0, 1.0), (1, 97.0, 1.0), (-1, 101.0, 2.0), (-1, 102.0, 1.0)]
    assert match_quotes(wanted, orders) == (["b", "a", "c", ""], [])
    assert match_quotes([], orders) == (["", "", ""][:0], ["a", "b", "c"])


def test_an_order_stands_for_a_quote_in_all_or_in_what_is_left() -> None:
    order = working("a", 1, 1.0, 99.0, filled=0.4)
    assert stands(order, (1, 99.0, 1.0))
    assert stands(order, (1, 99.0, 0.6))
    assert not stands(order, (1, 98.0, 1.0))


def test_a_new_order_is_named_by_side_size_and_what_it_closes() -> None:
    (new,) = toward_position(ONE, 0, LOT, None, []).orders
    assert new == NewOrder(1, ONE, 0)
