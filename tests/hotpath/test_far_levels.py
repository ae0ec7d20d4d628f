"""Thousands of levels far from the best: none is lost, whatever order they come, change and go in."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from letrade.hotpath.book import Book
from letrade.hotpath.constants import BUY, CANCEL, SELL
from letrade.hotpath.matcher import Matcher
from letrade.hotpath.matching_rows import COMMAND

SIDES = pytest.mark.parametrize("side", [BUY, SELL])
BEST = 10**9


def far_prices(count: int, side: int) -> list[int]:
    """Best first, and each further from the next than a window could hold many of."""
    return [BEST - side * 3_000 * (place + 1) for place in range(count)]


def best_first(sizes: dict[int, int], side: int) -> list[tuple[int, int]]:
    return sorted(((price, size) for price, size in sizes.items() if size), key=lambda level: -side * level[0])


@SIDES
@pytest.mark.parametrize("way", ["best first", "worst first", "in any order", "from both ends"])
def test_ten_thousand_far_levels_come_and_go_in_any_order(side: int, way: str) -> None:
    prices = far_prices(10_000, side)
    if way == "worst first":
        prices.reverse()
    elif way == "in any order":
        Random(5).shuffle(prices)
    elif way == "from both ends":
        prices[1::2] = prices[:0:-2]
    book, sizes = Book(), {BEST: 7}
    book.update(side, BEST, 7)
    for number, price in enumerate(prices):
        book.update(side, price, number + 1)
        sizes[price] = number + 1
    assert book.depth(side, 20_000) == best_first(sizes, side)
    other = Book()
    other.load_bytes(book.dump())
    assert other.state_hash() == book.state_hash()
    for number, price in enumerate(prices[::3] + prices[1::3]):
        book.update(side, price, 0)
        sizes[price] = 0
        if number % 1_000 == 0:
            assert book.depth(side, 20_000) == best_first(sizes, side)
    book.update(side, BEST, 0)
    sizes[BEST] = 0
    assert book.depth(side, 20_000) == best_first(sizes, side)
    for price, _ in book.depth(side, 20_000):
        assert book.depth(side, 1)[0][0] == price
        book.update(side, price, 0)
    assert book.levels(side) == 0


@SIDES
def test_any_changes_of_far_levels_give_what_a_dictionary_gives(side: int) -> None:
    chance, sizes = Random(3), {}
    book = Book()
    for number in range(30_000):
        reach = 1_000 if number % 6_000 < 3_000 else 40  # many levels, then few, then many again
        price = BEST - side * 7_000 * chance.randrange(reach) + chance.randrange(2)
        size = chance.choice([0, 0, 1, 2, 3]) if reach == 1_000 else 0
        book.update(side, price, size)
        sizes[price] = size
        if reach == 40 and sizes:
            gone = chance.choice(list(sizes))
            book.update(side, gone, sizes.pop(gone) * 0)
        if number % 500 == 0:
            assert book.depth(side, 20_000) == best_first(sizes, side)
    assert book.levels(side) == len(best_first(sizes, side))


@SIDES
def test_a_lone_best_level_that_comes_and_goes_takes_no_other_with_it(side: int) -> None:
    book = Book()
    sizes = {BEST - side * place: 1 + place for place in range(2_000)}
    book.load(list(sizes.items()) if side == BUY else [], list(sizes.items()) if side == SELL else [])
    lone = BEST + side * 5 * 10**8
    for turn in range(300):
        assert book.update(side, lone, 9)
        assert book.depth(side, 2) == [(lone, 9), (BEST, 1)]
        assert book.update(side, lone, 0)
        below = BEST - side * (2_500 + turn)
        book.update(side, below, 5)
        sizes[below] = 5
        assert book.depth(side, 3_000) == best_first(sizes, side)


@SIDES
def test_orders_at_ten_thousand_far_prices_rest_and_are_found(side: int) -> None:
    prices = far_prices(10_000, side)
    Random(7).shuffle(prices)
    rows, answers = np.zeros(len(prices), COMMAND), np.zeros(len(prices), np.int64)
    rows["side"], rows["price"], rows["size"] = side, prices, range(1, len(prices) + 1)
    matcher = Matcher()
    matcher.limit(side, BEST, 7)
    assert matcher.run(rows, answers) == len(prices)
    sizes = {BEST: 7} | {price: size for size, price in enumerate(prices, 1)}
    assert matcher.depth(side, 20_000) == best_first(sizes, side)
    other = Matcher()
    other.load_bytes(matcher.dump())
    assert other.state_hash() == matcher.state_hash()
    cancels = np.zeros(len(prices) // 2, COMMAND)
    cancels["action"], cancels["order"] = CANCEL, answers[::2]
    assert matcher.run(cancels, np.zeros(len(cancels), np.int64)) == len(cancels)
    left = best_first(sizes | dict.fromkeys(prices[::2], 0), side)
    assert matcher.depth(side, 20_000) == left
    for price, size in left:
        assert matcher.best()[side < 0] == (price, size)
        matcher.market(-side, size)
        assert matcher.take_trades()[0][2:] == (price, size)
    assert matcher.order_count() == 0


def test_an_order_far_above_the_others_that_comes_and_goes_leaves_them_as_they_were() -> None:
    matcher = Matcher()
    prices = [BEST - place for place in range(1_000)]
    handles = [matcher.limit(BUY, price, 2) for price in prices]
    for turn in range(200):
        lone = matcher.limit(BUY, BEST + 10**7, 9)
        assert matcher.depth(BUY, 2) == [(BEST + 10**7, 9), (prices[turn], 2)]
        assert matcher.cancel(lone) == 9
        assert matcher.cancel(handles[turn]) == 2
        handles.append(matcher.limit(BUY, BEST - 5_000 - turn, 2))
        prices.append(BEST - 5_000 - turn)
        assert matcher.depth(BUY, 2_000) == [(price, 2) for price in prices[turn + 1 :]]
