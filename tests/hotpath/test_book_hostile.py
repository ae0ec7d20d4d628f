"""What no book may do whatever it is given: crash, take a row that was not checked, believe damage."""

from __future__ import annotations

import gc
import struct
from random import Random
from typing import Any

import numpy as np
import pytest

from letrade.hotpath.book import Book
from letrade.hotpath.book_orders import OrdersBook
from letrade.hotpath.constants import BUY, SELL


def whole(count: int, value: int = 0) -> Any:
    return np.full(count, value, np.int64)


def test_arrays_that_a_batch_writes_share_no_memory_with_those_that_it_reads() -> None:
    memory = np.zeros(40, np.int64)
    sides, prices, sizes = np.ones(8, np.int8), memory[:8], whole(8, 1)
    prices[:] = np.arange(100, 108)
    book = Book()
    for written in (memory[1:9], memory[:8], memory[7:15]):
        with pytest.raises(ValueError, match="share memory"):
            book.apply_batch(sides, prices, sizes, out_ask=written)
        with pytest.raises(ValueError, match="share memory"):
            book.apply_batch(sides, prices, sizes, memory[20:28], written)
    with pytest.raises(ValueError, match="share memory"):
        book.apply_batch(memory.view(np.int8)[64:72], prices, sizes, out_bid=memory[8:16])
    with pytest.raises(ValueError, match="share memory"):
        book.apply_batch(sides, prices, sizes, memory[20:28], memory[27:35])
    assert book.best() == (None, None)
    book.apply_batch(sides, prices, sizes, memory[8:16], memory[16:24])
    assert memory[8:16].tolist() == prices.tolist()


def test_depth_is_not_read_into_prices_and_sizes_of_one_memory() -> None:
    book, memory = Book(), whole(9)
    book.update(BUY, 10, 5)
    for sizes in (memory[:4], memory[3:7]):
        with pytest.raises(ValueError, match="share memory"):
            book.read_depth(BUY, memory[:4], sizes)
    assert memory.tolist() == [0] * 9
    assert book.read_depth(BUY, memory[:4], memory[4:8]) == 1
    assert book.read_depth(BUY, memory[:0], memory[:0]) == 0


def test_arrays_that_are_not_whole_numbers_side_by_side_are_refused() -> None:
    book, good = Book(), whole(4, 1)
    arrays: list[Any] = [
        good.astype(float),
        good.astype(np.uint64),
        good.astype(np.int32),
        good.astype(">i8"),
        whole(8, 1)[::2],
        good.reshape(2, 2),
        np.ones(4, "M8[ns]"),
        np.ones(4, object),
        [1, 1, 1, 1],
        b"12345678" * 4,
        None,
    ]
    for wrong in arrays:
        with pytest.raises((TypeError, ValueError, BufferError)):
            book.apply_batch(np.ones(4, np.int8), wrong, good)
    frozen = whole(4)
    frozen.setflags(write=False)
    with pytest.raises((ValueError, BufferError)):
        book.apply_batch(np.ones(4, np.int8), good, good, out_bid=frozen)
    assert book.levels(BUY) == 0
    assert book.apply_batch(np.ones(4, np.int8), frozen + 1, good)


class Meddling:
    """A whole number that empties a book when it is read."""

    def __init__(self, number: int, book: Any) -> None:
        self.number, self.book = number, book

    def __index__(self) -> int:
        self.book.clear()
        return self.number


def meddling(number: int, book: Any) -> Any:
    return Meddling(number, book)


def test_numbers_that_change_the_book_while_they_are_read_leave_it_whole() -> None:
    book = Book(heal_crossed=True)
    for price in range(1, 2_000):
        book.update(BUY, price, 1)
    assert book.update(BUY, meddling(5, book), meddling(7, book))
    book.apply(SELL, [9, meddling(8, book)], [meddling(1, book), 1])
    book.load([(5, meddling(7, book))], [(meddling(9, book), 1)])
    assert book.best() == ((5, 7), (9, 1))
    orders = OrdersBook()
    orders.add(1, BUY, 10, 5)
    assert not orders.change(1, meddling(11, orders), 4)
    orders.add(2, BUY, 10, 5)
    assert not orders.trade(2, meddling(1, orders))
    assert orders.order_count == 0


