"""Columns of a feed that tells messages: read once for what there is and its decimals, and again for the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from letrade.core.data.columns import (
    CHUNK_ROWS,
    Chunk,
    Columns,
    FloatArray,
    Kind,
    LevelRows,
    QuoteRows,
    Rows,
    TradeRows,
)
from letrade.core.data.units import decimals_needed, to_units
from letrade.core.messages.base import Message
from letrade.core.messages.market import BookDelta, BookSnapshot, Quote, Trade

Told: TypeAlias = Quote | Trade | BookDelta | BookSnapshot
KINDS: dict[type[Message], Kind] = {
    Quote: Kind.QUOTES,
    Trade: Kind.TRADES,
    BookDelta: Kind.LEVELS,
    BookSnapshot: Kind.LEVELS,
}
WINDOW = CHUNK_ROWS // 8
"""Messages at a time: an event of levels has many of them."""


class Found(NamedTuple):
    """What one kind of one instrument needs."""

    rows: int = 0
    price_decimals: int = 0
    size_decimals: int = 0


def columns_of(
    where: str, read: Callable[[], Iterator[Message]], contiguous: Callable[[], bool] = lambda: False
) -> tuple[Columns, ...]:
    """A source for each kind and instrument, in the order of their first messages.

    `contiguous` is asked after a first pass whether its levels can be taken one after the other.
    """
    found: dict[tuple[Kind, str], Found] = {}
    for key, window in _windows(read()):
        prices, sizes = _numbers(window)
        before = found.get(key, Found())
        found[key] = Found(
            before.rows + len(window),
            max(before.price_decimals, decimals_needed(prices, where)),
            max(before.size_decimals, decimals_needed(sizes, where)),
        )
    whole = contiguous()
    return tuple(_source(where, read, *key, needed, whole) for key, needed in found.items())


def _source(
    where: str, read: Callable[[], Iterator[Message]], kind: Kind, instrument: str, needed: Found, whole: bool
) -> Columns:
    def chunks() -> Iterator[Chunk]:
        for key, window in _windows(read()):
            if key == (kind, instrument):
                yield _chunk(where, kind, instrument, window, needed)

    return Columns(
        where=f"{where}: {kind}",
        kind=kind,
        instrument=instrument,
        read=chunks,
        price_decimals=needed.price_decimals,
        size_decimals=needed.size_decimals,
        rows_estimate=needed.rows,
        contiguous=whole or kind != Kind.LEVELS,
    )


def _windows(messages: Iterator[Message]) -> Iterator[tuple[tuple[Kind, str], list[Told]]]:
    """Messages of one kind and instrument, up to so many at a time."""
    waiting: dict[tuple[Kind, str], list[Told]] = {}
    for message in messages:
        if not isinstance(message, (Quote, Trade, BookDelta, BookSnapshot)):
            continue
        key = KINDS[type(message)], message.instrument
        window = waiting.setdefault(key, [])
        window.append(message)
        if len(window) == WINDOW:
            yield key, waiting.pop(key)
    yield from waiting.items()


def _numbers(window: Sequence[Told]) -> tuple[FloatArray, FloatArray]:
    """(prices, sizes) of all messages."""
    prices: list[Any] = []
    sizes: list[Any] = []
    for message in window:
        if isinstance(message, Quote):
            prices += (message.bid, message.ask)
            sizes += (message.bid_size, message.ask_size)
        elif isinstance(message, Trade):
            prices.append(message.price)
            sizes.append(message.size)
        else:
            pairs = _pairs(message)
            prices.extend(pairs[0::2])
            sizes.extend(pairs[1::2])
    return np.array(prices, dtype=np.float64), np.array(sizes, dtype=np.float64)


def _pairs(message: BookDelta | BookSnapshot) -> FloatArray:
    return np.frombuffer(message.bids + message.asks, dtype="<f8")


def _chunk(where: str, kind: Kind, instrument: str, window: Sequence[Told], needed: Found) -> Chunk:
    prices, sizes = _numbers(window)
    price = to_units(prices, needed.price_decimals, where)
    size = to_units(sizes, needed.size_decimals, where)
    time = _whole(message.time for message in window)
    # A recorder whose clock runs behind saw things before they were: columns say that they were then.
    venue_time = np.minimum(time, _whole(message.venue_time or message.time for message in window))
    rows: Rows
    if kind == Kind.QUOTES:
        bid, ask, bid_size, ask_size = (
            np.ascontiguousarray(column) for column in (price[0::2], price[1::2], size[0::2], size[1::2])
        )
        rows = QuoteRows(bid, bid_size, ask, ask_size)
    elif kind == Kind.TRADES:
        trades = [message for message in window if isinstance(message, Trade)]
        side = np.array([trade.side for trade in trades], dtype=np.int8)
        ids = _whole(int(trade.trade_id) if trade.trade_id.isdigit() else 0 for trade in trades)
        rows = TradeRows(price, size, side, ids)
    else:
        rows = _levels([message for message in window if isinstance(message, (BookDelta, BookSnapshot))], price, size)
    sequence = _whole(message.sequence for message in window)
    return Chunk(kind, instrument, time, sequence, rows, venue_time, int(sequence[0]), events_are_rows=True)


def _levels(events: Sequence[BookDelta | BookSnapshot], price: Any, size: Any) -> LevelRows:
    counts = [(len(event.bids) // 16, len(event.asks) // 16) for event in events]
    sides = np.concatenate([np.repeat(np.array([1, -1], dtype=np.int8), pair) for pair in counts])
    updates = [
        (event.first_update, event.previous_update) if isinstance(event, BookDelta) else (0, 0) for event in events
    ]
    return LevelRows(
        np.cumsum([0, *(bids + asks for bids, asks in counts)], dtype=np.int64),
        np.array([isinstance(event, BookSnapshot) for event in events], dtype=np.int8),
        _whole(first for first, _ in updates),
        _whole(event.last_update for event in events),
        _whole(previous for _, previous in updates),
        sides,
        price,
        size,
    )


def _whole(values: Iterator[int]) -> Any:
    return np.fromiter(values, dtype=np.int64)
