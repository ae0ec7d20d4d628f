"""One Parquet file of one month: whole units, a row for each bar, trade, quote or venue event; its footer says what.

A row group is a chunk. Levels are lists, one entry a level. The file is written beside its place and moved there whole.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from letrade.core.data.columns import CHUNK_ROWS, ROWS_OF, Chunk, IntArray, Kind, LevelRows, Rows, split
from letrade.core.data.rows import at_decimals, joined, month_times
from letrade.core.errors import DataError, ResourceError

META_KEY = b"letrade"
FORMAT = 1
EVENT_COLUMNS = LevelRows._fields[1:5]
LEVEL_COLUMNS = LevelRows._fields[5:]


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What the footer of a file says of it; times are those of its first and last row, ns UTC."""

    format: int = FORMAT
    kind: Kind
    instrument: str
    interval: str
    price_decimals: int
    size_decimals: int
    rows: int
    first: int
    last: int
    sources: tuple[str, ...] = ()
    """Where the rows came from."""
    contiguous: bool = True
    """False for levels that hold gaps, or updates from before their snapshot."""
    checksums: dict[str, int] = {}
    """CRC-32 of each column's numbers, little-endian, one after the other."""


def arrow() -> Any:
    """pyarrow. ResourceError when it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ResourceError("the catalogue needs pyarrow: `pip install 'letrade[data]'`") from error
    return pyarrow


def read_meta(path: Path) -> Meta:
    """The footer alone. DataError when the file is damaged or is none of ours."""
    pyarrow = arrow()
    try:
        found = pyarrow.parquet.read_metadata(path).metadata or {}
        return msgspec.json.decode(found[META_KEY], type=Meta)
    except FileNotFoundError as error:
        raise DataError(f"{path}: expected a file of the catalogue, found none") from error
    except (pyarrow.ArrowException, OSError, KeyError, msgspec.MsgspecError) as error:
        raise DataError(
            f"{path}: expected a file of the catalogue, found it damaged or of another kind: {error}: delete it, and "
            "coverage.json beside it where that is, then import or download it again"
        ) from error


def write_month(path: Path, meta: Meta, chunks: Iterator[Chunk]) -> Meta:
    """Write all rows; what `meta` leaves open (rows, range, checksums) is filled in. Nothing is left where it fails."""
    pyarrow = arrow()
    part = path.with_name(f".{path.name}.{os.getpid()}")
    sums: dict[str, int] = {}
    rows, first, last = 0, 0, 0
    writer: Any = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for chunk in _batched(chunks):
            table = _to_table(chunk, pyarrow)
            if writer is None:
                writer = _writer(part, table.schema, pyarrow)
                first = int(chunk.time[0])
            writer.write_table(table, row_group_size=chunk.count)
            for name, column in _plain_columns(chunk).items():
                sums[name] = zlib.crc32(np.ascontiguousarray(column).data, sums.get(name, 0))
            rows, last = rows + chunk.count, int(chunk.time[-1])
        if writer is None:
            raise DataError(f"{path}: expected rows to write, found none")
        whole = msgspec.structs.replace(meta, rows=rows, first=first, last=last, checksums=sums)
        writer.add_key_value_metadata({META_KEY: msgspec.json.encode(whole)})
        writer.close()
        _settle(part, path)
    except OSError as error:
        raise ResourceError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return whole


def clear_parts(folder: Path) -> None:
    """Take away what a process that was killed had not finished; call it where nobody else writes the folder."""
    for part in folder.glob(".[0-9]*.parquet.[0-9]*"):
        part.unlink(missing_ok=True)


def _writer(path: Path, schema: Any, pyarrow: Any) -> Any:
    """Whole numbers as differences: a quarter of the size, and faster to read than plain ones."""
    whole = [field.name for field in schema if field.type == pyarrow.int64()]
    lists = [f"{name}.list.element" for name in LEVEL_COLUMNS[1:] if name in schema.names and name not in whole]
    encoding = dict.fromkeys((*whole, *lists), "DELTA_BINARY_PACKED")
    return pyarrow.parquet.ParquetWriter(
        path, schema, compression="zstd", use_dictionary=False, column_encoding=encoding
    )


def _settle(part: Path, path: Path) -> None:
    """On the disk before it has its name."""
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    os.replace(part, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _batched(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Row groups of a useful size: many small chunks would make the file slow to read."""
    kept: list[Chunk] = []
    count = 0
    for chunk in chunks:
        if not chunk.count:
            continue
        kept.append(_stamped(chunk))
        count += chunk.count
        if count >= CHUNK_ROWS // 2:
            yield from _cut(joined(kept))
            kept, count = [], 0
    if kept:
        yield from _cut(joined(kept))


