"""Takes one position at the first price and keeps it: what every other strategy is compared with."""

from __future__ import annotations

from typing import Any, ClassVar

from letrade.actors.strategies.base import BaseStrategy, StrategyConfig
from letrade.core.actor import ActorConfig, Context
from letrade.core.messages.base import Number
from letrade.core.messages.market import Bar, Quote, Trade
from letrade.core.messages.orders import OrderRefused, OrderUpdate
from letrade.core.orders import CANCELLED, EXPIRED, REJECTED

AGAIN_NS = 60_000_000_000
"""What came to nothing is asked for again so much later."""


class HoldConfig(StrategyConfig, frozen=True, kw_only=True):
    """`position` in base units, negative for short."""

    position: Number


class Hold(BaseStrategy):
    """Long or short `position` from the first trade, quote or bar on."""

    Config: ClassVar[type[ActorConfig]] = HoldConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.next_wish = 0
        """Asked for once this time has come; -1: it is on its way, or held."""

    def on_price(self, message: Trade | Quote | Bar) -> None:
        if 0 <= self.next_wish <= message.time:
            self.next_wish = -1
            self.target(self.config.position)

    def on_order_refused(self, refused: OrderRefused) -> None:
        self._ask_again()

    def on_order_update(self, update: OrderUpdate) -> None:
        if update.state in (REJECTED, EXPIRED) or (update.state == CANCELLED and update.filled < update.size):
            self._ask_again()

    def _ask_again(self) -> None:
        self.next_wish = self.now() + AGAIN_NS

    def state(self) -> Any:
        return {**super().state(), "next_wish": self.next_wish}

    def restore(self, state: Any) -> None:
        super().restore(state)
        self.next_wish = state["next_wish"]
