"""What the page's charts draw: curves and trades thinned so that a page of any run stays small."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from letrade.core.analysis.analyzer import PerformanceAnalyzer
from letrade.core.analysis.curves import Curve, price_at
from letrade.core.analysis.parts import part_curve
from letrade.core.analysis.round_trips import RoundTrips
from letrade.core.analysis.tables import Floats, Ints
from letrade.core.clock import MILLISECOND

CURVE_POINTS_MAX = 3_000
PRICE_POINTS_MAX = 60_000
"""Of all instruments together."""
TRADES_MAX = 6_000
INSTRUMENTS_MAX = 40
STRATEGIES_MAX = 7
DIGITS = 8


def chart_data(analyzer: PerformanceAnalyzer) -> dict[str, Any]:
    """As builtins; times are ms, a number that is not known is null."""
    record = analyzer.record
    return {
        "currency": record.settings.reporting_currency,
        "strategies": list(record.names.strategies),
        "equity": _equity(analyzer),
        "prices": _prices(analyzer),
    }


def thinned(values: Floats, points: int) -> Ints:
    """Indices of at most `points` rows: the lowest and the highest of each stretch, the first and the last."""
    if len(values) <= points:
        return np.arange(len(values))
    kept = [0, len(values) - 1]
    for stretch in np.array_split(np.arange(len(values)), max(1, points // 2 - 1)):
        own = values[stretch]
        if np.isfinite(own).any():
            kept += [int(stretch[np.nanargmin(own)]), int(stretch[np.nanargmax(own)])]
    return np.unique(np.asarray(kept))


def _equity(analyzer: PerformanceAnalyzer) -> dict[str, Any]:
    curve = analyzer.curve
    rows = thinned(curve.equity, CURVE_POINTS_MAX)
    curve = Curve(curve.time[rows], curve.equity[rows], curve.unrealised[rows], curve.exposure[rows])
    start = analyzer.start or 0.0
    peaks = np.maximum(_running_peaks(analyzer)[rows], start) if len(rows) else curve.equity
    falls = np.divide(curve.equity - peaks, peaks, out=np.zeros(len(rows)), where=peaks > 0)
    lines = [{"name": "equity", "y": rounded(curve.equity)}]
    held = _buy_and_hold(analyzer, curve.time, start)
    if np.isfinite(held).any():
        lines.append({"name": "buy and hold", "y": rounded(held)})
    lines += _strategies(analyzer, curve.time, start)
    return {
        "t": milliseconds(curve.time), "lines": lines, "drawdown": rounded(falls), "exposure": rounded(curve.exposure),
    }  # fmt: skip


def _running_peaks(analyzer: PerformanceAnalyzer) -> Floats:
    """Of all samples, not of those that are drawn alone."""
    peaks: Floats = np.maximum.accumulate(analyzer.curve.equity)
    return peaks


def _strategies(analyzer: PerformanceAnalyzer, times: Ints, start: float) -> list[dict[str, Any]]:
    record, found = analyzer.record, []
    if len(record.names.strategies) < 2:
        return []
    for place, name in enumerate(record.names.strategies[:STRATEGIES_MAX]):
        cash = record.cash.where(record.cash.strategy == place)
        own = part_curve(record, analyzer.worth, record.fills.strategy == place, cash, times, start)
        found.append({"name": name, "y": rounded(own.equity)})
    return found


def _buy_and_hold(analyzer: PerformanceAnalyzer, times: Ints, start: float) -> Floats:
    """The start spread evenly over all instruments with prices."""
    record, shares = analyzer.record, []
    for instrument in np.unique(record.prices.instrument):
        price = price_at(record, int(instrument), times)
        first = float(record.prices.price[record.prices.instrument == instrument][0])
        if first > 0:
            shares.append(np.where(np.isfinite(price), price, first) / first)
    return np.mean(shares, axis=0) * start if shares else np.full(len(times), np.nan)


def _prices(analyzer: PerformanceAnalyzer) -> list[dict[str, Any]]:
    """Instruments with the most round trips first."""
    record, trips = analyzer.record, analyzer.trips
    counts = np.bincount(trips.instrument, minlength=len(record.names.instruments))
    shown = [place for place in np.argsort(-counts, kind="stable").tolist() if counts[place]][:INSTRUMENTS_MAX]
    found = []
    for place in shown:
        own = record.prices.where(record.prices.instrument == place)
        rows = thinned(own.price, min(CURVE_POINTS_MAX * 2, PRICE_POINTS_MAX // len(shown)))
        trades = trips.where(trips.instrument == place)
        found.append({
            "name": record.names.instruments[place].name, "t": milliseconds(own.time[rows]),
            "y": rounded(own.price[rows]), "count": len(trades), "trades": _trades(trades, TRADES_MAX // len(shown)),
        })  # fmt: skip
    return found


def _trades(trips: RoundTrips, most: int) -> list[list[float | int | None]]:
    """[opened, entry price, closed (0: open), exit price, side, profit, size, strategy]; some, when too many."""
    if len(trips) > most:
        trips = trips.where(np.unique(np.linspace(0, len(trips) - 1, most).astype(np.int64)))
    columns = (
        milliseconds(trips.opened), rounded(trips.entry_price), milliseconds(trips.closed), rounded(trips.exit_price),
        trips.side.tolist(), rounded(trips.profit), rounded(trips.size), trips.strategy.tolist(),
    )  # fmt: skip
    return [list(row) for row in zip(*columns, strict=True)]


def milliseconds(times: Ints) -> list[float]:
    """To the microsecond."""
    return [round(time / MILLISECOND, 3) for time in times.tolist()]


def rounded(values: Floats) -> list[float | None]:
    """Eight significant digits are more than a screen shows."""
    return [float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None for value in values.tolist()]


class Histogram:
    """Counts between edges; the outermost bins hold what lies beyond the 0.5 % and 99.5 % quantiles."""

    def __init__(self, values: Floats, bins: int = 41) -> None:
        values = values[np.isfinite(values)]
        low, high = np.quantile(values, (0.005, 0.995)).tolist() if len(values) else (0.0, 1.0)
        if not high > low:
            low, high = low - (abs(low) * 0.01 or 0.5), high + (abs(high) * 0.01 or 0.5)
        self.edges: list[float] = np.linspace(low, high, min(bins, max(5, len(values))) + 1).tolist()
        counts, _ = np.histogram(np.clip(values, low, high), bins=self.edges)
        self.counts: list[int] = counts.tolist()
