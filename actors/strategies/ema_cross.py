"""Long while the fast exponential mean is at or above the slow one, else short: on quotes, trades or bars."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from letrade.actors.strategies.base import BaseStrategy, StrategyConfig
from letrade.core.actor import ActorConfig, Context
from letrade.core.errors import ConfigurationError
from letrade.core.messages.base import Message
from letrade.core.messages.events import Resume
from letrade.core.messages.market import Bar, Quote, Trade
from letrade.core.messages.orders import OrderRefused, OrderUpdate
from letrade.core.orders import CANCELLED, EXPIRED, REJECTED

KINDS: dict[str, type[Message]] = {"quotes": Quote, "trades": Trade, "bars": Bar}


class EmaCrossConfig(StrategyConfig, frozen=True, kw_only=True):
    """Means over `fast` and `slow` values of the middle of `on` quotes, of trade prices, or of the closes of bars."""

    on: Literal["quotes", "trades", "bars"]
    size: Annotated[float, Meta(gt=0)]
    """Base units, held long or short."""
    fast: Annotated[int, Meta(ge=1)] = 10
    slow: Annotated[int, Meta(ge=2)] = 20

    def __post_init__(self) -> None:
        if self.fast >= self.slow:
            raise ConfigurationError(f"expected fast below slow, found fast {self.fast} and slow {self.slow}")


class EmaCross(BaseStrategy):
    """Always in the market from the slow-th value on; speaks only when the direction changes.

    Each mean starts at the first value and gives 2 / (period + 1) of its weight to each new one.
    """

    Config: ClassVar[type[ActorConfig]] = EmaCrossConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.fast_weight, self.slow_weight = 2.0 / (config.fast + 1), 2.0 / (config.slow + 1)
        self.fast = self.slow = 0.0
        self.missing = config.slow
        """So many values until the first decision."""
        self.is_long: bool | None = None
        """The direction last asked for; None before the first, and once it came to nothing: then it is asked again."""

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        if kind.FAMILY == "md" and kind is not KINDS[self.config.on]:
            return False
        return super().wants(kind, instrument, strategy)

    def on_quote(self, quote: Quote) -> None:
        bid, ask = quote.bid, quote.ask
        if bid > 0.0 and ask > 0.0:
            self._hear((bid + ask) / 2.0)

    def on_trade(self, trade: Trade) -> None:
        self._hear(trade.price)

    def on_bar(self, bar: Bar) -> None:
        self._hear(bar.close)

    def _hear(self, value: float) -> None:
        """Millions of times in a backtest: what has not changed is not touched."""
        if self.missing:
            self._warm_up(value)
            if self.missing:
                return
            fast, slow = self.fast, self.slow
        else:
            fast, slow = self.fast, self.slow
            self.fast = fast = fast + self.fast_weight * (value - fast)
            self.slow = slow = slow + self.slow_weight * (value - slow)
        is_long = fast >= slow
        if is_long is not self.is_long:
            self.is_long = is_long
            self.target(self.config.size if is_long else -self.config.size)

    def _warm_up(self, value: float) -> None:
        if self.missing == self.config.slow:
            self.fast = self.slow = value
        else:
            self.fast += self.fast_weight * (value - self.fast)
            self.slow += self.slow_weight * (value - self.slow)
        self.missing -= 1

    def on_order_refused(self, refused: OrderRefused) -> None:
        self._forget(refused.order_id)

    def on_order_update(self, update: OrderUpdate) -> None:
        if update.state in (REJECTED, EXPIRED) or (update.state == CANCELLED and update.filled < update.size):
            self._forget(update.order_id)

    def _forget(self, order_id: str) -> None:
        """An order of the newest signal came to nothing, or not to all that was asked for."""
        if order_id.startswith(f"{self.name}.{self.signal}."):
            self.is_long = None

    def on_resume(self, resume: Resume) -> None:
        """What was asked for may have been flattened meanwhile."""
        if resume.account in ("*", self.account):
            self.is_long = None

    def state(self) -> Any:
        return {**super().state(), "means": [self.fast, self.slow], "missing": self.missing, "is_long": self.is_long}

    def restore(self, state: Any) -> None:
        super().restore(state)
        (self.fast, self.slow), self.missing, self.is_long = state["means"], state["missing"], state["is_long"]
