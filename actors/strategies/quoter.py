"""Keeps one bid and one ask working around the market."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from letrade.actors.strategies.base import BaseStrategy, StrategyConfig
from letrade.core.actor import ActorConfig, Context
from letrade.core.config.values import PositiveDuration
from letrade.core.holdings import share_changes
from letrade.core.instruments import Specification
from letrade.core.messages.market import Quote, Trade
from letrade.core.messages.orders import Fill
from letrade.core.messages.signals import WorkingQuote
from letrade.core.quantities import exact, units


class QuoterConfig(StrategyConfig, frozen=True, kw_only=True):
    """`half_spread` is the distance of each quote from the middle, as a fraction of it."""

    size: Annotated[float, Meta(gt=0)]
    half_spread: Annotated[float, Meta(gt=0, lt=0.5)] = 0.0005
    position_max: Annotated[float, Meta(gt=0)]
    """No quote that could bring the position beyond this, either way."""
    refresh: PositiveDuration = 1_000_000_000
    """The shortest time between two changes."""


class Quoter(BaseStrategy):
    """Posts a bid and an ask, never takes, and moves both when the middle moves by at least a tick."""

    Config: ClassVar[type[ActorConfig]] = QuoterConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.held = 0
        self.next_change = 0
        self.wanted: tuple[WorkingQuote, ...] = ()
        self.quoted = False

    def on_quote(self, quote: Quote) -> None:
        if quote.bid > 0 and quote.ask > 0:
            self.quoted = True
            self._consider((quote.bid + quote.ask) / 2)

    def on_trade(self, trade: Trade) -> None:
        """Trades show the middle only where nobody shows the best prices."""
        if not self.quoted:
            self._consider(trade.price)

    def on_fill(self, fill: Fill) -> None:
        """A filled quote is put up again at the next price."""
        changes = share_changes(self._specification(), fill)
        self.held += sum(change for strategy, change in changes if strategy == self.name)
        self.wanted = ()

    def _consider(self, middle: float) -> None:
        if self.now() < self.next_change:
            return
        wanted = self._around(middle)
        if wanted != self.wanted:
            self.wanted = wanted
            self.next_change = self.now() + self.config.refresh
            self.quotes(wanted)

    def _around(self, middle: float) -> tuple[WorkingQuote, ...]:
        """Prices rounded away from the market; a spot ask sells only what is held."""
        specification = self._specification()
        size, limit = units(self.config.size), units(self.config.position_max)
        away = float(exact(middle) * exact(self.config.half_spread))
        bid, ask = specification.price.round_floor(middle - away), specification.price.round_up(middle + away)
        orders = []
        if bid > 0 and self.held + size <= limit:
            orders.append(WorkingQuote(1, bid, self.config.size))
        least_after = 0 if specification.kind == "spot" else -limit
        if self.held - size >= least_after:
            orders.append(WorkingQuote(-1, ask, self.config.size))
        return tuple(orders)

    def _specification(self) -> Specification:
        return self.context.instruments.at(self.instrument, self.now())

    def state(self) -> Any:
        wanted = [[quote.side, quote.price, quote.size] for quote in self.wanted]
        return {"signal": self.signal, "held": str(self.held), "next_change": self.next_change, "wanted": wanted,
                "quoted": self.quoted}  # fmt: skip

    def restore(self, state: Any) -> None:
        super().restore(state)
        self.held, self.next_change, self.quoted = int(state["held"]), state["next_change"], state["quoted"]
        self.wanted = tuple(WorkingQuote(*quote) for quote in state["wanted"])
