"""Simple and exponential moving averages of the closes of bars, one set of values per bar."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.config.values import PositiveDuration
from letrade.core.messages.base import Message
from letrade.core.messages.features import Features
from letrade.core.messages.market import Bar
from letrade.core.stage import Stage
from letrade.hotpath.indicators import Ema, Sma

Window = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class MovingAveragesConfig(ActorConfig, frozen=True, kw_only=True):
    """Windows in bars; of which instruments (none named: all) and of which bars (none named: any)."""

    instruments: tuple[str, ...] = ()
    bar: PositiveDuration | None = None
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
        self.count = 0
        self.last_end = 0

    def add(self, bar: Bar) -> list[tuple[str, float]]:
        """The values that are warm after this bar, by name."""
        self.count += 1
        self.last_end = bar.end
        found = [(name, average.add(bar.close)) for name, average in self.sma]
        found += [(name, average.add(bar.close)) for name, average in self.ema]
        return [(name, value) for name, value in found if value is not None]

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


class MovingAverages(Actor):
    """Publishes Features after each bar from which at least one average is warm: the others are left out till then."""

    stage = Stage.FEATURE
    Config = MovingAveragesConfig

    def __init__(self, name: str, config: MovingAveragesConfig, context: Context) -> None:
        super().__init__(name, config, context)
        self.series: dict[tuple[str, int], Series] = {}

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        return not self.config.instruments or instrument in self.config.instruments

    def on_bar(self, bar: Bar) -> None:
        """A bar that ends no later than the last one is a repeat and changes nothing."""
        duration = bar.end - bar.start
        if self.config.bar not in (None, duration):
            return
        series = self.series.get((bar.instrument, duration))
        if series is None:
            series = self.series[(bar.instrument, duration)] = Series(self.config)
        if bar.end <= series.last_end:
            return
        if warm := series.add(bar):
            self.publish(
                Features(
                    instrument=bar.instrument,
                    feature_set=self.name,
                    names=tuple(name for name, _ in warm),
                    values=tuple(value for _, value in warm),
                    price=bar.close,
                    bar_end=bar.end,
                    count=series.count,
                )
            )

    def state(self) -> list[SeriesState]:
        return [series.state(*key) for key, series in self.series.items()]

    def restore(self, state: Any) -> None:
        for found in msgspec.convert(state, list[SeriesState]):
            series = self.series[(found.instrument, found.duration)] = Series(self.config)
            series.restore(found)
