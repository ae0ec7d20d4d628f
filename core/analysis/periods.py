"""Profit by day, week, month, year and weekday."""

from __future__ import annotations

import math
from datetime import date, timedelta

import msgspec
import numpy as np

from letrade.core.analysis.curves import DAY_NS, Days
from letrade.core.analysis.numbers import quotient, total_of
from letrade.core.analysis.round_trips import RoundTrips
from letrade.core.analysis.tables import Ints

EPOCH = date(1970, 1, 1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONDAY_OFFSET = 3
"""1970-01-01 was a Thursday."""


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Change of equity in one period, UTC, and the round trips that ended in it. Money in the reporting currency."""

    name: str
    """2024-01-31, 2024-W05, 2024-01, 2024 or Monday."""
    profit: float
    profit_fraction: float | None
    """Of the equity at its start; of weekdays the sum of the days' fractions."""
    trades: int
    wins: int
    draws: int
    losses: int


class Breakdown(msgspec.Struct, frozen=True, kw_only=True):
    """Periods in the order of time."""

    day: tuple[Period, ...] = ()
    week: tuple[Period, ...] = ()
    month: tuple[Period, ...] = ()
    year: tuple[Period, ...] = ()
    weekday: tuple[Period, ...] = ()


def breakdown(days: Days, trips: RoundTrips) -> Breakdown:
    """All five. Weeks are ISO weeks, from Monday."""
    ended = trips.where(trips.closed > 0)
    trip_day = (ended.closed - 1) // DAY_NS
    return Breakdown(**{
        kind: _periods(kind, _labels(kind, days.day), days, _labels(kind, trip_day), ended)
        for kind in ("day", "week", "month", "year", "weekday")
    })  # fmt: skip


def _labels(kind: str, day: Ints) -> Ints:
    """A number for each day's period that grows with time."""
    if kind == "day":
        return day
    if kind == "week":
        return (day + MONDAY_OFFSET) // 7
    if kind == "weekday":
        return (day + MONDAY_OFFSET) % 7
    return day.astype("datetime64[D]").astype(f"datetime64[{'M' if kind == 'month' else 'Y'}]").astype(np.int64)


def _periods(kind: str, labels: Ints, days: Days, trip_labels: Ints, ended: RoundTrips) -> tuple[Period, ...]:
    before = np.concatenate(([days.start], days.equity[:-1])) if len(days.day) else days.equity
    result, signs = [], np.sign(ended.profit)
    for label in np.unique(labels):
        own = labels == label
        profit = total_of(days.change[own])
        fraction = total_of(days.returns[own]) if kind == "weekday" else quotient(profit, before[own][0])
        outcome = signs[trip_labels == label]
        result.append(Period(
            name=_name(kind, int(label)), profit=profit,
            profit_fraction=fraction if fraction is not None and math.isfinite(fraction) else None,
            trades=len(outcome), wins=int((outcome > 0).sum()), draws=int((outcome == 0).sum()),
            losses=int((outcome < 0).sum()),
        ))  # fmt: skip
    return tuple(result)


def _name(kind: str, label: int) -> str:
    if kind == "weekday":
        return WEEKDAYS[label]
    if kind == "week":
        year, week, _ = (EPOCH + timedelta(days=label * 7 - MONDAY_OFFSET)).isocalendar()
        return f"{year}-W{week:02}"
    unit = {"day": "D", "month": "M", "year": "Y"}[kind]
    return str(np.array(label).astype(f"datetime64[{unit}]"))
