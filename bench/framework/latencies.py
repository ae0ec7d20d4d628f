"""Latencies as an HdrHistogram: recorded as plain nanoseconds, folded afterwards, read to p99.99."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from hdrh.histogram import HdrHistogram

LONGEST_NS = 3_600_000_000_000
DIGITS = 3
QUANTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p99.9": 99.9, "p99.99": 99.99, "max": 100.0}
CURVE_NINES = 5.0
"""The curve is drawn to 1 - 10^-5 at most, and never beyond what the count of values supports."""
CURVE_POINTS = 60
MICROSECOND = 1_000


class Folded(msgspec.Struct):
    """Latencies in nanoseconds with three significant digits, and how often each one came."""

    values: list[int]
    counts: list[int]


def fold(latencies_ns: np.ndarray) -> Folded:
    """Rounded as the histogram itself would, so that it is filled with a few thousand calls, not with millions."""
    clipped = np.clip(latencies_ns, 1, LONGEST_NS)
    steps = 10.0 ** np.maximum(np.floor(np.log10(clipped)) - DIGITS, 0)
    values, counts = np.unique((np.rint(clipped / steps) * steps).astype(np.int64), return_counts=True)
    return Folded(values.tolist(), counts.tolist())


def histogram_of(*parts: Folded) -> HdrHistogram:
    histogram = HdrHistogram(1, LONGEST_NS, DIGITS)
    for part in parts:
        for value, count in zip(part.values, part.counts, strict=True):
            histogram.record_value(min(value, LONGEST_NS), count)
    return histogram


class Latency(msgspec.Struct):
    """What a result tells of a distribution, in microseconds; the curve holds (percentile, value)."""

    percentiles_us: dict[str, float]
    curve: list[tuple[float, float]]
    count: int

    @property
    def p99(self) -> float:
        return self.percentiles_us["p99"]


def latency_of(*parts: Folded) -> Latency:
    histogram = histogram_of(*parts)
    count = int(histogram.get_total_count())
    percentiles = {name: _microseconds(histogram, at) for name, at in QUANTILES.items()}
    nines = min(CURVE_NINES, float(np.log10(max(count, 10))))
    places = [100.0 * (1.0 - 10.0 ** -(nines * step / CURVE_POINTS)) for step in range(CURVE_POINTS + 1)]
    curve = [(round(place, 6), _microseconds(histogram, place)) for place in places]
    return Latency(percentiles, curve, count)


def _microseconds(histogram: Any, percentile: float) -> float:
    return round(int(histogram.get_value_at_percentile(percentile)) / MICROSECOND, 2)
