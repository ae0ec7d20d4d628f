"""Rows of a table of quotes, trades, levels or rates, as numbers: still doubles, with the times they were seen at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from letrade.actors.feeds.arrow_tables import batches, head_of
from letrade.actors.feeds.arrow_values import FLAGS, SIDES, coded, numbers, times_ns, whole
from letrade.actors.feeds.packed import stem_of
from letrade.actors.feeds.shapes import NUMBERS, Shape, headerless, shape_of
from letrade.core.clock import SECOND
from letrade.core.data.columns import UNITS_MAX, FloatArray, IntArray, Kind, SideArray
from letrade.core.errors import DataError


class Table(NamedTuple):
    """A file and what it holds."""

    path: str
    form: str
    shape: Shape


class Raw(NamedTuple):
    """Some rows: `values` by role; 0 is an id, an update id or a side that is not known."""

    time: IntArray
    venue_time: IntArray | None
    values: dict[str, FloatArray]
    side: SideArray
    snapshot: SideArray
    ids: dict[str, IntArray]
    symbols: tuple[str, ...]
    exchanges: tuple[str, ...]
    first_row: int

    @property
    def length(self) -> int:
        return len(self.time)


def table_of(path: str, wanted: str | None = None) -> Table:
    """What a file holds, by its content. DataError that says what was found and what would do."""
    head = head_of(path)
    names = headerless(head.names) if head.form == "csv" else None
    shape = shape_of(names or head.names, path, stem_of(path), wanted)
    return Table(path, head.form, shape._replace(names=names or ()))


def rows_of(table: Table) -> Iterator[Raw]:
    """The rows, window by window."""
    roles = table.shape.columns
    columns = list(dict.fromkeys(roles.values()))
    wanted = [name for role, name in roles.items() if role in NUMBERS]
    first_row = 1 if table.shape.names or table.form != "csv" else 2
    for batch in batches(table.path, table.form, columns, wanted, table.shape.names):
        if batch.num_rows:
            yield _raw(table, batch, first_row)
        first_row += batch.num_rows


def _raw(table: Table, batch: Any, first_row: int) -> Raw:
    shape, where = table.shape, f"{table.path}: rows {first_row} to {first_row + batch.num_rows - 1}"
    column = {role: batch.column(batch.schema.get_field_index(name)) for role, name in shape.columns.items()}
    time, venue_time = _times(shape.kind, column, where)
    values = {role: numbers(column[role], where) for role in shape.columns if role in NUMBERS}
    if shape.kind == Kind.QUOTES:
        # A side that is not there is told as missing.
        values = {role: np.where(np.isnan(array), 0.0, array) for role, array in values.items()}
    for role, array in values.items():
        fits = np.abs(array) <= UNITS_MAX
        if not fits.all():
            row = int(np.argmin(fits))
            found = f"expected a finite {shape.columns[role]} of at most 15 digits, found {array[row]}"
            raise DataError(f"{table.path}: row {first_row + row}: {found}")
    ids = ("trade_id", "first_update", "last_update", "previous_update")
    return Raw(
        time=time,
        venue_time=venue_time,
        values=values,
        side=_sides(column, len(time), where),
        snapshot=coded(column["snapshot"], FLAGS, where) if "snapshot" in column else np.zeros(len(time), np.int8),
        ids={role: whole(column[role], where) for role in ids if role in column},
        symbols=_words(column.get("symbol")),
        exchanges=_words(column.get("exchange")),
        first_row=first_row,
    )


def _times(kind: Kind, column: dict[str, Any], where: str) -> tuple[IntArray, IntArray | None]:
    """When it was seen, and when the venue did it where the table tells both. Funding stamps are some milliseconds off:
    they are taken to the second."""
    time = times_ns(column["time"], where) if "time" in column else None
    if kind == Kind.FUNDING and time is not None:
        return time // SECOND * SECOND, None
    if "seen" not in column or time is None:
        return (time if time is not None else times_ns(column["seen"], where)), None
    seen = times_ns(column["seen"], where)
    # A recorder whose clock runs behind would have seen things before they were.
    return np.maximum(seen, time), time


def _sides(column: dict[str, Any], count: int, where: str) -> SideArray:
    if "side" in column:
        return coded(column["side"], SIDES, where)
    if "buyer_is_maker" in column:
        return (1 - 2 * coded(column["buyer_is_maker"], FLAGS, where)).astype(np.int8)
    if "seller_took" in column:
        return (1 - 2 * coded(column["seller_took"], FLAGS, where)).astype(np.int8)
    return np.zeros(count, dtype=np.int8)


def _words(column: Any) -> tuple[str, ...]:
    if column is None:
        return ()
    import pyarrow

    return tuple(column.cast(pyarrow.string()).dictionary_encode().dictionary.to_pylist())
