"""The catalogue: Parquet files by kind, instrument and month; it grows by merging, and is read by windows."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np

from letrade.core.data.columns import Chunk, Columns, Kind
from letrade.core.data.files import replace_file
from letrade.core.data.merge import Counts, merged
from letrade.core.data.parquet import Meta, clear_parts, read_meta, read_month, write_month
from letrade.core.data.rows import at_decimals, months
from letrade.core.data.series import SUFFIX, Series, series_at
from letrade.core.errors import DataError, ResourceError
from letrade.core.messages.market import Instrument
from letrade.core.texts import writable

INSTRUMENTS = "instruments"
LOCK = ".lock"
SOURCES_KEPT = 20
"""Of a file's origins the last ones are remembered."""


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What came to one series: `rows`, of which `duplicates` were there before and `replaced` corrected older ones."""

    series: str
    rows: int
    duplicates: int
    replaced: int
    stored: int
    """Rows of the months that were touched, afterwards."""
    months: tuple[str, ...]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One series as its files' footers tell it; times are ns UTC."""

    series: str
    kind: Kind
    instrument: str
    interval: str
    rows: int
    first: int
    last: int
    months: tuple[str, ...]
    bytes: int
    sources: tuple[str, ...]


class DataCatalogue:
    """All series below one folder. Reading takes no lock: files are replaced whole."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def series(self) -> list[Series]:
        """Every series that has a file, by name."""
        found = (
            path
            for kind in Kind
            for path in (self.root / kind).glob(f"*/*/{'*/' if kind == Kind.BARS else ''}[0-9]*{SUFFIX}")
        )
        folders = {path.parent for path in found}
        # What a download has not merged yet waits in a folder whose name begins with a dot.
        return sorted(series_at(self.root, folder) for folder in folders if not folder.name.startswith("."))

    def files(self, series: Series) -> list[Path]:
        """The months of a series in order."""
        return sorted(series.folder(self.root).glob(f"[0-9]*{SUFFIX}"))

    def summary(self, series: Series) -> Summary:
        files = self.files(series)
        metas = [read_meta(path) for path in files]
        sources = dict.fromkeys(source for meta in metas for source in meta.sources)
        return Summary(
            series=str(series),
            kind=series.kind,
            instrument=series.instrument,
            interval=series.interval,
            rows=sum(meta.rows for meta in metas),
            first=min(meta.first for meta in metas),
            last=max(meta.last for meta in metas),
            months=tuple(path.name.removesuffix(SUFFIX) for path in files),
            bytes=sum(path.stat().st_size for path in files),
            sources=tuple(sources),
        )

    def columns(self, series: Series, start: int | None = None, end: int | None = None) -> Columns:
        """The rows of start <= time < end (of bars: their start). DataError when the series is not there."""
        files = self.files(series)
        if not files:
            raise DataError(f"{self.root}: the catalogue has no {series}: letrade data list shows what it has")
        return columns_of_files(f"{self.root}: {series}", series, files, start, end)

    def add(self, series: Series, source: Columns, origin: str) -> Added:
        """Merge a source into the series, month by month; what was there before is kept once.

        ResourceError while another process writes the series.
        """
        with self.writing(series):
            counts = Counts()
            touched: list[str] = []
            came = Rows()
            parts = (part for chunk in source.chunks() for part in months(came.counted(chunk)))
            for month, group in groupby(parts, key=lambda part: part[0]):
                self._merge(series, month, (chunk for _, chunk in group), source, origin, counts)
                touched.append(month)
        return Added(
            series=str(series),
            rows=came.count,
            duplicates=counts.duplicates,
            replaced=counts.replaced,
            stored=counts.rows,
            months=tuple(touched),
        )

    def _merge(
        self, series: Series, month: str, new: Iterator[Chunk], source: Columns, origin: str, counts: Counts
    ) -> None:
        path = series.folder(self.root) / f"{month}{SUFFIX}"
        own = (source.price_decimals, source.size_decimals)
        decimals, contiguous = own, source.contiguous
        sources: tuple[str, ...] = (writable(origin),)
        stored: Iterator[Chunk] = iter(())
        if path.exists():
            meta = read_meta(path)
            decimals = max(own[0], meta.price_decimals), max(own[1], meta.size_decimals)
            sources = tuple(dict.fromkeys((*meta.sources, *sources)))[-SOURCES_KEPT:]
            contiguous = contiguous and meta.contiguous
            stored = read_month(path, decimals=decimals)
        wanted = Meta(
            kind=series.kind,
            instrument=series.instrument,
            interval=series.interval,
            price_decimals=decimals[0],
            size_decimals=decimals[1],
            rows=0,
            first=0,
            last=0,
            sources=sources,
            contiguous=contiguous,
        )
        write_month(path, wanted, merged(stored, (at_decimals(chunk, own, decimals) for chunk in new), counts))

    @contextmanager
    def writing(self, series: Series, lock: str = LOCK) -> Iterator[None]:
        """Nobody else holds this lock of the series meanwhile. ResourceError where somebody does."""
        folder = series.folder(self.root)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stream = (folder / lock).open("w")
        except OSError as error:
            raise ResourceError(f"{folder}: cannot be written: {error.strerror}") from error
        with stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ResourceError(f"{series} is being written by another process: wait for it to end") from error
            if lock == LOCK:
                clear_parts(folder)
            yield

    def instrument(self, name: str) -> Instrument | None:
        """The rules of an instrument as its venue told them, None when it was not asked."""
        try:
            body = self._instrument_path(name).read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(body, type=Instrument)
        except msgspec.MsgspecError as error:
            raise DataError(f"{self._instrument_path(name)}: expected an instrument: {error}") from error

    def keep_instrument(self, instrument: Instrument) -> None:
        replace_file(self._instrument_path(instrument.instrument), msgspec.json.encode(instrument))

    def _instrument_path(self, name: str) -> Path:
        venue, _, symbol = name.partition(".")
        return self.root / INSTRUMENTS / venue / f"{symbol}.json"


def columns_of_files(
    where: str, series: Series, files: Sequence[Path], start: int | None = None, end: int | None = None
) -> Columns:
    """Several files, each later than the one before, as one source."""
    metas = [read_meta(path) for path in files]
    decimals = max(meta.price_decimals for meta in metas), max(meta.size_decimals for meta in metas)

    def read() -> Iterator[Chunk]:
        chunks = (chunk for path in files for chunk in read_month(path, start, end, decimals))
        return numbered(chunks, series.kind)

    return Columns(
        where=where,
        kind=series.kind,
        instrument=series.instrument,
        read=read,
        price_decimals=decimals[0],
        size_decimals=decimals[1],
        rows_estimate=sum(meta.rows for meta in metas),
        contiguous=all(meta.contiguous for meta in metas),
    )


class Rows:
    """Counts rows that pass."""

    def __init__(self) -> None:
        self.count = 0

    def counted(self, chunk: Chunk) -> Chunk:
        self.count += chunk.count
        return chunk


def numbered(chunks: Iterator[Chunk], kind: Kind) -> Iterator[Chunk]:
    """With the sequence of one feed over all files; a bar takes two numbers, as its open is told before it."""
    step, row = (2 if kind == Kind.BARS else 1), 0
    for chunk in chunks:
        sequence = step * np.arange(row + 1, row + chunk.count + 1, dtype=np.int64)
        row += chunk.count
        yield msgspec.structs.replace(chunk, sequence=sequence)
