"""Features of bars: one series of values for each instrument and duration, published after each bar that ends later."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.config.values import PositiveDuration
from letrade.core.messages.base import Message
from letrade.core.messages.features import Features
from letrade.core.messages.market import Bar
from letrade.core.stage import Stage


class BarFeaturesConfig(ActorConfig, frozen=True, kw_only=True):
    """Of which instruments (none named: all) and of which bars (none named: any)."""

    instruments: tuple[str, ...] = ()
    bar: PositiveDuration | None = None


class BarSeries(Protocol):
    """What follows one instrument's bars of one duration."""

    count: int
    last_end: int

    def add(self, bar: Bar) -> tuple[list[str], list[float]]:
        """Names and values of what is warm after this bar."""


class BarFeatures(Actor):
    """Publishes Features after each bar from which at least one value is warm: the others are left out till then."""

    stage = Stage.FEATURE
    Config = BarFeaturesConfig
    Series: ClassVar[type[Any]]
    """A BarSeries, made of the configuration."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.series: dict[tuple[str, int], Any] = {}

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        return not self.config.instruments or instrument in self.config.instruments

    def series_of(self, instrument: str, duration: int) -> Any:
        """The series, begun when it is not there."""
        series = self.series.get((instrument, duration))
        if series is None:
            series = self.series[(instrument, duration)] = self.Series(self.config)
        return series

    def on_bar(self, bar: Bar) -> None:
        """A bar that ends no later than the last one is a repeat and changes nothing."""
        duration = bar.end - bar.start
        if self.config.bar not in (None, duration):
            return
        series: BarSeries = self.series_of(bar.instrument, duration)
        if bar.end <= series.last_end:
            return
        names, values = series.add(bar)
        if names:
            self.publish(
                Features(
                    instrument=bar.instrument, feature_set=self.name, names=tuple(names), values=tuple(values),
                    price=bar.close, bar_end=bar.end, count=series.count,
                )
            )  # fmt: skip
