"""Tables of bars in Parquet, feather and CSV files, checked row by row: stamps are opens, ns UTC."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from letrade.actors.feeds.arrow_tables import csv_batches
from letrade.actors.feeds.arrow_values import numbers, times_ns
from letrade.actors.feeds.packed import open_packed
from letrade.actors.feeds.shapes import check_once
from letrade.actors.feeds.stamps import is_number, number_of, stamp_ns
from letrade.core.config.values import show_instant
from letrade.core.errors import DataError, ResourceError

ARROW_MAGICS = (b"ARROW1", b"FEA1", b"PAR1")
STAMP_NAMES = ("date", "timestamp", "time", "open_time", "datetime", "opentime", "open time", "")
CLOSE_NAMES = ("close_time", "closetime", "close time")
LONG_BYTES = 4_000_000
PRICE_NAMES = ("open", "high", "low", "close")

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]


class Table(NamedTuple):
    """Columns of equal length; `first_row` is the number, in the file, of the first row."""

    path: str
    opens_ns: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    first_row: int
    closes_ns: IntArray | None = None
    """What the file itself says of when each bar ends; its last instant, as exchanges' dumps have it, or its end."""

    def row(self, index: int) -> str:
        """How an error names a row."""
        return f"{self.path}: row {self.first_row + index} ({show_instant(int(self.opens_ns[index]))})"

    def between(self, start_ns: int | None, end_ns: int | None) -> Table:
        """The rows that open in [start, end)."""
        first = int(np.searchsorted(self.opens_ns, start_ns)) if start_ns is not None else 0
        last = int(np.searchsorted(self.opens_ns, end_ns)) if end_ns is not None else len(self.opens_ns)
        columns = [column[first:last] for column in (self.open, self.high, self.low, self.close, self.volume)]
        closes_ns = None if self.closes_ns is None else self.closes_ns[first:last]
        return make_table(self.path, self.opens_ns[first:last], columns, self.first_row + first, closes_ns)


def make_table(
    path: str, opens_ns: IntArray, columns: Sequence[FloatArray], first_row: int, closes_ns: IntArray | None = None
) -> Table:
    """A table of open, high, low, close and volume, in this order."""
    open_, high, low, close, volume = columns
    return Table(path, opens_ns, open_, high, low, close, volume, first_row, closes_ns)


def read_table(path: str) -> Table:
    """The bars of a file by its content, checked. DataError says the file and the row."""
    try:
        with Path(path).open("rb") as stream:
            magic = stream.read(6)
        if not magic:
            raise DataError(f"{path}: expected bars, found an empty file")
        table = _read_arrow(path, magic) if magic.startswith(ARROW_MAGICS) else _read_csv(path)
    except OSError as error:
        raise DataError(f"{path}: expected a file of bars, found none: {error.strerror or error}") from error
    _check_rows(table)
    return table


