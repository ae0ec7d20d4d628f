"""The records of both engines' runs of one desk, side by side: what a report is written of must be the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from letrade.backtesting.comparing import Difference
from letrade.core.analysis.record import Names, RunRecord
from letrade.core.analysis.tables import Table

Values: TypeAlias = np.ndarray[Any, Any]
NAMED = {
    "strategy": "strategies", "account": "accounts", "instrument": "instruments", "currency": "currencies",
    "fee_currency": "currencies", "origin": "origins",
}  # fmt: skip
"""Columns of places, and the list of names that they mean: each engine counts names in its own order."""
CLOSE = 1e-9
"""Relative: worths are sums of doubles, in another order."""
MONEY = {"equity", "unrealised", "exposure", "realised", "fee", "amount"}
UNIT = 1e-8
"""The actors tell money in whole units of it."""
ROUNDING = 1e-15
"""What is unrealised is the difference of two worths as large as the exposure, each a double."""
SETTINGS = (
    "desk", "reporting_currency", "start_balances", "starting_equity", "fees", "fills_assumption", "data", "refused",
    "result_hash", "warnings", "equity_start", "equity_end", "prices_end", "rates_end", "venues", "short_days",
)  # fmt: skip
"""Not which engine it was, how long it took and how its messages are counted."""


def compare_records(actors: RunRecord, compiled: RunRecord) -> list[Difference]:
    """The first row of each table that differs, and each setting that does."""
    return [*_settings(actors, compiled), *(
        found for table in ("orders", "fills", "cash", "equity", "prices") for found in _table(table, actors, compiled)
    )]  # fmt: skip


def _settings(actors: RunRecord, compiled: RunRecord) -> Iterator[Difference]:
    for name in SETTINGS:
        left, right = getattr(actors.settings, name), getattr(compiled.settings, name)
        if left != right:
            yield Difference(f"record: {name}", str(left), str(right))


def _table(name: str, actors: RunRecord, compiled: RunRecord) -> Iterator[Difference]:
    left, right = getattr(actors, name), getattr(compiled, name)
    if len(left) != len(right):
        yield Difference(f"record: rows of {name}", str(len(left)), str(len(right)))
        return
    for column in left.columns():
        ours, theirs = _values(left, column, actors.names), _values(right, column, compiled.names)
        error: float | Values = UNIT if column in MONEY else 0.0
        if column == "unrealised":
            error = UNIT + ROUNDING * np.nan_to_num(_values(left, "exposure", actors.names))
        differ = np.flatnonzero(~_same(ours, theirs, error))
        if len(differ):
            row = int(differ[0])
            yield Difference(f"record: {name}.{column} in row {row + 1}", str(ours[row]), str(theirs[row]))


def _values(table: Table, column: str, names: Names) -> Values:
    values: Values = getattr(table, column)
    if column not in NAMED:
        return values
    known: Sequence[Any] = getattr(names, NAMED[column])
    named: Values = np.array([*(getattr(each, "name", each) for each in known), "-"], dtype=object)[values]
    return named


def _same(ours: Values, theirs: Values, error: float | Values) -> Values:
    if ours.dtype == np.float64:
        close: Values = np.isclose(ours, theirs, rtol=CLOSE, atol=error, equal_nan=True)
        return close
    same: Values = ours == theirs
    return same
