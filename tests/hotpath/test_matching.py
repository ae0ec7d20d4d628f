"""Matching by the caller's ids against its twin, its oldest rules one by one, and 300,000 recorded commands."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.hotpath.constants import (
    BUY,
    EXPIRED,
    FILLED,
    FOK,
    GTC,
    GTD,
    IOC,
    RESTING,
    SELF_TRADE,
    SELL,
    UNKNOWN_ORDER,
    WOULD_CROSS,
)
from letrade.hotpath.matching import MatchingEngine
from tests.data import shared_data
from tests.models.matching import SlowEngine

INT64_MAX = 2**63 - 1
SIDES = st.sampled_from([BUY, SELL])
OWNERS = st.integers(0, 2)
PRICES = st.integers(1, 8)
SIZES = st.integers(1, 6)
OLD_IDS = st.integers(0, 30)
KINDS = st.sampled_from([(GTC, False), (GTC, False), (GTC, True), (IOC, False), (FOK, False)])
LIMITS = st.tuples(st.just("limit"), OWNERS, SIDES, PRICES, SIZES, KINDS)
MARKETS = st.tuples(st.just("market"), OWNERS, SIDES, SIZES)
CANCELS = st.tuples(st.just("cancel"), OLD_IDS)
AMENDS = st.tuples(st.just("amend"), OLD_IDS, PRICES, SIZES)


def answer(engine: MatchingEngine | SlowEngine, order_id: int, command: tuple[Any, ...]) -> object:
    match command:
        case ("limit", owner, side, price, size, (time_in_force, post_only)):
            return engine.limit(order_id, owner, side, price, size, time_in_force, post_only)
        case ("market", owner, side, size):
            return engine.market(order_id, owner, side, size)
        case ("cancel", old_id):
            return engine.cancel(old_id)
        case (_, old_id, price, size):
            amend = engine.amend_order if isinstance(engine, SlowEngine) else engine.amend
            return amend(old_id, price, size)
    raise AssertionError(command)


def assert_same(engine: MatchingEngine, slow: SlowEngine) -> None:
    assert engine.order_count() == len(slow.live())
    for side in (BUY, SELL):
        depth = slow.depth(side)
        assert engine.depth(side, 100) == depth
        assert engine.levels(side) == len(depth)
        assert engine.depth(side, 1) == depth[:1]
        assert (engine.best_bid() if side == BUY else engine.best_ask()) == (depth[0] if depth else None)
    for order in slow.resting:
        assert engine.order(order.id) == (order.owner, order.side, order.price, order.size, order.post_only)
    assert engine.state_hash() == slow.state_hash()


@settings(max_examples=100)
@given(st.lists(st.one_of(LIMITS, LIMITS, LIMITS, MARKETS, CANCELS, AMENDS), max_size=40))
def test_any_commands_give_what_the_slow_engine_gives(commands: list[tuple[Any, ...]]) -> None:
    engine, slow = MatchingEngine(), SlowEngine()
    for order_id, command in enumerate(commands):
        assert answer(engine, order_id, command) == answer(slow, order_id, command)
        assert_same(engine, slow)
    again = MatchingEngine()
    again.load_bytes(engine.dump())
    assert_same(again, slow)
    assert again.market(1000, 0, BUY, 100) == slow.market(1000, 0, BUY, 100)


def engine_with(*orders: tuple[int, int, int, int, int]) -> MatchingEngine:
    engine = MatchingEngine()
    for order in orders:
        assert engine.limit(*order) == (RESTING, order[4], [])
    return engine


def test_the_better_price_trades_first_and_then_the_earlier_order() -> None:
    engine = engine_with((1, 0, SELL, 11, 5), (2, 0, SELL, 10, 5), (3, 0, SELL, 10, 5))
    assert engine.limit(4, 0, BUY, 11, 12) == (FILLED, 0, [(2, 4, 10, 5), (3, 4, 10, 5), (1, 4, 11, 2)])
    assert engine.best() == (None, (11, 3))


def test_an_order_rests_expires_or_is_killed_by_its_time_in_force() -> None:
    engine = engine_with((1, 0, SELL, 10, 5))
    assert engine.limit(2, 0, BUY, 10, 6, FOK) == (EXPIRED, 6, [])
    assert engine.limit(3, 0, BUY, 10, 2, FOK) == (FILLED, 0, [(1, 3, 10, 2)])
    assert engine.limit(4, 0, BUY, 10, 6, IOC) == (EXPIRED, 3, [(1, 4, 10, 3)])
    assert engine.limit(5, 0, BUY, 10, 6, GTC) == (RESTING, 6, [])
    assert engine.market(6, 0, SELL, 9) == (EXPIRED, 3, [(5, 6, 10, 6)])


def test_post_only_never_trades_when_it_comes_nor_when_it_is_amended() -> None:
    engine = engine_with((1, 0, SELL, 10, 5))
    assert engine.limit(2, 0, BUY, 10, 1, GTC, True) == (WOULD_CROSS, 1, [])
    assert engine.limit(2, 0, BUY, 9, 1, GTC, True) == (RESTING, 1, [])
    assert engine.amend(2, 10, 4) == (WOULD_CROSS, 1, [])
    assert engine.order(2) == (0, BUY, 9, 1, True)


def test_what_is_left_goes_when_an_owner_would_meet_itself() -> None:
    engine = engine_with((1, 0, SELL, 10, 5), (2, 7, SELL, 10, 5), (3, 0, SELL, 10, 5))
    assert engine.limit(4, 7, BUY, 10, 12, FOK) == (EXPIRED, 12, [])
    assert engine.limit(5, 7, BUY, 10, 12) == (SELF_TRADE, 7, [(1, 5, 10, 5)])
    assert engine.market(6, 7, BUY, 1) == (SELF_TRADE, 1, [])
    assert engine.depth(SELL, 5) == [(10, 10)]


def test_owner_zero_is_nobody_and_may_trade_with_nobody() -> None:
    engine = engine_with((1, 0, SELL, 10, 5))
    assert engine.market(2, 0, BUY, 5) == (FILLED, 0, [(1, 2, 10, 5)])


def test_an_amend_keeps_its_place_only_when_it_shrinks() -> None:
    engine = engine_with((1, 0, SELL, 10, 5), (2, 0, SELL, 10, 5), (3, 0, SELL, 10, 5))
    assert engine.amend(1, 10, 4) == (RESTING, 4, [])
    assert engine.amend(2, 10, 6) == (RESTING, 6, [])
    assert engine.market(4, 0, BUY, 10)[2] == [(1, 4, 10, 4), (3, 4, 10, 5), (2, 4, 10, 1)]
    assert engine.amend(9, 10, 1) == (UNKNOWN_ORDER, 0, [])


def test_an_amend_to_a_crossing_price_trades() -> None:
    engine = engine_with((1, 0, SELL, 10, 5), (2, 0, BUY, 8, 5))
    assert engine.amend(2, 10, 7) == (RESTING, 2, [(1, 2, 10, 5)])
    assert engine.best() == ((10, 2), None)


def test_a_cancel_tells_what_was_open_and_happens_once() -> None:
    engine = engine_with((1, 0, SELL, 10, 5))
    assert engine.market(2, 0, BUY, 2)[0] == FILLED
    assert [engine.cancel(1), engine.cancel(1)] == [3, 0]
    assert engine.limit(1, 0, SELL, 10, 5)[0] == RESTING


def test_nonsense_is_refused_and_changes_nothing() -> None:
    engine = engine_with((1, 0, SELL, 10, 5), (2, 0, BUY, 9, INT64_MAX - 1))
    before = engine.dump()
    refused: list[tuple[str, tuple[Any, ...]]] = [
        ("side must be", (3, 0, 0, 10, 1)),
        ("at least 1 tick, found 0", (3, 0, BUY, 0, 1)),
        ("at least 1 lot, found 0", (3, 0, BUY, 10, 0)),
        ("order 1 is resting already", (1, 0, BUY, 10, 1)),
        ("time in force must be", (3, 0, BUY, 10, 1, 4)),
        ("expires must be above 0", (3, 0, BUY, 10, 1, GTD)),
        ("post-only order must be GTC", (3, 0, BUY, 8, 1, IOC, True)),
        ("a side holds at most", (3, 0, BUY, 8, 2)),
    ]
    for text, arguments in refused:
        with pytest.raises(ValueError, match=text):
            engine.limit(*arguments)
    with pytest.raises(ValueError, match="at least 1 lot"):
        engine.market(3, 0, BUY, -1)
    with pytest.raises(ValueError, match="at least 1 tick"):
        engine.amend(1, -1, 1)
    assert engine.dump() == before


def test_bytes_that_are_no_dump_are_refused_and_change_nothing() -> None:
    engine = engine_with((1, 0, BUY, 9, 5), (2, 0, BUY, 8, 5), (3, 0, SELL, 10, 5))
    before = engine.dump()
    words = [before[at : at + 8] for at in range(0, len(before), 8)]
    header, first, second, ask = words[:8], words[8:26], words[26:44], words[44:]
    bad = [[], words[:-1], [bytes(8)] * len(words), header + second + first + ask, header + first + first + ask]
    for place, number in ((4, 9), (2, 0), (3, 1), (5, 0), (6, 7), (10, -1), (11, -6), (12, 1), (17, 1)):
        word = number.to_bytes(8, "little", signed=True)
        bad.append([*header, *first, *second, *ask[:place], word, *ask[place + 1 :]])
    for data in [b"".join(found) for found in bad] + [before[:-1]]:
        with pytest.raises(ValueError, match=r"dump|resting already"):
            engine.load_bytes(data)
    assert engine.dump() == before


def test_three_hundred_thousand_commands_give_the_known_totals() -> None:
    path: Path = shared_data("../bench/orders_300k.npz")
    with np.load(path) as file:
        columns = [file[name].tolist() for name in ("op", "side", "tick", "qty", "ref")]
    engine = MatchingEngine()
    trades: list[tuple[int, int, int, int]] = []
    for order_id, (operation, seller, price, size, old_id) in enumerate(zip(*columns, strict=True)):
        side = SELL if seller else BUY
        if operation == 0:
            trades += engine.limit(order_id, 0, side, price, size)[2]
        elif operation == 1:
            trades += engine.market(order_id, 0, side, size)[2]
        else:
            assert engine.cancel(old_id) > 0
    assert (len(trades), sum(trade[3] for trade in trades)) == (124921, 3184531)
    assert [level and level[0] for level in engine.best()] == [100984, 100993]
    assert engine.order_count() == 5032
