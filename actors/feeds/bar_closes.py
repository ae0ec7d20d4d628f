"""When bars end, where a file says it itself: at their last instant, as exchanges' dumps do, or at their end."""

from __future__ import annotations

import numpy as np

from letrade.actors.feeds.table import IntArray, Table
from letrade.core.clock import MICROSECOND, MILLISECOND, SECOND
from letrade.core.config.durations import format_duration
from letrade.core.config.values import show_instant
from letrade.core.errors import DataError

INSTANTS_NS = (0, 1, MICROSECOND, MILLISECOND, SECOND)
"""How long before a bar's end its last instant may be: the unit of the file's times."""


def told_bar_ns(table: Table) -> int | None:
    """How long most bars are by their close times; None where there are none, or they tell no whole second."""
    if table.closes_ns is None or not len(table.closes_ns):
        return None
    lengths, counts = np.unique(table.closes_ns - table.opens_ns, return_counts=True)
    usual = int(lengths[np.argmax(counts)])
    return next((usual + unit for unit in INSTANTS_NS if usual + unit > 0 and (usual + unit) % SECOND == 0), None)


def check_closes(table: Table, bar_ns: int) -> None:
    """DataError for the first row whose close time is not that of a bar so long."""
    if table.closes_ns is None:
        return
    before = table.opens_ns + bar_ns - table.closes_ns
    wrong: IntArray = np.flatnonzero(~np.isin(before, INSTANTS_NS))
    if len(wrong):
        index = int(wrong[0])
        end = show_instant(int(table.opens_ns[index]) + bar_ns)
        found = show_instant(int(table.closes_ns[index]))
        raise DataError(
            f"{table.row(index)}: expected a close_time just before {end}, the end of a bar of "
            f"{format_duration(bar_ns)}, found {found}: give the feed's `bar`, or remove the row"
        )
