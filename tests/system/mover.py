"""A strategy for tests that moves money back and forth between two accounts, and counts what becomes of it."""

from __future__ import annotations

from typing import Any

from letrade.actors.strategies.base import BaseStrategy, StrategyConfig
from letrade.core.actor import Context
from letrade.core.ids import Random
from letrade.core.messages.market import Trade
from letrade.core.messages.transfers import TransferUpdate


class MoverConfig(StrategyConfig, frozen=True, kw_only=True):
    """A transfer at every so many trades, until there were enough."""

    other: str
    every: int = 20
    most: int = 100
    largest: float = 6000.0


class Mover(BaseStrategy):
    """Amounts are drawn, also some that nobody has; now and then it asks for one twice."""

    Config = MoverConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.trades = self.asked = 0
        self.ended: dict[str, int] = {}

    def on_trade(self, trade: Trade) -> None:
        self.trades += 1
        if self.trades % self.config.every or self.asked >= self.config.most:
            return
        self.asked += 1
        random: Random = self.random(str(self.asked))
        back = random.random() < 0.5
        giver, taker = (self.config.other, self.account) if back else (self.account, self.config.other)
        amount = f"{random.uniform(1.0, self.config.largest):.3f}"
        for _ in range(1 + (random.random() < 0.2)):
            self.transfer(f"{self.name}.{self.asked}", taker, "USDT", amount, account=giver)

    def on_transfer_update(self, update: TransferUpdate) -> None:
        self.ended[update.state] = self.ended.get(update.state, 0) + 1

    def state(self) -> Any:
        return {**super().state(), "trades": self.trades, "asked": self.asked, "ended": list(self.ended.items())}

    def restore(self, state: Any) -> None:
        super().restore(state)
        self.trades, self.asked, self.ended = state["trades"], state["asked"], dict(state["ended"])
