"""A load: trades at an even rate whose prices swing, so that averages of short bars cross often."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

import msgspec

from letrade.actors.feeds.naming import described
from letrade.core import ids
from letrade.core.actor import ActorConfig, Context
from letrade.core.clock import SECOND
from letrade.core.config.durations import parse_duration
from letrade.core.config.values import Instant, InstrumentId, PositiveDuration, parse_instant
from letrade.core.feed import Feed
from letrade.core.messages.base import Message
from letrade.core.messages.market import Instrument, Trade

EPOCH = 1
TICK, LOT = "0.01", "0.001"
TICKS_PER_UNIT, LOTS_PER_UNIT = 100, 1_000
BASE_TICKS = 10_000
DEFAULT_ORIGIN = parse_instant("2024-01-01")
NOISE = 4_096
"""Precomputed draws, taken round and round: drawing for each trade would cost more than the trade."""


class SyntheticTradesConfig(ActorConfig, frozen=True, kw_only=True):
    """`count` instruments (or those of `names`) with `trades_per_second` each, evenly spaced, for `duration`."""

    count: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 20
    names: tuple[InstrumentId, ...] = ()
    venue: str = "paper"
    trades_per_second: Annotated[float, msgspec.Meta(gt=0, le=1e6)] = 500.0
    duration: PositiveDuration = parse_duration("60s")
    swing: PositiveDuration = parse_duration("4s")
    """One rise and fall of a price."""
    swing_ticks: Annotated[int, msgspec.Meta(ge=0, le=5_000)] = 200
    origin: Instant | None = None


class SyntheticTrades(Feed):
    """Trade k of all is planned at origin + k / (rate × instruments); its instrument is k modulo their number."""

    Config = SyntheticTradesConfig

    def __init__(self, name: str, config: SyntheticTradesConfig, context: Context) -> None:
        super().__init__(name, config, context)
        self.origin: int | None = config.origin
        """The time of the first trade; a runtime that paces by the wall clock sets it before `messages`."""

    def names(self) -> tuple[str, ...]:
        return self.config.names or tuple(f"{self.config.venue}.L{i:02d}-USDT" for i in range(self.config.count))

    def instruments(self) -> tuple[Instrument, ...]:
        return tuple(described(name, TICK, LOT) for name in self.names() if name not in self.context.instruments)

    def messages(self) -> Iterator[Message]:
        """Count = rate × duration × instruments, then it ends."""
        names, config, source = self.names(), self.config, self.name
        origin = self.origin if self.origin is not None else DEFAULT_ORIGIN
        many = len(names)
        total = int(config.trades_per_second * config.duration / SECOND) * many
        interval_ns = SECOND / (config.trades_per_second * many)
        swing, noise, lots, sides = self._swing(), *self._draws()
        steps = len(swing)
        shifts = [position * steps // many for position in range(many)]
        for k in range(total):
            turn, position = divmod(k, many)
            draw = (turn * 31 + position * 7) % NOISE
            yield Trade(
                time=origin + int(k * interval_ns),
                source=source,
                epoch=EPOCH,
                sequence=k + 1,
                instrument=names[position],
                price=(swing[(turn + shifts[position]) % steps] + noise[draw]) / TICKS_PER_UNIT,
                size=lots[draw] / LOTS_PER_UNIT,
                side=sides[draw],
            )

    def _swing(self) -> list[int]:
        """Prices in ticks over one rise and fall."""
        steps = max(1, round(self.config.trades_per_second * self.config.swing / SECOND))
        height = self.config.swing_ticks
        return [BASE_TICKS + round(height * math.sin(2 * math.pi * step / steps)) for step in range(steps)]

    def _draws(self) -> tuple[list[int], list[int], list[int]]:
        """Noise in ticks, sizes in lots and sides."""
        random = ids.generator(self.context.seed, self.name, "draws")
        largest = max(1, self.config.swing_ticks // 20)
        noise = [random.randint(-largest, largest) for _ in range(NOISE)]
        lots = [random.randint(1, 2_000) for _ in range(NOISE)]
        return noise, lots, [1 if random.random() < 0.5 else -1 for _ in range(NOISE)]
