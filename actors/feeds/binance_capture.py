"""Recorded Binance spot or USD-M streams (depth, bookTicker, trade, REST snapshot) as one feed of several files."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from letrade.actors.feeds.binance_lines import Levels, Line, Payload, Position, read_events
from letrade.actors.feeds.follower import Follower
from letrade.actors.feeds.grids import lot_of, tick_of
from letrade.actors.feeds.naming import described, known_instrument, split_symbol
from letrade.actors.feeds.told_columns import Told, columns_of
from letrade.core.actor import ActorConfig, Context
from letrade.core.clock import LATEST, MILLISECOND
from letrade.core.data.columns import Columns
from letrade.core.errors import DataError
from letrade.core.feed import Feed
from letrade.core.messages.base import NUMBER_LIMIT, Message
from letrade.core.messages.market import BookDelta, BookSnapshot, Instrument, Quote, Trade

EPOCH = 1


class BinanceCaptureConfig(ActorConfig, frozen=True, kw_only=True):
    """Which files, in order of time; `instrument` overrides the id that the data shows, `limit` ends it early."""

    files: tuple[str, ...]
    instrument: str | None = None
    limit: int | None = None
    venue: str = "binance"
    follow: bool = False
    """Tell levels as a book takes them, which the compiled backtest needs: from their snapshot on, nothing twice."""


class BinanceCapture(Feed):
    """Messages at the receive time of the recorder; its clock may run behind, so venue_time can be later."""

    Config = BinanceCaptureConfig

    def __init__(self, name: str, config: BinanceCaptureConfig, context: Context) -> None:
        super().__init__(name, config, context)
        if not config.files:
            raise DataError(f"feed {name}: expected at least one recorded file, found none")
        self.position = Position()
        self._names: dict[str, str] = {}

    def instruments(self) -> tuple[Instrument, ...]:
        """One for each symbol of the files that the desk does not define, with the tick and lot that the data shows."""
        needed: dict[str, tuple[set[float], set[float]]] = {}
        for _, line, event in read_events(self.config.files, self.position):
            if event.symbol:
                instrument = self._instrument(event)
            elif line.snapshot_update:
                instrument = self._only_instrument()
            else:
                continue
            if instrument not in self.context.instruments:
                prices, sizes = needed.setdefault(instrument, (set(), set()))
                try:
                    _collect(line, event, prices, sizes)
                except ValueError as error:
                    raise self._no_decimals(error) from error
        return tuple(described(name, tick_of(prices), lot_of(sizes)) for name, (prices, sizes) in needed.items())

    def messages(self) -> Iterator[Message]:
        """In the order of the lines; what is neither a diff, a snapshot, a ticker nor a trade is passed over."""
        return Follower().messages(self._recorded()) if self.config.follow else self._recorded()

    def _recorded(self) -> Iterator[Message]:
        sequence = 0
        limit = self.config.limit if self.config.limit is not None else math.inf
        for time, line, event in read_events(self.config.files, self.position):
            if sequence >= limit:
                return
            header = {"time": time, "source": self.name, "epoch": EPOCH, "sequence": sequence + 1}
            try:
                message = self._message(line, event, header)
            except ValueError as error:
                raise self._no_decimals(error) from error
            if message is not None:
                sequence += 1
                if message.venue_time >= LATEST:
                    found = f"found {message.venue_time} ns"
                    raise DataError(f"{self.position}: expected a venue's time before 2262, {found}")
                yield message

    def columns(self) -> tuple[Columns, ...]:
        """A source for each kind; unless they are followed, and without a gap, the levels are not contiguous."""
        if not self.config.follow:
            return columns_of(self.config.files[0], self._recorded)
        followers: list[Follower] = []

        def read() -> Iterator[Message]:
            followers.append(Follower())
            return followers[-1].messages(self._recorded())

        return columns_of(self.config.files[0], read, lambda: not followers[0].gaps)

    def _no_decimals(self, error: ValueError) -> DataError:
        return DataError(f"{self.position}: expected prices and sizes as decimals: {error}")

    def _message(self, line: Line, event: Payload, header: dict[str, Any]) -> Told | None:
        """What one line says, None when that is nothing we know. ValueError for a number that is none."""
        kind = event.kind
        if kind == "depthUpdate":
            return self._delta(event, header)
        if line.snapshot_update:
            return self._snapshot(line, header)
        if kind in ("trade", "aggTrade"):
            return self._trade(event, header)
        if event.last_update and kind in ("", "bookTicker"):  # spot tickers do not say what they are
            return self._quote(event, header)
        return None

    def _delta(self, event: Payload, header: dict[str, Any]) -> BookDelta:
        return BookDelta(
            **header,
            instrument=self._instrument(event),
            first_update=event.first_update,
            last_update=event.last_update,
            previous_update=event.previous_update or 0,
            bids=pack(event.bid),
            asks=pack(event.ask),
            venue_time=(event.venue_time_ms or event.event_time_ms) * MILLISECOND,
        )

    def _snapshot(self, line: Line, header: dict[str, Any]) -> BookSnapshot:
        return BookSnapshot(
            **header,
            instrument=self._only_instrument(),
            last_update=line.snapshot_update,
            bids=pack(line.bids),
            asks=pack(line.asks),
            venue_time=(line.venue_time_ms or line.event_time_ms) * MILLISECOND,
        )

    def _quote(self, event: Payload, header: dict[str, Any]) -> Quote:
        bid, bid_size, ask, ask_size = event.bid, event.bid_size, event.ask, event.ask_size
        if (
            isinstance(bid, list)
            or isinstance(ask, list)
            or not (
                0.0 <= bid <= NUMBER_LIMIT
                and 0.0 <= ask <= NUMBER_LIMIT
                and 0.0 <= bid_size <= NUMBER_LIMIT
                and 0.0 <= ask_size <= NUMBER_LIMIT
            )
        ):
            raise ValueError(f"found {bid} × {bid_size}, {ask} × {ask_size}")
        return Quote(
            **header,
            instrument=self._instrument(event),
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            update_id=event.last_update,
            venue_time=(event.venue_time_ms or event.event_time_ms) * MILLISECOND,
        )

    def _trade(self, event: Payload, header: dict[str, Any]) -> Trade | None:
        """None for what USD-M streams of the insurance fund and its like, which is no trade of the book."""
        if event.execution == "NA":
            return None
        if not (0.0 < event.price <= NUMBER_LIMIT and 0.0 <= event.size <= NUMBER_LIMIT):
            raise ValueError(f"found a trade of {event.size} at {event.price}")
        aggregate = int(event.ask) if isinstance(event.ask, float) else 0
        return Trade(
            **header,
            instrument=self._instrument(event),
            price=event.price,
            size=event.size,
            side=-1 if event.buyer_is_maker else 1,
            trade_id=str(event.trade_id or aggregate),
            venue_time=(event.venue_time_ms or event.event_time_ms) * MILLISECOND,
        )

    def _instrument(self, event: Payload) -> str:
        return self._names.get(event.symbol) or self._name(event)

    def _name(self, event: Payload) -> str:
        """Learn a symbol's instrument from its first event. DataError when it cannot be told."""
        symbol, linear, override = event.symbol, event.is_linear, self.config.instrument
        if not symbol:
            raise DataError(f"{self.position}: expected the event to name its symbol, found none")
        if override is not None and self._names:
            raise DataError(
                f"{self.position}: expected one symbol for {override}, found {symbol} beside {list(self._names)}"
            )
        name = override or known_instrument(self.context.instruments, self.config.venue, symbol, linear)
        if name is None:
            market = split_symbol(symbol, linear)
            if market is None:
                raise DataError(
                    f"{self.position}: the currencies of {symbol!r} are not known: "
                    "add an [[instrument]] and name it as the feed's `instrument`"
                )
            name = market.instrument(self.config.venue)
        self._names[symbol] = name
        return name

    def _only_instrument(self) -> str:
        """The instrument of a snapshot, which names none: there must be no doubt."""
        if self.config.instrument is None and not self._names:
            self._look_ahead()
        if self.config.instrument is None and len(self._names) != 1:
            known = ", ".join(self._names) or "none yet"
            raise DataError(
                f"{self.position}: a snapshot names no symbol, so a file must hold one only; symbols so far: {known}. "
                "Name the feed's `instrument`"
            )
        return self.config.instrument or next(iter(self._names.values()))

    def _look_ahead(self) -> None:
        """A recording that opens with its snapshot: learn the symbol from the first event after it."""
        for _, _, event in read_events(self.config.files, Position()):
            if event.symbol:
                self._name(event)
                return


