"""What the desk file does not say of capital: money on its way out, and what strategies moved and earned."""

from __future__ import annotations

from typing import Any

from letrade.core.fraction import Fraction, read_fraction

NOTHING = Fraction(0)


class Shifts:
    """Exact amounts: held back for transfers by account and currency, and by account and strategy, in the reporting
    currency, what its capital is more (or less) than its allocation."""

    def __init__(self) -> None:
        self._leaving: dict[tuple[str, str], Fraction] = {}
        self._capital: dict[str, dict[str, Fraction]] = {}
        self.bases: dict[str, int] = {}
        """By account the equity that fractions are of, where that is fixed, in units of 1e-96."""

    def __bool__(self) -> bool:
        return bool(self._leaving or self._capital)

    def hold_back(self, account: str, currency: str, amount: Fraction) -> None:
        """More, or with a negative amount less than before."""
        _add(self._leaving, (account, currency), amount)

    def leaving(self, account: str, currency: str) -> Fraction:
        """Cash that no order may take any more."""
        return self._leaving.get((account, currency), NOTHING) if self._leaving else NOTHING

    def held_back(self, account: str) -> dict[str, Fraction]:
        """By currency."""
        return {currency: amount for (holder, currency), amount in self._leaving.items() if holder == account}

    def shift(self, account: str, strategy: str, amount: Fraction) -> None:
        _add(self._capital.setdefault(account, {}), strategy, amount)
        if not self._capital[account]:
            del self._capital[account]

    def of(self, account: str, strategy: str) -> Fraction:
        """What its capital is more than its allocation."""
        return self._capital[account].get(strategy, NOTHING) if account in self._capital else NOTHING

    def total(self, account: str) -> Fraction:
        """Of all strategies."""
        return sum(self._capital.get(account, {}).values(), NOTHING)

    def state(self) -> Any:
        return {
            "leaving": [[*key, str(amount)] for key, amount in self._leaving.items()],
            "capital": [
                [account, strategy, str(amount)]
                for account, shifts in self._capital.items()
                for strategy, amount in shifts.items()
            ],
            "bases": [[account, str(equity)] for account, equity in self.bases.items()],
        }

    def restore(self, state: Any) -> None:
        self._leaving = {(account, currency): read_fraction(text) for account, currency, text in state["leaving"]}
        self._capital = {}
        for account, strategy, text in state["capital"]:
            self._capital.setdefault(account, {})[strategy] = read_fraction(text)
        self.bases = {account: int(equity) for account, equity in state["bases"]}


def _add(amounts: dict[Any, Fraction], key: Any, amount: Fraction) -> None:
    amounts[key] = amounts.get(key, NOTHING) + amount
    if not amounts[key]:
        del amounts[key]
