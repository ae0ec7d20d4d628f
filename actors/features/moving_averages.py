"""Simple and exponential moving averages of the closes of bars, one set of values per bar."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from letrade.actors.features.of_bars import BarFeatures, BarFeaturesConfig
from letrade.core.messages.market import Bar
from letrade.hotpath.indicators import Ema, Sma

Window = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class MovingAveragesConfig(BarFeaturesConfig, frozen=True, kw_only=True):
    """Windows in bars; of which instruments (none named: all) and of which bars (none named: any)."""

    sma: tuple[Window, ...] = ()
    ema: tuple[Window, ...] = ()


class SeriesState(msgspec.Struct, array_like=True):
    """One instrument and bar duration: the last closes, and the exponential means."""

    instrument: str
    duration: int
    count: int
    closes: list[float]
    means: list[float | None]
    last_end: int


class Series:
    """The averages of one instrument's bars of one duration."""

    def __init__(self, config: MovingAveragesConfig) -> None:
        self.sma = [(f"sma_{window}", Sma(window)) for window in dict.fromkeys(config.sma)]
        self.ema = [(f"ema_{window}", Ema(window)) for window in dict.fromkeys(config.ema)]
        self.averages: list[tuple[str, Sma | Ema]] = [*self.sma, *self.ema]
        self.count = 0
        self.last_end = 0

    def add(self, bar: Bar) -> tuple[list[str], list[float]]:
        """Names and values of what is warm after this bar."""
        self.count += 1
        self.last_end = bar.end
        names: list[str] = []
        values: list[float] = []
        for name, average in self.averages:
            value = average.add(bar.close)
            if value is not None:
                names.append(name)
                values.append(value)
        return names, values

    def state(self, instrument: str, duration: int) -> SeriesState:
        closes: list[list[float]] = [average.state()[1] for _, average in self.sma]
        longest = max(closes, key=len, default=[])
        means = [average.state()[1] if self.count else None for _, average in self.ema]
        return SeriesState(instrument, duration, self.count, longest, means, self.last_end)

    def restore(self, state: SeriesState) -> None:
        self.count, self.last_end = state.count, state.last_end
        for _, average in self.sma:
            average.restore([state.count, state.closes])
        for (_, mean), value in zip(self.ema, state.means, strict=True):
            if value is not None:
                mean.restore([state.count, value])


class MovingAverages(BarFeatures):
    """Publishes Features after each bar from which at least one average is warm: the others are left out till then."""

    Config = MovingAveragesConfig
    Series = Series

    def state(self) -> list[SeriesState]:
        return [series.state(*key) for key, series in self.series.items()]

    def restore(self, state: Any) -> None:
        for found in msgspec.convert(state, list[SeriesState]):
            self.series_of(found.instrument, found.duration).restore(found)
