"""What the window of the L2 book must not show: moves, jumps, far levels, and memory that stays flat."""

import sys

import pytest

from letrade.hotpath.book import Book
from letrade.hotpath.constants import BUY, SELL
from tests.hotpath.memory import grown_bytes

INT64_MAX = 2**63 - 1
SIDES = pytest.mark.parametrize("side", [BUY, SELL])


@SIDES
def test_levels_survive_a_walk_of_the_market_through_many_windows(side: int) -> None:
    book = Book()
    middle = 10_000_000
    for step in range(0, 2_000_000, 997):
        book.update(side, middle + side * step, step + 1)
    steps = range(0, 2_000_000, 997)
    assert book.levels(side) == len(steps)
    expected = [(middle + side * step, step + 1) for step in reversed(steps)]
    assert book.depth(side, len(steps)) == expected
    for price, _ in expected:
        assert book.depth(side, 1)[0][0] == price
        assert book.update(side, price, 0)
    assert book.levels(side) == 0


@SIDES
def test_a_jump_to_the_end_of_all_prices_and_back_keeps_every_level(side: int) -> None:
    book = Book()
    near = [(1_000_000 - side * place, 1 + place) for place in range(3_000)]
    far = INT64_MAX if side == BUY else 1
    for price, size in near:
        book.update(side, price, size)
    assert book.update(side, far, 7)
    assert book.depth(side, 2) == [(far, 7), near[0]]
    assert not book.update(side, near[10][0], 99)
    assert book.update(side, far, 0)
    near[10] = (near[10][0], 99)
    assert book.depth(side, 5_000) == near


@SIDES
def test_the_lowest_and_the_highest_price_lie_in_one_book(side: int) -> None:
    prices = [1, 2, 63, 64, 65, 2**31, 2**62 - 1, 2**62, INT64_MAX - 64, INT64_MAX - 1, INT64_MAX]
    best_first = prices[:: -1 if side == BUY else 1]
    for order in (prices, prices[::-1], prices[::2] + prices[1::2]):
        book = Book()
        for price in order:
            book.update(side, price, price)
        assert [price for price, _ in book.depth(side, 99)] == best_first
        for price in best_first:
            assert book.depth(side, 1) == [(price, price)]
            book.update(side, price, 0)
        assert book.depth(side, 1) == []


def test_one_side_alone_has_its_best_and_no_other() -> None:
    book = Book()
    book.update(SELL, 2**40, 1)
    assert book.best() == (None, (2**40, 1))
    assert book.sweep(SELL, 5) == []
    assert not book.is_crossed()


def test_far_levels_are_changed_and_deleted_where_they_lie() -> None:
    book = Book()
    book.update(BUY, 2**40, 1)
    far = [2**20 * place for place in range(1, 200)]
    book.apply(BUY, far, [1] * len(far))
    assert not book.update(BUY, far[5], 9)
    assert not book.update(BUY, far[6], 0)
    assert not book.update(BUY, far[6], 0)
    assert book.size(BUY, far[5]) == 9
    assert book.size(BUY, far[6]) == 0
    assert book.levels(BUY) == 199


@SIDES
def test_a_far_level_that_comes_in_with_a_move_is_counted_once(side: int) -> None:
    book = Book()
    book.apply(side, [100_000, 100_000 - side * 600], [1, 1])
    book.apply(side, [100_000 - side * place for place in range(1, 30)], [1] * 29)
    book.update(side, 100_000 - side * 600, 2)
    assert book.levels(side) == len(book.depth(side, 99)) == 31
    for place in range(25):
        book.update(side, 100_000 - side * place, 0)
    book.update(side, 100_000 - side * 900, 1)
    book.update(side, 100_000 - side * 900, 2)
    assert book.levels(side) == len(book.depth(side, 99)) == 7


def test_a_small_book_costs_little_memory() -> None:
    books = []

    def turn(_: int) -> None:
        book = Book()
        book.load([(50_000 - 10 * place, 1) for place in range(20)], [(50_001 + 10 * place, 1) for place in range(20)])
        books.append(book)

    assert grown_bytes(turn, 10, 400) < 400 * 24_000
    assert sys.getsizeof(books[0]) < 2_048


def test_memory_is_flat_however_long_the_market_walks() -> None:
    book = Book()

    def turn(number: int) -> None:
        middle = 1_000_000 + (number * 7919) % 5_000_000
        for place in range(50):
            book.update(BUY, middle - 37 * place, 1)
            book.update(SELL, middle + 1 + 37 * place, 1)
        for side in (BUY, SELL):
            for price, _ in book.depth(side, 50):
                book.update(side, price, 0)

    assert grown_bytes(turn, 200, 2_000) < 2_000_000
