"""The ways to update an L2 book (single, packed, decimals, arrays), what they refuse, and what is read into arrays."""

import struct
from typing import Any

import numpy as np
import pytest

from letrade.hotpath.book import Book
from letrade.hotpath.constants import BUY, SELL
from tests.data import shared_data

INT64_MAX = 2**63 - 1


def small_book(*, heal_crossed: bool = False) -> Book:
    book = Book(heal_crossed=heal_crossed)
    book.load([(100, 5), (99, 7)], [(102, 3), (104, 9)])
    return book


def packed(*rows: tuple[int, int, int]) -> bytes:
    return b"".join(struct.pack("=3q", *row) for row in rows)


def pairs(*levels: tuple[float, float]) -> bytes:
    return b"".join(struct.pack("=2d", *level) for level in levels)


def columns(*rows: tuple[int, int, int]) -> tuple[Any, Any, Any]:
    sides, prices, sizes = (np.array(column) for column in zip(*rows, strict=True))
    return sides.astype(np.int8), prices, sizes


UPDATES = [
    ((BUY, 99, 8), False),
    ((BUY, 98, 1), False),
    ((BUY, 97, 0), False),
    ((BUY, 100, 5), False),
    ((BUY, 100, 6), True),
    ((BUY, 101, 1), True),
    ((BUY, 100, 0), True),
    ((BUY, 103, 0), False),
    ((SELL, 102, 0), True),
    ((SELL, 104, 0), False),
    ((SELL, 101, 1), True),
]


@pytest.mark.parametrize(("row", "changed"), UPDATES)
def test_each_way_to_update_tells_whether_the_best_changed(row: tuple[int, int, int], changed: bool) -> None:
    side, price, size = row
    books = [small_book() for _ in range(4)]
    assert books[0].update(side, price, size) is changed
    assert books[1].apply(side, [price], [size]) is changed
    assert books[2].apply_packed(packed(row)) is changed
    assert books[3].apply_batch(*columns(row)) is changed
    assert len({book.state_hash() for book in books}) == 1
    assert books[0].size(side, price) == size


def test_a_packed_message_is_any_buffer_at_any_alignment() -> None:
    rows = [(BUY, 101, 4), (SELL, 102, 0), (SELL, 103, 1)]
    shifted = memoryview(b"x" + packed(*rows))[1:]
    for data in (packed(*rows), bytearray(packed(*rows)), np.array(rows), shifted):
        book = small_book()
        assert book.apply_packed(data)
        assert book.best() == ((101, 4), (103, 1))
    assert not small_book().apply_packed(b"")


def test_a_batch_writes_the_best_prices_after_each_row() -> None:
    rows = [(BUY, 101, 1), (BUY, 101, 0), (SELL, 102, 0), (SELL, 104, 0), (BUY, 99, 0), (BUY, 100, 0)]
    bids, asks = np.zeros(6, np.int64), np.zeros(6, np.int64)
    assert small_book().apply_batch(*columns(*rows), bids, asks)
    assert bids.tolist() == [101, 100, 100, 100, 100, 0]
    assert asks.tolist() == [102, 102, 104, 0, 0, 0]
    only_asks = np.zeros(6, np.int64)
    small_book().apply_batch(*columns(*rows), out_ask=only_asks)
    assert only_asks.tolist() == asks.tolist()


def test_decimals_are_read_as_ticks_and_lots() -> None:
    book = Book()
    book.load_decimals(pairs((100.5, 0.25), (100.0, 1.5)), pairs((101.5, 3.0)), 1, 2, 5, 25)
    assert book.depth(BUY, 9) == [(201, 1), (200, 6)]
    assert book.best_ask() == (203, 12)
    assert book.apply_decimals(pairs((100.5, 0.0)), pairs((101.5, 2.5), (9e14, 1.0)), 1, 2, 5, 25)
    assert book.best() == ((200, 6), (203, 10))


def test_a_price_beyond_fifteen_digits_of_units_goes_the_slow_way_and_is_exact() -> None:
    book = Book()
    book.load_decimals(pairs((12345678.9, 5e12)), b"", 10, 3)
    assert book.best_bid() == (123456789_000000000, 5_000_000_000_000_000)


BAD_PAIRS = [
    (pairs((100.55, 1.0)), "not a multiple of"),
    (pairs((100.5, 1.0), (-1.0, 1.0)), "below 0"),
    (pairs((float("nan"), 1.0)), "not finite"),
    (pairs((0.0, 1.0)), "not above 0"),
    (pairs((100.5, 0.001)), "not a multiple of"),
    (pairs((100.5, 1.0))[:-1], "16 bytes each"),
]


@pytest.mark.parametrize(("asks", "text"), BAD_PAIRS)
def test_decimals_off_the_grid_are_refused_and_change_nothing(asks: bytes, text: str) -> None:
    book = small_book()
    before = book.dump()
    with pytest.raises(ValueError, match=text):
        book.apply_decimals(pairs((1.5, 1.0)), asks, 1, 2)
    with pytest.raises(ValueError, match=text):
        book.load_decimals(pairs((1.5, 1.0)), asks, 1, 2)
    assert book.dump() == before


@pytest.mark.parametrize(("decimals", "tick"), [(-1, 1), (65, 1), (1, 0)])
def test_a_grid_that_cannot_be_is_refused(decimals: int, tick: int) -> None:
    with pytest.raises(ValueError, match=r"decimals must be|at least 1 unit"):
        Book().apply_decimals(b"", pairs((1.0, 1.0)), decimals, 2, tick)


