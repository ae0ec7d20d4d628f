"""The tape against its slow twin, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.hotpath.simulation.columns import KINDS, Window
from letrade.hotpath.simulation.tape import Tape
from tests.models.tape import Row, Source, tape

QUOTES = KINDS["quotes"]


def window(rows: list[Row], known: bool) -> Window:
    columns = {name: np.ones(len(rows), np.int64) for name in ("bid_size", "ask", "ask_size")}
    columns["bid"] = np.array([row.bid for row in rows], np.int64)
    return Window(
        QUOTES,
        np.array([row.time for row in rows], np.int64),
        columns,
        venue_time=np.array([row.venue_time for row in rows], np.int64) if known else None,
        sequence=np.array([row.sequence for row in rows], np.int64),
    )


def windows(source: Source, size: int) -> Iterator[Window]:
    for start in range(0, len(source.rows), size):
        yield window(source.rows[start : start + size], source.two_views)


@st.composite
def sources(draw: st.DrawFn) -> list[Source]:
    found, sequences = [], {0: 0, 1: 0}
    for instrument in range(draw(st.integers(1, 4))):
        feed, time, rows = draw(st.integers(0, 1)), 0, []
        for step, late, bid in draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 9)))):
            time += step
            sequences[feed] += 1
            rows.append(Row(time, max(0, time - late), sequences[feed], bid))
        found.append(Source(feed, instrument, rows, draw(st.booleans())))
    return found


@given(sources(), st.integers(1, 4))
def test_sources_merge_as_in_one_sorted_list(given_sources: list[Source], size: int) -> None:
    merged = Tape()
    for source in given_sources:
        merged.add(source.feed, source.instrument, windows(source, size), two_views=source.two_views)
    told = []
    while (event := merged.read()) is not None:
        time, venue_time, view, _, instrument, feed, sequence, row = event
        told.append((venue_time if view == 1 else time, view, instrument, feed, sequence, row[0]))
    assert told == tape(given_sources)
    assert merged.count == sum(len(source.rows) for source in given_sources)


def test_levels_are_told_by_event_and_snapshots_are_marked() -> None:
    levels = Window(
        KINDS["levels"],
        np.array([1, 2], np.int64),
        {"price": np.array([10, 11, 10], np.int64), "size": np.array([5, 6, 0], np.int64)},
        starts=np.array([0, 2, 3], np.int64),
        sides=np.array([1, -1, 1], np.int8),
        kinds=np.array([KINDS["snapshots"], KINDS["levels"]], np.int8),
    )
    merged = Tape()
    merged.add(0, 7, [levels])
    first, second = merged.read(), merged.read()
    assert first is not None
    assert second is not None
    assert (first[3], first[7]) == (KINDS["snapshots"], [(1, 10, 5), (-1, 11, 6)])
    assert (second[3], second[7], second[4]) == (KINDS["levels"], [(1, 10, 0)], 7)
    assert merged.rows == 3


def test_nothing_at_the_end_of_the_wanted_time_is_read() -> None:
    merged = Tape()
    merged.add(0, 0, [window([Row(1, 1, 1, 1), Row(2, 2, 2, 2)], known=False)])
    merged.until = 2
    assert merged.next == 1
    told = [merged.read(), merged.read()]
    assert [event is None for event in told] == [False, True]


def test_time_that_runs_backwards_is_refused_within_a_window_and_between_two() -> None:
    with pytest.raises(ValueError, match="row 1: time runs backwards"):
        window([Row(2, 2, 1, 1), Row(1, 1, 2, 1)], known=False)
    merged = Tape()
    merged.add(0, 0, [window([Row(5, 5, 1, 1)], False), window([Row(4, 4, 2, 1)], False)], name="quotes.npz")
    with pytest.raises(ValueError, match=r"quotes\.npz: time runs backwards at sequence 2"):
        merged.read()


def test_sizes_below_zero_and_bars_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="row 0: expected a bid of 0 or more, found -1"):
        window([Row(1, 1, 1, -1)], known=False)
    bar = {"start": [0], "open": [5], "high": [4], "low": [3], "close": [4], "volume": [1]}
    with pytest.raises(ValueError, match="row 0: expected low <= open, close <= high"):
        Window(KINDS["bars"], np.array([9], np.int64), {name: np.array(row, np.int64) for name, row in bar.items()})
    with pytest.raises(ValueError, match="expected 1 rows of bid, found 2"):
        Window(QUOTES, np.array([9], np.int64), {"bid": np.array([1, 2], np.int64)})
    with pytest.raises(ValueError, match="row 0: expected a finite value, found nan"):
        Window(KINDS["marks"], np.array([9], np.int64), {}, values=np.array([np.nan]))
