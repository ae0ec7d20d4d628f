"""Money that has left one account and has not arrived at another, nor come back: nobody's to spend, and not lost."""

from __future__ import annotations

from typing import Any

from letrade.core.fraction import Fraction, read_fraction
from letrade.core.messages.orders import CashEntry
from letrade.core.messages.transfers import BACK, IN, OUT, transfer_of
from letrade.core.quantities import fraction_of_money

NOTHING = Fraction(0)


class Transit:
    """Counted from cash entries alone, in whatever order they come; it counts with the account that it left."""

    def __init__(self) -> None:
        self._transfers: dict[str, tuple[str, str, Fraction]] = {}
        """(account, currency, amount) by transfer."""

    def book(self, entry: CashEntry) -> bool:
        """Whether something is on its way that was not before, or the other way round."""
        transfer_id, part = transfer_of(entry.entry_id)
        if part not in (OUT, IN, BACK):
            return False
        account, currency, known = self._transfers.pop(transfer_id, (entry.account, entry.amount.currency, NOTHING))
        left = known - fraction_of_money(entry.amount)
        if left:
            self._transfers[transfer_id] = (entry.account if part == OUT else account, currency, left)
        return True

    def of(self, account: str) -> dict[str, Fraction]:
        """By currency."""
        found: dict[str, Fraction] = {}
        for holder, currency, amount in self._transfers.values():
            if holder == account:
                found[currency] = found.get(currency, NOTHING) + amount
        return found

    def state(self) -> Any:
        return [[key, account, currency, str(left)] for key, (account, currency, left) in self._transfers.items()]

    def restore(self, state: Any) -> None:
        self._transfers = {key: (account, currency, read_fraction(left)) for key, account, currency, left in state}
