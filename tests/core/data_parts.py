"""Chunks for tests: by hand, and drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from letrade.core.data.columns import ROWS_OF, BarRows, Chunk, Columns, Kind, LevelRows

NAMES = ("binance.BTC-USDT",)
DAY = 86_400 * 10**9
START = 1_704_067_200 * 10**9
FLOATS = ("value",)
SMALL = ("side", "snapshot", "action")


def array(values: Sequence[int]) -> Any:
    return np.array(values, dtype=np.int64)


def chunk(kind: Kind, times: Sequence[int], *, first: int = 1, **columns: Sequence[Any]) -> Chunk:
    """Rows of these columns; `first` is the first sequence and row."""
    made: Any = ROWS_OF[kind]
    rows = made(*(_typed(name, columns[name]) for name in ROWS_OF[kind]._fields))
    return Chunk(kind, NAMES[0], array(times), array(range(first, first + len(times))), rows, None, first)


def _typed(name: str, values: Sequence[Any]) -> Any:
    return np.array(values, dtype=np.float64 if name in FLOATS else np.int8 if name in SMALL else np.int64)


def levels(times: Sequence[int], events: Sequence[Sequence[tuple[int, int, int]]], first_update: int = 1) -> Chunk:
    """Events of (side, price, size); the first is a snapshot where it is the first of all."""
    flat = [level for event in events for level in event]
    updates = array(range(first_update, first_update + len(events)))
    rows = LevelRows(
        array(np.cumsum([0, *map(len, events)])),
        np.array([update == 1 for update in updates], dtype=np.int8),
        updates,
        updates,
        updates - 1,
        np.array([side for side, _, _ in flat], dtype=np.int8),
        array([price for _, price, _ in flat]),
        array([size for _, _, size in flat]),
    )
    return Chunk(Kind.LEVELS, NAMES[0], array(times), updates, rows, None, first_update)


def source(found: Sequence[Chunk], price_decimals: int = 2, size_decimals: int = 3) -> Columns:
    first = found[0]
    return Columns(
        where="a file",
        kind=first.kind,
        instrument=first.instrument,
        read=lambda: iter(found),
        price_decimals=price_decimals,
        size_decimals=size_decimals,
        rows_estimate=sum(each.count for each in found),
    )


def rows_told(found: Sequence[Chunk]) -> list[tuple[Any, ...]]:
    """Every row as plain numbers: its time, its venue time, its columns; of levels those of the event."""
    told: list[tuple[Any, ...]] = []
    for each in found:
        stamps = (each.venue_time if each.venue_time is not None else each.time).tolist()
        if isinstance(each.rows, LevelRows):
            bounds = each.rows.offset.tolist()
            singles = [tuple(column.tolist()) for column in each.rows[1:5]]
            for event, time in enumerate(each.time.tolist()):
                part = slice(bounds[event], bounds[event + 1])
                own = tuple(tuple(column[part].tolist()) for column in each.rows[5:])
                told.append((time, stamps[event], *(single[event] for single in singles), *own))
        else:
            told += zip(each.time.tolist(), stamps, *(column.tolist() for column in each.rows), strict=True)
    return told


def equal(one: Chunk, other: Chunk) -> bool:
    return one.kind == other.kind and rows_told([one]) == rows_told([other])


@st.composite
def chunks(draw: st.DrawFn, kinds: Sequence[Kind] = tuple(Kind)) -> Chunk:
    """Some rows of any kind over up to four months, many at one time."""
    kind = draw(st.sampled_from(sorted(kinds)))
    steps = draw(st.lists(st.sampled_from([0, 0, 1, 1_000, DAY, 40 * DAY]), min_size=1, max_size=12))
    times = (START + np.cumsum(steps)).tolist()
    if kind == Kind.LEVELS:
        level = st.tuples(st.sampled_from([1, -1]), st.integers(1, 9), st.integers(0, 9))
        return levels(times, draw(st.lists(st.lists(level, max_size=4), min_size=len(times), max_size=len(times))))
    if kind == Kind.BARS:
        return _bars(draw, len(times))
    small, count = st.integers(1, 4), len(times)
    columns: dict[str, Any] = {}
    for name in ROWS_OF[kind]._fields:
        drawn = st.sampled_from([1, -1]) if name == "side" else st.floats(0.1, 0.9) if name == "value" else small
        columns[name] = draw(st.lists(drawn, min_size=count, max_size=count))
    if kind == Kind.QUOTES:
        columns["ask"] = [bid + more for bid, more in zip(columns["bid"], columns["ask"], strict=True)]
    if kind == Kind.TRADES and draw(st.booleans()):
        columns["trade_id"] = [0] * count
    return chunk(kind, times, **columns)


def _bars(draw: st.DrawFn, count: int) -> Chunk:
    starts = START + np.cumsum(draw(st.lists(st.sampled_from([1, 5, 40]), min_size=count, max_size=count))) * DAY
    low = draw(st.lists(st.integers(1, 5), min_size=count, max_size=count))
    high = [value + 3 for value in low]
    rows = BarRows(array(starts), array(low) + 1, array(high), array(low), array(low) + 2, array([7] * count))
    return Chunk(Kind.BARS, NAMES[0], array(starts) + DAY, array(range(2, 2 * count + 2, 2)), rows, None, 1)
