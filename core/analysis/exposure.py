"""How much was at stake, for how long, and how much was traded."""

from __future__ import annotations

import msgspec
import numpy as np

from letrade.core.analysis.curves import YEAR_NS, Curve
from letrade.core.analysis.numbers import NOTHING_LEFT, known, quotient, total_of
from letrade.core.analysis.round_trips import RoundTrips
from letrade.core.analysis.tables import Floats, Ints


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """Gross exposure is what all positions are worth, whatever their side; None where equity was never sampled."""

    time_in_market: float | None = None
    """The fraction of the run in which a position was open."""
    mean_gross: float | None = None
    """Weighted by time, in the reporting currency."""
    max_gross: float | None = None
    mean_leverage: float | None = None
    """Mean gross / mean equity."""
    max_leverage: float | None = None
    turnover: float = 0.0
    """Worth of all fills, in the reporting currency."""
    turnover_of_equity: float | None = None
    """Turnover / mean equity: how many times it went round."""
    turnover_per_year: float | None = None
    """The same, a year of 365 days."""


def exposure_of(trips: RoundTrips, curve: Curve | None, turnover: float, span: tuple[int, int]) -> Exposure:
    """`curve` is left out where gross exposure is not known by part."""
    length = span[1] - span[0]
    found = Exposure(time_in_market=quotient(time_in_trips(trips, span[1]), length), turnover=turnover)
    if curve is None or not len(curve.time):
        return found
    weights = np.diff(np.append(curve.time, max(span[1], int(curve.time[-1])))).astype(np.float64)
    gross, equity = _weighted(curve.exposure, weights), _weighted(curve.equity, weights)
    leverage = np.divide(curve.exposure, curve.equity, out=np.zeros(len(curve.time)), where=curve.equity > NOTHING_LEFT)
    went_round = quotient(turnover, equity)
    return msgspec.structs.replace(
        found,
        mean_gross=gross,
        max_gross=known(curve.exposure.max()),
        mean_leverage=quotient(gross, equity),
        max_leverage=known(leverage.max()),
        turnover_of_equity=went_round,
        turnover_per_year=quotient(went_round, length / YEAR_NS),
    )


def time_in_trips(trips: RoundTrips, end: int) -> int:
    """ns in which at least one trip was under way."""
    if not len(trips):
        return 0
    order = np.argsort(trips.opened, kind="stable")
    opened = trips.opened[order]
    closed = np.where(trips.closed == 0, end, trips.closed)[order]
    covered: Ints = np.maximum.accumulate(closed)
    before = np.concatenate((opened[:1], covered[:-1]))
    return int(np.maximum(covered - np.maximum(opened, before), 0).sum())


def _weighted(values: Floats, weights: Floats) -> float | None:
    total = total_of(weights)
    return float((values * weights).sum() / total) if total > 0 else known(values[-1])
