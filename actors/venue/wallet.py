"""One account's money: exact totals by currency, and what working orders have locked of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from letrade.actors.venue.amounts import Amount, whole
from letrade.core.fraction import read_fraction
from letrade.core.money import DEFAULT_SCALE, Money, money
from letrade.core.quantities import TEN


class Purse:
    """One currency, in units at a scale that deepens where an amount needs it, and never loses a digit."""

    def __init__(self) -> None:
        self.scale = DEFAULT_SCALE
        self.total = 0
        self.locked = 0

    def units(self, amount: Amount) -> int:
        """The amount in this purse's units."""
        if amount.scale > self.scale:
            power: int = 10 ** (amount.scale - self.scale)
            if amount.units % power == 0:
                return amount.units // power
            self.scale = amount.scale
            self.total *= power
            self.locked *= power
        return amount.units * TEN[self.scale - amount.scale]


class Wallet:
    """All currencies of one account. Totals fall below 0 only by losses of contracts, and by what is borrowed."""

    def __init__(self, balances: Mapping[str, Decimal]) -> None:
        self._purses: dict[str, Purse] = {}
        self._locks: dict[int, list[Amount]] = {}
        for currency, balance in balances.items():
            self.add(whole(currency, read_fraction(balance)))

    def _purse(self, currency: str) -> Purse:
        purse = self._purses.get(currency)
        if purse is None:
            purse = self._purses[currency] = Purse()
        return purse

    def add(self, amount: Amount) -> None:
        """Credit an amount, or debit a negative one."""
        purse = self._purse(amount.currency)
        units = purse.units(amount)  # first, as it may deepen the scale
        purse.total += units

    def total(self, currency: str) -> Amount:
        purse = self._purse(currency)
        return Amount(currency, purse.total, purse.scale)

    def has(self, currency: str) -> bool:
        """Whether there is any of it, or a debt."""
        purse = self._purses.get(currency)
        return purse is not None and purse.total != 0

    def currencies(self) -> list[str]:
        """In their order."""
        return sorted(self._purses)

    def lock(self, order: int, amounts: list[Amount]) -> None:
        """Set amounts aside for an order, in place of what was set aside before."""
        for amount in self._locks.pop(order, ()):
            purse = self._purse(amount.currency)
            units = purse.units(amount)
            purse.locked -= units
        if not amounts:
            return
        kept = [amount for amount in amounts if amount.units]
        for amount in kept:
            purse = self._purse(amount.currency)
            units = purse.units(amount)
            purse.locked += units
        if kept:
            self._locks[order] = kept

    def spendable(self, currency: str, order: int) -> Amount:
        """What is free, or locked by this order."""
        purse = self._purse(currency)
        own = sum(purse.units(amount) for amount in self._locks.get(order, ()) if amount.currency == currency)
        return Amount(currency, purse.total - purse.locked + own, purse.scale)

    def money(self) -> tuple[Money, ...]:
        """Every total, in the order of currencies."""
        return tuple(money(name, purse.total, purse.scale) for name, purse in sorted(self._purses.items()))

    def state(self) -> dict[str, object]:
        purses = {name: [purse.scale, str(purse.total), str(purse.locked)] for name, purse in self._purses.items()}
        locks = [[order, [[a.currency, str(a.units), a.scale] for a in held]] for order, held in self._locks.items()]
        return {"purses": purses, "locks": locks}

    def restore(self, state: Any) -> None:
        self._purses.clear()
        for name, (scale, total, locked) in state["purses"].items():
            purse = self._purses[name] = Purse()
            purse.scale, purse.total, purse.locked = scale, int(total), int(locked)
        self._locks = {
            order: [Amount(name, int(units), scale) for name, units, scale in held] for order, held in state["locks"]
        }
