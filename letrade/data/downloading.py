"""Downloads series into the catalogue: what is missing of a span, safe from interruption, resumed where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from letrade.core import clock
from letrade.core.data.catalogue import Added, DataCatalogue
from letrade.core.data.columns import BarRows, Chunk, Columns, FundingRows, Kind, Rows, TradeRows, ValueRows
from letrade.core.data.coverage import Coverage
from letrade.core.data.series import Series
from letrade.core.data.units import decimals_or_fitting, to_units
from letrade.data.exchange import Exchange, Market
from letrade.data.pages import pages

KEEP_ROWS = 50_000
KEEP_SECONDS = 15
DOWNLOAD_LOCK = ".download-lock"
"""After so many rows, or so long, what came is written down."""

Progress = Callable[[int, int], None]
"""Takes (the data's time that is reached, rows so far)."""


class Order(NamedTuple):
    """What to download: a series of a market over [start, end), ns UTC."""

    series: Series
    market: Market
    interval_ns: int
    start: int
    end: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one series; `complete` is False where it was interrupted, up to `through`."""

    series: str
    downloaded: int
    duplicates: int
    replaced: int
    rows: int
    first: int
    last: int
    through: int
    complete: bool


class Download:
    """One series. An interruption (KeyboardInterrupt, an error) leaves all that came in the catalogue."""

    def __init__(self, catalogue: DataCatalogue, exchange: Exchange, order: Order, progress: Progress | None) -> None:
        self.catalogue = catalogue
        self.exchange = exchange
        self.order = order
        self.coverage = Coverage(catalogue, order.series)
        self.rows = 0
        self.through = order.start
        self._origin = f"ccxt {exchange.venue} {order.market.symbol}"
        self._progress = progress
        self._waiting: list[tuple[Any, ...]] = []
        self._since = order.start
        self._kept_at = clock.monotonic_ns()
        self._added: list[Added] = []

    def run(self) -> Outcome:
        """Everything that is missing. What was cut off by an earlier kill is merged first."""
        with self.catalogue.writing(self.order.series, DOWNLOAD_LOCK):
            return self._run(self.order)

    def _run(self, order: Order) -> Outcome:
        # What another process wrote down until it let go of the lock.
        self.coverage = Coverage(self.catalogue, order.series)
        if order.market.rules is not None:
            self.catalogue.keep_instrument(order.market.rules)
        self._settle()
        try:
            for span in self.coverage.missing(order.start, order.end):
                self._since = self.through = span[0]
                for page in pages(self.exchange, order.market, order.series.kind, order.interval_ns, span):
                    self._take(page.rows, page.through)
                self._keep()
            self.through = order.end
        finally:
            self._keep()
            self._settle()
        return self.outcome()

    def outcome(self) -> Outcome:
        """As far as it is: also after an interruption."""
        there = bool(self.catalogue.files(self.order.series))
        summary = self.catalogue.summary(self.order.series) if there else None
        return Outcome(
            series=str(self.order.series),
            downloaded=self.rows,
            duplicates=sum(added.duplicates for added in self._added),
            replaced=sum(added.replaced for added in self._added),
            rows=summary.rows if summary else 0,
            first=summary.first if summary else 0,
            last=summary.last if summary else 0,
            through=self.through,
            complete=not self.coverage.missing(self.order.start, self.order.end),
        )

    def _take(self, rows: list[tuple[Any, ...]], through: int) -> None:
        self._waiting += rows
        self.rows += len(rows)
        self.through = through
        if self._progress is not None:
            self._progress(through, self.rows)
        late = clock.monotonic_ns() - self._kept_at > KEEP_SECONDS * clock.SECOND
        if len(self._waiting) >= KEEP_ROWS or late:
            self._keep()

    def _keep(self) -> None:
        """Rows first, then the span that they make complete."""
        if self.through > self._since or self._waiting:
            source = source_of(self.order.series, self._waiting, self.order.interval_ns) if self._waiting else None
            self.coverage.keep(source, (self._since, self.through), self._origin)
        self._waiting, self._since, self._kept_at = [], self.through, clock.monotonic_ns()

    def _settle(self) -> None:
        self._added += self.coverage.settle(self._origin)


def source_of(series: Series, rows: Sequence[tuple[Any, ...]], interval_ns: int) -> Columns:
    """Rows of pages as columns. Their checks come when they are read."""
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    time = columns[0].astype(np.int64)
    numbers = [column.astype(np.float64) for column in columns[1:]]
    prices, sizes = _prices_and_sizes(series.kind, numbers)
    price_decimals, size_decimals = decimals_or_fitting(prices), decimals_or_fitting(sizes)
    where = str(series)

    def price(place: int) -> Any:
        return to_units(numbers[place], price_decimals, where)

    made: Rows
    if series.kind == Kind.BARS:
        volume = to_units(numbers[4], size_decimals, where)
        made = BarRows(time, price(0), price(1), price(2), price(3), volume)
        time = time + interval_ns
    elif series.kind == Kind.TRADES:
        size = to_units(numbers[1], size_decimals, where)
        # Ids may have more digits than a double.
        made = TradeRows(price(0), size, columns[3].astype(np.int8), columns[4].astype(np.int64))
    else:
        made = FundingRows(numbers[0], time) if series.kind == Kind.FUNDING else ValueRows(numbers[0])

    def read() -> Iterator[Chunk]:
        sequence = np.arange(1, len(time) + 1, dtype=np.int64)
        yield Chunk(series.kind, series.instrument, time, sequence, made, None, 1)

    return Columns(
        where=where,
        kind=series.kind,
        instrument=series.instrument,
        read=read,
        price_decimals=price_decimals,
        size_decimals=size_decimals,
        rows_estimate=len(time),
    )


def _prices_and_sizes(kind: Kind, numbers: Sequence[Any]) -> tuple[Any, Any]:
    none = np.zeros(0)
    if kind == Kind.BARS:
        return np.concatenate(numbers[:4]), numbers[4]
    return (numbers[0], numbers[1]) if kind == Kind.TRADES else (none, none)
