"""Makes a RunRecord row by row, for an engine that tells of one thing after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from letrade.core.analysis.record import TABLES, InstrumentNote, Names, RunRecord, RunSettings
from letrade.core.analysis.tables import Table

ROWS_MAX = 20_000
"""Of one account's equity or one instrument's prices."""


class Places:
    """Names in the order in which they were first met."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.places: dict[str, int] = {}
        for name in names:
            self.place(name)

    def place(self, name: str) -> int:
        return self.places.setdefault(name, len(self.places))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.places)


class Grid:
    """At most one sample in each step of time; when they are too many the step doubles and every second one goes."""

    def __init__(self, step_ns: int = 1_000_000_000, rows_max: int = ROWS_MAX) -> None:
        self.step_ns = step_ns
        self.rows_max = rows_max
        self.rows: list[tuple[Any, ...]] = []
        self._next = 0

    def due(self, time: int) -> bool:
        """Whether a sample at this time starts a new step; ask it before working the sample out."""
        return time >= self._next

    def add(self, time: int, *values: float) -> None:
        """A sample at this time, later than all before; within one step the last one holds."""
        if time < self._next and self.rows:
            self.rows[-1] = (time, *values)
            return
        self.rows.append((time, *values))
        while len(self.rows) > self.rows_max:
            self._coarsen()
        self._next = (time // self.step_ns + 1) * self.step_ns

    def _coarsen(self) -> None:
        """Keeps the last sample of each doubled step, and the very first."""
        self.step_ns *= 2
        kept: dict[int, tuple[Any, ...]] = {-1: self.rows[0]}
        for row in self.rows[1:]:
            kept[row[0] // self.step_ns] = row
        self.rows = list(kept.values())


class RecordBuilder:
    """`row(table, column=value, ...)` adds a row and gives its number; `change` writes over a value of it.

    Columns that are left out are their table's default, NaN where they are floats, else 0.
    """

    def __init__(self, instruments: Iterable[InstrumentNote] = (), strategies: Iterable[str] = (),
                 accounts: Iterable[str] = ()) -> None:  # fmt: skip
        self.instruments = {note.name: note for note in instruments}
        self.instrument_places = Places(self.instruments)
        self.strategies = Places(strategies)
        self.accounts = Places(accounts)
        self.currencies = Places()
        self.origins = Places()
        self._columns: dict[str, dict[str, list[Any]]] = {
            name: {column: [] for column in table.columns()} for name, table in TABLES.items()
        }
        self._blank: dict[str, dict[str, float]] = {name: _blank(table) for name, table in TABLES.items()}

    def row(self, table: str, **values: Any) -> int:
        """The number of the new row, from 0. KeyError for a column that the table has not."""
        columns, blank = self._columns[table], self._blank[table]
        if not values.keys() <= blank.keys():
            raise KeyError(f"{table} has no column {sorted(values.keys() - blank.keys())}")
        for name, column in columns.items():
            column.append(values.get(name, blank[name]))
        return len(next(iter(columns.values()))) - 1

    def change(self, table: str, row: int, **values: Any) -> None:
        for name, value in values.items():
            self._columns[table][name][row] = value

    def add(self, table: str, row: int, **values: Any) -> None:
        """Add to values of a row."""
        for name, value in values.items():
            self._columns[table][name][row] += value

    def value(self, table: str, row: int, column: str) -> Any:
        return self._columns[table][column][row]

    def clear(self, table: str) -> None:
        """Take all rows of a table out."""
        for column in self._columns[table].values():
            column.clear()

    def rows(self, table: str) -> int:
        return len(next(iter(self._columns[table].values())))

    def record(self, settings: RunSettings) -> RunRecord:
        """All rows so far; each table is put in the order of time, rows of one time as they were added."""
        tables: dict[str, Any] = {}
        for name, table in TABLES.items():
            columns = {
                column: np.asarray(self._columns[name][column], dtype=dtype)
                for column, dtype in table.columns().items()
            }
            times = columns["decided" if name == "orders" else "time"]
            tables[name] = table.of(columns).where(np.argsort(times, kind="stable"))
        notes = tuple(self.instruments.get(name, InstrumentNote(name=name)) for name in self.instrument_places.names)
        names = Names(
            strategies=self.strategies.names, accounts=self.accounts.names, instruments=notes,
            currencies=self.currencies.names, origins=self.origins.names,
        )  # fmt: skip
        return RunRecord(names, settings, **tables)


def _blank(table: type[Table]) -> dict[str, float]:
    """What a column is where a row does not say."""
    unknown = {name: float("nan") if dtype is np.float64 else 0 for name, dtype in table.columns().items()}
    return {**unknown, **table.OPTIONAL}
