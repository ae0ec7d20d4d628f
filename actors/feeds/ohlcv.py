"""Recorded bars (feather, CSV) as a feed: each bar's open is told to the simulated venue, the whole bar at its end."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from letrade.actors.feeds.bar_closes import check_closes, told_bar_ns
from letrade.actors.feeds.bar_steps import OVERLAP_HELP, usual_step_ns
from letrade.actors.feeds.columnar import ColumnarFeed
from letrade.actors.feeds.grids import LOTS, decimals_of_floats, step_text
from letrade.actors.feeds.naming import QUOTES, Market, described, split_symbol
from letrade.actors.feeds.packed import stem_of
from letrade.actors.feeds.table import Table, read_table
from letrade.core.actor import ActorConfig, Context
from letrade.core.config.durations import UNIT_NS, format_duration
from letrade.core.config.values import Instant, PositiveDuration, show_instant
from letrade.core.data.columns import CHUNK_ROWS, BarRows, Chunk, Columns, Kind
from letrade.core.data.units import decimals_or_fitting, to_units
from letrade.core.errors import ConfigurationError, DataError
from letrade.core.messages.events import Alert
from letrade.core.messages.market import Instrument

EPOCH = 1
_PAIR = re.compile(r"([A-Za-z0-9]+)[_-]([A-Za-z0-9]+)(?:[_:]([A-Za-z0-9]+))?\Z")
_BAR = re.compile(r"[-_.](\d+)([smhdw])(?=[-_.]|\Z)")
_NO_PRICES = re.compile(r"[-_](funding_rate|mark|index|premiumIndex)\Z")


class OhlcvConfig(ActorConfig, frozen=True, kw_only=True):
    """One file; what its name and rows do not show can be said here. Bars that open in [start, end)."""

    file: str = ""
    files: tuple[str, ...] = ()
    """The file as a list of one, whose path a desk file gives relative to its own folder."""
    instrument: str | None = None
    venue: str = "binance"
    bar: PositiveDuration | None = None
    lot: str | None = None
    start: Instant | None = None
    end: Instant | None = None

    def __post_init__(self) -> None:
        if bool(self.file) + len(self.files) != 1:
            raise ConfigurationError(f"expected one file of bars, found file = {self.file!r} and files = {self.files}")

    @property
    def path(self) -> str:
        return self.file or self.files[0]


class OhlcvFeed(ColumnarFeed):
    """At one time the bar that ends comes before the open of the next."""

    Config = OhlcvConfig

    def __init__(self, name: str, config: OhlcvConfig, context: Context) -> None:
        super().__init__(name, config, context)
        self._table: Table | None = None
        self.gaps = 0
        """Places where bars are missing between two rows."""
        self.missing_volumes = 0
        """Rows without a volume, which count as 0."""

    @property
    def table(self) -> Table:
        if self._table is None:
            self._table = read_table(self.config.path)
        return self._table

    def instruments(self) -> tuple[Instrument, ...]:
        """The instrument of the file's name, with the tick of its prices, unless the desk defines it."""
        name = self.instrument()
        if name in self.context.instruments:
            return ()
        table = self.table
        prices = np.concatenate((table.open, table.high, table.low, table.close))
        tick = step_text(1, decimals_of_floats(prices, table.path))
        kind = described(name, tick, "1").kind
        return (described(name, tick, self.config.lot or LOTS[kind]),)

    def instrument(self) -> str:
        """The configured instrument, or that of the file's name. DataError when it is in neither."""
        if self.config.instrument is not None:
            return str(self.config.instrument)
        market = market_of_file(self.config.path)
        if market is None:
            raise DataError(
                f"{self.config.path}: the name does not say the instrument as in BTC_USDT_USDT-1h-futures.feather: "
                "name it with --instrument 'binance.BTC-USDT', or as the feed's `instrument` beside an [[instrument]]"
            )
        return market.instrument(self.config.venue)

    def bar_ns(self) -> int:
        """The configured duration, that in the file's name, that of its close times, or the step between the rows."""
        if self.config.bar is not None:
            return int(self.config.bar)
        if named := _BAR.search(stem_of(self.config.path)):
            return int(named[1]) * (7 * UNIT_NS["d"] if named[2] == "w" else UNIT_NS[named[2]])
        if (told := told_bar_ns(self.table)) is not None:
            return told
        if len(self.table.opens_ns) < 2:
            raise DataError(f"{self.config.path}: one row does not show how long a bar is: give the feed's `bar`")
        return usual_step_ns(self.table.opens_ns)

    def source(self) -> Columns:
        """An Alert first when rows are missing; then the bars."""
        bar_ns = self.bar_ns()
        table = self._checked(bar_ns)
        instrument = self.instrument()
        faulty = bool(self.gaps or self.missing_volumes)
        notices = (self._alert(int(table.opens_ns[0]), 1, instrument),) if faulty else ()
        prices = np.concatenate((table.open, table.high, table.low, table.close))
        price_decimals, size_decimals = (decimals_or_fitting(values) for values in (prices, table.volume))

        def read() -> Iterator[Chunk]:
            for first in range(0, len(table.opens_ns), CHUNK_ROWS):
                part = slice(first, first + CHUNK_ROWS)
                opens = table.opens_ns[part]
                row = table.first_row + first
                units = [to_units(column[part], price_decimals, table.path, row) for column in table[2:6]]
                volume = to_units(table.volume[part], size_decimals, table.path, row)
                sequence = len(notices) + 2 * np.arange(first + 1, first + len(opens) + 1, dtype=np.int64)
                rows = BarRows(opens, units[0], units[1], units[2], units[3], volume)
                yield Chunk(Kind.BARS, instrument, opens + bar_ns, sequence, rows, first_row=row)

        return Columns(
            where=table.path,
            kind=Kind.BARS,
            instrument=instrument,
            read=read,
            price_decimals=price_decimals,
            size_decimals=size_decimals,
            rows_estimate=len(table.opens_ns),
            notices=notices,
        )

    def _checked(self, bar_ns: int) -> Table:
        """The wanted rows, with gaps and missing volumes counted. DataError when bars overlap or none is left."""
        table = self.table.between(self.config.start, self.config.end)
        if not len(table.opens_ns):
            shown = f"{show_instant(int(self.table.opens_ns[0]))} to {show_instant(int(self.table.opens_ns[-1]))}"
            raise DataError(f"{table.path}: no bar opens in the wanted time; the file has {shown}")
        steps = np.diff(table.opens_ns)
        if (steps < bar_ns).any():
            index = int(np.argmax(steps < bar_ns)) + 1
            before = f"row {table.first_row + index - 1} ({show_instant(int(table.opens_ns[index - 1]))})"
            text = f"opens before the bar of {format_duration(bar_ns)} of {before} ends: {OVERLAP_HELP}"
            raise DataError(f"{table.row(index)}: {text}")
        check_closes(table, bar_ns)
        missing = np.isnan(table.volume)
        self.gaps, self.missing_volumes = int((steps > bar_ns).sum()), int(missing.sum())
        return table._replace(volume=np.where(missing, 0.0, table.volume))

    def _alert(self, time: int, sequence: int, instrument: str) -> Alert:
        text = f"{self.config.path}: {self.gaps} gaps between rows, {self.missing_volumes} rows without a volume"
        return Alert(
            time=time,
            source=self.name,
            epoch=EPOCH,
            sequence=sequence,
            level="warning",
            code="bars-missing",
            text=text,
            instrument=instrument,
        )


def market_of_file(path: str) -> Market | None:
    """`BTC_USDT_USDT-1h-futures` is a linear perpetual, `BTC_USDT-1h` and `BTCUSDT-1h` are spot; None when unclear.

    DataError for files that hold rates or reference prices, not bars of trades.
    """
    stem = stem_of(path)
    if other := _NO_PRICES.search(stem):
        raise DataError(f"{path}: expected bars of trades, found a {other[1]} file")
    found = _BAR.search(stem)
    symbol, rest = (stem[: found.start()], stem[found.end() :]) if found else (stem, "")
    if pair := _PAIR.match(symbol):
        market = Market(pair[1].upper(), pair[2].upper(), (pair[3] or "").upper())
        return market if market.quote in QUOTES and market.settle in ("", market.base, *QUOTES) else None
    return split_symbol(symbol.upper(), "futures" in rest) if symbol.isalnum() else None
