"""Seeded orders of other participants around a moving fair price, for the matching engine of a simulated venue."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterator
from typing import Annotated

import msgspec

from letrade.actors.feeds.naming import described
from letrade.core import ids
from letrade.core.actor import ActorConfig, Context
from letrade.core.clock import SECOND
from letrade.core.config.values import Instant, InstrumentId, Positive, parse_decimal, parse_instant
from letrade.core.errors import ConfigurationError
from letrade.core.feed import Feed
from letrade.core.instruments import Specification
from letrade.core.messages.base import Message
from letrade.core.messages.market import FlowOrder, Instrument, MarketFlow

EPOCH = 1
BUY, SELL = 1, -1
DEFAULT_ORIGIN = parse_instant("2024-01-01")
LIMIT_SHARE, MARKET_SHARE = 0.70, 0.15
"""Of all commands; the rest cancels."""
OFFSET_MEAN = 4.0
OFFSET_MAX = 20
"""How far from the fair price orders are placed, in spacings."""
DEPTH_MAX = 60
"""Orders a side that the flow keeps; the oldest makes room."""
SPACING = 1e-5
"""The spacing of the flow's prices as a share of the price, where the tick is finer."""
WANDER = 0.03
"""So far from its start the fair price is pulled back."""


class Listing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One instrument and the price it starts at."""

    name: InstrumentId
    price: Positive
    follows: InstrumentId | None = None
    """Its fair price moves as that of this one does, which is listed before it: a contract on it, or its next."""


class SyntheticFlowConfig(ActorConfig, frozen=True, kw_only=True):
    """`rate` commands a second and instrument; volatility in 1e-4 of the price per root second, drift per second."""

    instruments: tuple[Listing, ...] = (
        Listing(name="paper.BTC-USDT", price=parse_decimal(60_000)),
        Listing(name="paper.ETH-USDT", price=parse_decimal(3_000)),
    )
    rate: Annotated[float, msgspec.Meta(gt=0, le=1e5)] = 100.0
    volatility: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.2
    drift: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.2
    regime: Annotated[float, msgspec.Meta(gt=0, le=1e6)] = 8.0
    """Mean seconds until the drift is drawn anew."""
    notional: Annotated[float, msgspec.Meta(gt=0, le=1e12)] = 3_000.0
    """The mean notional of an order."""
    origin: Instant | None = None
    live: bool = False
    """True: the origin is the wall clock's time at the start."""


class SyntheticFlow(Feed):
    """Endless: the first command of each instrument fills its book, the others follow at random times."""

    Config = SyntheticFlowConfig

    def __init__(self, name: str, config: SyntheticFlowConfig, context: Context) -> None:
        super().__init__(name, config, context)
        self.origin: int | None = config.origin
        """The time of the first command; a runtime on the wall clock sets it before `messages`."""

    def instruments(self) -> tuple[Instrument, ...]:
        """Those that the desk does not define, with a tick of about a hundred-thousandth of the price."""
        unknown = [listing for listing in self.config.instruments if listing.name not in self.context.instruments]
        return tuple(_invented(listing) for listing in unknown)

    def messages(self) -> Iterator[Message]:
        origin = self.origin if self.origin is not None else DEFAULT_ORIGIN
        markets: list[FlowMarket] = []
        for listing in self.config.instruments:
            markets.append(self._market(listing, markets))
        due = [(origin, position) for position in range(len(markets))]
        sequence = 0
        while due:
            time, position = due[0]
            market = markets[position]
            sequence += 1
            orders = market.step() if market.opened else market.open_book()
            yield MarketFlow(
                time=time, source=self.name, epoch=EPOCH, sequence=sequence, instrument=market.rules.id, orders=orders
            )
            heapq.heapreplace(due, (time + market.wait_ns(), position))

    def _market(self, listing: Listing, before: list[FlowMarket]) -> FlowMarket:
        catalogue = self.context.instruments
        known = listing.name in catalogue
        rules = catalogue.at(listing.name, 0) if known else Specification(_invented(listing))
        random = ids.generator(self.context.seed, self.name, listing.name)
        leader = next((market for market in before if market.rules.id == listing.follows), None)
        if leader is None and listing.follows is not None:
            raise ConfigurationError(
                f"{listing.name} follows {listing.follows}: expected an instrument listed before it"
            )
        return FlowMarket(self.config, rules, float(listing.price), random, leader)


