"""Makes a market from the book: one bid and one ask around the middle, leaned against what is held."""

from __future__ import annotations

from math import ceil, floor
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from letrade.actors.strategies.base import BookStrategy, StrategyConfig
from letrade.core.actor import ActorConfig, Context
from letrade.core.config.values import PositiveDuration
from letrade.core.holdings import share_changes
from letrade.core.messages.base import Timer
from letrade.core.messages.orders import Fill
from letrade.core.messages.signals import WorkingQuote
from letrade.core.quantities import units

QUOTE = "quote"


class BookMakerConfig(StrategyConfig, frozen=True, kw_only=True):
    """`half_spread` and `skew` are distances in ticks."""

    size: Annotated[float, Meta(gt=0)]
    half_spread: Annotated[float, Meta(ge=0)] = 1.0
    """From the middle to each quote; never better than the best price of the same side."""
    skew: Annotated[float, Meta(ge=0)] = 1.0
    """Both quotes move so far against the position for each `size` that is held."""
    position_max: Annotated[float, Meta(gt=0)]
    """No quote that could bring the position beyond this, either way."""
    every: PositiveDuration = 100_000_000
    """How often the quotes are looked at."""


class BookMaker(BookStrategy):
    """Looks at the book by timer, on a grid of `every`; speaks only when a price or a side changes, never takes."""

    Config: ClassVar[type[ActorConfig]] = BookMakerConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.held = 0
        """In units of 1e-18."""
        self.wanted: tuple[int, int] | None = (0, 0)
        """(bid, ask) that were asked for, in ticks, 0 for none; None when they must be said again."""
        self._size, self._position_max = units(config.size), units(config.position_max)

    def start(self) -> None:
        self._look_later()

    def _look_later(self) -> None:
        self.set_timer((self.now() // self.config.every + 1) * self.config.every, QUOTE)

    def on_timer(self, timer: Timer) -> None:
        self._look_later()
        bid, ask = self.book.best()
        wanted = self._around(bid[0], ask[0]) if bid and ask else (0, 0)
        if wanted != self.wanted:
            self.wanted = wanted
            self._say(*wanted)

    def on_fill(self, fill: Fill) -> None:
        """A filled quote is put up again, at the price that the position then asks for."""
        specification = self.context.instruments.at(self.instrument, self.now())
        self.held += sum(change for strategy, change in share_changes(specification, fill) if strategy == self.name)
        self.wanted = None

    def _around(self, best_bid: int, best_ask: int) -> tuple[int, int]:
        """Prices in ticks; 0 for a side that must not be quoted."""
        tick = self._tick_units()
        lean = self.config.skew * (self.held / self._size)
        centre = (best_bid + best_ask) / 2 / tick - lean
        bid = min(floor(centre - self.config.half_spread), best_bid // tick)
        ask = max(ceil(centre + self.config.half_spread), -(-best_ask // tick))
        return (
            bid if self.held + self._size <= self._position_max else 0,
            ask if self.held - self._size >= -self._position_max else 0,
        )

    def _say(self, bid: int, ask: int) -> None:
        tick, size = self._tick_units(), self.config.size
        sides = [(side, ticks * tick / self.price_one) for side, ticks in ((1, bid), (-1, ask)) if ticks > 0]
        self.quotes(tuple(WorkingQuote(side, price, size) for side, price in sides))

    def _tick_units(self) -> int:
        """A tick in the book's units, which may be finer than the instrument's own decimals."""
        price = self.context.instruments.at(self.instrument, self.now()).price
        return price.step_units * int(10 ** (self.price_decimals - price.decimals))

    def state(self) -> Any:
        return {**super().state(), "held": str(self.held), "wanted": self.wanted}

    def restore(self, state: Any) -> None:
        super().restore(state)
        self.held = int(state["held"])
        self.wanted = None if state["wanted"] is None else (state["wanted"][0], state["wanted"][1])
