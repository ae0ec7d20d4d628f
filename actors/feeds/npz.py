"""Arrays of whole ticks and lots (.npz) as a feed: quotes, trades, bars or book levels, told apart by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from letrade.actors.feeds.bar_steps import OVERLAP_HELP, usual_step_ns
from letrade.actors.feeds.columnar import ColumnarFeed
from letrade.actors.feeds.naming import described
from letrade.actors.feeds.npz_arrays import WholeArray, stored_arrays, whole_windows, windows
from letrade.core.actor import ActorConfig, Context
from letrade.core.config.durations import format_duration
from letrade.core.config.values import PositiveDuration, show_instant
from letrade.core.data.columns import (
    CHUNK_ROWS,
    BarRows,
    Chunk,
    Columns,
    IntArray,
    Kind,
    LevelRows,
    QuoteRows,
    Rows,
    SideArray,
    TradeRows,
)
from letrade.core.errors import ConfigurationError, DataError
from letrade.core.instruments import Grid
from letrade.core.messages.market import Instrument

INSTRUMENT = "binance.BTC-USDT_USDT"
TICK, LOT = "0.1", "0.001"
ARRAYS: dict[Kind, tuple[str, ...]] = {
    Kind.QUOTES: ("ts", "bid", "bsz", "ask", "asz"),
    Kind.LEVELS: ("ts", "ev", "act", "side", "px", "sz", "last"),
    Kind.TRADES: ("ts", "px", "sz", "side"),
    Kind.BARS: ("ts", "o", "h", "l", "c", "v"),
}
"""Levels before trades, whose names they hold too."""
SHAPES = "; ".join(f"{kind}: {' '.join(names)}" for kind, names in ARRAYS.items())
BID, ASK = 1, 2
ADD, DELETE = 1, 3
SIZE_MOST = 2**63 - 1


class NpzConfig(ActorConfig, frozen=True, kw_only=True):
    """One file; prices are counted in `tick`, sizes in `lot`: those of the desk's instrument, else 0.1 and 0.001."""

    file: str = ""
    files: tuple[str, ...] = ()
    """The file as a list of one, whose path a desk file gives relative to its own folder."""
    instrument: str | None = None
    venue: str = "binance"
    tick: str | None = None
    lot: str | None = None
    bar: PositiveDuration | None = None
    """How long a bar is; the step between the first rows when it is left out."""

    def __post_init__(self) -> None:
        if bool(self.file) + len(self.files) != 1:
            raise ConfigurationError(f"expected one .npz file, found file = {self.file!r} and files = {self.files}")

    @property
    def path(self) -> str:
        return self.file or self.files[0]


class Grids(NamedTuple):
    """What one tick and one lot of the file are."""

    price: Grid
    size: Grid


class NpzFeed(ColumnarFeed):
    """Reads a window of each array at a time."""

    Config = NpzConfig

    def __init__(self, name: str, config: NpzConfig, context: Context) -> None:
        super().__init__(name, config, context)
        self.instrument: str = config.instrument or INSTRUMENT

    def instruments(self) -> tuple[Instrument, ...]:
        """The instrument that the file was made for, unless the desk defines it."""
        kind_of(self.config.path)
        if self.instrument in self.context.instruments:
            return ()
        return (described(self.instrument, self.config.tick or TICK, self.config.lot or LOT),)

    def grids(self) -> Grids:
        catalogue = self.context.instruments
        known = catalogue.at(self.instrument, 0) if self.instrument in catalogue else None
        tick = self.config.tick or (known.message.tick if known else TICK)
        lot = self.config.lot or (known.message.lot if known else LOT)
        return Grids(Grid(tick, "tick", self.instrument), Grid(lot, "lot", self.instrument))

    def source(self) -> Columns:
        path, grids = self.config.path, self.grids()
        kind = kind_of(path)
        readers: dict[Kind, Callable[[Reader], Iterator[Chunk]]] = {
            Kind.QUOTES: Reader.quotes,
            Kind.TRADES: Reader.trades,
            Kind.BARS: Reader.bars,
            Kind.LEVELS: Reader.levels,
        }
        return Columns(
            where=path,
            kind=kind,
            instrument=self.instrument,
            read=lambda: readers[kind](Reader(path, self.instrument, grids, self.config.bar)),
            price_decimals=grids.price.decimals,
            size_decimals=grids.size.decimals,
            rows_estimate=stored_arrays(path)["ts"].length,
        )