BAD_ROWS = [(0, 5, 1), (2, 5, 1), (BUY, 0, 1), (SELL, -5, 1), (BUY, 5, -1), (-(2**63), 5, 1)]


@pytest.mark.parametrize("bad", BAD_ROWS)
def test_one_bad_row_changes_nothing(bad: tuple[int, int, int]) -> None:
    book = small_book()
    before = book.dump()
    with pytest.raises(ValueError, match="found"):
        book.update(*bad)
    with pytest.raises(ValueError, match="found"):
        book.apply_packed(packed((BUY, 98, 1), bad))
    if bad[0] > -128:
        with pytest.raises(ValueError, match="found"):
            book.apply_batch(*columns((BUY, 98, 1), bad))
    assert book.dump() == before


def test_arrays_of_other_kinds_and_lengths_are_refused() -> None:
    book = small_book()
    sides, prices, sizes = columns((BUY, 98, 1), (BUY, 97, 1))
    before = book.dump()
    for arrays in ((prices, prices, sizes), (sides, prices.astype(float), sizes), (sides, prices, None)):
        with pytest.raises(TypeError):
            book.apply_batch(*arrays)
    with pytest.raises(TypeError, match="one dimension"):
        book.apply_batch(sides, prices.astype(np.int32), sizes)
    with pytest.raises(ValueError, match="one length, found 2 and 1"):
        book.apply_batch(sides, prices[:1], sizes)
    with pytest.raises(ValueError, match="one length, found 2 and 3"):
        book.apply_batch(sides, prices, sizes, out_ask=np.zeros(3, np.int64))
    with pytest.raises((ValueError, BufferError)):
        book.apply_batch(sides, np.arange(4)[::2], sizes)
    with pytest.raises(ValueError, match="24 bytes each"):
        book.apply_packed(packed((BUY, 98, 1))[:-1])
    read_only = np.zeros(2, np.int64)
    read_only.flags.writeable = False
    with pytest.raises((ValueError, BufferError)):
        book.apply_batch(sides, prices, sizes, read_only)
    assert book.dump() == before


def test_depth_is_read_into_the_callers_arrays() -> None:
    book = small_book()
    prices, sizes = np.full(3, -1), np.full(3, -1)
    assert book.read_depth(SELL, prices, sizes) == 2
    assert (prices.tolist(), sizes.tolist()) == ([102, 104, -1], [3, 9, -1])
    assert book.read_depth(BUY, prices[:1], sizes) == 1
    assert prices.tolist() == [100, 104, -1]
    with pytest.raises(ValueError, match="side must be"):
        book.read_depth(0, prices, sizes)


def test_imbalance_is_from_minus_one_to_one() -> None:
    book = small_book()
    assert book.imbalance(1) == (5 - 3) / 8
    assert book.imbalance(9) == (12 - 12) / 24
    assert book.imbalance(0) == 0.0
    book.load([(1, 1)], [])
    assert book.imbalance(5) == 1.0
    with pytest.raises(ValueError, match="0 or more"):
        book.imbalance(-1)


def test_the_newest_update_takes_away_what_it_crosses_only_where_that_is_asked_for() -> None:
    plain, healing = small_book(), small_book(heal_crossed=True)
    assert (plain.heal_crossed, healing.heal_crossed) == (False, True)
    for book in (plain, healing):
        assert book.update(BUY, 104, 2)
    assert plain.is_crossed()
    assert plain.levels(SELL) == 2
    assert healing.best() == ((104, 2), None)
    assert healing.update(SELL, 99, 1)
    assert healing.best() == (None, (99, 1))
    assert not healing.update(BUY, 99, 0)
    assert healing.best() == (None, (99, 1))


def test_a_healing_book_keeps_levels_that_are_not_crossed() -> None:
    book = small_book(heal_crossed=True)
    book.apply(BUY, [102, 101], [1, 1])
    assert book.depth(SELL, 9) == [(104, 9)]
    assert book.depth(BUY, 9) == [(102, 1), (101, 1), (100, 5), (99, 7)]


def test_a_million_updates_in_one_batch_pass_the_known_best_prices() -> None:
    with np.load(shared_data("../bench/l2_1m.npz")) as file:
        data = {name: file[name] for name in file.files}
    lots, first_lots = (np.rint(data[name] * 1000).astype(np.int64) for name in ("qty", "snap_qty"))
    sides = np.where(data["side"] == 1, SELL, BUY).astype(np.int8)
    first = [np.where(data["snap_side"] == 1, SELL, BUY), data["snap_tick"], first_lots]
    book, again = Book(), Book(heal_crossed=True)
    bids, asks = np.zeros(len(sides), np.int64), np.zeros(len(sides), np.int64)
    for one in (book, again):
        one.apply_packed(np.ascontiguousarray(np.stack(first, axis=1)))
    book.apply_batch(sides, data["tick"], lots, bids, asks)
    assert bids[data["ck_i"]].tolist() == data["ck_bid"].tolist()
    assert asks[data["ck_i"]].tolist() == data["ck_ask"].tolist()
    assert (bids < asks).all()
    rows = np.stack([sides.astype(np.int64), data["tick"], lots], axis=1)
    for start in range(0, len(rows), 20):
        again.apply_packed(rows[start : start + 20])
    assert again.state_hash() == book.state_hash()


def test_a_batch_tells_that_a_best_level_is_gone_also_where_only_healing_took_it_away() -> None:
    for packed_rows in (False, True):
        book = Book(heal_crossed=True)
        book.load([(100, 1)], [(99, 1)])
        assert book.apply_packed(packed((BUY, 99, 1))) if packed_rows else book.apply(BUY, [99], [1])
        assert book.best() == ((100, 1), None)
