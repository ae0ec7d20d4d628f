"""Indicators of bars (RSI, ATR, volatility, bands, MACD, VWAP, channels), one set of values per bar."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, Protocol

import msgspec

from letrade.actors.features.of_bars import BarFeatures, BarFeaturesConfig
from letrade.core.messages.market import Bar
from letrade.hotpath.indicators import Atr, Macd, Rsi
from letrade.hotpath.rolling import Bollinger, Extremes, Volatility, Vwap

Window = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Windows = tuple[Window, ...]


class IndicatorsConfig(BarFeaturesConfig, frozen=True, kw_only=True):
    """Windows in bars; of which instruments (none named: all) and of which bars (none named: any)."""

    rsi: Windows = ()
    """Wilder's index of closes: `rsi_14`."""
    atr: Windows = ()
    """Wilder's average true range, in price units: `atr_14`."""
    volatility: tuple[Annotated[int, msgspec.Meta(ge=2, le=100_000)], ...] = ()
    """Sample deviation of the logarithmic returns of closes, per bar: `volatility_20`."""
    bollinger: Windows = ()
    """`bollinger_20_upper`, `_middle`, `_lower`."""
    bollinger_width: Annotated[float, msgspec.Meta(gt=0)] = 2.0
    """Deviations to each side."""
    macd: tuple[tuple[Window, Window, Window], ...] = ()
    """[fast, slow, signal]: `macd_12_26_9`, `macd_12_26_9_signal`, `macd_12_26_9_histogram`."""
    vwap: Windows = ()
    """Of the typical price (high + low + close) / 3: `vwap_20`."""
    channel: Windows = ()
    """The lowest low and the highest high: `lowest_20`, `highest_20`."""


class Streaming(Protocol):
    """A compiled indicator."""

    def state(self) -> list[Any]: ...
    def restore(self, state: list[Any], /) -> None: ...


class Named(NamedTuple):
    """An indicator, what it is called in messages, and what of a bar it takes."""

    indicator: Streaming
    names: tuple[str, ...]
    add: Any
    """From a bar to a value, a tuple of values, or None while it is not warm."""


def _typical(bar: Bar) -> float:
    return (bar.high + bar.low + bar.close) / 3.0


def chosen(config: IndicatorsConfig) -> list[Named]:
    """A fresh set of all that the configuration names, in its order."""
    found: list[Named] = []
    for window in config.rsi:
        rsi = Rsi(window)
        found.append(Named(rsi, (f"rsi_{window}",), lambda bar, rsi=rsi: rsi.add(bar.close)))
    for window in config.atr:
        atr = Atr(window)
        found.append(Named(atr, (f"atr_{window}",), lambda bar, atr=atr: atr.add(bar.high, bar.low, bar.close)))
    for window in config.volatility:
        deviation = Volatility(window)
        found.append(Named(deviation, (f"volatility_{window}",), lambda bar, each=deviation: each.add(bar.close)))
    return found + _bands(config) + _channels(config)


def _bands(config: IndicatorsConfig) -> list[Named]:
    found: list[Named] = []
    for window in config.bollinger:
        bands, name = Bollinger(window, config.bollinger_width), f"bollinger_{window}"
        names = (f"{name}_upper", f"{name}_middle", f"{name}_lower")
        found.append(Named(bands, names, lambda bar, bands=bands: bands.add(bar.close)))
    for fast, slow, signal in config.macd:
        macd, name = Macd(fast, slow, signal), f"macd_{fast}_{slow}_{signal}"
        names = (name, f"{name}_signal", f"{name}_histogram")
        found.append(Named(macd, names, lambda bar, macd=macd: macd.add(bar.close)))
    return found


def _channels(config: IndicatorsConfig) -> list[Named]:
    found: list[Named] = []
    for window in config.vwap:
        vwap = Vwap(window)
        found.append(Named(vwap, (f"vwap_{window}",), lambda bar, vwap=vwap: vwap.add(_typical(bar), bar.volume)))
    for window in config.channel:
        lows, highs = Extremes(window), Extremes(window)
        found.append(Named(lows, (f"lowest_{window}",), lambda bar, lows=lows: _part(lows.add(bar.low), 0)))
        found.append(Named(highs, (f"highest_{window}",), lambda bar, highs=highs: _part(highs.add(bar.high), 1)))
    return found


def _part(extremes: tuple[float, float] | None, place: int) -> float | None:
    return None if extremes is None else extremes[place]


class Series:
    """The indicators of one instrument's bars of one duration."""

    def __init__(self, config: IndicatorsConfig) -> None:
        self.indicators = chosen(config)
        self.count = 0
        self.last_end = 0

    def add(self, bar: Bar) -> tuple[list[str], list[float]]:
        """Names and values of what is warm after this bar."""
        self.count += 1
        self.last_end = bar.end
        names: list[str] = []
        values: list[float] = []
        for _, called, add in self.indicators:
            found = add(bar)
            if found is not None:
                names.extend(called)
                values.extend(found if len(called) > 1 else (found,))
        return names, values

    def state(self) -> list[Any]:
        return [self.count, self.last_end, [each.indicator.state() for each in self.indicators]]

    def restore(self, state: list[Any]) -> None:
        self.count, self.last_end, states = state
        for each, kept in zip(self.indicators, states, strict=True):
            each.indicator.restore(kept)


class Indicators(BarFeatures):
    """Publishes Features after each bar from which at least one indicator is warm; the others are left out then."""

    Config = IndicatorsConfig
    Series = Series

    def state(self) -> Any:
        return [[*key, series.state()] for key, series in self.series.items()]

    def restore(self, state: Any) -> None:
        for instrument, duration, kept in state:
            self.series_of(instrument, duration).restore(kept)
