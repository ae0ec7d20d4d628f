"""Who holds how much: each strategy's share of each account's position, counted from fills alone."""

from __future__ import annotations

from typing import Any

from letrade.core.instruments import Catalogue, Specification
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.orders import CashEntry, Fill
from letrade.core.quantities import units, units_of_money

INTEREST = "interest"
"""The origin of cash entries of what was borrowed."""
Key = tuple[str, str, str]
"""(account, instrument, strategy)."""


def share_changes(specification: Specification, fill: Fill) -> list[tuple[str, int]]:
    """(strategy, change of its share) in units of 1e-18.

    A spot buyer who pays in the asset bought receives less of it. A seller who pays in the asset sold pays from what
    nobody is assigned, so that a close leaves the strategy at zero.
    """
    changes = [(fill.strategy, fill.side * units(fill.size))]
    if specification.kind == "spot" and fill.fee.currency == specification.base:
        fee = units_of_money(fill.fee)
        if fee:
            changes.append((fill.strategy if fill.side > 0 else NO_STRATEGY, -fee))
    return changes


def interest_change(specification: Specification, entry: CashEntry) -> int:
    """What interest in the asset itself does to the share of who is short of it, in units of 1e-18."""
    own = specification.kind == "spot" and specification.base == entry.amount.currency
    if entry.origin != INTEREST or entry.strategy == NO_STRATEGY or not own:
        return 0
    return units_of_money(entry.amount)


class Holdings:
    """Signed shares by (account, instrument, strategy); flat ones are forgotten. Sums are kept as fills come."""

    def __init__(self) -> None:
        self.shares: dict[Key, int] = {}
        self._nets: dict[tuple[str, str], int] = {}
        """Sum of the strategies' shares; what nobody is assigned is apart."""
        self._gross: dict[tuple[str, str], int] = {}
        """Sum of all shares without their signs."""

    def book(self, specification: Specification, fill: Fill) -> None:
        market = (fill.account, fill.instrument)
        for strategy, change in share_changes(specification, fill):
            self._change((fill.account, fill.instrument, strategy), market, change)

    def accrue(self, catalogue: Catalogue, entry: CashEntry, now: int) -> bool:
        """Interest is owed by who is short: its share is shorter by it. Whether it was such an entry."""
        if entry.origin != INTEREST or entry.instrument not in catalogue:
            return False
        change = interest_change(catalogue.at(entry.instrument, now), entry)
        if change:
            market = (entry.account, entry.instrument)
            self._change((*market, entry.strategy), market, change)
        return bool(change)

    def _change(self, key: Key, market: tuple[str, str], change: int) -> None:
        before = self.shares.pop(key, 0)
        after = before + change
        if after:
            self.shares[key] = after
        if key[2] != NO_STRATEGY:
            self._nets[market] = self._nets.get(market, 0) + change
        self._gross[market] = self._gross.get(market, 0) + abs(after) - abs(before)

    def share(self, account: str, instrument: str, strategy: str) -> int:
        return self.shares.get((account, instrument, strategy), 0)

    def net(self, account: str, specification: Specification) -> int:
        """The account's position. Of a spot asset only what strategies hold: the rest is not theirs to sell."""
        net = self._nets.get((account, specification.id), 0)
        return net if specification.kind == "spot" else net + self.share(account, specification.id, NO_STRATEGY)

    def gross(self) -> dict[tuple[str, str], int]:
        """The sum of all shares without their signs, by account and instrument; read-only."""
        return self._gross

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
        self.shares, self._nets, self._gross = {}, {}, {}
        for account, instrument, strategy, share in state:
            self._change((account, instrument, strategy), (account, instrument), int(share))
