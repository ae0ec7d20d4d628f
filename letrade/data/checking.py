"""Looks through stored series: damage, gaps, missing months, rows told twice, prices off the grid, outliers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from letrade.core.config.values import show_instant
from letrade.core.data.catalogue import DataCatalogue
from letrade.core.data.columns import BarRows, Chunk, FloatArray, FundingRows, IntArray, Kind, QuoteRows, TradeRows
from letrade.core.data.parquet import checksums, read_meta, read_month
from letrade.core.data.rows import month_times
from letrade.core.data.series import SUFFIX, Series
from letrade.core.data.units import rescaled
from letrade.core.errors import DataError
from letrade.core.instruments import Grid

EXAMPLES = 5
OUTLIER_WINDOW = 7
OUTLIER_STEPS = 20.0
"""A price is an outlier that is further than so many of the usual steps from the median of the seven around it."""
OUTLIER_SHARE_MIN = 0.05
"""And by at least this share of that median."""
GAP_MEDIANS = 200
GAP_NS_MIN = 3_600 * 10**9
"""Quotes, trades and levels have a gap where nothing came for an hour and for 200 times the usual wait."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a series; `bad` makes `letrade data check` end with exit code 6."""

    series: str
    code: str
    """damaged, missing-months, gaps, duplicates, off-grid or outliers."""
    count: int
    bad: bool
    text: str
    examples: tuple[str, ...] = ()


