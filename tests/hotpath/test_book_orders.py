"""Queues of the order-by-order book: places kept and lost, lots ahead, refusals and snapshots."""

import struct

import numpy as np
import pytest

from letrade.hotpath.book_orders import OrdersBook
from letrade.hotpath.constants import BUY, SELL
from tests.hotpath.memory import grown_bytes

INT64_MAX = 2**63 - 1


def queue_of_three() -> OrdersBook:
    book = OrdersBook()
    for order_id, size in ((1, 10), (2, 20), (3, 30)):
        book.add(order_id, BUY, 100, size)
    book.add(9, SELL, 101, 5)
    return book


def test_orders_wait_in_the_order_of_their_arrival() -> None:
    book = queue_of_three()
    assert book.queue(BUY, 100) == [(1, 10), (2, 20), (3, 30)]
    assert [book.lots_ahead(order_id) for order_id in (1, 2, 3)] == [0, 10, 30]
    assert [book.orders_ahead(order_id) for order_id in (1, 2, 3)] == [0, 1, 2]
    assert book.best() == ((100, 60), (101, 5))
    assert book.depth(BUY, 5) == [(100, 60)]
    assert book.order(2) == (BUY, 100, 20)
    assert book.order(9) == (SELL, 101, 5)
    assert not book.is_crossed()


def test_a_smaller_size_keeps_the_place_and_a_larger_one_loses_it() -> None:
    book = queue_of_three()
    assert book.change(1, 100, 4)
    assert book.queue(BUY, 100) == [(1, 4), (2, 20), (3, 30)]
    assert book.change(1, 100, 5)
    assert book.queue(BUY, 100) == [(2, 20), (3, 30), (1, 5)]
    assert book.change(2, 99, 20)
    assert book.best_bid() == (100, 35)
    assert book.queue(BUY, 99) == [(2, 20)]


def test_trades_and_removals_move_those_behind_ahead() -> None:
    book = queue_of_three()
    assert book.trade(1, 10)
    assert book.order(1) is None
    assert book.trade(2, 5)
    assert book.lots_ahead(3) == 15
    assert book.remove(2)
    assert book.lots_ahead(3) == 0
    assert book.order_count == 2


def test_an_order_that_never_was_knows_what_is_still_ahead_of_it() -> None:
    book = queue_of_three()
    mine = book.next_arrival
    assert book.lots_queued(BUY, 100) == book.lots_queued(BUY, 100, mine) == 60
    book.add(4, BUY, 100, 40)
    book.remove(2)
    book.change(3, 100, 31)
    assert book.lots_queued(BUY, 100) == 81
    assert book.lots_queued(BUY, 100, mine) == 10
    assert book.lots_queued(BUY, 55, mine) == 0


def test_what_is_not_there_changes_nothing_and_is_told() -> None:
    book = queue_of_three()
    before = book.state_hash()
    assert not book.change(7, 100, 1)
    assert not book.remove(7)
    assert not book.trade(7, 1)
    assert book.order(7) is None
    assert book.lots_ahead(7) is None
    assert book.orders_ahead(7) is None
    assert book.queue(SELL, 100) == []
    assert book.state_hash() == before


def test_wrong_numbers_are_refused_and_change_nothing() -> None:
    book = queue_of_three()
    book.add(8, BUY, 100, INT64_MAX - 60)
    before = book.dump()
    for order in ((1, BUY, 100, 1), (5, 0, 100, 1), (5, BUY, 0, 1), (5, BUY, 100, 0), (5, BUY, 100, -1)):
        with pytest.raises(ValueError, match=r"found|already"):
            book.add(*order)
    with pytest.raises(OverflowError, match="64 bits"):
        book.add(5, BUY, 100, 1)
    with pytest.raises(OverflowError, match="64 bits"):
        book.change(1, 100, 11)
    with pytest.raises(OverflowError):
        book.add(2**63, BUY, 1, 1)
    with pytest.raises(ValueError, match="10 lots"):
        book.trade(1, 11)
    with pytest.raises(ValueError, match="at least 1"):
        book.trade(1, 0)
    with pytest.raises(ValueError, match="at least 1"):
        book.change(1, 0, 1)
    with pytest.raises(TypeError):
        book.add(5, BUY, 1.5, 1)  # type: ignore[arg-type]
    for ask in (book.levels, lambda side: book.depth(side, 1), lambda side: book.queue(side, 1)):
        with pytest.raises(ValueError, match="side must be"):
            ask(3)
    assert book.dump() == before


def test_a_batch_tells_its_wrong_row_and_keeps_those_before() -> None:
    book = OrdersBook()
    events, sides = np.array([0, 0, 2, 3, 7], np.int8), np.array([1, -1, 1, -1, 1], np.int8)
    ids, prices, sizes = np.array([1, 2, 5, 2, 1]), np.array([10, 11, 0, 0, 0]), np.array([3, 4, 0, 1, 0])
    assert book.apply_batch(events[:4], ids[:4], sides[:4], prices[:4], sizes[:4]) == 1
    assert book.best() == ((10, 3), (11, 3))
    with pytest.raises(ValueError, match="an event must be") as caught:
        OrdersBook().apply_batch(events, ids, sides, prices, sizes)
    assert caught.value.__notes__ == ["in row 4 of the batch: the rows before it are in the book"]
    with pytest.raises(ValueError, match="one length, found 5 and 4"):
        book.apply_batch(events, ids[:4], sides, prices, sizes)
    with pytest.raises(TypeError, match="contiguous array"):
        book.apply_batch(ids, ids, sides, prices, sizes)


def test_clear_leaves_no_order_and_goes_on_counting() -> None:
    book = queue_of_three()
    book.clear()
    assert book.state_hash() == OrdersBook().state_hash()
    assert (book.order_count, book.next_arrival) == (0, 5)
    book.add(1, SELL, 5, 1)
    assert book.best() == (None, (5, 1))


def test_a_dump_brings_back_the_places_in_the_queues() -> None:
    book = queue_of_three()
    book.change(1, 100, 50)
    again = OrdersBook()
    again.add(77, SELL, 1, 1)
    again.load_bytes(book.dump())
    assert again.dump() == book.dump()
    assert again.queue(BUY, 100) == [(2, 20), (3, 30), (1, 50)]
    assert again.lots_queued(BUY, 100, 3) == book.lots_queued(BUY, 100, 3) == 20


def test_bytes_that_are_no_dump_are_refused_and_change_nothing() -> None:
    book = queue_of_three()
    before = book.dump()
    head, rows = before[:24], [before[at : at + 40] for at in range(24, len(before), 40)]
    late = rows[0][:32] + struct.pack("=q", 5)
    wrong = [
        b"", before[:-1], before[:-40], before + bytes(40), bytes(len(before)),
        head + rows[1] + rows[0] + rows[2] + rows[3], head + rows[3] + b"".join(rows[:3]),
        head + rows[0] + rows[0] + rows[2] + rows[3], head + late + b"".join(rows[1:]),
    ]  # fmt: skip
    for data in wrong:
        with pytest.raises(ValueError, match=r"dump|already"):
            book.load_bytes(data)
    assert book.dump() == before


def test_memory_is_flat_however_many_orders_come_and_go() -> None:
    book = OrdersBook()

    def turn(number: int) -> None:
        for order_id in range(number * 100, number * 100 + 100):
            book.add(order_id, BUY, 1_000 + order_id % 7_000, 1)
        for order_id in range(number * 100, number * 100 + 100):
            book.remove(order_id)

    assert grown_bytes(turn, 200, 2_000) < 1_000_000
    assert book.order_count == 0
