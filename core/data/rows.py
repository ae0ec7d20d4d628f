"""Chunks put together, picked from and cut into months."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from letrade.core.data.columns import BarRows, Chunk, IntArray, LevelRows, Rows, split
from letrade.core.data.units import rescaled

PRICES = frozenset({"bid", "ask", "price", "open", "high", "low", "close"})
SIZES = frozenset({"bid_size", "ask_size", "size", "volume"})


def month_times(chunk: Chunk) -> IntArray:
    """What decides a row's month: a bar's start, the time of all else."""
    return chunk.rows.start if isinstance(chunk.rows, BarRows) else chunk.time


def months(chunk: Chunk) -> Iterator[tuple[str, Chunk]]:
    """The chunk in parts of one calendar month (UTC) each: ('2024-01', rows)."""
    names = month_times(chunk).astype("datetime64[ns]").astype("datetime64[M]")
    bounds = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1).tolist(), chunk.count]
    for first, last in pairwise(bounds):
        yield str(names[first]), split(chunk, first, last)


def made_like(rows: Rows, columns: Sequence[Any]) -> Rows:
    """The same kind of rows with other columns."""
    kind: Any = type(rows)
    made: Rows = kind(*columns)
    return made


def take(chunk: Chunk, places: IntArray) -> Chunk:
    """The rows at these places, in this order."""
    rows = chunk.rows
    columns: tuple[Any, ...] = tuple(rows)
    if isinstance(rows, LevelRows):
        counts = np.diff(rows.offset)[places]
        offset = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        levels = np.repeat(rows.offset[:-1][places] - offset[:-1], counts) + np.arange(offset[-1])
        events = [column[places] for column in columns[1:5]]
        taken: Rows = LevelRows(offset, *events, *(column[levels] for column in columns[5:]))
    else:
        taken = made_like(rows, [column[places] for column in columns])
    return msgspec.structs.replace(
        chunk,
        time=chunk.time[places],
        sequence=chunk.sequence[places],
        rows=taken,
        venue_time=chunk.venue_time[places] if chunk.venue_time is not None else None,
    )


def joined(chunks: Sequence[Chunk]) -> Chunk:
    """Several chunks of one kind as one; a venue time that is not known is the row's time."""
    first = chunks[0]
    if len(chunks) == 1:
        return first
    known = any(chunk.venue_time is not None for chunk in chunks)
    stamps = [chunk.venue_time if chunk.venue_time is not None else chunk.time for chunk in chunks]
    columns: list[Any] = [list(column) for column in zip(*(tuple(chunk.rows) for chunk in chunks), strict=True)]
    if isinstance(first.rows, LevelRows):
        ends = np.cumsum([0, *(int(offset[-1]) for offset in columns[0])])
        shifted = [offset[:-1] + start for offset, start in zip(columns[0], ends, strict=False)]
        columns[0] = [*shifted, ends[-1:]]
    return msgspec.structs.replace(
        first,
        time=np.concatenate([chunk.time for chunk in chunks]),
        sequence=np.concatenate([chunk.sequence for chunk in chunks]),
        rows=made_like(first.rows, [np.concatenate(column) for column in columns]),
        venue_time=np.concatenate(stamps) if known else None,
    )


def at_decimals(chunk: Chunk, before: tuple[int, int], wanted: tuple[int, int]) -> Chunk:
    """The same rows with prices and sizes at more decimals: (of prices, of sizes)."""
    if before == wanted:
        return chunk
    columns = [_rescaled(name, column, before, wanted) for name, column in chunk.rows._asdict().items()]
    return msgspec.structs.replace(chunk, rows=made_like(chunk.rows, columns))


def _rescaled(name: str, column: Any, before: tuple[int, int], wanted: tuple[int, int]) -> Any:
    if name in PRICES:
        return rescaled(column, before[0], wanted[0])
    return rescaled(column, before[1], wanted[1]) if name in SIZES else column
