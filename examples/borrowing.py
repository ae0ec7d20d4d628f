"""Borrowed coins sold on spot against a perpetual: their interest, what funding will cost, and a day's settlement.

Run it live on paper with `PYTHONPATH=examples letrade run examples/borrowing.toml`.
"""

from pathlib import Path
from typing import ClassVar

from letrade import assemble, run_backtest
from letrade.core.actor import Actor
from letrade.core.messages.accounts import FundingDue, Settlement
from letrade.core.messages.events import Alert
from letrade.core.messages.orders import CashEntry
from letrade.core.stage import Stage

SECOND_NS = 1_000_000_000


class Said(Actor):
    """Prints what is said of money, in the order in which it is."""

    stage: ClassVar[Stage] = Stage.MONITOR

    def on_cash_entry(self, entry: CashEntry) -> None:
        print(f"{entry.origin} of {entry.strategy}: {entry.amount} {entry.reason}".rstrip())

    def on_funding_due(self, due: FundingDue) -> None:
        print(f"funding that is to come: {due.amount}, {'told' if due.told else 'estimated'}")

    def on_settlement(self, settlement: Settlement) -> None:
        print(f"settlement: {settlement.strategy} earned {settlement.earned}, and may use {settlement.allocated}")

    def on_alert(self, alert: Alert) -> None:
        print(f"{alert.level} {alert.code}: {alert.text}")


def main() -> None:
    """A minute before midnight and half a minute after it, of seeded flow."""
    summary = run_backtest(assemble(Path(__file__).with_suffix(".toml")), run_for_ns=90 * SECOND_NS)
    for held in summary["positions"]:
        print(f"{held['strategy']}: {held['quantity']} {held['instrument']}")


if __name__ == "__main__":
    main()
