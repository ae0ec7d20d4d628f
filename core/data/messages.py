"""Columns as the messages that actors hear: the same rows, times and sequences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from letrade.core.data.columns import (
    BarRows,
    Chunk,
    Columns,
    FloatArray,
    FundingRows,
    IntArray,
    Kind,
    LevelRows,
    QuoteRows,
    TradeRows,
    ValueRows,
)
from letrade.core.errors import DataError
from letrade.core.messages.base import Message
from letrade.core.messages.market import (
    Bar,
    BarOpen,
    BookDelta,
    BookSnapshot,
    FundingRate,
    IndexPrice,
    MarkPrice,
    Quote,
    Trade,
)

EPOCH = 1
Lists = tuple[list[Any], ...]


def floats(units: IntArray, decimals: int) -> FloatArray:
    """The doubles nearest to units / 10**decimals: both sides of the division are exact."""
    return units / float(10**decimals)


class Teller:
    """Turns the chunks of one source into messages of the feed `source`."""

    def __init__(self, columns: Columns, source: str) -> None:
        self.columns = columns
        self.source = source

    def messages(self) -> Iterator[Message]:
        """The notices first, then each row; a bar is told at its start (BarOpen) and at its end."""
        yield from self.columns.notices
        for chunk in self.columns.chunks():
            yield from self._told(chunk)

    def _told(self, chunk: Chunk) -> Iterator[Message]:
        rows = chunk.rows
        if isinstance(rows, QuoteRows):
            return self._quotes(chunk, rows)
        if isinstance(rows, TradeRows):
            return self._trades(chunk, rows)
        if isinstance(rows, BarRows):
            return self._bars(chunk, rows)
        if isinstance(rows, LevelRows):
            return self._levels(chunk, rows)
        if isinstance(rows, ValueRows):
            return self._values(chunk, rows)
        if isinstance(rows, FundingRows):
            return self._funding(chunk, rows)
        raise DataError(f"{self.columns.where}: single orders have no message: only the compiled backtest reads them")

    def _header(self, chunk: Chunk) -> Iterator[dict[str, Any]]:
        source, instrument = self.source, chunk.instrument
        for time, sequence in zip(chunk.time.tolist(), chunk.sequence.tolist(), strict=True):
            yield {"time": time, "source": source, "epoch": EPOCH, "sequence": sequence, "instrument": instrument}

    def _prices(self, *columns: IntArray) -> list[list[float]]:
        return [floats(column, self.columns.price_decimals).tolist() for column in columns]

    def _sizes(self, *columns: IntArray) -> list[list[float]]:
        return [floats(column, self.columns.size_decimals).tolist() for column in columns]

    def _quotes(self, chunk: Chunk, rows: QuoteRows) -> Iterator[Message]:
        columns: Lists = (
            *self._prices(rows.bid, rows.ask),
            *self._sizes(rows.bid_size, rows.ask_size),
            _venue_times(chunk),
        )
        for header, bid, ask, bid_size, ask_size, venue_time in zip(self._header(chunk), *columns, strict=True):
            yield Quote(**header, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size, venue_time=venue_time)

    def _trades(self, chunk: Chunk, rows: TradeRows) -> Iterator[Message]:
        ids = [str(number) if number else "" for number in rows.trade_id.tolist()]
        columns: Lists = (
            *self._prices(rows.price),
            *self._sizes(rows.size),
            rows.side.tolist(),
            ids,
            _venue_times(chunk),
        )
        for header, price, size, side, trade_id, venue_time in zip(self._header(chunk), *columns, strict=True):
            yield Trade(**header, price=price, size=size, side=side, trade_id=trade_id, venue_time=venue_time)

    def _bars(self, chunk: Chunk, rows: BarRows) -> Iterator[Message]:
        prices = self._prices(rows.open, rows.high, rows.low, rows.close)
        columns: Lists = (rows.start.tolist(), *prices, *self._sizes(rows.volume))
        for header, start, open_, high, low, close, volume in zip(self._header(chunk), *columns, strict=True):
            yield BarOpen(
                time=start,
                source=self.source,
                epoch=EPOCH,
                sequence=header["sequence"] - 1,
                instrument=chunk.instrument,
                start=start,
                open=open_,
            )
            yield Bar(
                **header, start=start, end=header["time"], open=open_, high=high, low=low, close=close, volume=volume
            )

    def _levels(self, chunk: Chunk, rows: LevelRows) -> Iterator[Message]:
        pairs = np.empty((len(rows.price), 2), dtype="<f8")
        pairs[:, 0] = floats(rows.price, self.columns.price_decimals)
        pairs[:, 1] = floats(rows.size, self.columns.size_decimals)
        ids = (rows.first_update.tolist(), rows.last_update.tolist(), rows.previous_update.tolist())
        columns: Lists = (rows.snapshot.tolist(), *ids, _venue_times(chunk))
        bounds = rows.offset.tolist()
        told = zip(self._header(chunk), *columns, strict=True)
        for event, (header, snapshot, first, last, previous, venue_time) in enumerate(told):
            low, high = bounds[event], bounds[event + 1]
            sides, levels = rows.side[low:high], pairs[low:high]
            body = {"bids": levels[sides > 0].tobytes(), "asks": levels[sides < 0].tobytes(), "venue_time": venue_time}
            if snapshot:
                yield BookSnapshot(**header, last_update=last, **body)
            else:
                yield BookDelta(**header, first_update=first, last_update=last, previous_update=previous, **body)

    def _values(self, chunk: Chunk, rows: ValueRows) -> Iterator[Message]:
        made = MarkPrice if chunk.kind == Kind.MARKS else IndexPrice
        columns: Lists = (rows.value.tolist(), _venue_times(chunk))
        for header, price, venue_time in zip(self._header(chunk), *columns, strict=True):
            yield made(**header, price=price, venue_time=venue_time)

    def _funding(self, chunk: Chunk, rows: FundingRows) -> Iterator[Message]:
        for header, rate, due in zip(self._header(chunk), rows.value.tolist(), rows.due.tolist(), strict=True):
            yield FundingRate(**header, rate=rate, funding_time=due)


def _venue_times(chunk: Chunk) -> list[int]:
    """Messages say 0 where the venue's time is not known."""
    times: list[int] = chunk.venue_time.tolist() if chunk.venue_time is not None else [0] * chunk.count
    return times
