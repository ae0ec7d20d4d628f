"""Seeded funding rates: each is told one interval before it is paid, and wanders around its market's own mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from letrade.actors.feeds.synthetic_flow import DEFAULT_ORIGIN
from letrade.core import ids
from letrade.core.actor import ActorConfig, Context
from letrade.core.config.durations import parse_duration
from letrade.core.config.values import Instant, InstrumentId, PositiveDuration
from letrade.core.feed import Feed
from letrade.core.messages.base import Message
from letrade.core.messages.market import FundingRate

EPOCH = 1
EIGHT_HOURS_NS = parse_duration("8h")
KEPT = 0.9
"""Of what a rate was away from its mean, at the next payment."""


class MeanRate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One contract and the rate of eight hours that it wanders around."""

    name: InstrumentId
    rate: Annotated[float, msgspec.Meta(ge=-1, le=1)] = 0.0001


class SyntheticFundingConfig(ActorConfig, frozen=True, kw_only=True):
    """A payment each `interval`, of that part of eight hours' rate; `noise` is what the rate wanders by."""

    rates: tuple[MeanRate, ...]
    interval: PositiveDuration = EIGHT_HOURS_NS
    noise: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.00002
    origin: Instant | None = None


class SyntheticFunding(Feed):
    """Endless."""

    Config = SyntheticFundingConfig

    def __init__(self, name: str, config: SyntheticFundingConfig, context: Context) -> None:
        super().__init__(name, config, context)
        self.origin: int | None = config.origin
        """When the first rates are told; a runtime on the wall clock sets it before `messages`."""

    def messages(self) -> Iterator[Message]:
        config = self.config
        time = self.origin if self.origin is not None else DEFAULT_ORIGIN
        markets = [(each, ids.generator(self.context.seed, self.name, each.name)) for each in config.rates]
        away = [0.0] * len(markets)
        sequence = 0
        while True:
            for place, (market, random) in enumerate(markets):
                sequence += 1
                away[place] = KEPT * away[place] + random.gauss(0.0, config.noise)
                yield FundingRate(
                    time=time, source=self.name, epoch=EPOCH, sequence=sequence, instrument=market.name,
                    rate=(market.rate + away[place]) * config.interval / EIGHT_HOURS_NS,
                    funding_time=time + config.interval,
                )  # fmt: skip
            time += config.interval
