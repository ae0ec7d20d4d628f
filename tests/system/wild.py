"""A strategy that wants anything, drawn from its seed, and remembers all that it heard: to compare engines with."""

from __future__ import annotations

from typing import Any, ClassVar

from letrade.actors.strategies.base import BaseStrategy, StrategyConfig
from letrade.core.actor import ActorConfig, Context
from letrade.core.ids import generator
from letrade.core.messages.base import Message
from letrade.core.messages.market import Bar, Quote, Trade
from letrade.core.messages.orders import CashEntry, Fill, OrderRefused, OrderUpdate
from letrade.core.messages.signals import WorkingQuote

OF_THE_MOMENT = ("stale", "capital", "signal")
"""Rules whose limit only the actors know."""


class WildConfig(StrategyConfig, frozen=True, kw_only=True):
    """How often it wants something new, and what it may want."""

    seed: int = 1
    every: int = 3
    """One event of so many."""
    lots_max: int = 40
    limits: bool = True
    quoting: bool = True
    sized: bool = True
    protecting: float = 0.0
    """How often a wish is a stop, a take-profit or both, by themselves or with a position."""
    trailing: float = 0.0
    """How many of them follow the best price."""
    triggers: tuple[str, ...] = ("last",)
    """What reaches them, each as often as it stands here."""


class Wild(BaseStrategy):
    """Positions, directions, limits and sets of quotes in no sensible order."""

    Config: ClassVar[type[ActorConfig]] = WildConfig
    HEARD: ClassVar[dict[str, list[tuple[Any, ...]]]] = {}
    """By name, what the last strategy of this name was told."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.drawn = generator(config.seed, name)
        self.heard: list[tuple[Any, ...]] = []
        self.HEARD[name] = self.heard
        self.specification = context.instruments.at(self.instrument, 0)
        self.price = 0.0

    def on_quote(self, quote: Quote) -> None:
        if quote.bid > 0 and quote.ask > 0:
            self._see((quote.bid + quote.ask) / 2)

    def on_trade(self, trade: Trade) -> None:
        self._see(trade.price)

    def on_bar(self, bar: Bar) -> None:
        self._see(bar.close)

    def on_fill(self, fill: Fill) -> None:
        self.heard.append(
            (self.now(), fill.order_id, fill.time, fill.side, fill.size, fill.price, str(fill.fee), fill.maker)
        )
        if self.drawn.random() < 0.1:
            self.target(0.0)
        if self.config.protecting and self.drawn.random() < self.config.protecting / 2:
            self._protect(fill.price)

    def on_cash_entry(self, entry: CashEntry) -> None:
        self.heard.append((self.now(), entry.entry_id, entry.time, entry.account, entry.origin, str(entry.amount)))
        if self.drawn.random() < 0.3:
            self._want()

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        """Payments of its instrument too."""
        return super().wants(kind, instrument, strategy) or (kind is CashEntry and instrument == self.instrument)

    def on_order_update(self, update: OrderUpdate) -> None:
        self.heard.append(
            (self.now(), update.order_id, update.time, update.state, update.size, update.filled, update.price,
             update.reduce_only, "" if update.state in ("rejected", "expired") else update.reason)
        )  # fmt: skip

    def on_order_refused(self, refused: OrderRefused) -> None:
        limit = "" if refused.rule in OF_THE_MOMENT else refused.limit
        told = (refused.order_id, refused.time, refused.rule, limit, refused.refused_by, refused.what)
        self.heard.append((self.now(), *told))
        if self.drawn.random() < 0.3:
            self._want()

    def _see(self, price: float) -> None:
        self.price = price
        if self.drawn.randrange(self.config.every) == 0:
            self._want()

    def _near(self, ticks: int) -> float:
        """A price on the grid, so many ticks from the last one."""
        grid = self.specification.price
        return grid.value_of_steps(max(1, grid.steps(grid.round_floor(self.price)) + ticks))

    def _protect(self, price: float) -> None:
        """Near or far, on the right side or beyond the price already, of all or a part; or of nothing any more."""
        draw, grid, size = self.drawn, self.specification.price, self.specification.size
        if draw.random() < 0.1:
            self.protect()
            return
        if draw.random() < 0.05:
            self.protect(stop=price * 1.00001234)
            return
        at, side = max(100, grid.steps(grid.round_floor(price))), draw.choice((1, -1))
        stop = grid.value_of_steps(at - side * draw.randrange(-2, 9))
        profit = grid.value_of_steps(at + side * draw.randrange(-2, 9))
        part = size.value_of_steps(1 + draw.randrange(self.config.lots_max)) if draw.random() < 0.25 else None
        which = draw.randrange(4)
        trail = grid.value_of_steps(draw.randrange(1, 9)) if draw.random() < self.config.trailing else None
        if trail is not None and draw.random() < 0.05:
            trail *= 1.00001234
        by = draw.choice(self.config.triggers)
        self.protect(stop if which != 1 else None, profit if which != 2 else None, part, trail=trail, trigger_by=by)

    def _want(self) -> None:
        if self.config.protecting and self.price and self.drawn.random() < self.config.protecting:
            before = self.drawn.random() < 0.3
            if before:
                self._protect(self.price)
            if self.drawn.random() < 0.5:
                self._want_orders()
            if not before:
                self._protect(self.price)
            return
        self._want_orders()

    def _want_orders(self) -> None:
        draw, lots, size = self.drawn, self.config.lots_max, self.specification.size
        if self.config.quoting and draw.random() < 0.4:
            orders = []
            for _ in range(draw.randrange(4)):
                side = draw.choice((1, -1))
                price = self._near(-side * draw.randrange(-1, 8))
                orders.append(WorkingQuote(side, price, size.value_of_steps(1 + draw.randrange(lots))))
            self.quotes(tuple(orders), post_only=draw.random() < 0.5)
            return
        least = 0 if self.specification.kind == "spot" else -lots
        wanted = size.value_of_steps(draw.randrange(least, lots + 1))
        limit = self._near(draw.randrange(-4, 5)) if self.config.limits and draw.random() < 0.5 else None
        if self.config.sized and draw.random() < 0.1:
            self.target(draw.choice((-1.0, -0.5, 0.0, 0.5, 1.0)), sized=False, price=limit)
            return
        self.target(wanted, price=limit, post_only=limit is not None and draw.random() < 0.3)

    def state(self) -> Any:
        return {"signal": self.signal}
