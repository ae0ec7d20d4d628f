"""Merges rows that are stored with rows that come new, window by window: what both hold is kept once, and counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from letrade.core.data.columns import (
    BarRows,
    Chunk,
    FundingRows,
    IntArray,
    LevelRows,
    OrderRows,
    QuoteRows,
    TradeRows,
    ValueRows,
    split,
)
from letrade.core.data.rows import joined, take

Mask = np.ndarray[Any, np.dtype[np.bool_]]
MIX = np.uint64(0x9E3779B97F4A7C15)


class Counts:
    """What a merge did: `rows` went out; of those that came new, `duplicates` were there before, `replaced` told
    something else of the same thing (the newer word stands)."""

    def __init__(self) -> None:
        self.rows = 0
        self.duplicates = 0
        self.replaced = 0


class Window:
    """The rows of one side that are in memory; the front is taken, the rest waits."""

    def __init__(self, chunks: Iterator[Chunk]) -> None:
        self._chunks = chunks
        self._rows: Chunk | None = None
        self._ended = False

    def fill(self, *, more: bool = False) -> None:
        """At least one row, where there is one; with `more` a further chunk."""
        while (more or self._rows is None) and not self._ended:
            following = next(self._chunks, None)
            more = False
            if following is None:
                self._ended = True
            elif following.count:
                self._rows = following if self._rows is None else joined([self._rows, following])

    @property
    def empty(self) -> bool:
        return self._rows is None

    @property
    def first(self) -> int | None:
        return int(self._rows.time[0]) if self._rows is not None else None

    @property
    def last(self) -> int | None:
        """The time up to which more rows may come; None when none can."""
        return None if self._ended or self._rows is None else int(self._rows.time[-1])

    def take_before(self, time: int | None) -> Chunk | None:
        rows = self._rows
        if rows is None:
            return None
        place = rows.time.searchsorted(time) if time is not None else rows.count
        self._rows = split(rows, int(place), rows.count) if place < rows.count else None
        return split(rows, 0, int(place)) if place else None


def merged(stored: Iterator[Chunk], new: Iterator[Chunk], counts: Counts) -> Iterator[Chunk]:
    """Both in order of time. Rows of one time may be spread over chunks: a window ends before the last of its times."""
    sides = (Window(stored), Window(new))
    while True:
        for side in sides:
            side.fill()
        if all(side.empty for side in sides):
            return
        ends = [side.last for side in sides if side.last is not None]
        cut = min(ends, default=None)
        if cut is not None and all(side.first is None or side.first >= cut for side in sides):
            for side in sides:
                if side.last == cut:
                    side.fill(more=True)
            continue
        parts = [part for side in sides if (part := side.take_before(cut)) is not None]
        both = len(parts) == 2 and parts[0].time[-1] >= parts[1].time[0]
        for part in [_united(parts[0], parts[1], counts)] if both else sorted(parts, key=_first):
            kept = part if both else _without_repeats(part, counts)
            counts.rows += kept.count
            yield kept


def _first(chunk: Chunk) -> int:
    return int(chunk.time[0])


def _without_repeats(chunk: Chunk, counts: Counts) -> Chunk:
    """One file may tell a bar or a trade with an id twice."""
    if not (chunk.time[1:] == chunk.time[:-1]).any() or isinstance(chunk.rows, (QuoteRows, LevelRows, OrderRows)):
        return chunk
    return _picked(chunk, np.zeros(chunk.count, dtype=np.int64), counts)


def _united(stored: Chunk, new: Chunk, counts: Counts) -> Chunk:
    both = joined([stored, new])
    origin = np.repeat(np.array([0, 1], dtype=np.int64), [stored.count, new.count])
    return _picked(both, origin, counts)


def _picked(both: Chunk, origin: IntArray, counts: Counts) -> Chunk:
    """Of rows that are the same one stays: where the newer word replaces the older the last one, else the first."""
    keys, unique, newer_wins = _identity(both)
    rank = np.where(unique, 0, _ranks(keys, origin))
    places = np.arange(both.count)
    order = np.lexsort((-places, -origin, rank, *keys) if newer_wins else (places, origin, rank, *keys))
    repeats = np.concatenate(([False], _same(order, (rank, *keys))))
    heads = np.maximum.accumulate(np.where(repeats, 0, places))
    replaced = _corrected(both, origin, order[repeats], order[heads[repeats]])
    counts.replaced += replaced
    counts.duplicates += int(repeats.sum()) - replaced
    kept = np.sort(order[~repeats])
    return take(both, kept[np.argsort(both.time[kept], kind="stable")])


def _same(order: IntArray, columns: tuple[IntArray, ...]) -> Mask:
    """Whether a row equals the one before it in this order."""
    same = np.ones(max(0, len(order) - 1), dtype=np.bool_)
    for column in columns:
        placed = column[order]
        same &= placed[1:] == placed[:-1]
    return same


def _ranks(keys: tuple[IntArray, ...], origin: IntArray) -> IntArray:
    """How many equal rows of the same side come before: two trades alike at one time are two."""
    order = np.lexsort((np.arange(len(origin)), origin, *keys))
    runs = np.concatenate(([False], _same(order, (origin, *keys))))
    starts = np.flatnonzero(~runs)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(starts, np.diff([*starts, len(order)]))
    return rank


def _identity(chunk: Chunk) -> tuple[tuple[IntArray, ...], Mask, bool]:
    """(What makes two rows the same; which rows can be there only once; whether the newer word replaces the older)."""
    rows, time = chunk.rows, chunk.time
    once = np.ones(chunk.count, dtype=np.bool_)
    if isinstance(rows, BarRows):
        return (rows.start,), once, True
    if isinstance(rows, ValueRows):
        return (time,), once, True
    if isinstance(rows, FundingRows):
        return (time, rows.due), once, True
    if isinstance(rows, TradeRows):
        named = rows.trade_id != 0
        others = [np.where(named, 0, column.astype(np.int64)) for column in (rows.price, rows.size, rows.side)]
        return (time, rows.trade_id, *others), named, False
    if isinstance(rows, QuoteRows):
        return (time, *rows), ~once, False
    if isinstance(rows, LevelRows):
        return (time, rows.last_update, rows.snapshot.astype(np.int64), _fingerprints(rows)), ~once, False
    return (time, *(column.astype(np.int64) for column in rows)), ~once, False


def _fingerprints(rows: LevelRows) -> IntArray:
    """One number for the levels of each event, whatever their order."""
    with np.errstate(over="ignore"):
        mixed = (rows.price.astype(np.uint64) * MIX + rows.size.astype(np.uint64)) * MIX + rows.side.astype(np.uint64)
        mixed ^= mixed >> np.uint64(29)
        mixed *= MIX
        sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)))
        return (sums[rows.offset[1:]] - sums[rows.offset[:-1]]).view(np.int64)


def _corrected(both: Chunk, origin: IntArray, dropped: IntArray, stayed: IntArray) -> int:
    """How many stored rows gave way to new ones that say something else."""
    differ = np.zeros(len(dropped), dtype=np.bool_)
    if not isinstance(both.rows, LevelRows):
        for column in both.rows:
            differ |= column[dropped] != column[stayed]
    return int((differ & (origin[dropped] < origin[stayed])).sum())