class Examples:
    """How often something was seen, and where the first times."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[str] = []

    def add(self, count: int, texts: Iterator[str]) -> None:
        self.count += count
        while len(self.first) < EXAMPLES and (text := next(texts, None)) is not None:
            self.first.append(text)


def check_series(catalogue: DataCatalogue, series: Series) -> Iterator[Finding]:
    """What is wrong, worst first; nothing for a good series."""
    missing = missing_months([path.name.removesuffix(SUFFIX) for path in catalogue.files(series)])
    if missing:
        text = f"{len(missing)} months between the first and the last have no file"
        yield _finding(series, "missing-months", len(missing), True, text, missing[:EXAMPLES])
    damaged = list(_damaged(catalogue, series))
    yield from damaged
    if not damaged:
        yield from Look(catalogue, series).findings()


def _finding(series: Series, code: str, count: int, bad: bool, text: str, examples: Any) -> Finding:
    return Finding(series=str(series), code=code, count=count, bad=bad, text=text, examples=tuple(examples))


def missing_months(names: list[str]) -> list[str]:
    """Calendar months between the first and the last that are not there."""
    if not names:
        return []
    every = np.arange(np.datetime64(names[0], "M"), np.datetime64(names[-1], "M"))
    return [str(month) for month in every if str(month) not in names]


def _damaged(catalogue: DataCatalogue, series: Series) -> Iterator[Finding]:
    for path in catalogue.files(series):
        try:
            meta = read_meta(path)
            same = checksums(read_month(path)) == meta.checksums
        except DataError as error:
            yield _finding(series, "damaged", 1, True, str(error), ())
            continue
        if not same:
            text = f"{path}: the rows are not those that were written: download or import them again"
            yield _finding(series, "damaged", 1, True, text, ())


class Look:
    """One pass over a series that keeps no more than a window of it."""

    def __init__(self, catalogue: DataCatalogue, series: Series) -> None:
        self.series = series
        self.columns = catalogue.columns(series)
        self.found = {code: Examples() for code in ("gaps", "duplicates", "off-grid", "outliers")}
        rules = catalogue.instrument(series.instrument)
        self._grid = Grid(rules.tick, "tick", rules.instrument) if rules is not None else None
        self._last_time: int | None = None
        self._waits: deque[float] = deque(maxlen=64)

    def findings(self) -> Iterator[Finding]:
        """DataErrors of the rows themselves are findings too."""
        try:
            for chunk in self.columns.chunks():
                self._gaps(chunk)
                self._repeats(chunk)
                self._off_grid(chunk)
                self._outliers(chunk)
        except DataError as error:
            yield _finding(self.series, "damaged", 1, True, str(error), ())
        texts = {
            "gaps": "places where rows are missing",
            "duplicates": "rows told twice",
            "off-grid": "prices that are no multiple of the tick",
            "outliers": "prices far from those around them",
        }
        for code, examples in self.found.items():
            if examples.count:
                # A venue may stand still or say odd prices; the data is as it was.
                bad = code == "duplicates" or (code == "gaps" and self.series.kind == Kind.BARS)
                yield _finding(self.series, code, examples.count, bad, texts[code], examples.first)

    def _gaps(self, chunk: Chunk) -> None:
        times = month_times(chunk)
        before = times[:1] if self._last_time is None else np.array([self._last_time])
        steps = np.diff(times, prepend=before)
        self._last_time = int(times[-1])
        if isinstance(chunk.rows, BarRows):
            wide = steps > self.series.interval_ns
        elif self.series.kind in (Kind.MARKS, Kind.INDEX, Kind.FUNDING):
            usual = float(np.median(steps[1:])) if len(steps) > 1 else 0.0
            wide = steps > max(usual * 1.5, 1.0)
        else:
            self._waits.append(float(np.median(steps)))
            wide = steps > max(GAP_NS_MIN, GAP_MEDIANS * float(np.median(self._waits)))
        self._note("gaps", wide, lambda row: f"{show_instant(int(times[row] - steps[row]))} to {_at(times, row)}")

    def _repeats(self, chunk: Chunk) -> None:
        rows, times = chunk.rows, month_times(chunk)
        same = np.concatenate(([False], times[1:] == times[:-1]))
        if isinstance(rows, TradeRows):
            same &= np.concatenate(([False], (rows.trade_id[1:] == rows.trade_id[:-1]) & (rows.trade_id[1:] != 0)))
        elif not isinstance(rows, (BarRows, FundingRows)):
            return
        self._note("duplicates", same, lambda row: _at(times, row))

    def _off_grid(self, chunk: Chunk) -> None:
        if self._grid is None:
            return
        decimals = max(self.columns.price_decimals, self._grid.decimals)
        step = self._grid.step_units * int(10 ** (decimals - self._grid.decimals))
        for column in _prices(chunk):
            off = rescaled(column, self.columns.price_decimals, decimals) % step != 0
            self._note(
                "off-grid", off, lambda row, column=column: f"{_at(chunk.time, row)}: {self._price(column[row])}"
            )

    def _outliers(self, chunk: Chunk) -> None:
        """A bar's low and high are judged by the closes around it."""
        prices, times = _prices(chunk), month_times(chunk)
        for column in prices[1:] if isinstance(chunk.rows, BarRows) else prices:
            level = prices[-1] if isinstance(chunk.rows, BarRows) else column
            far = outliers(column.astype(np.float64), level.astype(np.float64))
            self._note("outliers", far, lambda row, column=column: f"{_at(times, row)}: {self._price(column[row])}")

    def _price(self, units: Any) -> float:
        return float(units) / 10.0**self.columns.price_decimals

    def _note(self, code: str, bad: Any, describe: Any) -> None:
        rows = np.flatnonzero(bad)
        if len(rows):
            self.found[code].add(len(rows), (describe(int(row)) for row in rows))


def _at(times: IntArray, row: int) -> str:
    return show_instant(int(times[row]))


def _prices(chunk: Chunk) -> list[IntArray]:
    """All prices of a row, the one to judge by last."""
    rows = chunk.rows
    if isinstance(rows, BarRows):
        return [rows.open, rows.high, rows.low, rows.close]
    if isinstance(rows, QuoteRows):
        return [rows.bid, rows.ask]
    return [rows.price] if isinstance(rows, TradeRows) else []


def outliers(prices: FloatArray, level: FloatArray) -> Any:
    """Prices far from the median of the seven levels around them, in steps that are usual for these levels."""
    half = OUTLIER_WINDOW // 2
    around = np.lib.stride_tricks.sliding_window_view(np.pad(level, half, mode="edge"), OUTLIER_WINDOW)
    middle = np.median(around, axis=1)
    usual = float(np.median(np.abs(np.diff(level)))) if len(level) > 1 else 0.0
    away = np.abs(prices - middle)
    return (away > OUTLIER_STEPS * usual) & (away > OUTLIER_SHARE_MIN * middle) & (prices > 0)
