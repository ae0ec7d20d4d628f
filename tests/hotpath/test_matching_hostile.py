"""What no matching engine may do, whatever it is given: crash, keep dead orders, write beyond memory, trust damage."""

from __future__ import annotations

import struct
import threading
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any

import numpy as np
import pytest

from letrade.hotpath.constants import (
    BUY,
    BY_MARK,
    FOK,
    GTD,
    LIMIT_ORDER,
    PLACE,
    SELL,
    STOP_LIMIT,
    TRAILING_STOP,
    UNKNOWN_ORDER,
)
from letrade.hotpath.matcher import Matcher
from letrade.hotpath.matching import MatchingEngine
from letrade.hotpath.matching_rows import COMMAND
from tests.hotpath.test_book_hostile import collecting

HEADER, OWNER, ORDER = 8, 2, 18  # words
SIZE, TIME_IN_FORCE, HIDDEN, SHOWN, SEQUENCE = 5, 6, 10, 11, 17  # among the words of an order


class Meddling:
    """A whole number that does something else when it is read."""

    def __init__(self, number: int, act: Any) -> None:
        self.number, self.act = number, act

    def __index__(self) -> int:
        self.act()
        return self.number


def meddling(number: int, act: Any) -> Any:
    return Meddling(number, act)


def test_an_order_that_ends_while_its_amendment_is_read_is_not_found() -> None:
    matcher = Matcher()
    handle = matcher.limit(BUY, 100, 5)
    assert matcher.amend(handle, 101, 3, meddling(0, lambda: matcher.cancel(handle))) == -UNKNOWN_ORDER
    assert matcher.order_count() == 0
    assert matcher.best() == (None, None)
    engine = MatchingEngine()
    engine.limit(1, 0, BUY, 100, 5)
    assert engine.amend(1, 101, 3, meddling(0, lambda: engine.cancel(1))) == (UNKNOWN_ORDER, 0, [])
    assert engine.order_count() == 0
    emptied = meddling(3, lambda: matcher.load_bytes(Matcher().dump()))
    assert matcher.amend(meddling(handle, lambda: matcher.limit(BUY, 100, 5)), 101, emptied) == -UNKNOWN_ORDER
    assert matcher.order_count() == 0


def words_of(matcher: Matcher) -> list[int]:
    data = matcher.dump()
    return list(struct.unpack(f"<{len(data) // 8}q", data))


def load(words: list[int], fills_max: int = 1_000) -> Matcher:
    matcher = Matcher(fills_max)
    before = matcher.state_hash()
    try:
        matcher.load_bytes(struct.pack(f"<{len(words)}q", *words))
    except ValueError:
        assert matcher.state_hash() == before
        raise
    return matcher


def refuses(words: list[int], place: int, wrong: int) -> None:
    damaged = list(words)
    damaged[place] = wrong
    with pytest.raises(ValueError, match="dump"):
        load(damaged)


def test_a_dump_with_prices_or_counts_beyond_all_limits_is_refused() -> None:
    words = words_of(Matcher())
    for place in (4, 5, 6, 7):
        for wrong in (-1, -(2**63), 2**62, 2**63 - 1):
            refuses(words, place, wrong)


def test_an_iceberg_of_a_dump_shows_a_part_and_hides_the_rest() -> None:
    matcher = Matcher()
    matcher.place(LIMIT_ORDER, SELL, 8, 100, shown=3)
    words = words_of(matcher)
    for place, wrong in ((SIZE, 4), (SIZE, 0), (SHOWN, 0), (SHOWN, 2), (HIDDEN, -1), (HIDDEN, 2**62), (SHOWN, -1)):
        refuses(words, HEADER + place, wrong)
    refuses(words, HEADER + TIME_IN_FORCE, FOK)
    grouped = Matcher()
    grouped.place(LIMIT_ORDER, SELL, 8, 100, group=7)
    refuses(words_of(grouped), HEADER + HIDDEN, 5)
    waiting = Matcher()
    waiting.place(STOP_LIMIT, SELL, 8, 100, trigger=90, shown=3)
    refuses(words_of(waiting), HEADER + HIDDEN, 5)


def test_an_order_of_a_dump_that_expires_trails_or_has_a_group_came_at_a_place_of_its_own() -> None:
    matcher = Matcher()
    matcher.place(LIMIT_ORDER, BUY, 1, 90, group=7)
    matcher.place(LIMIT_ORDER, BUY, 1, 89, expires=5, time_in_force=GTD)
    matcher.place(TRAILING_STOP, SELL, 1, trail=5, trigger=80, source=BY_MARK)
    words = words_of(matcher)
    for order in range(3):
        for wrong in (0, -1, 4, 2**63 - 1, 1 + (order == 0)):
            refuses(words, HEADER + ORDER * order + SEQUENCE, wrong)
    plain = Matcher()
    plain.limit(BUY, 90, 1)
    refuses(words_of(plain), HEADER + SEQUENCE, 1)
    assert load(words).dump() == matcher.dump()


