"""Tables in CSV (plain, gzip, zip), Parquet and feather files, as record batches: a window of the file at a time."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Any, NamedTuple, cast

from letrade.actors.feeds.packed import open_packed
from letrade.core.errors import DataError, ResourceError

PARQUET_MAGIC = b"PAR1"
FEATHER_MAGIC = b"ARROW1"
BLOCK_BYTES = 4 << 20
BATCH_ROWS = 65_536
HEAD_BYTES = 65_536


class Head(NamedTuple):
    """The columns of a file; of text, the first row as it is, which may be no header."""

    form: str
    names: tuple[str, ...]


def require_arrow() -> None:
    """ResourceError when pyarrow is not installed."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise ResourceError("tables of market data need pyarrow: `pip install 'letrade[data]'`") from error


def head_of(path: str) -> Head:
    """The form of a file and the names of its columns. DataError when it is empty or damaged."""
    with open_packed(path) as stream:
        try:
            start = stream.read(HEAD_BYTES)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{path}: the file is cut off or damaged: {error}") from error
    if not start:
        raise DataError(f"{path}: expected a table of market data, found an empty file")
    if start.startswith(PARQUET_MAGIC):
        return Head("parquet", tuple(_schema_names(path, "parquet")))
    if start.startswith(FEATHER_MAGIC):
        return Head("feather", tuple(_schema_names(path, "feather")))
    return Head("csv", _first_row(path, start))


def _first_row(path: str, start: bytes) -> tuple[str, ...]:
    try:
        line = start.partition(b"\n")[0].decode("utf-8-sig", errors="replace").splitlines()[0]
        return tuple(next(csv.reader(io.StringIO(line))))
    except (csv.Error, StopIteration, IndexError) as error:
        raise DataError(f"{path}: expected a table as CSV, Parquet or feather: {error}") from error


def _schema_names(path: str, form: str) -> Sequence[str]:
    require_arrow()
    import pyarrow
    from pyarrow import ipc, parquet

    try:
        if form == "parquet":
            return cast(Sequence[str], parquet.read_schema(path).names)
        with pyarrow.OSFile(path, "rb") as stream:
            return cast(Sequence[str], ipc.open_file(stream).schema.names)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: expected a whole {form} file, found it damaged: {error}") from error


def batches(
    path: str, form: str, columns: Sequence[str], numbers: Sequence[str], names: Sequence[str]
) -> Iterator[Any]:
    """Record batches of these columns; `numbers` are read as float64 of text, `names` are those of a file without a
    header. DataError where the file is not what its format promises."""
    require_arrow()
    import pyarrow

    readers: dict[str, Callable[..., Iterator[Any]]] = {
        "csv": _csv_batches,
        "parquet": _parquet_batches,
        "feather": _feather_batches,
    }
    try:
        yield from readers[form](path, columns, numbers, names)
    except (pyarrow.ArrowException, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: expected a whole table of numbers: {error}") from error


def _csv_batches(path: str, columns: Sequence[str], numbers: Sequence[str], names: Sequence[str]) -> Iterator[Any]:
    import pyarrow
    from pyarrow import csv as arrow_csv

    types = {name: pyarrow.float64() if name in numbers else pyarrow.string() for name in columns}
    convert = arrow_csv.ConvertOptions(column_types=types, include_columns=list(columns), strings_can_be_null=True)
    yield from csv_batches(path, names, convert, header=not names)


def csv_batches(path: str, names: Sequence[str], convert: Any, *, header: bool) -> Iterator[Any]:
    """Record batches by pyarrow's options; without `names`, by those of the header.

    Each block is read by the thread that asks for it: a thread of pyarrow's that still waits for Python to read ahead
    while the interpreter ends, as it does after an error, aborts the process.
    """
    import pyarrow
    from pyarrow import csv as arrow_csv

    rows_before = 0
    with open_packed(path) as stream:
        for block in _whole_lines(stream):
            skipped = int(header and not rows_before)
            names = names or _first_row(path, block)
            read = arrow_csv.ReadOptions(
                column_names=list(names), skip_rows=skipped, block_size=len(block) + 1, use_threads=False
            )
            try:
                yield from arrow_csv.read_csv(pyarrow.BufferReader(block), read, None, convert).to_batches()
            except pyarrow.ArrowInvalid as error:
                raise pyarrow.ArrowInvalid(_later_rows(str(error), rows_before)) from error
            rows_before += block.count(b"\n")


def _whole_lines(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(BLOCK_BYTES):
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
        rest = block[end:] if end else rest + block
    if rest:
        yield rest


def _later_rows(text: str, rows_before: int) -> str:
    """An error of a block as one of the file."""
    return re.sub(r"Row #(\d+)", lambda found: f"Row #{int(found[1]) + rows_before}", text)


def _parquet_batches(path: str, columns: Sequence[str], *_: object) -> Iterator[Any]:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        yield from file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns))


def _feather_batches(path: str, columns: Sequence[str], *_: object) -> Iterator[Any]:
    import pyarrow
    from pyarrow import ipc

    with ExitStack() as stack:
        file = ipc.open_file(stack.enter_context(pyarrow.memory_map(path)))
        for place in range(file.num_record_batches):
            batch = file.get_batch(place)
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield batch.select(list(columns)).slice(start, BATCH_ROWS)
