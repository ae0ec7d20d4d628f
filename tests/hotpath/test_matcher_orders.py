"""Matching by handles: each kind of order and each of its terms by itself."""

from typing import Any

import pytest

from letrade.hotpath.constants import (
    BUY,
    BY_INDEX,
    BY_LAST,
    BY_MARK,
    CANCEL_BOTH,
    CANCEL_OLDEST,
    DECREMENT,
    DECREMENTED,
    EXPIRED,
    FILLED,
    FOK,
    GROUP_DONE,
    GTD,
    IOC,
    LIMIT_ORDER,
    MARKET_ORDER,
    NOTHING_TO_REDUCE,
    RESTING,
    SELF_TRADE,
    SELL,
    STOP_LIMIT,
    STOP_MARKET,
    TAKE_PROFIT_LIMIT,
    TAKE_PROFIT_MARKET,
    TIME_OVER,
    TRAILING_STOP,
    TRIGGERED,
    WOULD_CROSS,
)
from letrade.hotpath.matcher import Matcher
from tests.hotpath.matcher_parts import matcher_with, notices, trade_at


@pytest.mark.parametrize(
    ("kind", "side", "reached"),
    [(STOP_MARKET, BUY, 105), (STOP_MARKET, SELL, 95), (TAKE_PROFIT_MARKET, BUY, 95), (TAKE_PROFIT_MARKET, SELL, 105)],
)
def test_a_conditional_order_trades_when_the_last_price_reaches_its_trigger(kind: int, side: int, reached: int) -> None:
    matcher = matcher_with((BUY, 50, 9), (SELL, 150, 9))
    trade_at(matcher, 100)
    waiting = matcher.place(kind, side, 2, trigger=reached, id=9)
    assert matcher.order(waiting) == (9, 0, side, kind, 0, 2, reached)
    trade_at(matcher, 101 if reached > 100 else 99)
    assert matcher.order_count() == 3
    matcher.limit(SELL, reached, 1, id=4)
    matcher.limit(BUY, reached, 1, id=5)
    maker, price = (2, 150) if side == BUY else (1, 50)
    assert matcher.take_trades() == [(4, 5, reached, 1), (maker, 9, price, 2)]
    assert notices(matcher) == [(9, TRIGGERED, 2), (9, FILLED, 0)]
    assert matcher.order(waiting) is None


def test_conditional_limit_orders_rest_at_their_price_under_the_same_handle() -> None:
    matcher = matcher_with((BUY, 50, 9), (SELL, 150, 9))
    stop = matcher.place(STOP_LIMIT, BUY, 2, 104, trigger=105, id=7)
    profit = matcher.place(TAKE_PROFIT_LIMIT, SELL, 3, 106, trigger=105, id=8)
    trade_at(matcher, 105)
    assert matcher.order(stop) == (7, 0, BUY, LIMIT_ORDER, 104, 2, 0)
    assert matcher.order(profit) == (8, 0, SELL, LIMIT_ORDER, 106, 3, 0)
    assert notices(matcher) == [(7, TRIGGERED, 2), (7, RESTING, 2), (8, TRIGGERED, 3), (8, RESTING, 3)]
    assert matcher.best() == ((104, 2), (106, 3))


def test_a_trigger_hears_only_the_source_that_it_names() -> None:
    matcher = matcher_with((BUY, 50, 9))
    matcher.place(STOP_MARKET, SELL, 1, trigger=90, source=BY_MARK)
    matcher.place(STOP_MARKET, SELL, 2, trigger=90, source=BY_INDEX)
    assert matcher.trigger_price(BY_LAST, 80) == 0
    assert matcher.trigger_price(BY_MARK, 91) == 0
    assert matcher.trigger_price(BY_MARK, 90) == 1
    assert matcher.trigger_price(BY_INDEX, 1) == 1
    assert [trade[2:] for trade in matcher.take_trades()] == [(50, 1), (50, 2)]
    assert [matcher.price(source) for source in (BY_LAST, BY_MARK, BY_INDEX)] == [50, 90, 1]


def test_an_order_whose_trigger_is_reached_already_is_triggered_at_once() -> None:
    matcher = matcher_with((BUY, 50, 9))
    matcher.trigger_price(BY_MARK, 90)
    assert matcher.place(STOP_MARKET, SELL, 1, trigger=95, source=BY_MARK, id=3) == -FILLED
    assert matcher.place(STOP_LIMIT, SELL, 1, 60, trigger=95, source=BY_MARK, id=4) > 0
    assert notices(matcher) == [(3, TRIGGERED, 1), (4, TRIGGERED, 1)]


