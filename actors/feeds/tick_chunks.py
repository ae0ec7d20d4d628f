"""Rows of tables to chunks of typed columns; rows of levels that belong to one event are put together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from letrade.actors.feeds.tick_rows import Raw, Table
from letrade.core.data.columns import (
    Chunk,
    FundingRows,
    IntArray,
    Kind,
    LevelRows,
    QuoteRows,
    Rows,
    TradeRows,
    ValueRows,
)
from letrade.core.data.units import to_units
from letrade.core.errors import DataError


class Chunker:
    """One pass over one table; the last event of levels waits until the next rows show that it has ended."""

    def __init__(self, table: Table, instrument: str, price_decimals: int, size_decimals: int) -> None:
        self.table = table
        self.instrument = instrument
        self.price_decimals, self.size_decimals = price_decimals, size_decimals
        self.sequence = 0
        self._kept: list[Raw] = []
        self._started = False
        """Levels before the first snapshot change a book that nobody knows."""

    def take(self, raw: Raw) -> Iterator[Chunk]:
        kind = self.table.shape.kind
        if kind == Kind.LEVELS:
            yield from self._levels(raw)
        else:
            yield self._chunk(raw.time, raw.venue_time, self._rows(kind, raw), raw.first_row)

    def rest(self) -> Iterator[Chunk]:
        """The last event. DataError where no snapshot came before the end."""
        if self._kept:
            whole = _joined(self._kept)
            self._kept = []
            yield from self._events(whole, _starts(whole))
            if not self._started:
                told_by = self.table.shape.columns["snapshot"]
                raise DataError(f"{self.table.path}: expected a snapshot (told by {told_by}), found changes alone")

    def _rows(self, kind: Kind, raw: Raw) -> Rows:
        values = raw.values
        if kind == Kind.QUOTES:
            return QuoteRows(
                self._prices(raw, "bid"),
                self._sizes(raw, "bid_size"),
                self._prices(raw, "ask"),
                self._sizes(raw, "ask_size"),
            )
        if kind == Kind.TRADES:
            ids = raw.ids.get("trade_id", np.zeros(raw.length, dtype=np.int64))
            return TradeRows(self._prices(raw, "price"), self._sizes(raw, "size"), raw.side, ids)
        if kind == Kind.FUNDING:
            return FundingRows(values["funding"], raw.time)
        return ValueRows(values["mark" if kind == Kind.MARKS else "index"])

    def _prices(self, raw: Raw, role: str) -> IntArray:
        return to_units(raw.values[role], self.price_decimals, self._where(role), raw.first_row)

    def _sizes(self, raw: Raw, role: str) -> IntArray:
        return to_units(raw.values[role], self.size_decimals, self._where(role), raw.first_row)

    def _where(self, role: str) -> str:
        return f"{self.table.path}: {self.table.shape.columns[role]}"

    def _levels(self, raw: Raw) -> Iterator[Chunk]:
        joined = _joined([*self._kept, raw]) if self._kept else raw
        starts = _starts(joined)
        last = int(starts[-1])
        self._kept = [_slice(joined, last, joined.length)]
        if last:
            yield from self._events(_slice(joined, 0, last), starts[:-1])

    def _events(self, raw: Raw, starts: IntArray) -> Iterator[Chunk]:
        if not self._started:
            snapshots = np.flatnonzero(raw.snapshot[starts])
            if not len(snapshots):
                return
            first = int(starts[snapshots[0]])
            raw, starts = _slice(raw, first, raw.length), starts[snapshots[0] :] - first
            self._started = True
        offset = np.append(starts, raw.length).astype(np.int64)
        numbers = self.sequence + np.arange(1, len(starts) + 1, dtype=np.int64)
        last = raw.ids["last_update"][starts] if "last_update" in raw.ids else numbers
        first_ids = raw.ids["first_update"][starts] if "first_update" in raw.ids else last
        known = raw.ids.get("previous_update")
        previous = known[starts] if known is not None else np.where(last == numbers, numbers - 1, 0)
        rows = LevelRows(
            offset,
            np.ascontiguousarray(raw.snapshot[starts]),
            first_ids,
            last,
            previous,
            raw.side,
            self._prices(raw, "price"),
            self._sizes(raw, "size"),
        )
        venue_time = raw.venue_time[starts] if raw.venue_time is not None else None
        yield self._chunk(raw.time[starts], venue_time, rows, raw.first_row)

    def _chunk(self, time: IntArray, venue_time: IntArray | None, rows: Rows, first_row: int) -> Chunk:
        sequence = self.sequence + np.arange(1, len(time) + 1, dtype=np.int64)
        self.sequence += len(time)
        return Chunk(self.table.shape.kind, self.instrument, time, sequence, rows, venue_time, first_row)


def _starts(raw: Raw) -> IntArray:
    """Where an event begins: rows of one time, one update and one snapshot flag are one event."""
    changes = (raw.time[1:] != raw.time[:-1]) | (raw.snapshot[1:] != raw.snapshot[:-1])
    if "last_update" in raw.ids:
        changes |= raw.ids["last_update"][1:] != raw.ids["last_update"][:-1]
    return np.concatenate(([0], np.flatnonzero(changes) + 1)).astype(np.int64)


def _slice(raw: Raw, first: int, last: int) -> Raw:
    return raw._replace(
        time=raw.time[first:last],
        venue_time=raw.venue_time[first:last] if raw.venue_time is not None else None,
        values={role: array[first:last] for role, array in raw.values.items()},
        side=raw.side[first:last],
        snapshot=raw.snapshot[first:last],
        ids={role: array[first:last] for role, array in raw.ids.items()},
        first_row=raw.first_row + first,
    )


def _joined(parts: list[Raw]) -> Raw:
    first = parts[0]
    stamps = [part.venue_time for part in parts if part.venue_time is not None]
    return first._replace(
        time=np.concatenate([part.time for part in parts]),
        venue_time=np.concatenate(stamps) if stamps else None,
        values={role: np.concatenate([part.values[role] for part in parts]) for role in first.values},
        side=np.concatenate([part.side for part in parts]),
        snapshot=np.concatenate([part.snapshot for part in parts]),
        ids={role: np.concatenate([part.ids[role] for part in parts]) for role in first.ids},
    )
