"""Strategies that read a book: it follows the venue's diffs, and the maker quotes around its middle."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from letrade.actors.strategies.base import BookStrategy, StrategyConfig
from letrade.actors.strategies.book_maker import BookMaker, BookMakerConfig
from letrade.core.messages.base import Message
from letrade.core.messages.market import BookDelta, BookSnapshot
from letrade.core.messages.orders import Fill
from letrade.core.messages.signals import Quotes
from letrade.core.money import money
from letrade.hotpath.book import Book
from tests.actors.cuts import with_a_cut, without_a_cut
from tests.stage import PERP, StageOf, context, of_kind

NAME = PERP.instrument
MS = 1_000_000


def packed(*levels: tuple[float, float]) -> bytes:
    return b"".join(struct.pack("<2d", *level) for level in levels)


def snapshot(time: int, update: int, bids: list[tuple[float, float]], asks: list[tuple[float, float]]) -> BookSnapshot:
    return BookSnapshot(time=time, instrument=NAME, last_update=update, bids=packed(*bids), asks=packed(*asks))


def delta(
    time: int, update: int, bids: list[tuple[float, float]] = [], asks: list[tuple[float, float]] = []  # noqa: B006
) -> BookDelta:  # fmt: skip
    return BookDelta(
        time=time, instrument=NAME, first_update=update, last_update=update, previous_update=update - 1,
        bids=packed(*bids), asks=packed(*asks),
    )  # fmt: skip


class Watcher(BookStrategy):
    """Notes the best prices at each change."""

    def __init__(self, name: str, config: Any, context: Any) -> None:
        super().__init__(name, config, context)
        self.seen: list[tuple[int, float, float]] = []

    def book_changed(self) -> None:
        self.seen.append((self.now(), *self.best_prices()))


def watcher() -> Watcher:
    return Watcher("watcher", StrategyConfig(instrument=NAME, account="main"), context())


START = snapshot(10, 5, [(99.9, 1.0), (99.8, 2.0)], [(100.1, 1.5)])


def test_the_hook_is_called_after_each_event_with_all_its_levels_in_the_book() -> None:
    strategy = watcher()
    StageOf(strategy).tell(START, delta(20, 6, [(99.9, 0.0)], [(100.0, 0.5)]), delta(30, 7, [(99.9, 0.25)]))
    assert strategy.seen == [(10, 99.9, 100.1), (20, 99.8, 100.0), (30, 99.9, 100.0)]
    assert strategy.book.best() == ((999, 250), (1000, 500))


def test_diffs_that_waited_for_the_snapshot_are_one_change_with_it() -> None:
    strategy = watcher()
    StageOf(strategy).tell(delta(1, 5, [(99.7, 9.0)]), delta(2, 6, [(99.9, 0.0)]), START)
    assert strategy.seen == [(10, 99.8, 100.1)]


def test_while_an_update_is_missing_the_book_is_empty() -> None:
    strategy = watcher()
    StageOf(strategy).tell(START, delta(20, 8, [(99.7, 1.0)]))
    assert strategy.best_prices() == (0.0, 0.0)
    assert len(strategy.seen) == 1


def test_levels_off_the_grid_are_no_book_until_the_next_snapshot() -> None:
    strategy = watcher()
    again = snapshot(40, 9, [(98.0, 1.0)], [(101.0, 1.0)])
    StageOf(strategy).tell(START, delta(20, 6, [(99.95, 1.0)]), delta(30, 7, [(99.9, 3.0)]), again)
    assert strategy.seen[-1] == (40, 98.0, 101.0)
    assert strategy.best_prices() == (98.0, 101.0)


def test_a_book_that_another_keeps_is_read_at_its_own_decimals() -> None:
    strategy, book = watcher(), Book()
    book.load([(99_900, 10)], [(100_100, 20)])
    strategy.use_book(book, 3, 1)
    assert strategy.best_prices() == (99.9, 100.1)


@pytest.mark.parametrize("cut", range(6))
def test_a_restart_changes_nothing_of_a_book(cut: int) -> None:
    told = [delta(1, 5, [(99.7, 9.0)]), START, delta(20, 6, [(99.9, 0.0)]), delta(30, 8), delta(35, 9)]
    strategy = watcher()
    stage = StageOf(strategy)
    stage.tell(*told[:cut])
    after = watcher()
    after.restore(strategy.state())
    for each in (strategy, after):
        StageOf(each).tell(*told[cut:])
    assert (after.book.dump(), after.sync.phase) == (strategy.book.dump(), strategy.sync.phase)


def maker(**more: Any) -> BookMaker:
    config = BookMakerConfig(
        instrument=NAME, account="main", size=1.0, position_max=2.0, every=100 * MS, half_spread=1.0, skew=2.0, **more
    )
    return BookMaker("maker", config, context())


def fill(time: int, side: int) -> Fill:
    return Fill(
        time=time, strategy="maker", account="main", instrument=NAME, order_id="maker.1.1", client_order_id="",
        trade_id=str(time), side=side, price=100.0, size=1.0, fee=money("USDT", 0), maker=True,
    )  # fmt: skip


def quoted(*messages: Message, until: int) -> list[tuple[int, list[tuple[int, float]]]]:
    said = of_kind(StageOf(maker()).tell(*messages, until=until), Quotes)
    return [(each.time // MS, [(order.side, order.price) for order in each.orders]) for each in said]


BOOK = snapshot(10 * MS, 5, [(100.0, 1.0)], [(100.4, 1.0)])


def test_quotes_a_tick_around_the_middle_on_the_grid_of_its_timer_and_not_again() -> None:
    assert quoted(BOOK, until=450 * MS) == [(100, [(1, 100.0), (-1, 100.4)])]


def test_a_tight_book_is_joined_never_bettered() -> None:
    tight = snapshot(10 * MS, 5, [(100.0, 1.0)], [(100.1, 1.0)])
    assert quoted(tight, until=150 * MS) == [(100, [(1, 99.9), (-1, 100.2)])]


def test_what_is_held_leans_the_quotes_and_ends_a_side_at_the_most() -> None:
    told = [BOOK, fill(150 * MS, 1), fill(250 * MS, 1)]
    assert quoted(*told, until=350 * MS) == [
        (100, [(1, 100.0), (-1, 100.4)]),
        (200, [(1, 99.9), (-1, 100.4)]),
        (300, [(-1, 100.4)]),
    ]


def test_a_side_without_levels_withdraws_both_quotes() -> None:
    told = [BOOK, delta(150 * MS, 6, [(100.0, 0.0)])]
    assert quoted(*told, until=250 * MS)[-1] == (200, [])


@pytest.mark.parametrize("cut", range(4))
def test_a_restart_changes_nothing_of_a_maker(cut: int) -> None:
    told = [BOOK, fill(150 * MS, 1), delta(250 * MS, 6, [(100.0, 0.0), (99.9, 3.0)])]
    assert with_a_cut(maker, told, cut, 500 * MS) == without_a_cut(maker, told, cut, 500 * MS)
