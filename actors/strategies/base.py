"""What every strategy shares: its instrument and account, its count of signals, and news of its own orders alone."""

from __future__ import annotations

from typing import Any, ClassVar

from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.messages.base import Message
from letrade.core.messages.signals import Quotes, Target, WorkingQuote
from letrade.core.stage import Stage


class StrategyConfig(ActorConfig, frozen=True, kw_only=True):
    """Where the strategy trades."""

    instrument: str
    account: str


class BaseStrategy(Actor):
    """Says what it wants; CapitalManager and RiskManager decide what becomes of it. Never sends an order."""

    stage: ClassVar[Stage] = Stage.STRATEGY
    Config: ClassVar[type[ActorConfig]] = StrategyConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.instrument: str = config.instrument
        self.account: str = config.account
        self.signal = 0
        """Signals so far, over restarts: part of every order id."""

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        """Market data of its instrument, what concerns its own orders, and events of the desk."""
        if kind.FAMILY == "ev":
            return True
        return instrument == self.instrument and (kind.FAMILY == "md" or strategy == self.name)

    def target(
        self, position: float, *, sized: bool = True, price: float | None = None, post_only: bool = False
    ) -> None:
        """Want this position, in base units, or as a direction in [-1, 1] when not `sized`."""
        self.signal += 1
        self.publish(
            Target(
                strategy=self.name, account=self.account, instrument=self.instrument, signal=self.signal,
                position=position, sized=sized, price=price, post_only=post_only,
            )
        )  # fmt: skip

    def quotes(self, orders: tuple[WorkingQuote, ...], *, post_only: bool = True) -> None:
        """Want exactly these orders to be working."""
        self.signal += 1
        self.publish(
            Quotes(
                strategy=self.name, account=self.account, instrument=self.instrument, signal=self.signal,
                orders=orders, post_only=post_only,
            )
        )  # fmt: skip

    def state(self) -> Any:
        return {"signal": self.signal}

    def restore(self, state: Any) -> None:
        self.signal = state["signal"]
