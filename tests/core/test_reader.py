"""Several feeds are read as one, in time order, from any count onwards."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.core.clock import LATEST
from letrade.core.errors import DataError
from letrade.core.feed import Feed
from letrade.core.messages.base import Message
from letrade.core.messages.market import MarkPrice, Trade
from letrade.core.stepping.reader import FeedReader
from tests.core.worlds import CONTEXT, INSTRUMENT

END = 10**18


class Times(Feed):
    """Trades at the times given."""

    def __init__(self, name: str, *times: int) -> None:
        super().__init__(name, None, CONTEXT)
        self.times = times

    def messages(self) -> Iterator[Message]:
        for sequence, time in enumerate(self.times, 1):
            yield Trade(
                instrument=INSTRUMENT, price=1.0, size=1.0, time=time, source=self.name, epoch=1, sequence=sequence
            )


class Priced(Feed):
    """Marks of the prices given, one a second."""

    def __init__(self, *prices: float) -> None:
        super().__init__("a", None, CONTEXT)
        self.prices = prices

    def messages(self) -> Iterator[Message]:
        for sequence, price in enumerate(self.prices, 1):
            yield MarkPrice(
                instrument=INSTRUMENT, price=price, time=sequence, source=self.name, epoch=1, sequence=sequence
            )


def ids(messages: list[Message]) -> list[tuple[int, str, int]]:
    return [(message.time, message.source, message.sequence) for message in messages]


def test_feeds_are_merged_by_time_and_their_place() -> None:
    reader = FeedReader([Times("b", 1, 3, 3), Times("a", 0, 3, 9)])
    assert reader.peek_time() == 0
    assert ids(reader.take(4)) == [(0, "a", 1), (1, "b", 1), (3, "b", 2), (3, "b", 3), (3, "a", 2)]
    assert (reader.count, reader.last_time, reader.peek_time()) == (5, 3, 9)
    assert ids(reader.take(9)) == []
    assert ids(reader.take(10)) == [(9, "a", 3)]
    assert reader.peek_time() is None


def test_a_limit_leaves_the_rest_in_order() -> None:
    reader = FeedReader([Times("a", 1, 2, 3), Times("b", 1, 2, 3)])
    batches = [ids(reader.take(END, 4)), ids(reader.take(END, 4))]
    assert [len(batch) for batch in batches] == [4, 2]
    assert batches[0] + batches[1] == ids(FeedReader([Times("a", 1, 2, 3), Times("b", 1, 2, 3)]).take(END))


def test_until_cuts_off_what_is_at_it_or_later_also_after_a_skip() -> None:
    for seen in ({}, {"a trade": 1}, {"a trade": 2}):
        reader = FeedReader([Times("a", 1, 5, 7, 9)], until=7)
        reader.skip(seen)
        assert [message.time for message in reader.take(END)] == [1, 5][sum(seen.values()) :]


def test_after_close_nothing_comes() -> None:
    reader = FeedReader([Times("a", 1, 5)])
    reader.take(2)
    reader.close()
    assert (reader.peek_time(), reader.take(END), reader.last_time) == (None, [], 1)


def test_no_feed_and_an_empty_feed_are_read_as_nothing() -> None:
    assert FeedReader([]).peek_time() is None
    assert FeedReader([Times("a")]).take(END) == []


def test_time_that_runs_backwards_is_told() -> None:
    reader = FeedReader([Times("a", 5, 4)])
    with pytest.raises(DataError, match="a: time runs backwards at message 2"):
        reader.take(END)


@pytest.mark.parametrize("time", [2**63 - 1, LATEST, -1])
def test_a_time_that_leaves_no_room_after_it_is_told(time: int) -> None:
    with pytest.raises(DataError, match=f"a, message 1: .*: expected a time from 1970 to 2261, found {time} ns"):
        FeedReader([Times("a", time)])
    assert FeedReader([Times("a", LATEST - 1)]).peek_time() == LATEST - 1


@given(
    st.lists(st.lists(st.integers(0, 9), max_size=9).map(sorted), min_size=1, max_size=3),
    st.integers(0, 27),
    st.none() | st.integers(0, 9),
)
def test_skipping_what_was_seen_goes_on_where_the_other_stopped(
    times: list[list[int]], count: int, until: int | None
) -> None:
    def feeds() -> list[Feed]:
        return [Times(f"f{place}", *each) for place, each in enumerate(times)]

    first, second = FeedReader(feeds(), until), FeedReader(feeds(), until)
    seen = {f"{message.source} trade": message.sequence for message in first.take(END, count)}
    second.skip({**seen, "other bar": 99})
    assert (second.peek_time(), second.count, second.last_time) == (first.peek_time(), first.count, first.last_time)
    assert ids(second.take(END)) == ids(first.take(END))


@pytest.mark.parametrize("price", [0.0, -5.0, math.nan, math.inf, -math.inf, 1e16])
def test_what_no_field_can_hold_goes_no_further_and_is_told(price: float) -> None:
    """Where nobody is told, as in a backtest, it ends the reading, as a file does that says it."""
    found = re.escape(repr(price))
    with pytest.raises(DataError, match=rf"^a, message 2: {INSTRUMENT}: mark_price.price: .* found {found}$"):
        FeedReader([Priced(1.0, price)]).take(END)
    told: list[str] = []
    reader = FeedReader([Priced(price, 1.0, price, price, 2.0, price)], refuse=told.append)
    assert [message.sequence for message in reader.take(END)] == [2, 5]
    assert [text.split(":")[0] for text in told] == [f"a, message {number}" for number in (1, 3, 4, 6)]
    later = FeedReader([Priced(1.0, price, 2.0)], refuse=told.append)
    later.skip({"a mark_price": 1})
    assert [message.sequence for message in later.take(END)] == [3]
