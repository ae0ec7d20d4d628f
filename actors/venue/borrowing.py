"""Loans of the venue: coins that an account sells and does not have are lent to it, and paid back as they come in.

A balance below 0 is what is owed. Each loan keeps its own clock; its interest is owed in the coin, is paid before the
loan is, and bears none itself. It accrues exactly and is booked in whole units of money: what is less waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from letrade.actors.venue.amounts import Amount, cut
from letrade.actors.venue.floor import Floor
from letrade.core.borrowing import LoanTerms, loan_terms
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.desk import VenueConfig
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.venue import VenueCash
from letrade.core.money import money
from letrade.core.subjects import account_instrument

ZERO = Fraction(0)


class Loan(Struct):
    """Of one moment."""

    amount: Fraction
    since: int
    charges: int = 0

    def due(self, terms: LoanTerms) -> int:
        """When its next interest is."""
        return self.since + (self.charges - terms.at_start + 1) * terms.period_ns


class Debt(Struct):
    """What one account owes of one currency, the oldest loan first."""

    loans: list[Loan]
    unpaid: Fraction = ZERO
    """Interest that was booked."""
    entries: int = 0
    accrued: Fraction = ZERO
    """Interest that is less than a unit of money yet."""


class Borrowing:
    """Follows balances: whatever has made one fall below 0 is a loan, whatever raises it pays back."""

    def __init__(self, floor: Floor, venue: VenueConfig, logins: Sequence[AccountConfig]) -> None:
        self._floor = floor
        self._borrowers = [login.name for login in logins if login.borrow]
        self._terms = {name: loan_terms(each.rules, read_fraction(each.rate)) for name, each in venue.borrow.items()}
        self.debts: dict[tuple[str, str], Debt] = {}

    def look(self) -> None:
        """Lends, takes back and charges what has come to it by now."""
        for name in self._borrowers:
            wallet = self._floor.accounts[name].wallet
            for currency, terms in self._terms.items():
                owed = max(ZERO, -wallet.total(currency).value)
                if owed or (name, currency) in self.debts:
                    self._follow(name, currency, terms, owed)

    def _follow(self, name: str, currency: str, terms: LoanTerms, owed: Fraction) -> None:
        debt = self.debts.setdefault((name, currency), Debt([]))
        more = owed - debt.unpaid - sum((loan.amount for loan in debt.loans), ZERO)
        if more > 0:
            debt.loans.append(Loan(more, self._floor.time))
        elif more < 0:
            _pay_back(debt, -more)
        self._charge(name, currency, terms, debt)

    def _charge(self, name: str, currency: str, terms: LoanTerms, debt: Debt) -> None:
        for loan in debt.loans:
            before = loan.charges
            while loan.charges < terms.at_start or loan.due(terms) < self._floor.time:
                loan.charges += 1
            debt.accrued += loan.amount * terms.rate * (loan.charges - before)
        amount = cut(currency, debt.accrued)
        if amount.units:
            debt.accrued -= amount.value
            self._book(name, debt, amount)

    def _book(self, name: str, debt: Debt, amount: Amount) -> None:
        borrowed = sum((loan.amount for loan in debt.loans), ZERO)
        debt.unpaid += amount.value
        debt.entries += 1
        self._floor.accounts[name].wallet.add(amount.negated())
        self._floor.tell_cash(
            VenueCash(
                strategy=NO_STRATEGY, account=name, instrument=account_instrument(self._floor.venue),
                entry_id=f"interest-{amount.currency}-{name}-{debt.entries}", origin="interest",
                amount=money(amount.currency, -amount.units, amount.scale), venue_time=self._floor.time,
                reason=f"on {float(borrowed):g} borrowed",
            )
        )  # fmt: skip

    def next_time(self) -> int | None:
        """A loan that is paid back when its period ends costs nothing more: its next is a nanosecond later."""
        times = [loan.due(self._terms[key[1]]) + 1 for key, debt in self.debts.items() for loan in debt.loans]
        return min(times, default=None)

    def state(self) -> Any:
        return [
            [*key, str(debt.unpaid), debt.entries, _loans(debt), str(debt.accrued)] for key, debt in self.debts.items()
        ]

    def restore(self, state: Any) -> None:
        """Accounts that do not borrow any more owe nothing here: their balance says what they have."""
        self.debts = {}
        for name, currency, unpaid, entries, loans, accrued in state:
            if name in self._borrowers and currency in self._terms:
                kept = [Loan(read_fraction(amount), since, charges) for amount, since, charges in loans]
                self.debts[name, currency] = Debt(kept, read_fraction(unpaid), entries, read_fraction(accrued))


def _loans(debt: Debt) -> list[Any]:
    return [[str(loan.amount), loan.since, loan.charges] for loan in debt.loans]


def _pay_back(debt: Debt, amount: Fraction) -> None:
    """Interest first, then the oldest loan."""
    paid = min(amount, debt.unpaid)
    debt.unpaid -= paid
    left = amount - paid
    while left and debt.loans:
        paid = min(left, debt.loans[0].amount)
        debt.loans[0].amount -= paid
        left -= paid
        if not debt.loans[0].amount:
            debt.loans.pop(0)