def pack(levels: Levels | float) -> bytes:
    """Levels as little-endian float64 pairs. ValueError unless all are finite numbers of 0 or more."""
    if not levels:
        return b""
    if not isinstance(levels, list):
        raise ValueError(f"found {levels!r} instead of levels")
    values = list(chain.from_iterable(levels))
    _check(values)
    return struct.pack(f"<{len(values)}d", *values)


def _check(values: Sequence[float]) -> None:
    # A NaN hides from min and max, but makes the sum a NaN, which is not below infinity.
    if not (min(values) >= 0.0 and max(values) <= NUMBER_LIMIT and sum(values) < math.inf):
        raise ValueError("found one that is negative, too large or not finite")


def _collect(line: Line, event: Payload, prices: set[float], sizes: set[float]) -> None:
    """Keep all prices and sizes of one line. ValueError for a number that is none."""
    for levels in (event.bid, event.ask, line.bids, line.asks):
        if isinstance(levels, list) and levels:
            level_prices, level_sizes = zip(*levels, strict=True)
            _keep(prices, level_prices)
            _keep(sizes, level_sizes)
    if event.price:
        _keep(prices, (event.price,))
        _keep(sizes, (event.size,))
    elif event.last_update and isinstance(event.bid, float) and isinstance(event.ask, float):
        _keep(prices, (event.bid, event.ask))
        _keep(sizes, (event.bid_size, event.ask_size))


def _keep(kept: set[float], values: Sequence[float]) -> None:
    _check(values)
    kept.update(values)
