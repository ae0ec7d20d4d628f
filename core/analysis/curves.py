"""Equity as one curve: all accounts together, and each strategy's and instrument's own, marked at the last price."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from letrade.core.analysis.numbers import NOTHING_LEFT, known
from letrade.core.analysis.record import RunRecord
from letrade.core.analysis.tables import Floats, Ints

DAY_NS = 86_400_000_000_000
YEAR_NS = 365 * DAY_NS


class Curve(NamedTuple):
    """Worth at growing times, in the reporting currency; what stands at a time holds until the next."""

    time: Ints
    equity: Floats
    unrealised: Floats
    exposure: Floats
    """Gross, of all positions."""


class Days(NamedTuple):
    """Equity at the end of each UTC day, and how each day changed it."""

    day: Ints
    """Days since 1970-01-01."""
    start: float
    equity: Floats
    change: Floats
    returns: Floats
    """Change / equity at the day's start; NaN after nothing was left."""


def span_of(record: RunRecord) -> tuple[int, int]:
    """First and last time of the run, ns UTC: of the data where the settings say, else of what was recorded."""
    times = [table.time for table in (record.equity, record.prices, record.fills, record.cash) if len(table)]
    first = record.settings.data_from or min((int(time[0]) for time in times), default=0)
    last = max([record.settings.data_to, *(int(time[-1]) for time in times)])
    return first, max(first, last)


def total_curve(record: RunRecord) -> Curve:
    """The sum of all accounts, from the start of the run. Samples of unknown equity are left out."""
    table = record.equity.where(np.isfinite(record.equity.equity))
    first = span_of(record)[0]
    start = record.settings.starting_equity
    times = np.unique(table.time)
    sums = [np.zeros(len(times)) for _ in range(3)]
    for account in np.unique(table.account):
        own = table.where(table.account == account)
        place = np.searchsorted(own.time, times, side="right") - 1
        for total, column in zip(sums, (own.equity, own.unrealised, own.exposure), strict=True):
            held = np.where(place >= 0, column[place], column[0] if column is own.equity else 0.0)
            total += np.where(np.isfinite(held), held, 0.0)
    if start is None:
        return Curve(times, *sums)
    if len(times) and times[0] <= first:
        return Curve(times, *sums)
    equity, unrealised, exposure = (
        np.concatenate(([value], column)) for value, column in zip((start, 0.0, 0.0), sums, strict=True)
    )
    return Curve(np.concatenate((np.array([first], dtype=np.int64), times)), equity, unrealised, exposure)


def starting_equity(record: RunRecord, curve: Curve) -> float | None:
    """What all accounts began with: as the settings say, else the first that was known."""
    if record.settings.starting_equity is not None:
        return record.settings.starting_equity
    return float(curve.equity[0]) if len(curve.equity) else None


def days_of(times: Ints, equity: Floats, start: float, span: tuple[int, int]) -> Days:
    """A sample at midnight belongs to the day that ends. The first day may be a part of one, so may the last."""
    first, last = span[0] // DAY_NS, max(span[0] // DAY_NS, (span[1] - 1) // DAY_NS)
    day = np.arange(first, last + 1, dtype=np.int64)
    place = np.searchsorted(times, (day + 1) * DAY_NS, side="right") - 1
    held = np.where(place >= 0, equity[place], start) if len(equity) else np.full(len(day), start)
    before = np.concatenate(([start], held[:-1]))
    usable = np.minimum.accumulate(before > NOTHING_LEFT) if len(before) else before > 0
    returns = np.full(len(day), np.nan)
    np.divide(held - before, before, out=returns, where=usable)
    return Days(day, start, held, held - before, returns)


def price_at(record: RunRecord, instrument: int, times: Ints) -> Floats:
    """The last sampled price at or before each time; NaN before the first."""
    chosen = record.prices.instrument == instrument
    own, price = record.prices.time[chosen], record.prices.price[chosen]
    if not len(own):
        return np.full(len(times), np.nan)
    place = np.searchsorted(own, times, side="right") - 1
    return np.where(place >= 0, price[place], np.nan)


def market_returns(record: RunRecord, days: Days, span: tuple[int, int]) -> Floats:
    """Daily returns of buying equal worth of each instrument at the start and holding it; NaN without prices."""
    held: list[Floats] = []
    ends = np.minimum((days.day + 1) * DAY_NS, span[1])
    for instrument in np.unique(record.prices.instrument):
        price = price_at(record, int(instrument), ends)
        first = record.prices.price[record.prices.instrument == instrument][0]
        if first > 0:
            held.append(np.where(np.isfinite(price), price, first) / first)
    if not held:
        return np.full(len(days.day), np.nan)
    worth = np.concatenate(([1.0], np.mean(held, axis=0)))
    return worth[1:] / worth[:-1] - 1.0


def market_change(record: RunRecord, instruments: NDArray[np.integer] | None = None) -> float | None:
    """The mean of last price / first price - 1 of the instruments, as a fraction."""
    changes: list[float | None] = []
    for instrument in np.unique(record.prices.instrument) if instruments is None else instruments:
        price = record.prices.price[record.prices.instrument == instrument]
        if len(price) and price[0] > 0:
            changes.append(known(price[-1] / price[0] - 1.0))
    found = [change for change in changes if change is not None]
    return known(np.mean(found)) if found else None
