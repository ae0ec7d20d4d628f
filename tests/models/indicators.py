"""Means, RSI, ATR and MACD by their definitions, the whole history anew for each value."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

Values = Sequence[float]


def sma(values: Values, period: int) -> float | None:
    return math.fsum(values[-period:]) / period if len(values) >= period else None


def mean_from_first(values: Values, period: int) -> float:
    """An exponential mean that starts at the first value."""
    mean = values[0]
    for value in values[1:]:
        mean = mean + 2.0 / (period + 1) * (value - mean)
    return mean


def ema(values: Values, period: int) -> float | None:
    return mean_from_first(values, period) if len(values) >= period else None


def wilder(values: Values, period: int) -> float:
    """The mean of the first `period` values, smoothed with each later one."""
    mean = math.fsum(values[:period]) / period
    for value in values[period:]:
        mean = (mean * (period - 1) + value) / period
    return mean


def rsi(values: Values, period: int) -> float | None:
    changes = [now - before for before, now in itertools.pairwise(values)]
    if len(changes) < period:
        return None
    gain = wilder([max(change, 0.0) for change in changes], period)
    loss = wilder([max(-change, 0.0) for change in changes], period)
    return 100.0 * gain / (gain + loss) if gain + loss else 50.0


def atr(high: Values, low: Values, close: Values, period: int) -> float | None:
    ranges = [
        max(top - bottom, abs(top - before), abs(bottom - before))
        for top, bottom, before in zip(high[1:], low[1:], close, strict=False)
    ]
    return wilder(ranges, period) if len(ranges) >= period else None


def macd(values: Values, fast: int, slow: int, signal: int) -> tuple[float, float, float] | None:
    if len(values) < slow + signal - 1:
        return None
    distances = [
        mean_from_first(values[:end], fast) - mean_from_first(values[:end], slow)
        for end in range(slow, len(values) + 1)
    ]
    smooth = mean_from_first(distances, signal)
    return distances[-1], smooth, distances[-1] - smooth
