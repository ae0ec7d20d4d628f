"""Many trailing stops, and fill-or-kill against many orders: what is touched is less, the answers are the twin's."""

from __future__ import annotations

import pytest

from letrade.hotpath.constants import BUY, FOK, LIMIT_ORDER, SELL, TRAILING_STOP
from tests.hotpath.matching_flow import Flow, Row


def trailing_row(flow: Flow, source: int) -> Row:
    """A trailing stop of one of three distances that waits: near where the market is, or far from it."""
    chance = flow.chance
    side = chance.choice([BUY, SELL])
    trigger = max(1_000 - side * chance.randrange(-300, 200), 1)
    row = flow.new_order() | {"kind": TRAILING_STOP, "side": side, "price": 0, "time_in_force": 0, "expires": 0}
    row |= {"post_only": 0, "shown": 0, "source": source, "trail": chance.choice([5, 50, 700]), "trigger": trigger}
    return row


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_dozens_of_trailing_stops_follow_as_the_slow_engine_says(seed: int) -> None:
    flow = Flow(seed)
    price, most = 1_000, 0
    for number in range(1, 1_500):
        flow.count += 1
        chance = flow.chance.random()
        if chance < 0.45:
            flow.place(trailing_row(flow, number % 2 + 1))
        elif chance < 0.52:
            flow.cancel(flow.old_id())
        elif chance < 0.6:
            flow.amend(flow.old_id())
        else:
            price += flow.chance.choice([-12, -3, -1, 1, 2, 4, 13])
            flow.tell_price(number % 2 + 1, max(price, 1))
        if number % 50 == 0:
            flow.compare()
            most = max(most, sum(order.trail > 0 for order in flow.slow.live()))
        if number % 400 == 0:
            flow.reload()
    assert most > 40


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("has_terms", [False, True])
def test_fill_or_kill_is_decided_as_the_slow_engine_decides_it(seed: int, has_terms: bool) -> None:
    flow = Flow(seed)
    plain = dict.fromkeys(("expires", "group", "reduce_only", "post_only", "shown", "source", "trigger", "trail"), 0)
    for number in range(1, 1_500):
        flow.count += 1
        row = flow.new_order() | plain | {"kind": LIMIT_ORDER, "self_trade": flow.chance.randrange(4)}
        row |= {"price": flow.price(row["side"]), "time_in_force": 0, "owner": flow.chance.randrange(4)}
        if has_terms and flow.chance.random() < 0.02:
            row |= flow.chance.choice([{"shown": 1}, {"group": 3}])
        if number % 4 == 0:
            row |= {"price": 1_000 + 5 * row["side"], "time_in_force": FOK, "size": flow.chance.randrange(1, 120)}
            row |= {"owner": flow.chance.choice([0, 9]) if flow.chance.random() < 0.8 else 1, "shown": 0, "group": 0}
        flow.place(row)
        if number % 30 == 0:
            flow.compare()
    assert flow.traded_lots > 500
