"""The compiled L2 book against its twin, its refusals and its snapshots."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.hotpath.book import Book
from letrade.hotpath.constants import BUY, SELL
from tests.data import shared_data
from tests.models.book import SlowBook

INT64_MAX = 2**63 - 1
SIDES = st.sampled_from([BUY, SELL])
LEVELS = st.tuples(st.integers(1, 12), st.integers(0, 4))
UPDATES = st.tuples(st.just("update"), SIDES, st.lists(LEVELS, min_size=1, max_size=1))
BATCHES = st.tuples(st.just("apply"), SIDES, st.lists(LEVELS, max_size=6))
LOADS = st.tuples(st.just("load"), st.lists(LEVELS, max_size=6), st.lists(LEVELS, max_size=6))


def tell(book: Book, slow: SlowBook, command: tuple[str, Any, Any]) -> None:
    match command:
        case ("load", bids, asks):
            book.load(bids, asks)
            slow.load(bids, asks)
        case ("apply", side, levels):
            book.apply(side, [price for price, _ in levels], [size for _, size in levels])
        case (_, side, levels):
            book.update(side, *levels[0])
    if command[0] != "load":
        for price, size in command[2]:
            slow.update(command[1], price, size)


def assert_same(book: Book, slow: SlowBook) -> None:
    for side in (BUY, SELL):
        assert book.levels(side) == len(slow.sizes[side])
        assert book.depth(side, 100) == slow.depth(side, 100)
        assert book.depth(side, 2) == slow.depth(side, 2)
    assert book.best() == slow.best() == (book.best_bid(), book.best_ask())
    assert book.best_prices() == slow.best_prices()
    assert book.is_crossed() == slow.is_crossed()
    assert book.state_hash() == slow.state_hash()


@settings(max_examples=60)
@given(st.lists(st.one_of(UPDATES, UPDATES, BATCHES, LOADS), max_size=30))
def test_any_commands_give_what_the_slow_book_gives(commands: list[tuple[str, Any, Any]]) -> None:
    book, slow = Book(), SlowBook()
    for command in commands:
        tell(book, slow, command)
        assert_same(book, slow)
    again = Book()
    again.load_bytes(book.dump())
    assert_same(again, slow)


@settings(max_examples=60)
@given(st.lists(LEVELS, max_size=8), SIDES, st.integers(0, 20), st.none() | st.integers(1, 13))
def test_a_sweep_takes_what_the_slow_book_would(
    levels: list[tuple[int, int]], side: int, size: int, limit: int | None
) -> None:
    book, slow = Book(), SlowBook()
    book.load(levels, levels)
    slow.load(levels, levels)
    assert book.sweep(side, size, limit) == slow.sweep(side, size, limit)
    assert_same(book, slow)


def test_a_thousand_levels_far_apart_are_all_kept() -> None:
    book = Book()
    prices = [1 + place * 10**15 for place in range(1000)] + [INT64_MAX]
    book.apply(SELL, prices, [INT64_MAX] * len(prices))
    assert book.levels(SELL) == 1001
    assert book.depth(SELL, 1001) == [(price, INT64_MAX) for price in prices]


def test_deleting_what_is_not_there_is_fine() -> None:
    book = Book()
    book.update(BUY, 5, 0)
    assert book.best() == (None, None)


def test_clear_leaves_an_empty_book() -> None:
    book = Book()
    book.load([(5, 1)], [(6, 1)])
    book.clear()
    assert book.state_hash() == Book().state_hash()
    assert (book.levels(BUY), book.levels(SELL)) == (0, 0)


NONSENSE = [(0, 1, "at least 1 tick, found 0"), (-3, 1, "found -3"), (5, -1, "0 lots or more")]


@pytest.mark.parametrize(("price", "size", "text"), NONSENSE)
def test_nonsense_is_refused_and_changes_nothing(price: int, size: int, text: str) -> None:
    book = Book()
    book.load([(5, 1)], [(6, 1)])
    before = book.dump()
    with pytest.raises(ValueError, match=text):
        book.update(BUY, price, size)
    with pytest.raises(ValueError, match=text):
        book.apply(BUY, [4, price], [9, size])
    with pytest.raises(ValueError, match=text):
        book.load([(4, 9), (price, size)], [])
    assert book.dump() == before


def test_other_sides_lengths_and_types_are_refused() -> None:
    book = Book()
    with pytest.raises(ValueError, match=r"side must be BUY \(1\) or SELL \(-1\), found 0"):
        book.update(0, 1, 1)
    with pytest.raises(ValueError, match="found 7"):
        book.sweep(7, 1)
    with pytest.raises(ValueError, match="one length, found 2 and 1"):
        book.apply(BUY, [1, 2], [1])
    with pytest.raises(ValueError, match="0 or more, found -1"):
        book.depth(BUY, -1)
    with pytest.raises(ValueError, match="0 lots or more, found -1"):
        book.sweep(BUY, -1)
    with pytest.raises(OverflowError):
        book.update(BUY, INT64_MAX + 1, 1)
    with pytest.raises(TypeError):
        book.update(BUY, 1.5, 1)  # type: ignore[arg-type]
    assert book.best() == (None, None)


def test_bytes_that_are_no_dump_are_refused_and_change_nothing() -> None:
    book = Book()
    book.load([(5, 1), (4, 2)], [(6, 1)])
    before = book.dump()
    swapped = before[:24] + before[40:56] + before[24:40] + before[56:]
    no_size = before[:-8] + bytes(8)
    for data in (b"", before[:-8], before[:-1], before + bytes(16), bytes(len(before)), swapped, no_size):
        with pytest.raises(ValueError, match=r"dump"):
            book.load_bytes(data)
    assert book.dump() == before


def test_a_million_updates_pass_the_known_best_prices() -> None:
    with np.load(shared_data("../bench/l2_1m.npz")) as file:
        columns = {name: file[name].tolist() for name in file.files}
        lots, first_lots = (np.rint(file[name] * 1000).astype(np.int64).tolist() for name in ("qty", "snap_qty"))
    snapshot = list(zip(columns["snap_side"], columns["snap_tick"], first_lots, strict=True))
    book = Book()
    book.load([row[1:] for row in snapshot if row[0] == 0], [row[1:] for row in snapshot if row[0] == 1])
    sides = [SELL if side else BUY for side in columns["side"]]
    start = 0
    for last, bid, ask in zip(columns["ck_i"], columns["ck_bid"], columns["ck_ask"], strict=True):
        for place in range(start, last + 1):
            book.update(sides[place], columns["tick"][place], lots[place])
        start = last + 1
        assert [level and level[0] for level in book.best()] == [bid, ask]
        assert not book.is_crossed()
