"""Days of recorded bars as worlds: all contracts follow the one that was recorded, from the study's own prices on."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import UTC, datetime

from letrade.actors.feeds.table import Table, read_table
from letrade.core.clock import SECOND
from letrade.core.errors import DataError, UsageError
from letrade.studies.paths import PRICES, Course, Path

DAY_NS = 86_400 * SECOND
STEPS = 4
"""Of a bar: its open, the two ends of its range in the likelier order, its close."""
BARS_MIN = 24


@functools.lru_cache(maxsize=1)
def _table(file: str) -> Table:
    return read_table(file)


def days_of(file: str, month: str) -> list[int]:
    """The days (since 1970) of a month, `2023-09`, of which the file has bars. DataError where it has none."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"--month: expected a month such as 2023-09, found {month!r}") from None
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    days = range(int(first.timestamp()) * SECOND // DAY_NS, int(following.timestamp()) * SECOND // DAY_NS)
    known = {int(time) // DAY_NS for time in _table(file).opens_ns}
    found = [day for day in days if day in known]
    if not found:
        raise DataError(f"{file}: expected bars of {month}, found none")
    return found


def recorded_path(file: str, day: int) -> Path:
    """One day, in shares of its first price."""
    table = _table(file)
    rows = [row for row, time in enumerate(table.opens_ns) if int(time) // DAY_NS == day]
    if len(rows) < BARS_MIN:
        raise DataError(f"{file}: expected at least {BARS_MIN} bars of a day, found {len(rows)}")
    steps: list[float] = []
    for row in rows:
        opened, high, low, closed = (float(column[row]) for column in (table.open, table.high, table.low, table.close))
        steps += (opened, low, high, closed) if closed >= opened else (opened, high, low, closed)
    bar_seconds = int(table.opens_ns[rows[1]] - table.opens_ns[rows[0]]) / SECOND
    return Path(bar_seconds / STEPS, {name: _course(steps, price / steps[0]) for name, price in PRICES.items()})


def _course(steps: Sequence[float], scale: float) -> Course:
    prices = [step * scale for step in steps]
    return Course(prices, prices, prices, [1.0] * len(prices))
