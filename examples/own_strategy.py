"""A strategy of one's own in one file: buys what breaks out of its last bars, and the desk file that runs it.

Run it live on paper with `PYTHONPATH=examples letrade run examples/own_strategy.toml`.
"""

from collections import deque
from pathlib import Path
from typing import Any

from letrade import Bar, BaseStrategy, StrategyConfig, assemble, run_backtest

MINUTE_NS = 60_000_000_000


class BreakoutConfig(StrategyConfig, frozen=True, kw_only=True):
    """Keys of its [[actor]] table, next to `instrument` and `account`."""

    bars: int = 10
    """How many closes the highest and the lowest are taken of."""


class Breakout(BaseStrategy):
    """Long above the highest of the last closes, flat below the lowest. [capital] decides how much long is."""

    Config = BreakoutConfig

    def __init__(self, name: str, config: Any, context: Any) -> None:
        super().__init__(name, config, context)
        self.closes: deque[float] = deque(maxlen=config.bars)
        self.is_long = False

    def on_bar(self, bar: Bar) -> None:
        """A handler is found by its name and the type of what it takes; it never awaits and never looks at a clock."""
        if len(self.closes) == self.closes.maxlen:
            breaks_out, breaks_down = bar.close > max(self.closes), bar.close < min(self.closes)
            if (breaks_out and not self.is_long) or (breaks_down and self.is_long):
                self.is_long = breaks_out
                self.target(1.0 if self.is_long else 0.0, sized=False)
        self.closes.append(bar.close)

    def state(self) -> Any:
        """What must survive a restart."""
        return {**super().state(), "closes": list(self.closes), "is_long": self.is_long}

    def restore(self, state: Any) -> None:
        super().restore(state)
        self.closes.extend(state["closes"])
        self.is_long = state["is_long"]


def main() -> None:
    """Five minutes of seeded flow, as a backtest of the same desk file."""
    summary = run_backtest(assemble(Path(__file__).with_suffix(".toml")), run_for_ns=5 * MINUTE_NS)
    print(f"{summary['entries']} entries, {summary['exits']} exits, profit {summary['pnl']}")


if __name__ == "__main__":
    main()