def test_fills_never_pass_their_limit_after_a_restart_within_partly_taken_icebergs() -> None:
    first = Matcher()
    for price in (101, 100):
        first.place(LIMIT_ORDER, SELL, 8, price, shown=3)
        first.limit(BUY, price, 2)
    words = words_of(first)
    with pytest.raises(ValueError, match="fills"):
        load(words, 5)
    loaded = load(words, 7)
    loaded.market(BUY, 13)
    assert loaded.fills_waiting == 6
    assert sum(trade[3] for trade in loaded.take_trades()) == 12


def test_a_dump_of_more_parts_than_can_be_counted_is_refused() -> None:
    matcher = Matcher()
    matcher.place(LIMIT_ORDER, BUY, 2, 90, shown=1)
    matcher.place(LIMIT_ORDER, SELL, 2, 100, shown=1)
    words = words_of(matcher)
    words[HEADER + HIDDEN] = words[HEADER + ORDER + HIDDEN] = 2**63 - 2
    with pytest.raises(ValueError, match="fills"):
        load(words)


def test_any_damaged_word_of_a_dump_is_refused_or_leaves_an_engine_that_works() -> None:
    chance = Random(11)
    matcher = Matcher()
    for number in range(12):
        shown, owner = 3 * (number % 2), 1 + number % 3
        matcher.place(LIMIT_ORDER, BUY, 8, 90 - number % 3, shown=shown, group=number % 4, owner=owner)
        matcher.place(STOP_LIMIT, SELL, 4, 80, trigger=85 - number, owner=owner, reduce_only=bool(number % 2))
        matcher.place(TRAILING_STOP, SELL, 4, trail=3 + number, trigger=60, source=BY_MARK, group=number % 5)
    matcher.set_position(1, 40)
    words = words_of(matcher)
    wrong = (0, 1, -1, 2, 3, 5, 127, -128, 2**31, 2**32, 2**62, -(2**62), 2**63 - 1, -(2**63))
    loaded = 0
    for _ in range(500):
        damaged = list(words)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(3, len(words))] = chance.choice(wrong)
        try:
            other = load(damaged, 200)
        except ValueError:
            continue
        loaded += 1
        other.market(SELL, 30)
        other.trigger_price(BY_MARK, 100)
        other.trigger_price(BY_MARK, 10)
        other.advance(2**63 - 1)
        assert other.fills_waiting <= 200
        for handle in other.handles():
            other.cancel(handle)
        assert other.order_count() == 0
    assert loaded


def test_threads_that_share_an_engine_see_whole_batches() -> None:
    commands = np.zeros(20_000, COMMAND)
    commands["side"] = np.where(np.arange(len(commands)) % 2, BUY, SELL)
    commands["price"], commands["size"] = 1_000 + np.random.default_rng(1).integers(-50, 50, len(commands)), 1
    matcher = Matcher()
    done: list[int] = []

    def work() -> None:
        for _ in range(5):
            done.append(matcher.run(commands, np.zeros(len(commands), np.int64)))
            matcher.take_fills()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [len(commands)] * 20


def test_answers_that_would_overwrite_their_commands_are_refused() -> None:
    rows = np.zeros(4, COMMAND)
    rows["action"] = PLACE
    for answers in (rows.view(np.int64)[-4:], rows.view(np.int64)[:4]):
        with pytest.raises(ValueError, match="memory of the commands"):
            Matcher().run(rows, answers)


def test_ids_and_owners_that_differ_in_their_upper_bits_alone_are_as_good_as_others() -> None:
    engine = MatchingEngine()
    for number in range(40_000):
        engine.limit(number << 44, (1 + number) << 44, BUY, 1 + number % 50, 1)
    assert engine.order_count() == 40_000
    assert all(engine.cancel(number << 44) == 1 for number in range(0, 40_000, 2))
    assert all(engine.cancel(number << 44) == number % 2 for number in range(40_000))


def test_a_position_has_no_magnitude_beyond_64_bits() -> None:
    matcher = Matcher()
    for lots in (-(2**63), 2**63 - 1 - 4):
        matcher.limit(BUY, 1, 5, owner=3)
        with pytest.raises(ValueError, match="position"):
            matcher.set_position(3, lots)
    assert matcher.position(3) == 0


def test_a_collection_that_moves_all_orders_away_while_depth_is_read_crashes_nothing() -> None:
    low = Matcher()
    low.limit(BUY, 1, 1)
    matcher = Matcher()
    for number in range(3_000):
        matcher.limit(BUY, 10**12 + number, 1)
    collecting(partial(matcher.load_bytes, low.dump()), partial(matcher.depth, BUY, 3_000))
    assert matcher.depth(BUY, 3_000) == [(1, 1)]


def test_collections_that_empty_an_engine_while_it_is_read_crash_nothing() -> None:
    empty = Matcher().dump()
    for read in ("dump", "handles", "take_trades", "state_hash"):
        matcher = Matcher()
        for number in range(3_000):
            matcher.limit(BUY if number % 2 else SELL, 1_000 - number % 3, 1 + number % 7)
        for _ in range(3_000):
            matcher.limit(BUY, 500, 1)
        with suppress(RuntimeError):
            collecting(partial(matcher.load_bytes, empty), getattr(matcher, read))
        assert matcher.order_count() in (0, len(matcher.handles()))
