"""Builds bars from trades; a bar closes with the first trade after its end, or by a timer a little later."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.config.durations import parse_duration
from letrade.core.config.values import Duration, PositiveDuration
from letrade.core.messages.base import Message, Timer
from letrade.core.messages.events import Alert
from letrade.core.messages.market import Bar, Trade, TradeGap
from letrade.core.stage import Stage

SIZE_DECIMALS = 12
"""The volume of an instrument whose lot is not known is rounded to so many places."""


class BarBuilderConfig(ActorConfig, frozen=True, kw_only=True):
    """Which instruments (none named: all), how long the bars are, and how long a trade may be late."""

    instruments: tuple[str, ...] = ()
    bars: Annotated[tuple[PositiveDuration, ...], msgspec.Meta(min_length=1)] = (parse_duration("1s"),)
    grace: Duration = parse_duration("100ms")


class OpenBar(msgspec.Struct):
    """A bar that is being built; `end` 0 before the first trade."""

    duration: int
    end: int = 0
    open: float = 0.0
    high: float = 0.0
    low: float = 0.0
    close: float = 0.0
    volume: float = 0.0
    trades: int = 0
    last: str = ""
    """The id of the last trade, in a snapshot; while running it is that of `last_trade`."""
    complete: bool = True
    closed_until: int = 0
    """The end of the last bar that was closed: a trade before it is late."""


class BuilderState(msgspec.Struct, array_like=True):
    """The open bars of each instrument, and its late trades."""

    bars: dict[str, list[OpenBar]]
    late: dict[str, int]


class BarBuilder(Actor):
    """Bars of [start, end) on the grid of their duration since 1970; one without trades is not sent."""

    stage = Stage.MARKET
    Config = BarBuilderConfig

    def __init__(self, name: str, config: BarBuilderConfig, context: Context) -> None:
        super().__init__(name, config, context)
        self.bars: dict[str, list[OpenBar]] = {}
        self.late: dict[str, int] = {}
        """Trades that came after their bar was closed, by instrument: they are in no bar."""
        self._last: dict[str, str | Trade] = {}
        self._decimals: dict[str, int] = {}

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        return not instrument or not self.config.instruments or instrument in self.config.instruments

    def on_trade(self, trade: Trade) -> None:
        instrument, time, price = trade.instrument, trade.time, trade.price
        bars = self.bars.get(instrument)
        if bars is None:
            bars = self.bars[instrument] = [OpenBar(duration) for duration in self.config.bars]
        late = False
        for bar in bars:
            if time < bar.closed_until:
                late = True
                continue
            if time >= bar.end:
                if bar.trades:
                    self._close(instrument, bar, None)
                self._open(instrument, bar, time, price)
            elif price > bar.high:
                bar.high = price
            elif price < bar.low:
                bar.low = price
            bar.close = price
            bar.volume += trade.size
            bar.trades += 1
        if late:
            self._count_late(trade)
        else:
            self._last[instrument] = trade

    def on_trade_gap(self, gap: TradeGap) -> None:
        """Trades were dropped: what is open of this instrument says so when it closes."""
        for bar in self.bars.get(gap.instrument, ()):
            bar.complete = False

    def on_timer(self, timer: Timer) -> None:
        duration, _, instrument = timer.key.partition(" ")
        for bar in self.bars[instrument]:
            if bar.duration == int(duration) and bar.trades:
                last = self._last[instrument]
                self._close(instrument, bar, last if isinstance(last, str) else last.id)

    def _open(self, instrument: str, bar: OpenBar, time: int, price: float) -> None:
        bar.end = time - time % bar.duration + bar.duration
        bar.open = bar.high = bar.low = price
        self.set_timer(bar.end + self.config.grace, f"{bar.duration} {instrument}")

    def _close(self, instrument: str, bar: OpenBar, cause: str | None) -> None:
        """Publish a bar; `cause` is its last trade where a timer closes it."""
        done = Bar(
            instrument=instrument,
            start=bar.end - bar.duration,
            end=bar.end,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            # The sum of doubles is off by far less than a lot: rounding to lots makes it exact again.
            volume=round(bar.volume, self._size_decimals(instrument)),
            trades=bar.trades,
            complete=bar.complete,
        )
        self.publish(done, cause=cause)
        bar.closed_until = bar.end
        bar.volume, bar.trades, bar.complete = 0.0, 0, True

    def _size_decimals(self, instrument: str) -> int:
        decimals = self._decimals.get(instrument)
        if decimals is None:
            catalogue = self.context.instruments
            known = instrument in catalogue
            decimals = catalogue.at(instrument, self.now()).size.decimals if known else SIZE_DECIMALS
            self._decimals[instrument] = decimals
        return decimals

    def _count_late(self, trade: Trade) -> None:
        """One alert for each instrument; the count goes on."""
        count = self.late[trade.instrument] = self.late.get(trade.instrument, 0) + 1
        if count == 1:
            text = f"trade {trade.trade_id or trade.id} came after its bar was closed and is in no bar"
            self.publish(Alert(level="warning", code="late-trade", text=text, instrument=trade.instrument))

    def state(self) -> BuilderState:
        for instrument, bars in self.bars.items():
            last = self._last.get(instrument, "")
            for bar in bars:
                bar.last = last if isinstance(last, str) else last.id
        return BuilderState(self.bars, self.late)

    def restore(self, state: Any) -> None:
        found = msgspec.convert(state, BuilderState)
        self.bars, self.late = found.bars, found.late
        self._last = {instrument: bars[0].last for instrument, bars in found.bars.items()}