def test_a_cascade_runs_by_trigger_and_then_by_arrival_each_turn_to_its_end() -> None:
    matcher = matcher_with((BUY, 100, 1), (BUY, 99, 1), (BUY, 98, 1), (BUY, 97, 1), (BUY, 96, 5))
    for number, trigger in ((11, 99), (12, 98), (13, 99), (14, 1)):
        matcher.place(STOP_MARKET, SELL, 1, trigger=trigger, id=number)
    matcher.market(SELL, 2, id=20)
    takers = [trade[:3] for trade in matcher.take_trades()]
    assert takers == [(1, 20, 100), (2, 20, 99), (3, 11, 98), (4, 13, 97), (5, 12, 96)]
    assert matcher.order_count() == 2


def test_a_trailing_stop_follows_the_best_price_and_never_goes_back() -> None:
    matcher = matcher_with((BUY, 50, 9), (SELL, 500, 9))
    matcher.trigger_price(BY_MARK, 100)
    below = matcher.place(TRAILING_STOP, SELL, 1, trail=10, source=BY_MARK, id=3)
    above = matcher.place(TRAILING_STOP, BUY, 1, trail=10, trigger=150, source=BY_MARK, id=4)
    seen = []
    for price in (100, 105, 120, 111):
        matcher.trigger_price(BY_MARK, price)
        seen.append([(matcher.order(handle) or [0] * 7)[6] for handle in (below, above)])
    assert seen == [[90, 110], [95, 110], [110, 0], [110, 0]]
    assert matcher.trigger_price(BY_MARK, 110) == 1
    assert [trade[:3] for trade in matcher.take_trades()] == [(2, 4, 500), (1, 3, 50)]


def test_an_amended_trigger_is_what_counts() -> None:
    matcher = matcher_with((BUY, 50, 9))
    stop = matcher.place(STOP_LIMIT, SELL, 1, 60, trigger=90)
    assert matcher.amend(stop, 50, 2, trigger=80) == stop
    trade_at(matcher, 85)
    assert matcher.order(stop) == (stop, 0, SELL, STOP_LIMIT, 50, 2, 80)
    assert matcher.amend(stop, 50, 3, trigger=85) == -FILLED
    assert matcher.take_trades() == [(1, stop, 50, 3)]


def test_gtd_orders_end_when_their_time_has_come_the_earliest_first() -> None:
    matcher = Matcher()
    for number, expires in ((1, 30), (2, 10), (3, 20), (4, 10)):
        matcher.place(LIMIT_ORDER, BUY, number, 10, time_in_force=GTD, expires=expires, id=number)
    matcher.place(STOP_MARKET, BUY, 5, trigger=99, time_in_force=GTD, expires=15, id=5)
    assert matcher.advance(9) == 0
    assert matcher.advance(20) == 4
    assert notices(matcher) == [(2, TIME_OVER, 2), (4, TIME_OVER, 4), (5, TIME_OVER, 5), (3, TIME_OVER, 3)]
    assert matcher.place(LIMIT_ORDER, BUY, 1, 10, time_in_force=GTD, expires=20) == -TIME_OVER
    with pytest.raises(ValueError, match="must not run back"):
        matcher.advance(19)


def test_an_iceberg_shows_a_part_and_loses_its_place_with_each_refill() -> None:
    matcher = Matcher()
    matcher.place(LIMIT_ORDER, SELL, 7, 10, shown=3, id=1)
    matcher.limit(SELL, 10, 2, id=2)
    assert matcher.best_ask() == (10, 5)
    matcher.market(BUY, 10)
    assert [(trade[0], trade[3]) for trade in matcher.take_trades()] == [(1, 3), (2, 2), (1, 3), (1, 1)]
    matcher.place(LIMIT_ORDER, SELL, 7, 10, shown=3, id=3)
    assert matcher.limit(BUY, 10, 7, time_in_force=FOK) == -FILLED


def test_an_iceberg_that_shrinks_loses_hidden_lots_first() -> None:
    matcher = Matcher()
    iceberg = matcher.place(LIMIT_ORDER, SELL, 7, 10, shown=3, id=1)
    matcher.limit(SELL, 10, 2, id=2)
    assert matcher.amend(iceberg, 10, 4) == iceberg
    assert matcher.depth(SELL, 1) == [(10, 5)]
    assert matcher.amend(iceberg, 10, 2) == iceberg
    assert matcher.depth(SELL, 1) == [(10, 4)]
    matcher.market(BUY, 3)
    assert [trade[0] for trade in matcher.take_trades()] == [1, 2]