def _stamped(chunk: Chunk) -> Chunk:
    """All rows of a file have a venue time or none has."""
    return chunk if chunk.venue_time is not None else msgspec.structs.replace(chunk, venue_time=chunk.time)


def _cut(chunk: Chunk) -> Iterator[Chunk]:
    for first in range(0, chunk.count, CHUNK_ROWS):
        yield split(chunk, first, min(chunk.count, first + CHUNK_ROWS))


def _plain_columns(chunk: Chunk) -> dict[str, Any]:
    """Every column that is stored. Of levels the offsets are told by the sizes of the events."""
    columns: dict[str, Any] = {"time": chunk.time, "venue_time": chunk.venue_time, **chunk.rows._asdict()}
    if isinstance(chunk.rows, LevelRows):
        columns["offset"] = np.diff(chunk.rows.offset)
    return columns


def _to_table(chunk: Chunk, pyarrow: Any) -> Any:
    columns = _plain_columns(chunk)
    if isinstance(chunk.rows, LevelRows):
        del columns["offset"]
        offset = pyarrow.array(chunk.rows.offset.astype(np.int32))
        for name in LEVEL_COLUMNS:
            columns[name] = pyarrow.ListArray.from_arrays(offset, pyarrow.array(columns[name]))
    return pyarrow.table(columns)


def read_month(
    path: Path, start: int | None = None, end: int | None = None, decimals: tuple[int, int] | None = None
) -> Iterator[Chunk]:
    """The rows with start <= time < end (of bars: their start), a row group at a time, at so many decimals.

    The sequence counts the rows of the file. DataError when the file is damaged.
    """
    pyarrow, meta = arrow(), read_meta(path)
    own = (meta.price_decimals, meta.size_decimals)
    row = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                count = file.metadata.row_group(group).num_rows
                if _wanted(file.metadata.row_group(group), meta.kind, start, end):
                    chunk = _from_table(file.read_row_group(group), meta, row)
                    yield from _between(at_decimals(chunk, own, decimals or own), start, end)
                row += count
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: damaged after row {row}: {error}: download or import it again") from error


def _wanted(group: Any, kind: Kind, start: int | None, end: int | None) -> bool:
    """By the least and the largest time of the group, which its footer tells."""
    name = "start" if kind == Kind.BARS else "time"
    columns = (group.column(place) for place in range(group.num_columns))
    statistics = next(column.statistics for column in columns if column.path_in_schema == name)
    if statistics is None or not statistics.has_min_max:
        return True
    return (end is None or statistics.min < end) and (start is None or statistics.max >= start)


def _between(chunk: Chunk, start: int | None, end: int | None) -> Iterator[Chunk]:
    times = month_times(chunk)
    first = int(times.searchsorted(start)) if start is not None else 0
    last = int(times.searchsorted(end)) if end is not None else chunk.count
    if first < last:
        yield split(chunk, first, last) if (first, last) != (0, chunk.count) else chunk


def _from_table(table: Any, meta: Meta, row: int) -> Chunk:
    kind = ROWS_OF[meta.kind]
    rows: Rows
    if kind is LevelRows:
        lists = {name: table.column(name).combine_chunks() for name in LEVEL_COLUMNS}
        offset: IntArray = lists["price"].offsets.to_numpy().astype(np.int64)
        events = [_numpy(table.column(name)) for name in EVENT_COLUMNS]
        rows = LevelRows(offset - offset[0], *events, *(lists[name].flatten().to_numpy() for name in LEVEL_COLUMNS))
    else:
        made: Callable[..., Rows] = kind
        rows = made(*(_numpy(table.column(name)) for name in kind._fields))
    sequence = np.arange(row + 1, row + table.num_rows + 1, dtype=np.int64)
    time, venue_time = _numpy(table.column("time")), _numpy(table.column("venue_time"))
    own = None if np.array_equal(time, venue_time) else venue_time
    return Chunk(meta.kind, meta.instrument, time, sequence, rows, own, row + 1)


def _numpy(column: Any) -> Any:
    return column.combine_chunks().to_numpy() if column.num_chunks != 1 else column.chunk(0).to_numpy()


def checksums(chunks: Iterator[Chunk]) -> dict[str, int]:
    """Those of rows as they were stored."""
    sums: dict[str, int] = {}
    for chunk in map(_stamped, chunks):
        for name, column in _plain_columns(chunk).items():
            sums[name] = zlib.crc32(np.ascontiguousarray(column).data, sums.get(name, 0))
    return sums
