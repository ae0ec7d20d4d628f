"""Tables of quotes, trades, levels, mark prices or funding (CSV, Parquet, feather) as a feed."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from letrade.actors.feeds.columnar import ColumnarFeed
from letrade.actors.feeds.grids import lot_shown, step_text
from letrade.actors.feeds.naming import described, known_instrument, market_named
from letrade.actors.feeds.packed import stem_of
from letrade.actors.feeds.tick_chunks import Chunker
from letrade.actors.feeds.tick_rows import Table, rows_of, table_of
from letrade.core.actor import ActorConfig, Context
from letrade.core.data.columns import Chunk, Columns, Kind
from letrade.core.data.units import decimals_needed
from letrade.core.errors import ConfigurationError, DataError
from letrade.core.messages.market import Instrument

VENUE = "binance"
PRICES = ("price", "bid", "ask")
SIZES = ("size", "bid_size", "ask_size")
SCANS_KEPT = 64
MARKET_LETTERS_MIN = 5

_BAR = re.compile(r"-\d+[smhdw](?=-|\Z)")
_PARTS = re.compile(r"[-_]")


class TicksConfig(ActorConfig, frozen=True, kw_only=True):
    """One file; what its columns and its name do not show can be said here."""

    file: str = ""
    files: tuple[str, ...] = ()
    """The file as a list of one, whose path a desk file gives relative to its own folder."""
    kind: Literal["quotes", "trades", "levels", "marks", "index", "funding"] | None = None
    instrument: str | None = None
    venue: str | None = None
    tick: str | None = None
    lot: str | None = None

    def __post_init__(self) -> None:
        if bool(self.file) + len(self.files) != 1:
            raise ConfigurationError(f"expected one table, found file = {self.file!r} and files = {self.files}")

    @property
    def path(self) -> str:
        return self.file or self.files[0]


class Scan(NamedTuple):
    """What one pass over a table shows."""

    table: Table
    rows: int
    price_decimals: int
    size_decimals: int
    symbols: tuple[str, ...]
    exchanges: tuple[str, ...]


class TicksFeed(ColumnarFeed):
    """Reads the file once to learn the decimals of its numbers, and again for its rows."""

    Config = TicksConfig

    def __init__(self, name: str, config: TicksConfig, context: Context) -> None:
        super().__init__(name, config, context)

    @property
    def scan(self) -> Scan:
        """Kept while the file is the same, as a run makes its feeds several times."""
        path = Path(self.config.path)
        try:
            found = path.stat()
        except OSError as error:
            raise DataError(f"{path}: expected a table of market data, found none: {error.strerror}") from error
        return scan_of(str(path), self.config.kind, found.st_mtime_ns, found.st_size)

    def instruments(self) -> tuple[Instrument, ...]:
        """The instrument of the table, with the finest decimals of its numbers, unless the desk defines it."""
        name, scan = self.instrument(), self.scan
        if name in self.context.instruments or scan.table.shape.kind in (Kind.MARKS, Kind.INDEX, Kind.FUNDING):
            return ()
        tick = self.config.tick or step_text(1, scan.price_decimals)
        kind = described(name, tick, "1").kind
        return (described(name, tick, self.config.lot or lot_shown(kind, scan.size_decimals)),)

    def instrument(self) -> str:
        """As configured, else of the symbol column, else of the file's name. DataError when it is in none, and for a
        table of several symbols, whatever is configured: they would be taken for one market."""
        scan, path = self.scan, self.config.path
        if len(scan.symbols) > 1:
            raise DataError(f"{path}: expected one symbol, found {', '.join(scan.symbols[:10])}: split the file")
        if self.config.instrument is not None:
            return str(self.config.instrument)
        exchange = scan.exchanges[0] if scan.exchanges else ""
        venue = self.config.venue or exchange.partition("-")[0] or VENUE
        for text in (*scan.symbols, *_names_in(stem_of(path))):
            market = market_named(text, exchange)
            if market is not None:
                known = known_instrument(
                    self.context.instruments, venue, market.base + market.quote, bool(market.settle)
                )
                return known or market.instrument(venue)
        raise DataError(
            f"{path}: neither a symbol column nor the name of the file says the instrument: "
            "name it with --instrument 'binance.BTC-USDT', or as the feed's `instrument`"
        )

    def source(self) -> Columns:
        scan, instrument = self.scan, self.instrument()

        def read() -> Iterator[Chunk]:
            chunker = Chunker(scan.table, instrument, scan.price_decimals, scan.size_decimals)
            for raw in rows_of(scan.table):
                yield from chunker.take(raw)
            yield from chunker.rest()

        return Columns(
            where=self.config.path,
            kind=scan.table.shape.kind,
            instrument=instrument,
            read=read,
            price_decimals=scan.price_decimals,
            size_decimals=scan.size_decimals,
            rows_estimate=scan.rows,
            contiguous="last_update" not in scan.table.shape.columns,
        )


def _names_in(stem: str) -> Iterator[str]:
    """`BTC_USDT_USDT-8h-mark` and `binance_trades_2024-01-01_BTCUSDT` name a market each."""
    yield _BAR.split(stem)[0]
    yield from (part for part in _PARTS.split(stem) if len(part) >= MARKET_LETTERS_MIN)


@functools.lru_cache(SCANS_KEPT)
def scan_of(path: str, wanted: str | None, modified_ns: int, size_bytes: int) -> Scan:
    """One pass over the table. DataError where it is empty or cannot be read."""
    table = table_of(path, wanted)
    rows, price, size = 0, 0, 0
    symbols: dict[str, None] = {}
    exchanges: dict[str, None] = {}
    for raw in rows_of(table):
        rows += raw.length
        for role, values in raw.values.items():
            where = f"{path}: {table.shape.columns[role]}"
            if role in PRICES:
                price = max(price, decimals_needed(values, where, raw.first_row))
            elif role in SIZES:
                size = max(size, decimals_needed(values, where, raw.first_row))
        symbols |= dict.fromkeys(raw.symbols)
        exchanges |= dict.fromkeys(raw.exchanges)
    if not rows:
        raise DataError(f"{path}: expected {table.shape.kind}, found a header alone")
    return Scan(table, rows, price, size, tuple(symbols), tuple(exchanges))