def _read_arrow(path: str, magic: bytes) -> Table:
    form = "Parquet" if magic.startswith(b"PAR1") else "feather"
    try:
        import pyarrow as arrow
        from pyarrow import feather, parquet
    except ImportError as error:
        raise ResourceError(f"{path} is a {form} file: to read it, `pip install letrade[data]`") from error
    try:
        data = parquet.read_table(path) if form == "Parquet" else feather.read_table(path, memory_map=False)
    except (arrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: expected a {form} file, found it damaged or cut off: {error}") from error
    places = _places(path, data.column_names)

    def times(role: str) -> IntArray:
        stamps = data.column(places[role])
        if arrow.types.is_timestamp(stamps.type) or arrow.types.is_date(stamps.type):
            return times_ns(stamps, path)
        return _stamps(path, stamps.to_pylist(), 1)

    columns = [numbers(data.column(places[name]), f"{path}: {name}") for name in (*PRICE_NAMES, "volume")]
    return make_table(path, times("stamp"), columns, 1, times("closed") if "closed" in places else None)


def _read_csv(path: str) -> Table:
    """A long file by pyarrow, in a tenth of the memory; what that does not take is read row by row, to say which."""
    if Path(path).stat().st_size >= LONG_BYTES:
        quick = _read_plain_csv(path)
        if quick is not None:
            return quick
    return _read_any_csv(path)


def _read_plain_csv(path: str) -> Table | None:
    """None where pyarrow is not there, or finds anything but stamps and numbers."""
    try:
        import pyarrow
        from pyarrow import csv as arrow_csv
    except ImportError:
        return None
    try:
        with io.TextIOWrapper(open_packed(path), newline="", encoding="utf-8-sig") as stream:
            header = next(csv.reader(stream), [])
        headless = bool(header) and header[0].isdigit() and len(header) >= 6
        places = _places(path, _dumped(header) if headless else header)
        names = [f"c{place}" for place in range(len(header))]
        wanted = {name: names[place] for name, place in places.items()}
        kinds = {found: pyarrow.string() for found in wanted.values()}
        kinds |= {wanted[name]: pyarrow.float64() for name in (*PRICE_NAMES, "volume")}
        convert = arrow_csv.ConvertOptions(
            column_types=kinds, include_columns=list(wanted.values()), null_values=["", "nan", "NaN"]
        )
        data = pyarrow.Table.from_batches(csv_batches(path, names, convert, header=not headless))
        columns = [numbers(data.column(wanted[name]), path) for name in (*PRICE_NAMES, "volume")]
        closes_ns = times_ns(data.column(wanted["closed"]), path) if "closed" in wanted else None
        return make_table(path, times_ns(data.column(wanted["stamp"]), path), columns, 1 if headless else 2, closes_ns)
    except (pyarrow.ArrowException, DataError, OSError, ValueError, EOFError, zlib.error, csv.Error):
        return None


def _read_any_csv(path: str) -> Table:
    try:
        with io.TextIOWrapper(open_packed(path), newline="", encoding="utf-8-sig") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except (UnicodeDecodeError, csv.Error, EOFError, zlib.error) as error:
        raise DataError(f"{path}: expected a Parquet, feather or CSV file of bars: {error}") from error
    if not rows:
        raise DataError(f"{path}: expected bars, found an empty file")
    header, body, first_row = rows[0], rows[1:], 2
    width = len(header)
    if header[0].isdigit() and len(header) >= 6:
        header, body, first_row = _dumped(header), rows, 1
    places = _places(path, header)
    for index, row in enumerate(body):
        if len(row) != width:
            found = f"found {len(row)}: {','.join(row)[:200]!r}"
            raise DataError(f"{path}: row {first_row + index}: expected {width} columns, {found}")
    opens_ns = _stamps(path, [row[places["stamp"]] for row in body], first_row)
    columns = [_floats(path, [row[places[name]] for row in body], first_row) for name in (*PRICE_NAMES, "volume")]
    closed = places.get("closed")
    closes_ns = None if closed is None else _stamps(path, [row[closed] for row in body], first_row)
    return make_table(path, opens_ns, columns, first_row, closes_ns)


def _dumped(row: Sequence[str]) -> list[str]:
    """The names of an exchange's dump without a header: open time, open, high, low, close, volume, close time, more."""
    closed = len(row) > 6 and row[6].isdigit() and len(row[6]) == len(row[0])
    return ["open_time", *PRICE_NAMES, "volume", *(["close_time"] if closed else [])]


def _places(path: str, header: Sequence[str]) -> dict[str, int]:
    """Where the stamp, the prices and the volume are, and the time of the close (`closed`) where there is one.
    DataError that names what is missing."""
    lower = [name.strip().lower() for name in header]
    stamp = next((lower.index(name) for name in STAMP_NAMES if name in lower), None)
    missing = [name for name in (*PRICE_NAMES, "volume") if name not in lower]
    if stamp is None or missing:
        wanted = "a date, timestamp, time or open_time" if stamp is None else ", ".join(missing)
        raise DataError(f"{path}: expected the column {wanted}, found {', '.join(header)[:200]!r}")
    closed = next((lower.index(name) for name in CLOSE_NAMES if name in lower), None)
    found = {"stamp": stamp} | {name: lower.index(name) for name in (*PRICE_NAMES, "volume")}
    found |= {} if closed is None else {"closed": closed}
    check_once(header, [header[place] for place in found.values()], path)
    return found


def _floats(path: str, texts: Sequence[str], first_row: int) -> FloatArray:
    """An empty text is NaN."""
    try:
        return np.array([number_of(text) for text in texts], dtype=np.float64)
    except ValueError:
        bad = next(index for index, text in enumerate(texts) if not is_number(text))
        raise DataError(f"{path}: row {first_row + bad}: expected a number, found {texts[bad]!r}") from None


def _stamps(path: str, values: Sequence[Any], first_row: int) -> IntArray:
    found = np.empty(len(values), dtype=np.int64)
    for index, value in enumerate(values):
        try:
            found[index] = stamp_ns(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise DataError(f"{path}: row {first_row + index}: expected a time, found {value!r}: {error}") from error
    return found


def _check_rows(table: Table) -> None:
    """DataError for the first row that is no bar, or that is not later than the one before."""
    if not len(table.opens_ns):
        raise DataError(f"{table.path}: expected bars, found a header alone")
    prices = (table.open, table.high, table.low, table.close)
    with np.errstate(invalid="ignore"):
        bad = ~np.logical_and.reduce([np.isfinite(column) & (column > 0) & (column <= 1e15) for column in prices])
        _refuse(table, bad, "expected finite prices above 0 and at most 1e15")
        above = (table.high < table.open) | (table.high < table.close) | (table.high < table.low)
        below = (table.low > table.open) | (table.low > table.close)
        _refuse(table, above | below, "expected low <= open, close <= high")
        volume = table.volume
        _refuse(table, (volume < 0) | np.isinf(volume) | (volume > 1e15), "expected a finite volume of 0 to 1e15")
    steps = np.diff(table.opens_ns, prepend=table.opens_ns[0] - 1)
    _refuse(table, steps == 0, "the row is there twice")
    _refuse(table, steps < 0, "the row is earlier than the one before: expected rows in order of time")


def _refuse(table: Table, bad: Any, expected: str) -> None:
    if bad.any():
        index = int(np.argmax(bad))
        found = ", ".join(f"{name} {getattr(table, name)[index]}" for name in (*PRICE_NAMES, "volume"))
        raise DataError(f"{table.row(index)}: {expected}; found {found}")
