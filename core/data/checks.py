"""Looks at every chunk before anyone believes it: order in time, ranges, crossed quotes, bars that are none."""

from __future__ import annotations

from typing import Any

import numpy as np

from letrade.core.clock import LATEST
from letrade.core.config.values import show_instant
from letrade.core.data.columns import (
    UNITS_MAX,
    BarRows,
    Chunk,
    FundingRows,
    IntArray,
    LevelRows,
    OrderRows,
    QuoteRows,
    TradeRows,
    ValueRows,
)
from letrade.core.data.rows import PRICES, SIZES
from letrade.core.errors import DataError
from letrade.core.messages.base import NUMBER_LIMIT

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Fault = tuple[Mask, str]
"""Which rows are bad, and what was expected instead."""


class Checker:
    """Remembers where one source is. DataError for the first bad row: file, row, time, expected, found."""

    def __init__(self, where: str, price_decimals: int = 0, size_decimals: int = 0) -> None:
        self.where = where
        self._decimals = {**dict.fromkeys(PRICES, price_decimals), **dict.fromkeys(SIZES, size_decimals)}
        self._time = 0
        self._sequence = 0

    def check(self, chunk: Chunk) -> None:
        """The chunk that follows the ones before."""
        for bad, expected in (*self._order(chunk), *_faults(chunk)):
            if bad.any():
                raise self._error(chunk, int(np.argmax(bad)), expected)
        self._time, self._sequence = int(chunk.time[-1]), int(chunk.sequence[-1])

    def _order(self, chunk: Chunk) -> list[Fault]:
        # A difference of int64 may overflow: neighbours are compared instead.
        time, sequence, told = chunk.time, chunk.sequence, chunk.venue_time
        falls = np.concatenate(([time[0] < self._time], time[1:] < time[:-1]))
        stalls = np.concatenate(([sequence[0] <= self._sequence], sequence[1:] <= sequence[:-1]))
        late = [] if told is None else [((told < 0) | (told >= LATEST), "a venue_time from 1970 to 2261")]
        return [
            ((time < 0) | (time >= LATEST), "a time from 1970 to 2261"),
            *late,
            (falls, "a time that is not before that of the row above: sort the rows by time"),
            (stalls, "a sequence that rises"),
        ]

    def _error(self, chunk: Chunk, row: int, expected: str) -> DataError:
        rows, place = chunk.rows, row
        if isinstance(rows, LevelRows):
            low, high = int(rows.offset[row]), int(rows.offset[row + 1])
            # Of the levels the first that is bad; of an event that is bad as a whole its first.
            level = low + int(np.argmax(_bad_levels(rows)[low:high])) if high > low else low
            place = row if chunk.events_are_rows else level
            columns = {name: getattr(rows, name)[level : level + 1] for name in rows._fields[5:]}
            found = self._shown({name: column[0] for name, column in columns.items() if len(column)})
        else:
            found = self._shown({name: column[row] for name, column in rows._asdict().items()})
        at = f"{self.where}: row {chunk.first_row + place} ({show_instant(max(0, int(chunk.time[row])))})"
        return DataError(f"{at}: expected {expected}; found {found}")

    def _shown(self, columns: dict[str, Any]) -> str:
        """Prices and sizes as the file says them."""
        values = {name: column / 10 ** self._decimals.get(name, 0) for name, column in columns.items()}
        return ", ".join(
            f"{name} {value.tolist() if name in self._decimals else columns[name].tolist()}"
            for name, value in values.items()
        )


def _faults(chunk: Chunk) -> list[Fault]:
    rows = chunk.rows
    if isinstance(rows, QuoteRows):
        return _quote_faults(rows)
    if isinstance(rows, TradeRows):
        return [_outside(rows.price, 1, "a price above 0"), _outside(rows.size, 0, "a size of 0 or more")]
    if isinstance(rows, LevelRows):
        return _level_faults(rows)
    if isinstance(rows, BarRows):
        return _bar_faults(chunk.time, rows)
    if isinstance(rows, FundingRows):
        return [(~(np.abs(rows.value) <= 1.0), "a funding rate from -1 to 1"), (_far(rows.due), "the time it is due")]
    if isinstance(rows, ValueRows):
        return [(~((rows.value > 0) & (rows.value <= NUMBER_LIMIT)), "a finite price above 0")]
    return _order_faults(rows)


def _outside(column: IntArray, least: int, expected: str) -> Fault:
    return (column < least) | (column > UNITS_MAX), f"{expected} and of at most 15 digits"


def _far(time: IntArray) -> Mask:
    return (time <= 0) | (time >= LATEST)


def _within(column: IntArray, least: int) -> bool:
    return bool(column.min() >= least and column.max() <= UNITS_MAX)


def _quote_faults(rows: QuoteRows) -> list[Fault]:
    ranges = [_outside(column, 0, "prices and sizes of 0 or more") for column in rows]
    unpriced = ((rows.bid == 0) & (rows.bid_size > 0)) | ((rows.ask == 0) & (rows.ask_size > 0))
    crossed = (rows.bid > rows.ask) & (rows.ask > 0)
    return [*ranges, (unpriced, "a price where there is a size"), (crossed, "a bid that is not above the ask")]


def _bar_faults(time: IntArray, rows: BarRows) -> list[Fault]:
    prices = [_outside(column, 1, "prices above 0") for column in (rows.open, rows.high, rows.low, rows.close)]
    above = (rows.high < rows.open) | (rows.high < rows.close) | (rows.high < rows.low)
    below = (rows.low > rows.open) | (rows.low > rows.close)
    return [
        *prices,
        _outside(rows.volume, 0, "a volume of 0 or more"),
        (above | below, "low <= open, close <= high"),
        (rows.start < 0, "a start from 1970 on"),
        (rows.start >= time, "a start before the end"),
    ]


def _level_faults(rows: LevelRows) -> list[Fault]:
    """Levels that are bad make their event bad."""
    sizes = np.diff(rows.offset)
    disordered = (sizes < 0, "levels in order")
    # What follows makes a dozen arrays to name a row: the extremes are read first.
    if len(rows.side) and _within(rows.price, 1) and _within(rows.size, 0) and (np.abs(rows.side) == 1).all():
        return [disordered]
    bad = _bad_levels(rows)
    count = len(rows.offset) - 1
    events = np.zeros(count, dtype=np.bool_)
    events[np.searchsorted(rows.offset, np.flatnonzero(bad), side="right") - 1] = True
    return [disordered, (events, "a side of 1 or -1, a price above 0 and a size of 0 or more")]


def _bad_levels(rows: LevelRows) -> Mask:
    bad: Mask = (np.abs(rows.side) != 1) | _outside(rows.price, 1, "")[0] | _outside(rows.size, 0, "")[0]
    return bad


def _order_faults(rows: OrderRows) -> list[Fault]:
    return [
        ((rows.action < 1) | (rows.action > 4), "an action from 1 to 4"),
        (np.abs(rows.side) != 1, "a side of 1 or -1"),
        _outside(rows.price, 0, "a price of 0 or more"),
        _outside(rows.size, 0, "a size of 0 or more"),
    ]
