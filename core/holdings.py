"""Who holds how much: each strategy's share of each account's position, counted from fills alone."""

from __future__ import annotations

from typing import Any

from letrade.core.instruments import Specification
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.orders import Fill
from letrade.core.quantities import units, units_of_money

Key = tuple[str, str, str]
"""(account, instrument, strategy)."""


def share_changes(specification: Specification, fill: Fill) -> list[tuple[str, int]]:
    """(strategy, change of its share) in units of 1e-18.

    A spot buyer who pays in the asset bought receives less of it. A seller who pays in the asset sold pays from what
    nobody is assigned, so that a close leaves the strategy at zero.
    """
    changes = [(fill.strategy, fill.side * units(fill.size))]
    fee = units_of_money(fill.fee)
    if fee and specification.kind == "spot" and fill.fee.currency == specification.base:
        changes.append((fill.strategy if fill.side > 0 else NO_STRATEGY, -fee))
    return changes


class Holdings:
    """Signed shares by (account, instrument, strategy); flat ones are forgotten."""

    def __init__(self) -> None:
        self.shares: dict[Key, int] = {}

    def book(self, specification: Specification, fill: Fill) -> None:
        for strategy, change in share_changes(specification, fill):
            key = (fill.account, fill.instrument, strategy)
            share = self.shares.pop(key, 0) + change
            if share:
                self.shares[key] = share

    def share(self, account: str, instrument: str, strategy: str) -> int:
        return self.shares.get((account, instrument, strategy), 0)

    def net(self, account: str, specification: Specification) -> int:
        """The account's position. Of a spot asset only what strategies hold: the rest is not theirs to sell."""
        return sum(
            share
            for (held_account, instrument, strategy), share in self.shares.items()
            if held_account == account
            and instrument == specification.id
            and (strategy != NO_STRATEGY or specification.kind != "spot")
        )

    def of_account(self, account: str) -> dict[str, dict[str, int]]:
        """Shares by strategy by instrument, in the order of their names."""
        found: dict[str, dict[str, int]] = {}
        for held_account, instrument, strategy in sorted(self.shares):
            if held_account == account:
                found.setdefault(instrument, {})[strategy] = self.shares[(held_account, instrument, strategy)]
        return found

    def state(self) -> list[list[str]]:
        return [[*key, str(share)] for key, share in self.shares.items()]

    def restore(self, state: Any) -> None:
        self.shares = {(account, instrument, strategy): int(share) for account, instrument, strategy, share in state}