def test_reduce_only_is_cut_to_the_position_when_it_comes_and_when_it_is_met() -> None:
    matcher = matcher_with((BUY, 10, 9))
    assert matcher.place(MARKET_ORDER, SELL, 5, owner=1, reduce_only=True) == -NOTHING_TO_REDUCE
    matcher.set_position(1, 4)
    resting = matcher.place(LIMIT_ORDER, SELL, 9, 12, owner=1, reduce_only=True, id=5)
    assert matcher.order(resting) == (5, 1, SELL, LIMIT_ORDER, 12, 4, 0)
    matcher.market(SELL, 1, owner=1)
    matcher.limit(BUY, 12, 9, id=6)
    assert [trade[3] for trade in matcher.take_trades()] == [1, 3]
    assert notices(matcher) == [(5, NOTHING_TO_REDUCE, 5), (5, NOTHING_TO_REDUCE, 1)]
    assert matcher.position(1) == 0


@pytest.mark.parametrize(
    ("mode", "answer", "depth", "told"),
    [
        (CANCEL_OLDEST, -FILLED, [(11, 4)], [(1, SELF_TRADE, 5)]),
        (CANCEL_BOTH, -SELF_TRADE, [(11, 6)], [(1, SELF_TRADE, 5)]),
        (DECREMENT, -SELF_TRADE, [(10, 3), (11, 6)], [(1, DECREMENTED, 2), (9, DECREMENTED, 2)]),
    ],
)
def test_an_owner_that_would_meet_itself_chooses_what_goes(
    mode: int, answer: int, depth: list[tuple[int, int]], told: list[Any]
) -> None:
    matcher = Matcher()
    matcher.limit(SELL, 10, 5, owner=7, id=1)
    matcher.limit(SELL, 11, 6, owner=8, id=2)
    assert matcher.place(LIMIT_ORDER, BUY, 2, 11, owner=7, self_trade=mode, id=9) == answer
    assert matcher.depth(SELL, 9) == depth
    assert notices(matcher) == told


def test_the_first_of_a_group_to_trade_or_to_be_triggered_ends_the_others() -> None:
    matcher = matcher_with((BUY, 50, 9))
    matcher.set_position(1, 5)
    profit = matcher.place(LIMIT_ORDER, SELL, 5, 120, owner=1, group=3, id=2)
    stop = matcher.place(STOP_MARKET, SELL, 5, trigger=80, owner=1, group=3, id=3)
    matcher.limit(BUY, 120, 2, id=4)
    assert notices(matcher) == [(3, GROUP_DONE, 5)]
    assert (matcher.order(stop), matcher.order(profit)) == (None, (2, 1, SELL, LIMIT_ORDER, 120, 3, 0))
    again = matcher.place(LIMIT_ORDER, SELL, 5, 130, owner=1, group=3, id=5)
    matcher.place(STOP_MARKET, SELL, 5, trigger=80, owner=1, group=3, id=6)
    matcher.trigger_price(BY_LAST, 80)
    assert notices(matcher) == [(6, TRIGGERED, 5), (5, GROUP_DONE, 5), (6, FILLED, 0)]
    assert matcher.order(again) is None


def test_a_cancel_leaves_the_others_of_the_group() -> None:
    matcher = Matcher()
    first = matcher.place(LIMIT_ORDER, SELL, 5, 120, group=3)
    second = matcher.place(LIMIT_ORDER, SELL, 5, 121, group=3)
    assert matcher.cancel(first) == 5
    assert matcher.order(second) is not None


def test_fill_or_kill_counts_what_is_sure() -> None:
    matcher = Matcher()
    matcher.place(LIMIT_ORDER, SELL, 5, 10, group=3)
    matcher.limit(SELL, 11, 5)
    assert matcher.limit(BUY, 11, 6, time_in_force=FOK) == -EXPIRED
    assert matcher.limit(BUY, 11, 5, time_in_force=FOK) == -FILLED
    assert matcher.limit(BUY, 11, 9, time_in_force=IOC) == -EXPIRED
    assert matcher.left == 4


def test_post_only_stays_away_when_it_comes_and_when_it_is_amended() -> None:
    matcher = matcher_with((SELL, 10, 5))
    assert matcher.limit(BUY, 10, 1, post_only=True) == -WOULD_CROSS
    bid = matcher.limit(BUY, 9, 1, post_only=True)
    assert matcher.amend(bid, 10, 4) == -WOULD_CROSS
    assert matcher.left == 1
    assert matcher.amend(bid, 8, 4) == bid