def kind_of(path: str) -> Kind:
    """What the arrays of a file hold. DataError that lists them when it is nothing that a backtest can read."""
    found = stored_arrays(path)
    for kind, names in ARRAYS.items():
        if all(name in found for name in names):
            return kind
    listed = " ".join(found) or "none"
    if "ts" not in found:
        raise DataError(f"{path}: the arrays ({listed}) say no times (ts), and a backtest needs them; known: {SHAPES}")
    raise DataError(f"{path}: expected the arrays of one kind ({SHAPES}), found {listed}")


def units(column: WholeArray, step: int = 1) -> IntArray:
    """As int64, `step` units for each; what is so already is not copied."""
    found = column.astype(np.int64, copy=False)
    return found if step == 1 else found * step


class Reader:
    """One pass over one file."""

    def __init__(self, path: str, instrument: str, grids: Grids, bar_ns: int | None) -> None:
        self.path = path
        self.instrument = instrument
        self.tick, self.lot = grids.price.step_units, grids.size.step_units
        self.bar_ns = bar_ns
        self.row = 0
        self.sequence = 0
        self.last_event = -1
        self.last_end: int | None = None

    def quotes(self) -> Iterator[Chunk]:
        for time, bid, bid_size, ask, ask_size in self._windows(Kind.QUOTES):
            tick, lot = self.tick, self.lot
            rows = QuoteRows(units(bid, tick), units(bid_size, lot), units(ask, tick), units(ask_size, lot))
            yield self._chunk(Kind.QUOTES, units(time), rows)

    def trades(self) -> Iterator[Chunk]:
        for time, price, size, side in self._windows(Kind.TRADES):
            self._within("sz", size, (1, SIZE_MOST), "above 0")
            self._within("side", side, (-1, 1), "1 (the buyer took), -1 (the seller) or 0 (not known)")
            sides = side.astype(np.int8, copy=False)
            rows = TradeRows(units(price, self.tick), units(size, self.lot), sides, np.zeros(len(time), np.int64))
            yield self._chunk(Kind.TRADES, units(time), rows)

    def bars(self) -> Iterator[Chunk]:
        """`ts` is the end of a bar."""
        for ends, open_, high, low, close, volume in self._windows(Kind.BARS):
            time, tick = units(ends), self.tick
            start = time - self._duration(time)
            prices = units(open_, tick), units(high, tick), units(low, tick), units(close, tick)
            rows = BarRows(start, *prices, units(volume, self.lot))
            yield self._chunk(Kind.BARS, time, rows)

    def levels(self) -> Iterator[Chunk]:
        """Event 0 is the snapshot."""
        for window in whole_windows(self.path, ARRAYS[Kind.LEVELS], CHUNK_ROWS):
            ends = np.flatnonzero(window[6] != 0) + 1
            if not len(ends):
                raise DataError(f"{self.path}: expected the last row to end its event (last = 1), found it cut off")
            yield self._events(window, ends)

    def _events(self, columns: list[WholeArray], ends: IntArray) -> Chunk:
        time, event, action, side, price, size, last = columns
        offset = np.concatenate(([0], ends)).astype(np.int64, copy=False)
        first = offset[:-1]
        self._within("side", side, (BID, ASK), "1 (bid) or 2 (ask)")
        self._within("act", action, (ADD, DELETE), "1 (add), 2 (change) or 3 (delete)")
        self._constant(time, event, last)
        events = units(event[first])
        self._rising(events, first)
        if not self.row and events[0]:
            raise self._error(0, f"expected the snapshot that a book begins with (ev 0), found ev {int(events[0])}")
        updates = events + 1
        sides: SideArray = BID + ASK - 2 * side.astype(np.int8, copy=False)
        sizes = units(size, self.lot)
        goes = action == DELETE
        if (goes & (sizes != 0)).any():
            self._within("sz", np.where(goes, size, 0), (0, SIZE_MOST), "of 0 or more")
            sizes = np.where(goes, 0, sizes)
        rows = LevelRows(
            offset, (events == 0).view(np.int8), updates, updates, np.maximum(events, 0), sides,
            units(price, self.tick), sizes,
        )  # fmt: skip
        return self._chunk(Kind.LEVELS, units(time[first]), rows)

    def _within(self, name: str, column: WholeArray, allowed: tuple[int, int], meaning: str) -> None:
        least, most = allowed
        if column.min() < least or column.max() > most:
            place = int(np.argmax((column < least) | (column > most)))
            raise self._error(place, f"expected {name} {meaning}, found {int(column[place])}")

    def _constant(self, time: WholeArray, event: WholeArray, last: WholeArray) -> None:
        """Each row is of the time and the number of the row above, unless that one ended its event."""
        changed = time[1:] != time[:-1]
        changed |= event[1:] != event[:-1]
        changed &= last[:-1] == 0
        if changed.any():
            place = int(np.argmax(changed)) + 1
            name, column = ("ts", time) if time[place] != time[place - 1] else ("ev", event)
            text = f"expected the {name} of row {self.row + place}, whose event goes on ({int(column[place - 1])})"
            raise self._error(place, f"{text}, found {int(column[place])}")

    def _rising(self, events: IntArray, first: IntArray) -> None:
        falls = np.concatenate(([events[0] <= self.last_event], events[1:] <= events[:-1]))
        if falls.any():
            place = int(np.argmax(falls))
            before = int(events[place - 1]) if place else self.last_event
            raise self._error(int(first[place]), f"expected an ev above {before}, found {int(events[place])}")
        self.last_event = int(events[-1])

    def _error(self, place: int, text: str) -> DataError:
        """Of a row of the window, from 0."""
        return DataError(f"{self.path}: row {self.row + place + 1}: {text}")

    def _windows(self, kind: Kind) -> Iterator[list[WholeArray]]:
        return windows(self.path, ARRAYS[kind], CHUNK_ROWS)

    def _duration(self, time: IntArray) -> int:
        if self.bar_ns is None:
            if len(time) < 2:
                raise DataError(f"{self.path}: one row does not show how long a bar is: give the feed's `bar`")
            self.bar_ns = usual_step_ns(time)
        before = np.concatenate(([time[0] - self.bar_ns if self.last_end is None else self.last_end], time[:-1]))
        early = (time > before) & (time - before < self.bar_ns)
        twice = time == before
        if (early | twice).any():
            place = int(np.argmax(early | twice))
            row = self.row + place
            if twice[place]:
                raise self._error(place, f"the bar that ends at {show_instant(int(time[place]))} is in row {row} too")
            text = f"{show_instant(int(time[place]))}) begins before the bar of {format_duration(self.bar_ns)} of"
            shown = f"row {row} (end {show_instant(int(before[place]))}) ends"
            raise DataError(f"{self.path}: row {row + 1} (end {text} {shown}: {OVERLAP_HELP}")
        self.last_end = int(time[-1])
        return self.bar_ns

    def _chunk(self, kind: Kind, time: IntArray, rows: Rows) -> Chunk:
        """A bar takes two numbers of the sequence: its open is told before it."""
        step = 2 if kind == Kind.BARS else 1
        sequence = self.sequence + step * np.arange(1, len(time) + 1, dtype=np.int64)
        chunk = Chunk(kind, self.instrument, time, sequence, rows, None, self.row + 1)
        self.row += len(rows.side) if isinstance(rows, LevelRows) else len(time)
        self.sequence = int(sequence[-1])
        return chunk
