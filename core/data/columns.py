"""Market data as typed columns of whole units, chunk by chunk: what the compiled backtest reads, and what is stored."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import msgspec
import numpy as np

from letrade.core.messages.base import Message

IntArray: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
SideArray: TypeAlias = np.ndarray[Any, np.dtype[np.int8]]
FloatArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

CHUNK_ROWS = 65_536
"""Readers keep to about so many rows (of levels: so many levels, then to the end of the event)."""
UNITS_MAX = 10**15
"""A double tells decimals of up to 15 significant digits apart, and messages carry doubles."""


class Kind(enum.StrEnum):
    """What the rows of a source are."""

    QUOTES = "quotes"
    TRADES = "trades"
    LEVELS = "levels"
    BARS = "bars"
    MARKS = "marks"
    INDEX = "index"
    FUNDING = "funding"
    ORDERS = "orders"


class QuoteRows(NamedTuple):
    """The best bid and ask; a price and a size of 0: the side is empty."""

    bid: IntArray
    bid_size: IntArray
    ask: IntArray
    ask_size: IntArray


class TradeRows(NamedTuple):
    """`side` is +1 when the buyer took, -1 when the seller took, 0 unknown; an id of 0 is not known."""

    price: IntArray
    size: IntArray
    side: SideArray
    trade_id: IntArray


class LevelRows(NamedTuple):
    """Venue events of changed levels: event k has the levels offset[k] to offset[k + 1].

    `offset` has one entry more than there are events; `side`, `price` and `size` have one for each level: side +1 is a
    bid, -1 an ask, a size of 0 removes the level. A snapshot (1) clears the book before its levels are taken.
    The update ids are those of BookDelta; 0 where the venue does not say.
    """

    offset: IntArray
    snapshot: SideArray
    first_update: IntArray
    last_update: IntArray
    previous_update: IntArray
    side: SideArray
    price: IntArray
    size: IntArray


class BarRows(NamedTuple):
    """A bar of [start, the row's time); its open is told to the exchange at the start, one sequence number earlier."""

    start: IntArray
    open: IntArray
    high: IntArray
    low: IntArray
    close: IntArray
    volume: IntArray


class ValueRows(NamedTuple):
    """Mark or index prices in quote units: on no grid."""

    value: FloatArray


class FundingRows(NamedTuple):
    """The rate that longs pay to shorts at `due`."""

    value: FloatArray
    due: IntArray


class OrderRows(NamedTuple):
    """Changes of single resting orders: action 1 added, 2 size changed, 3 removed, 4 traded; side +1 buys."""

    action: SideArray
    order_id: IntArray
    side: SideArray
    price: IntArray
    size: IntArray


Rows = QuoteRows | TradeRows | LevelRows | BarRows | ValueRows | FundingRows | OrderRows

ROWS_OF: dict[Kind, type[Rows]] = {
    Kind.QUOTES: QuoteRows,
    Kind.TRADES: TradeRows,
    Kind.LEVELS: LevelRows,
    Kind.BARS: BarRows,
    Kind.MARKS: ValueRows,
    Kind.INDEX: ValueRows,
    Kind.FUNDING: FundingRows,
    Kind.ORDERS: OrderRows,
}


class Chunk(msgspec.Struct, frozen=True):
    """Some rows of one instrument in the order of their feed: `time` never falls, `sequence` rises.

    `time` is when we saw it, `venue_time` when the exchange did it (None: the same; never
    later), both ns UTC. `first_row` is the
    number of the first row in its file, for the words of errors: each level has a row there, or with
    `events_are_rows` each event.
    """

    kind: Kind
    instrument: str
    time: IntArray
    sequence: IntArray
    rows: Rows
    venue_time: IntArray | None = None
    first_row: int = 0
    events_are_rows: bool = False

    @property
    def count(self) -> int:
        return len(self.time)


class Columns:
    """One kind of data of one instrument from one feed, read again from the start by each call of `chunks`.

    Prices and sizes are units: value × 10**price_decimals, 10**size_decimals. Sources of one feed share its sequence:
    a tape merges by (time, the feed's place, sequence). `notices` are messages of the feed that are no rows.
    `contiguous` is False for levels that hold gaps or updates from before their snapshot, which must be sorted out.
    """

    def __init__(
        self,
        *,
        where: str,
        kind: Kind,
        instrument: str,
        read: Callable[[], Iterator[Chunk]],
        price_decimals: int = 0,
        size_decimals: int = 0,
        rows_estimate: int = 0,
        contiguous: bool = True,
        notices: tuple[Message, ...] = (),
    ) -> None:
        self.where = where
        self.kind = kind
        self.instrument = instrument
        self.price_decimals = price_decimals
        self.size_decimals = size_decimals
        self.rows_estimate = rows_estimate
        self.contiguous = contiguous
        self.notices = notices
        self._read = read

    def chunks(self) -> Iterator[Chunk]:
        """From the first row, each chunk checked. DataError that names the file and the row."""
        from letrade.core.data.checks import Checker

        checker = Checker(self.where, self.price_decimals, self.size_decimals)
        for chunk in self._read():
            if chunk.count:
                checker.check(chunk)
                yield chunk


def split(chunk: Chunk, first: int, last: int) -> Chunk:
    """The rows [first, last) of a chunk."""
    venue_time = chunk.venue_time[first:last] if chunk.venue_time is not None else None
    rows_before = chunk.rows.offset[first] if isinstance(chunk.rows, LevelRows) and not chunk.events_are_rows else first
    return msgspec.structs.replace(
        chunk,
        time=chunk.time[first:last],
        sequence=chunk.sequence[first:last],
        rows=_part(chunk.rows, first, last),
        venue_time=venue_time,
        first_row=chunk.first_row + int(rows_before),
    )


def _part(rows: Rows, first: int, last: int) -> Rows:
    columns: tuple[Any, ...] = tuple(rows)
    if not isinstance(rows, LevelRows):
        made: Any = type(rows)
        same: Rows = made(*(column[first:last] for column in columns))
        return same
    low, high = int(rows.offset[first]), int(rows.offset[last])
    events = [column[first:last] for column in columns[1:5]]
    return LevelRows(rows.offset[first : last + 1] - low, *events, *(column[low:high] for column in columns[5:]))
