"""What a hedged book holds and owes, from fills, cash entries and balances, and the delta that is left of it."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from letrade.core.bookkeeping import new_position, position_of, trade
from letrade.core.delta import Holding, contract_value, delta_value, hedge_change, value_at_risk
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.holdings import interest_change, share_changes
from letrade.core.instruments import Specification
from letrade.core.messages.accounts import Balance
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.orders import CashEntry, Fill
from letrade.core.quantities import ONE, exact, fraction_of_money
from letrade.hotpath.ledger import Position

ZERO = Fraction(0)


class Part:
    """One leg's share: its size as fills and interest left it, what its contracts were opened at, and the coins that
    these brought."""

    def __init__(self) -> None:
        self.units = 0
        """1e-18 of a base unit, or of a contract."""
        self.position: Position | None = None
        self.coins = ZERO
        """Of an inverse contract: realised, less fees, with funding. They lie in the wallet."""
        self.account_size = ZERO
        """What the whole account holds of an inverse contract."""

    def fill(self, rules: Specification, fill: Fill) -> None:
        self.units += sum(change for strategy, change in share_changes(rules, fill) if strategy == fill.strategy)
        if rules.inverse:
            if self.position is None:
                self.position = new_position(rules)
            self.coins += trade(self.position, rules, fill.side, fill.size, fill.price)
            if fill.fee.currency == rules.settle:
                self.coins -= fraction_of_money(fill.fee)

    def book(self, rules: Specification, entry: CashEntry) -> None:
        """Interest on borrowed coins is owed in them; what an inverse contract pays or gets is coins.

        What the venue pays for the whole account, such as funding, is ours as the position is.
        """
        self.units += interest_change(rules, entry)
        if rules.inverse and entry.amount.currency == rules.settle:
            whole = entry.strategy == NO_STRATEGY
            ours = self.size / self.account_size if whole and self.account_size else ZERO if whole else Fraction(1)
            self.coins += fraction_of_money(entry.amount) * ours

    @property
    def size(self) -> Fraction:
        return Fraction(self.units, ONE)

    def holding(self, rules: Specification, price: Fraction, coin_price: Fraction, beta: Fraction) -> Holding:
        """As delta counts it; a linear contract's entry does not matter to it."""
        entry = None
        if self.position is not None and self.position.quantity:
            numerator, denominator = self.position.average_entry()
            entry = Fraction(denominator * 10**self.position.price_decimals, numerator)
        kind: Literal["coin", "linear", "inverse"]
        kind = "inverse" if rules.inverse else "coin" if rules.kind == "spot" else "linear"
        return Holding(
            kind=kind, size=self.size, price=price, multiplier=rules.multiplier,
            entry=entry if rules.inverse else price, coin_price=coin_price, beta=beta,
        )  # fmt: skip

    def earned(self, coin_price: Fraction, beta: Fraction) -> Holding:
        """The coins that its contracts brought or cost."""
        return Holding(kind="coin", size=self.coins, price=coin_price, beta=beta)

    def state(self) -> Any:
        position = None if self.position is None else self.position.state()
        return [str(self.units), position, str(self.coins), str(self.account_size)]

    def restore(self, state: Any) -> None:
        self.units = int(state[0])
        self.coins, self.account_size = map(read_fraction, state[2:])
        self.position = None if state[1] is None else position_of(state[1])


class Book(Struct, frozen=True):
    """A moment of the hedged book: what is hedged, the hedge, and coins that contracts of either brought."""

    held: Holding
    hedge: Holding
    earned: tuple[Holding, ...] = ()

    @property
    def all(self) -> tuple[Holding, ...]:
        return (self.held, self.hedge, *self.earned)

    @property
    def delta(self) -> Fraction:
        """In the quote currency; 0 is hedged."""
        return delta_value(self.all)

    @property
    def share(self) -> Fraction:
        """Delta as a share of what is hedged; of a hedge that has nothing to hedge, 1."""
        return self.share_with(self.hedge.size)

    def share_with(self, hedge: Fraction) -> Fraction:
        """The same once the hedge is of this size."""
        hedged = abs(value_at_risk(self.held))
        if hedged:
            return abs(self.delta + (hedge - self.hedge.size) * contract_value(self.hedge)) / hedged
        return Fraction(1) if hedge else ZERO

    def wanted_hedge(self, lot: Fraction) -> Fraction:
        """The size of the hedge that leaves the least delta, in whole lots."""
        wanted = self.hedge.size + hedge_change(self.all, self.hedge)
        return round(wanted / lot) * lot

    def supported(self, lot: Fraction) -> Fraction:
        """How much of what is hedged the hedge carries, in whole lots towards zero."""
        each = contract_value(self.held)
        carried = -delta_value((self.hedge, *self.earned)) / each if each else ZERO
        if carried * self.held.size <= 0:
            return ZERO
        size = min(abs(carried), abs(self.held.size)) // lot * lot
        return size if self.held.size > 0 else -size


class Coins:
    """The collateral of one account in one currency, as the ledger tells it."""

    def __init__(self) -> None:
        self.amount: Fraction | None = None

    def hear(self, balance: Balance) -> None:
        self.amount = fraction_of_money(balance.total)

    def holding(self, price: Fraction, beta: Fraction) -> Holding | None:
        """None until the ledger has told it."""
        if self.amount is None:
            return None
        return Holding(kind="coin", size=self.amount, price=price, beta=beta)

    def state(self) -> Any:
        return None if self.amount is None else str(self.amount)

    def restore(self, state: Any) -> None:
        self.amount = None if state is None else read_fraction(state)


def exact_beta(slope: float) -> Fraction:
    """With six decimals: a hedge is in whole lots anyway."""
    return exact(round(slope, 6))
