"""The equity that a part of a run would have had: the start, and what its own fills and cash made of it."""

from __future__ import annotations

import numpy as np

from letrade.core.analysis.curves import Curve
from letrade.core.analysis.numbers import unknown_is_nan
from letrade.core.analysis.record import RunRecord
from letrade.core.analysis.round_trips import mark_prices
from letrade.core.analysis.tables import Cash, Flags, Floats, Ints
from letrade.core.analysis.worth import Worth


@unknown_is_nan
def part_curve(record: RunRecord, worth: Worth, chosen: Flags, cash: Cash, times: Ints, start: float) -> Curve:
    """At `times`, or at the times of its own fills where none are given. Positions count at the last sampled price, and
    at the last known rate of the settlement currency."""
    if not len(times):
        times = np.unique(np.concatenate((record.fills.time[chosen], cash.time)))
    equity, exposure = np.full(len(times), start), np.zeros(len(times))
    equity += _running(cash.time, cash.amount * cash.rate, times)
    for instrument in np.unique(record.fills.instrument[chosen]):
        rows = np.flatnonzero(chosen & (record.fills.instrument == instrument))
        value, gross = _instrument_curve(record, worth, int(instrument), rows, times)
        equity += value
        exposure += gross
    return Curve(times, equity, np.zeros(len(times)), exposure)


def _instrument_curve(
    record: RunRecord, worth: Worth, instrument: int, rows: Ints, times: Ints
) -> tuple[Floats, Floats]:  # fmt: skip
    fills, note = record.fills.where(rows), record.names.instruments[instrument]
    place = np.searchsorted(fills.time, times, side="right")
    held = np.concatenate(([0], np.cumsum(worth.units[rows])))[place] / 10.0 ** worth.decimals[rows[0]]
    flow = np.concatenate(([0.0], np.cumsum(worth.flow[rows])))[place]
    fees = np.concatenate(([0.0], np.cumsum(worth.fee_apart[rows])))[place]
    rate = np.concatenate((fills.rate[:1], fills.rate))[place]
    price = mark_prices(record, instrument, times)
    value = held * note.multiplier * (-1.0 / price if note.kind == "inverse" else price)
    value = np.where(held != 0, value, 0.0)
    gross: Floats = np.abs(value) * rate
    return (flow + value) * rate - fees, gross


def _running(times: Ints, values: Floats, at: Ints) -> Floats:
    """The sum of all values up to and at each time."""
    sums: Floats = np.concatenate(([0.0], np.cumsum(values)))[np.searchsorted(times, at, side="right")]
    return sums