def test_any_damaged_word_of_a_dump_is_refused_or_is_the_dump_of_what_was_loaded() -> None:
    chance, book, orders = Random(5), Book(), OrdersBook()
    for number in range(30):
        book.update(BUY if number % 2 else SELL, 100 + number * (1 if number % 2 else 40_000), 1 + number)
        orders.add(number, BUY if number % 2 else SELL, 100 + number // 4 * 90_000, 1 + number)
    wrong = (0, 1, -1, 2, 3, 5, 30, 2**32, 2**62, -(2**62), 2**63 - 1, -(2**63))
    for source in (book, orders):
        data = source.dump()
        words = list(struct.unpack(f"<{len(data) // 8}q", data))
        for _ in range(1_000):
            damaged = list(words)
            for _ in range(chance.randint(1, 2)):
                damaged[chance.randrange(len(words))] = chance.choice(wrong)
            packed = struct.pack(f"<{len(words)}q", *damaged)[: chance.choice((None, None, -8, -1))]
            fresh = type(source)()
            try:
                fresh.load_bytes(packed)
            except (ValueError, OverflowError):
                assert fresh.best() == (None, None)
                continue
            assert fresh.dump() == packed
        with pytest.raises(TypeError):
            source.load_bytes(None)  # type: ignore[arg-type]


def test_a_dump_leaves_room_for_the_arrivals_to_come() -> None:
    words = [*struct.unpack("<3q", OrdersBook().dump())]
    for wrong in (0, -1, 2**62, 2**63 - 1):
        words[1] = wrong
        with pytest.raises(ValueError, match="dump"):
            OrdersBook().load_bytes(struct.pack("<3q", *words))


def test_prices_at_both_ends_of_64_bits_are_levels_like_others() -> None:
    top = 2**63 - 1
    book = Book()
    for side in (BUY, SELL):
        for price in (1, top, 2, top - 1, top // 2):
            book.update(side, price, top)
        assert sorted(price for price, _ in book.depth(side, 9)) == [1, 2, top // 2, top - 1, top]
    assert book.best() == ((top, top), (1, top))
    assert book.imbalance(9) == 0.0
    assert sum(size for _, size in book.sweep(BUY, top)) == top
    for side in (BUY, SELL):
        for price in (top, 1, top - 1, 2, top // 2):
            book.update(side, price, 0)
    assert book.best() == (None, None)


def collecting(act: Any, read: Any) -> Any:
    """What is read while each garbage collection acts on what is read."""
    threshold = gc.get_threshold()

    def callback(phase: str, info: dict[str, int]) -> None:
        if phase == "stop":
            act()

    gc.callbacks.append(callback)
    gc.set_threshold(50)
    try:
        return read()
    finally:
        gc.callbacks.remove(callback)
        gc.set_threshold(*threshold)


def test_collections_that_empty_a_book_while_it_is_read_crash_nothing() -> None:
    empty = OrdersBook().dump()
    deep, long = OrdersBook(), OrdersBook()
    for number in range(5_000):
        deep.add(number, BUY, 1 + number * 70, 1)
        long.add(number, BUY, 1, 1)
    assert len(collecting(lambda: deep.load_bytes(empty), lambda: deep.depth(BUY, 5_000))) == 5_000
    assert len(collecting(lambda: long.load_bytes(empty), lambda: long.queue(BUY, 1))) == 5_000
    assert deep.order_count == long.order_count == 0
    levels = Book()
    for number in range(5_000):
        levels.update(BUY, 1 + number * 70, 1)
    whole = levels.depth(BUY, 5_000)
    assert collecting(levels.clear, lambda: levels.depth(BUY, 5_000)) == whole
    levels.load(whole, [])
    assert collecting(levels.clear, lambda: levels.sweep(SELL, 5_000)) == whole
