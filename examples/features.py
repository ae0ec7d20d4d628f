"""A strategy on features: buys below an RSI, sells above another, and stays out while the market is wild.

Run it live on paper with `PYTHONPATH=examples letrade run examples/features.toml`.
"""

from pathlib import Path
from typing import Any

from letrade import BaseStrategy, Features, StrategyConfig, assemble, run_backtest

MINUTE_NS = 60_000_000_000


class ReversionConfig(StrategyConfig, frozen=True, kw_only=True):
    """Keys of its [[actor]] table, next to `instrument` and `account`."""

    buy_below: float = 40.0
    sell_above: float = 60.0
    volatility_max: float = 0.01
    """Of a bar's logarithmic return."""


class Reversion(BaseStrategy):
    """Long after a fall, flat after a rise. [capital] decides how much long is."""

    Config = ReversionConfig

    def __init__(self, name: str, config: Any, context: Any) -> None:
        super().__init__(name, config, context)
        self.is_long = False

    def on_features(self, features: Features) -> None:
        """What is not warm yet is not among the names."""
        values = dict(zip(features.names, features.values, strict=True))
        if "rsi_14" not in values or "volatility_20" not in values:
            return
        is_quiet = values["volatility_20"] <= self.config.volatility_max
        wants_in = not self.is_long and is_quiet and values["rsi_14"] < self.config.buy_below
        wants_out = self.is_long and values["rsi_14"] > self.config.sell_above
        if wants_in or wants_out:
            self.is_long = wants_in
            self.target(1.0 if wants_in else 0.0, sized=False)

    def state(self) -> Any:
        """What must survive a restart."""
        return {**super().state(), "is_long": self.is_long}

    def restore(self, state: Any) -> None:
        super().restore(state)
        self.is_long = state["is_long"]


def main() -> None:
    """Ten minutes of seeded flow."""
    summary = run_backtest(assemble(Path(__file__).with_suffix(".toml")), run_for_ns=10 * MINUTE_NS)
    print(f"{summary['entries']} entries, {summary['exits']} exits, profit {summary['pnl']}")


if __name__ == "__main__":
    main()
