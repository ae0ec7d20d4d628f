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
from letrade.hotpath.book import Book

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
        self._every, self._rules_at = config.every, context.instruments.at
        self._size, self._position_max = units(config.size), units(config.position_max)
        self._hold(0)
        self.wanted: tuple[int, int] | None = (0, 0)
        """(bid, ask) that were asked for, in ticks, 0 for none; None when they must be said again."""

    def _hold(self, held: int) -> None:
        """In units of 1e-18; what follows from it for both quotes."""
        self.held = held
        self._leans = self.config.skew * (held / self._size)
        self._bids, self._asks = held + self._size <= self._position_max, held - self._size >= -self._position_max

    def use_book(self, book: Book, price_decimals: int, size_decimals: int) -> None:
        super().use_book(book, price_decimals, size_decimals)
        self._tick = 0
        """Of the instrument, in the book's units; 0 while it is not looked up."""

    def start(self) -> None:
        every = self._every
        self.set_timer((self.now() // every + 1) * every, QUOTE)

    def on_timer(self, timer: Timer) -> None:
        every = self._every
        self.set_timer((timer.time // every + 1) * every, QUOTE)
        bid, ask = self.book.best_prices()
        wanted = self._around(bid, ask) if bid and ask else (0, 0)
        if wanted != self.wanted:
            self.wanted = wanted
            self._say(wanted)

    def on_fill(self, fill: Fill) -> None:
        """A filled quote is put up again, at the price that the position then asks for."""
        specification = self._rules_at(self.instrument, self.now())
        if specification.kind == "linear":
            change = fill.side * units(fill.size)
        else:
            change = sum(change for strategy, change in share_changes(specification, fill) if strategy == self.name)
        self._hold(self.held + change)
        self.wanted = None

    def _around(self, best_bid: int, best_ask: int) -> tuple[int, int]:
        """Prices in ticks; 0 for a side that must not be quoted."""
        tick, half = self._tick or self._look_up_tick(), self.config.half_spread
        centre = (best_bid + best_ask) / 2 / tick - self._leans
        bid, top_bid, ask, top_ask = floor(centre - half), best_bid // tick, ceil(centre + half), -(-best_ask // tick)
        if bid > top_bid:
            bid = top_bid
        if ask < top_ask:
            ask = top_ask
        return bid if self._bids else 0, ask if self._asks else 0

    def _say(self, wanted: tuple[int, int]) -> None:
        (bid, ask), size = wanted, self.config.size
        tick, one = self._tick or self._look_up_tick(), self.price_one
        if bid > 0 and ask > 0:
            self.quotes((WorkingQuote(1, bid * tick / one, size), WorkingQuote(-1, ask * tick / one, size)))
        elif bid > 0:
            self.quotes((WorkingQuote(1, bid * tick / one, size),))
        else:
            self.quotes((WorkingQuote(-1, ask * tick / one, size),) if ask > 0 else ())

    def _look_up_tick(self) -> int:
        """The book may be finer than the instrument's own decimals."""
        price = self._rules_at(self.instrument, self.now()).price
        self._tick = price.step_units * int(10 ** (self.price_decimals - price.decimals))
        return self._tick

    def state(self) -> Any:
        return {**super().state(), "held": str(self.held), "wanted": self.wanted}

    def restore(self, state: Any) -> None:
        super().restore(state)
        self._hold(int(state["held"]))
        self.wanted = None if state["wanted"] is None else (state["wanted"][0], state["wanted"][1])
