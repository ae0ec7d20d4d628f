"""Files of any kind that a backtest reads, into the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from letrade.actors.feeds.binance_capture import BinanceCaptureConfig
from letrade.actors.feeds.guess import feeds_for_files
from letrade.core.actor import Context
from letrade.core.config.durations import format_duration
from letrade.core.config.load import build_desk
from letrade.core.data.catalogue import Added, DataCatalogue
from letrade.core.data.columns import BarRows, Columns, Kind
from letrade.core.data.series import PREFIX, Series
from letrade.core.errors import DataError, UsageError
from letrade.core.feed import Feed
from letrade.core.instruments import Catalogue


def import_files(
    catalogue: DataCatalogue, files: Sequence[str], instrument: str | None = None, kind: str | None = None
) -> Iterator[Added]:
    """Each series as it is stored. `instrument` is what the files are about where they do not say, `kind` is what to
    take of tables that hold several.

    DataError where a file is not what its format promises: what came before it stays, and importing again is harmless.
    """
    stored = [file for file in files if file.startswith(PREFIX)]
    if stored:
        raise UsageError(f"expected files, found a series of the catalogue itself: {stored[0]}")
    for feed_class, config in feeds_for_files(files, kind):
        named: Any = config
        if instrument is not None:
            named = msgspec.structs.replace(named, instrument=instrument, venue=instrument.partition(".")[0])
        if isinstance(named, BinanceCaptureConfig):
            # What a book would not take is not worth keeping, and whoever reads the rest need not sort it out.
            named = msgspec.structs.replace(named, follow=True)
        context = Context("import", "", 1, Catalogue(), build_desk([], {}))
        feed: Feed = feed_class("import", named, context)
        sources = feed.columns()
        if sources is None:
            raise DataError(f"{files[0]}: tells no columns that could be stored")
        came = 0
        for source in sources:
            added = catalogue.add(series_of(source), source, source.where)
            came += added.rows
            if added.rows:
                yield added
        if not came:
            where = ", ".join(dict.fromkeys(source.where for source in sources)) or ", ".join(files)
            raise DataError(f"{where}: expected rows that could be stored, found none")


def series_of(source: Columns) -> Series:
    """Where a source belongs; how long its bars are is seen on the first one."""
    if source.kind != Kind.BARS:
        return Series(source.kind, source.instrument)
    first = next(source.chunks(), None)
    if first is None or not isinstance(first.rows, BarRows):
        raise DataError(f"{source.where}: expected bars, found none")
    return Series(Kind.BARS, source.instrument, format_duration(int(first.time[0] - first.rows.start[0])))
