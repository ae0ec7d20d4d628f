"""A strategy that keeps its account topped up from another one, and spends nothing before it has arrived.

Run it live on paper with `PYTHONPATH=examples letrade run examples/transfers.toml`.
"""

from pathlib import Path
from typing import Any

from letrade import BaseStrategy, Message, Quote, StrategyConfig, TransferUpdate, assemble, run_backtest
from letrade.core.messages.accounts import Balance

MINUTE_NS = 60_000_000_000


class TopUpConfig(StrategyConfig, frozen=True, kw_only=True):
    """Keys of its [[actor]] table, next to `instrument` and `account`."""

    giver: str
    least: float


class TopUp(BaseStrategy):
    """Asks for what is missing once, and again only when that has arrived or come back."""

    Config = TopUpConfig

    def __init__(self, name: str, config: Any, context: Any) -> None:
        super().__init__(name, config, context)
        self.has = 0.0
        self.asked = 0
        self.waits = False

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        """Balances are the account's, not this strategy's."""
        return kind is Balance or super().wants(kind, instrument, strategy)

    def on_balance(self, balance: Balance) -> None:
        if balance.account == self.account and balance.total.currency == "USDT":
            self.has = float(balance.total.decimal)

    def on_quote(self, quote: Quote) -> None:
        if not self.waits and 0 < self.has < self.config.least:
            self.asked += 1  # part of the id: each wish has its own
            self.waits = True
            self.transfer(
                f"{self.name}-{self.asked}", self.account, "USDT", f"{self.config.least - self.has + 1:.2f}",
                account=self.config.giver,
            )  # fmt: skip

    def on_transfer_update(self, update: TransferUpdate) -> None:
        print(f"{update.transfer_id}: {update.amount} {update.state} {update.reason}".rstrip())
        self.waits = update.state in ("requested", "pending", "unknown")

    def state(self) -> Any:
        """What must survive a restart."""
        return {**super().state(), "has": self.has, "asked": self.asked, "waits": self.waits}

    def restore(self, state: Any) -> None:
        super().restore(state)
        self.has, self.asked, self.waits = state["has"], state["asked"], state["waits"]


def main() -> None:
    """A minute of seeded flow, as a backtest of the same desk file."""
    summary = run_backtest(assemble(Path(__file__).with_suffix(".toml")), run_for_ns=MINUTE_NS)
    print(f"balances {summary['balances']}, profit {summary['pnl']}")


if __name__ == "__main__":
    main()
