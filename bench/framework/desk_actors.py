"""The strategies that the desk benchmarks load: one buys a little at every so many ticks, one counts and averages."""

from __future__ import annotations

from array import array
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from letrade.actors.strategies.base import BaseStrategy, StrategyConfig
from letrade.core.actor import ActorConfig, Context
from letrade.core.clock import wall_ns
from letrade.core.messages.market import Trade

WEIGHT = 0.1


class TickConfig(StrategyConfig, frozen=True, kw_only=True):
    """A wish at each `every`th tick, of `size` more than the last one."""

    every: Annotated[int, Meta(ge=1)] = 100
    size: Annotated[float, Meta(gt=0)] = 0.001


class Climb(BaseStrategy):
    """Wants a little more each time, so that no wish takes back the one before: tick k × every causes signal k."""

    Config: ClassVar[type[ActorConfig]] = TickConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.ticks = 0

    def on_trade(self, trade: Trade) -> None:
        self.ticks += 1
        if self.ticks % self.config.every == 0:
            self.target(round(self.config.size * (self.signal + 1), 3))


class Counting(Climb):
    """Keeps an average, and notes how late each tick came to it, and whether it came in its turn."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.average = 0.0
        self.last_sequence = 0
        self.out_of_order = 0
        self.late_ns = array("q")

    def on_trade(self, trade: Trade) -> None:
        self.average += WEIGHT * (trade.price - self.average)
        if trade.sequence <= self.last_sequence:
            self.out_of_order += 1
        self.last_sequence = trade.sequence
        super().on_trade(trade)
        self.late_ns.append(wall_ns() - trade.time)
