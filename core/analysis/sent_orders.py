"""The orders of a record are those that left the desk; what was refused before is counted, not listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from letrade.core.analysis.tables import Fills, Ints, Orders, Table

Rows = TypeVar("Rows", bound=Table)


def sent_alone(orders: Orders, fills: Fills) -> tuple[Orders, Fills]:
    """The orders that were sent, in the order of their decisions and counted from 1 so; fills name them by that."""
    kept = in_time(orders.where(orders.sent > 0), "decided")
    numbers = np.zeros(int(max(orders.order_id.max(initial=0), fills.order.max(initial=0))) + 1, dtype=np.int64)
    numbers[kept.order_id] = count_of(kept)
    return kept.with_columns(order_id=count_of(kept)), fills.with_columns(order=numbers[fills.order])


def count_of(table: Table) -> Ints:
    """1, 2, 3, ... of its rows."""
    return np.arange(1, len(table) + 1, dtype=np.int64)


def in_time(table: Rows, column: str = "time") -> Rows:
    """Rows by time, those of one time as they were; the table itself where they are so already, as nearly always."""
    times = getattr(table, column)
    return table if (np.diff(times) >= 0).all() else table.where(np.argsort(times, kind="stable"))


def joined(tables: Sequence[Rows]) -> Rows:
    """The rows of all, one table behind the other; there is at least one."""
    columns = {name: np.concatenate([getattr(table, name) for table in tables]) for name in tables[0].columns()}
    return type(tables[0])(**columns)
