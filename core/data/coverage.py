"""Which spans of time were downloaded, and rows that were but are not yet merged: so that a download can go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from letrade.core.data.catalogue import Added, DataCatalogue, columns_of_files
from letrade.core.data.columns import Columns
from letrade.core.data.files import replace_file
from letrade.core.data.parquet import Meta, clear_parts, write_month
from letrade.core.data.series import SUFFIX, Series
from letrade.core.errors import DataError, ResourceError

FILE = "coverage.json"
WAITING = ".download"

Span = tuple[int, int]
"""[from, to) in ns UTC."""


class Coverage:
    """The spans of one series; each is written down after its rows are safe."""

    def __init__(self, catalogue: DataCatalogue, series: Series) -> None:
        self.catalogue = catalogue
        self.series = series
        self._folder = series.folder(catalogue.root)
        self.spans = self._read()

    def missing(self, start: int, end: int) -> list[Span]:
        """The parts of [start, end) that were never downloaded, in order."""
        found, since = [], start
        for first, last in self.spans:
            if first >= end:
                break
            if first > since:
                found.append((since, first))
            since = max(since, last)
        if since < end:
            found.append((since, end))
        return found

    def keep(self, source: Columns | None, span: Span, origin: str) -> None:
        """The rows of a span, if it has any, and then the span itself."""
        if source is not None:
            number = len(self.waiting()) + 1
            meta = Meta(
                kind=self.series.kind,
                instrument=self.series.instrument,
                interval=self.series.interval,
                price_decimals=source.price_decimals,
                size_decimals=source.size_decimals,
                rows=0,
                first=0,
                last=0,
                sources=(origin,),
            )
            write_month(self._folder / WAITING / f"{number:08d}{SUFFIX}", meta, source.chunks())
        self.spans = united([*self.spans, span])
        self._write()

    def waiting(self) -> list[Path]:
        """Files with rows that are not yet in the months, in order."""
        return sorted((self._folder / WAITING).glob(f"[0-9]*{SUFFIX}"))

    def settle(self, origin: str) -> Iterator[Added]:
        """Merge what waits into the months; what a process left that was killed comes in here too."""
        clear_parts(self._folder / WAITING)
        files = self.waiting()
        if files:
            yield self.catalogue.add(self.series, columns_of_files(str(self.series), self.series, files), origin)
            for path in files:
                path.unlink()

    def _read(self) -> list[Span]:
        path = self._folder / FILE
        try:
            return united(msgspec.json.decode(path.read_bytes(), type=list[Span]))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ResourceError(f"{path}: cannot be read: {error.strerror}") from error
        except msgspec.MsgspecError as error:
            raise DataError(f"{path}: expected spans of time: {error}: delete it to download all again") from error

    def _write(self) -> None:
        replace_file(self._folder / FILE, msgspec.json.encode(self.spans))


def united(spans: list[Span]) -> list[Span]:
    """In order, and those that touch as one."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        elif first < last:
            found.append((first, last))
    return found
