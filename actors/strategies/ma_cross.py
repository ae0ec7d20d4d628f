"""Holds a position while the fast moving average is above the slow one."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from letrade.actors.strategies.base import BaseStrategy, StrategyConfig
from letrade.core.actor import ActorConfig, Context
from letrade.core.errors import ConfigurationError
from letrade.core.messages.events import Resume
from letrade.core.messages.features import Features
from letrade.core.messages.orders import OrderRefused, OrderUpdate
from letrade.core.orders import CANCELLED, EXPIRED, REJECTED


class MACrossConfig(StrategyConfig, frozen=True, kw_only=True):
    """Averages of `kind` over `fast` and `slow` bars of one feature set; `size` base units, or capital's own sizing."""

    feature_set: str
    fast: Annotated[int, Meta(ge=1)] = 20
    slow: Annotated[int, Meta(ge=2)] = 50
    kind: Literal["sma", "ema"] = "sma"
    size: Annotated[float, Meta(gt=0)] | None = None
    fraction: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """Of what capital would give, when `size` is left out."""
    long_only: bool = True

    def __post_init__(self) -> None:
        if self.fast >= self.slow:
            raise ConfigurationError(f"expected fast below slow, found fast {self.fast} and slow {self.slow}")


class MACross(BaseStrategy):
    """Long while fast > slow, else flat (or short); speaks only when what it wants changes."""

    Config: ClassVar[type[ActorConfig]] = MACrossConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.names = (f"{config.kind}_{config.fast}", f"{config.kind}_{config.slow}")
        self.accepted: float | None = None
        """The last position asked for, None once it was refused: then the next decision asks again."""

    def on_features(self, features: Features) -> None:
        """Decide at the end of each bar, from the first one at which the slow window is full."""
        if features.feature_set != self.config.feature_set or features.count < self.config.slow:
            return
        if self.names[0] not in features.names or self.names[1] not in features.names:
            return
        fast, slow = (features.values[features.names.index(name)] for name in self.names)
        wanted = self._wanted(fast > slow)
        if wanted != self.accepted and not (wanted == 0.0 and self.signal == 0):
            self.accepted = wanted
            self.target(wanted, sized=self.config.size is not None)

    def _wanted(self, above: bool) -> float:
        amount: float = self.config.fraction if self.config.size is None else self.config.size
        if above:
            return amount
        return 0.0 if self.config.long_only else -amount

    def on_order_refused(self, refused: OrderRefused) -> None:
        self._forget(refused.order_id)

    def on_order_update(self, update: OrderUpdate) -> None:
        if update.state in (REJECTED, EXPIRED) or (update.state == CANCELLED and update.filled < update.size):
            self._forget(update.order_id)

    def on_resume(self, resume: Resume) -> None:
        """What was asked for may have been flattened meanwhile."""
        if resume.account in ("*", self.account):
            self.accepted = None

    def _forget(self, order_id: str) -> None:
        """An order of the newest signal came to nothing."""
        if order_id.startswith(f"{self.name}.{self.signal}."):
            self.accepted = None

    def state(self) -> Any:
        return {"signal": self.signal, "accepted": self.accepted}

    def restore(self, state: Any) -> None:
        super().restore(state)
        self.accepted = state["accepted"]
