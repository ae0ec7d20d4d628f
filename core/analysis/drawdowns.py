"""How far and how long equity was below its own peak."""

from __future__ import annotations

import msgspec
import numpy as np

from letrade.core.analysis.numbers import NOTHING_LEFT, known
from letrade.core.analysis.tables import Floats, Ints


class Drawdown(msgspec.Struct, frozen=True, kw_only=True):
    """The deepest fall from a peak. Times are ns UTC, amounts in the reporting currency."""

    fraction: float = 0.0
    """-0.1: 10 % below the peak."""
    absolute: float = 0.0
    """Of this fall, positive."""
    start: int | None = None
    """Of the peak."""
    bottom: int | None = None
    end: int | None = None
    """When the peak was reached again; None: never."""
    duration: int = 0
    """ns from the peak to its recovery, or to the end of the run."""
    profit_at_peak: float = 0.0
    profit_at_bottom: float = 0.0
    largest_absolute: float = 0.0
    """Of any fall: the deepest in money need not be the deepest as a fraction."""
    longest: int = 0
    """ns that the longest time under a peak lasted."""
    now: float = 0.0
    """The fraction at the end."""
    lowest_equity: float | None = None
    highest_equity: float | None = None


def drawdown_of(times: Ints, equity: Floats, start: float) -> Drawdown:
    """Over all samples; the start of the run counts as a peak."""
    if not len(equity):
        return Drawdown()
    peaks = np.maximum(np.maximum.accumulate(equity), start)
    falls = peaks - equity
    shares = np.divide(-falls, peaks, out=np.zeros(len(equity)), where=peaks > NOTHING_LEFT)
    bottom = int(np.argmin(shares)) if shares.any() else int(np.argmax(falls))
    if not falls[bottom] > 0:
        return Drawdown(lowest_equity=float(min(start, equity.min())), highest_equity=float(peaks[-1]))
    peak = _peak_before(equity, peaks, bottom)
    back = np.flatnonzero(equity[bottom:] >= peaks[bottom])
    end = int(times[bottom + back[0]]) if len(back) else None
    return Drawdown(
        fraction=float(shares[bottom]),
        absolute=float(falls[bottom]),
        start=int(times[peak]),
        bottom=int(times[bottom]),
        end=end,
        duration=(int(times[-1]) if end is None else end) - int(times[peak]),
        profit_at_peak=float(peaks[bottom] - start),
        profit_at_bottom=float(equity[bottom] - start),
        largest_absolute=float(falls.max()),
        longest=_longest_under_water(times, falls),
        now=known(shares[-1]) or 0.0,
        lowest_equity=float(min(start, equity.min())),
        highest_equity=float(peaks[-1]),
    )


def _peak_before(equity: Floats, peaks: Floats, bottom: int) -> int:
    """The last sample at the peak; the first of all where the start was the peak."""
    at_peak = np.flatnonzero(equity[: bottom + 1] >= peaks[bottom])
    return int(at_peak[-1]) if len(at_peak) else 0


def _longest_under_water(times: Ints, falls: Floats) -> int:
    """From the last sample at a peak to the first that is back, or to the end."""
    dry = falls <= 0
    last_dry = np.maximum.accumulate(np.where(dry, np.arange(len(falls)), 0))
    before = np.concatenate(([0], last_dry[:-1]))
    return int((times - times[before]).max()) if len(times) else 0