def _invented(listing: Listing) -> Instrument:
    """Tick 1 at 60,000, 0.01 at 1,000; a lot is worth about a cent."""
    magnitude = math.floor(math.log10(float(listing.price)))
    tick, lot = (f"{parse_decimal(1).scaleb(exponent):f}" for exponent in (magnitude - 4, -magnitude - 2))
    return described(listing.name, tick, lot)


class FlowMarket:
    """The flow of one instrument: its fair price, in spacings, and its own resting orders, oldest first."""

    def __init__(
        self, config: SyntheticFlowConfig, rules: Specification, price: float, random: ids.Random,
        leader: FlowMarket | None = None,
    ) -> None:  # fmt: skip
        self.rules = rules
        self.leader = leader
        self.random = random
        self.opened = False
        self.resting: dict[int, deque[int]] = {BUY: deque(), SELL: deque()}
        self._next_id = 1
        self._rate = config.rate
        tick = float(rules.price.step)
        self._spacing_ticks = max(1, round(price * SPACING / tick))
        self._start = self._fair = price / (tick * self._spacing_ticks)
        self._volatility = config.volatility * 1e-4 * self._start
        self._drift_max = config.drift * 1e-4 * self._start
        self._regime_seconds = config.regime
        self._drift = self._regime_left = self._elapsed = 0.0
        each = float(rules.multiplier) * (1.0 if rules.inverse else price)
        self._mean_lots = config.notional / each / float(rules.size.step)

    def wait_ns(self) -> int:
        """Until the next command; the fair price will have moved by then."""
        wait = max(1, round(self.random.expovariate(self._rate) * SECOND))
        self._elapsed = wait / SECOND
        return wait

    def open_book(self) -> tuple[FlowOrder, ...]:
        """Half of the depth of each side."""
        self.opened = True
        return tuple(order for _ in range(DEPTH_MAX // 2) for side in (BUY, SELL) for order in self._limit(side))

    def step(self) -> tuple[FlowOrder, ...]:
        """One command, or two where a new order takes the place of the oldest."""
        self._move()
        choice = self.random.random()
        side = BUY if self.random.random() < 0.5 else SELL
        if choice < LIMIT_SHARE:
            return self._limit(side)
        if choice < LIMIT_SHARE + MARKET_SHARE:
            return (FlowOrder("market", self._take_id(), side, 0.0, self._size()),)
        return self._cancel(side)

    def _move(self) -> None:
        """A random walk with a drift that is drawn anew now and then, and points home from far away; or a leader's."""
        if self.leader is not None:
            self._fair = max(self._start * (self.leader._fair / self.leader._start), OFFSET_MAX + 2.0)
            return
        random, elapsed = self.random, self._elapsed
        self._regime_left -= elapsed
        if self._regime_left <= 0.0:
            self._regime_left = random.expovariate(1.0 / self._regime_seconds)
            self._drift = random.uniform(-self._drift_max, self._drift_max)
        away = self._fair / self._start - 1.0
        if abs(away) > WANDER:
            self._drift = math.copysign(self._drift_max, -away)
        moved = self._drift * elapsed + self._volatility * math.sqrt(elapsed) * random.gauss(0.0, 1.0)
        self._fair = max(self._fair + moved, OFFSET_MAX + 2.0)

    def _limit(self, side: int) -> tuple[FlowOrder, ...]:
        """Below the fair price to buy, above it to sell, most of them near."""
        offset = min(OFFSET_MAX, int(self.random.expovariate(1.0 / OFFSET_MEAN)))
        level = math.floor(self._fair) - offset if side == BUY else math.floor(self._fair) + 1 + offset
        price = self.rules.price.value_of_steps(level * self._spacing_ticks)
        order = FlowOrder("limit", self._take_id(), side, price, self._size())
        resting = self.resting[side]
        resting.append(order.order_id)
        return (order, FlowOrder("cancel", resting.popleft(), side)) if len(resting) > DEPTH_MAX else (order,)

    def _cancel(self, side: int) -> tuple[FlowOrder, ...]:
        """One of the older half, which are the far ones; of a thin side nothing, but a new order."""
        resting = self.resting[side]
        if len(resting) < DEPTH_MAX // 2:
            return self._limit(side)
        place = self.random.randrange(len(resting) // 2)
        order_id = resting[place]
        del resting[place]
        return (FlowOrder("cancel", order_id, side),)

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _size(self) -> float:
        return self.rules.size.value_of_steps(max(1, round(self.random.expovariate(1.0 / self._mean_lots))))
