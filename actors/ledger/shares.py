"""Each strategy's share of each account's positions, with what it realised and paid."""

from __future__ import annotations

from typing import Any

from letrade.core.bookkeeping import book_contract, book_dust, book_share, held_units, new_position, position_of
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.holdings import Key, interest_change, share_changes
from letrade.core.instruments import Specification
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.orders import CashEntry, Fill
from letrade.core.money import DEFAULT_SCALE
from letrade.hotpath.ledger import Position


class Share:
    """One strategy's part of one position of one account: or, with strategy '-', what is assigned to nobody."""

    def __init__(self, position: Position) -> None:
        self.position = position
        self.realised = Fraction(0)
        """Without fees, in the quote currency, of inverse contracts in the coin."""
        self.fees: dict[str, Fraction] = {}
        """Paid, by currency; rebates are negative."""
        self.funding = Fraction(0)
        """Received, in the settlement currency."""

    def pay(self, currency: str, paid: Fraction) -> None:
        if paid:
            before = self.fees.get(currency)
            self.fees[currency] = paid if before is None else before + paid

    def state(self) -> Any:
        fees = [[currency, str(paid)] for currency, paid in self.fees.items()]
        return [self.position.state(), str(self.realised), fees, str(self.funding)]

    def restore(self, state: Any) -> None:
        held, realised, fees, funding = state
        self.position, self.realised, self.funding = position_of(held), read_fraction(realised), read_fraction(funding)
        self.fees = {currency: read_fraction(paid) for currency, paid in fees}


class Shares:
    """All shares by (account, instrument, strategy)."""

    def __init__(self) -> None:
        self.shares: dict[Key, Share] = {}
        self._by_market: dict[tuple[str, str], dict[Key, Share]] = {}
        """By account and instrument."""

    def share(self, key: Key, specification: Specification) -> Share:
        return self.shares.get(key) or self._put(key, Share(new_position(specification)))

    def _put(self, key: Key, share: Share) -> Share:
        self.shares[key] = share
        self._by_market.setdefault(key[:2], {})[key] = share
        return share

    def book(self, specification: Specification, fill: Fill, paid: Fraction) -> list[Key]:
        """Books a fill and its fee on the share of its strategy, and what the fee took of the asset; the keys that
        changed."""
        key = (fill.account, fill.instrument, fill.strategy)
        if specification.kind != "spot":
            share = self.share(key, specification)
            realised = book_contract(share.position, specification, fill)
            share.realised = share.realised + realised if realised else share.realised
            share.pay(fill.fee.currency, paid)
            return [key]
        changes: dict[str, int] = {}
        for strategy, change in share_changes(specification, fill):
            changes[strategy] = changes.get(strategy, 0) + change
        own = self.share(key, specification)
        own.realised += book_share(own.position, specification, fill, changes.pop(fill.strategy))
        own.pay(fill.fee.currency, paid)
        for strategy, change in changes.items():
            other = self.share((fill.account, fill.instrument, strategy), specification)
            other.realised += book_dust(other.position, change)
        return [(fill.account, fill.instrument, strategy) for strategy in (fill.strategy, *changes)]

    def accrue(self, specification: Specification, entry: CashEntry) -> Key:
        """Interest makes the share that owes it shorter, and costs when that is bought back."""
        key = (entry.account, entry.instrument, entry.strategy)
        share = self.share(key, specification)
        share.realised += book_dust(share.position, interest_change(specification, entry))
        return key

    def fund(self, account: str, specification: Specification, amount: Fraction) -> list[Key]:
        """Divides funding by the shares held, each part to the default scale of money, the rest to nobody; the keys."""
        held = {
            key: held_units(share.position)
            for key, share in self._by_market.get((account, specification.id), {}).items()
            if share.position.quantity
        }
        net, left = sum(held.values()), amount
        for key, quantity in held.items():
            part = amount * quantity / net if net else Fraction(0)
            cut = Fraction(int(part * 10**DEFAULT_SCALE), 10**DEFAULT_SCALE)
            self.shares[key].funding += cut
            left -= cut
        self.share((account, specification.id, NO_STRATEGY), specification).funding += left
        return list(held)

    def total(self, account: str, instrument: str) -> int:
        """The sum of all shares of one position, in units of 1e-18."""
        total = 0
        for share in self._by_market.get((account, instrument), {}).values():
            total += held_units(share.position)
        return total

    def state(self) -> Any:
        return [[list(key), share.state()] for key, share in self.shares.items()]

    def restore(self, state: Any) -> None:
        self.shares, self._by_market = {}, {}
        for (account, instrument, strategy), saved in state:
            self._put((account, instrument, strategy), Share(Position(0, 0))).restore(saved)
