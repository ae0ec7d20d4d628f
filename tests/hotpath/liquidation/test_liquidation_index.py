"""The index of liquidation prices: exact to the last bit, each position once, nothing lost and nothing too early."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from letrade.hotpath.constants import BUY, SELL
from letrade.hotpath.liquidation.liquidation_index import LiquidationIndex
from tests.hotpath.liquidation.index_commands import IndexCommands

NOT_PRICES = [0.0, -1.0, -0.0, math.nan, math.inf, -math.inf]


def crossed(index: LiquidationIndex, mark: float, room: int = 100) -> list[int]:
    out = np.zeros(room, np.int64)
    return [int(handle) for handle in out[: index.mark(mark, out)]]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_thousands_of_commands_give_what_the_slow_index_gives(seed: int) -> None:
    IndexCommands(seed).run(4_000, 50)


def test_a_position_is_crossed_at_its_price_and_not_one_double_before() -> None:
    index = LiquidationIndex()
    long, short = index.add(BUY, 90.1), index.add(SELL, 110.1)
    assert crossed(index, math.nextafter(90.1, 100.0)) == []
    assert crossed(index, math.nextafter(110.1, 100.0)) == []
    assert crossed(index, 90.1) == [long]
    assert crossed(index, 110.1) == [short]


def test_marks_that_bounce_tell_a_position_once_until_it_is_moved() -> None:
    index = LiquidationIndex()
    handle = index.add(BUY, 90.0)
    assert [crossed(index, mark) for mark in (89.0, 91.0, 89.0, 1.0, 90.0)] == [[handle], [], [], [], []]
    assert index.price(handle) is None
    index.move(handle, 80.0)
    assert [crossed(index, mark) for mark in (81.0, 79.0, 79.0)] == [[], [handle], []]


def test_what_finds_no_room_is_told_by_later_marks_wherever_they_are() -> None:
    index = LiquidationIndex()
    first, second, third = (index.add(BUY, price) for price in (95.0, 94.0, 93.0))
    assert crossed(index, 90.0, room=1) == [first]
    assert index.waiting == 2
    late = index.add(BUY, 96.0)
    assert crossed(index, 100.0, room=1) == [second]
    assert crossed(index, 100.0) == [third]
    assert crossed(index, 100.0) == []
    assert crossed(index, 96.0) == [late]


def test_one_that_waits_and_is_moved_or_removed_is_not_told() -> None:
    index = LiquidationIndex()
    handles = [index.add(SELL, 100.0 + place) for place in range(4)]
    assert crossed(index, 200.0, room=1) == handles[:1]
    index.move(handles[1], 300.0)
    index.remove(handles[2])
    assert crossed(index, 100.0) == handles[3:]
    assert crossed(index, 300.0) == handles[1:2]


def test_a_gap_of_any_size_crosses_all_of_one_side_alone() -> None:
    index, count = LiquidationIndex(), 5_000
    sides = np.where(np.arange(count) % 2, BUY, SELL).astype(np.int8)
    prices = np.where(sides == BUY, 50.0, 150.0) + np.arange(count) / count
    handles = np.zeros(count, np.int64)
    index.load(sides, prices, handles)
    assert crossed(index, 100.0) == []
    assert crossed(index, 5e-324, room=count) == handles[sides == BUY].tolist()
    assert crossed(index, 1.7e308, room=count) == handles[sides == SELL].tolist()
    assert index.nearest() == (None, None)


def test_a_handle_of_the_past_finds_nothing() -> None:
    index = LiquidationIndex()
    old = index.add(BUY, 90.0)
    index.remove(old)
    new = index.add(SELL, 110.0)
    assert old != new
    assert old % 2**32 == new % 2**32
    for bad in (old, 0, -1, new + 1, new + 2**32, 2**63 - 1, -(2**63)):
        with pytest.raises(KeyError, match="no position has the handle"):
            index.move(bad, 95.0)
        with pytest.raises(KeyError):
            index.remove(bad)
        with pytest.raises(KeyError):
            index.price(bad)
        with pytest.raises(KeyError):
            index.move_many(np.array([new, bad]), np.array([1.0, 1.0]))
    assert index.price(new) == 110.0


@pytest.mark.parametrize("price", NOT_PRICES)
def test_what_is_no_price_is_refused_and_changes_nothing(price: float) -> None:
    index = LiquidationIndex()
    handle = index.add(BUY, 90.0)
    before, out = index.state_hash(), np.zeros(2, np.int64)
    with pytest.raises(ValueError, match="above 0"):
        index.add(BUY, price)
    with pytest.raises(ValueError, match="above 0"):
        index.move(handle, price)
    with pytest.raises(ValueError, match="a mark price"):
        index.mark(price, out)
    with pytest.raises(ValueError, match="row 1"):
        index.load(np.array([1, 1], np.int8), np.array([1.0, price]), out)
    with pytest.raises(ValueError, match="row 1"):
        index.move_many(np.array([handle, handle]), np.array([1.0, price]))
    assert (index.state_hash(), len(index), out.tolist()) == (before, 1, [0, 0])


def test_wrong_arguments_are_refused_by_a_quiet_mark_too() -> None:
    index, sides, prices = LiquidationIndex(), np.array([1], np.int8), np.array([1.0])
    read_only: NDArray[np.int64] = np.zeros(1, np.int64)
    read_only.flags.writeable = False
    for out in (np.zeros(1), np.zeros(0, np.int64), np.zeros((1, 1), np.int64), np.zeros(4, np.int64)[::2], read_only):
        with pytest.raises((TypeError, ValueError, BufferError)):
            index.mark(100.0, out)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="side"):
        index.add(0, 1.0)
    with pytest.raises(TypeError):
        index.add(1.0, 1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="side"):
        index.load(np.array([2], np.int8), prices, np.zeros(1, np.int64))
    with pytest.raises(ValueError, match="length"):
        index.load(sides, np.array([1.0, 2.0]), np.zeros(1, np.int64))
    with pytest.raises(ValueError, match="length"):
        index.load(sides, prices, np.zeros(2, np.int64))
    with pytest.raises(ValueError, match="share memory"):
        index.load(sides, prices, prices.view(np.int64))
    with pytest.raises(ValueError, match="length"):
        index.move_many(np.zeros(2, np.int64), prices)
    assert len(index) == 0


@pytest.mark.parametrize("moves", [1, 15, 16, 17, 33])
def test_whatever_looks_after_moves_one_by_one_sees_all_of_them(moves: int) -> None:
    for look in ("mark", "nearest", "price", "remove", "move_many", "add", "state_hash", "load"):
        index, twin, handles = LiquidationIndex(), LiquidationIndex(), np.zeros(1_023, np.int64)
        sides, prices = np.full(1_023, BUY, np.int8), np.full(1_023, 10.0)
        for each in (index, twin):
            each.load(sides, prices, handles)
        for number in range(moves):
            index.move(int(handles[number]), 20.0 + number)
        twin.move_many(handles[:moves], 20.0 + np.arange(moves))
        for each in (index, twin):
            match look:
                case "mark":
                    assert crossed(each, 18.5 + moves) == [handles[moves - 1]]
                case "nearest":
                    assert each.nearest() == (19.0 + moves, None)
                case "price":
                    assert each.price(int(handles[moves - 1])) == 19.0 + moves
                case "remove":
                    each.remove(int(handles[moves - 1]))
                case "move_many":
                    each.move_many(handles[moves - 1 : moves], np.array([5.0]))
                case "add":
                    handles_added = [each.add(SELL, 200.0) for _ in range(2)]
                    assert handles_added[0] % 2**32 == 1_024
                case "load":
                    each.load(sides, prices, np.zeros(1_023, np.int64))
        assert (index.state_hash(), index.nearest()) == (twin.state_hash(), twin.nearest()), look


def test_a_place_that_lives_again_is_moved_and_crossed_as_before() -> None:
    index = LiquidationIndex()
    for number in range(5):
        handle = index.add(SELL, 110.0 + number)
        index.move(handle, 120.0)
        assert index.nearest() == (None, 120.0)
        index.move(handle, 130.0)
        assert (crossed(index, 125.0), crossed(index, 130.0)) == ([], [handle])
        index.move(handle, 140.0)
        index.move(handle, 150.0)
        assert (crossed(index, 145.0), index.price(handle)) == ([], 150.0)
        index.remove(handle)
        with pytest.raises(KeyError):
            index.move(handle, 120.0)


def test_many_thousands_are_kept_apart_as_the_index_grows() -> None:
    index, count = LiquidationIndex(), 40_000
    prices = 1.0 + np.random.default_rng(5).permutation(count)
    handles = [index.add(BUY, price) for price in prices.tolist()]
    order, told = np.argsort(-prices).tolist(), 0
    for rank in (0, 1, 17, 1_000, count - 1):
        expected = [handles[place] for place in order[told : rank + 1]]
        assert crossed(index, float(prices[order[rank]]), room=count) == sorted(expected)
        told = rank + 1
    assert index.nearest() == (None, None)
