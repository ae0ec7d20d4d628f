"""What coins beside the settle currency count for contracts, by their venue's table and their last index price."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from letrade.core.bookkeeping import AccountBook
from letrade.core.config.desk import DeskConfig
from letrade.core.fraction import Fraction
from letrade.core.instruments import Catalogue
from letrade.core.margin.backing import Backing, counts
from letrade.core.messages.base import is_price
from letrade.core.messages.market import IndexPrice
from letrade.core.quantities import exact

ZERO = Fraction(0)


class Beside:
    """Coins without an index count for nothing."""

    def __init__(self, settings: DeskConfig, catalogue: Catalogue, books: Mapping[str, AccountBook]) -> None:
        self.backing = Backing(settings, catalogue)
        self._books = books
        self._prices: dict[str, float] = {}

    def see(self, index: IndexPrice) -> None:
        """What is no price is not believed: the last good one stays."""
        if index.instrument in self.backing.indexes and is_price(index.price):
            self._prices[index.instrument] = index.price

    def worth(self, account: str, settle: str) -> Fraction:
        """Of all coins that back what settles in a currency."""
        total = ZERO
        for terms in self.backing.of(account, settle, self._balance) if self.backing.indexes else ():
            if (price := self._prices.get(terms.index)) is not None:
                total += counts(terms.state(self._balance(account, terms.currency), price))
        return total

    def most(self, account: str, coin: str, free: Callable[[str], Fraction]) -> Fraction | None:
        """So much of a coin may leave at least where so much of what it backs is free; all where it backs nothing, None
        while it has no price."""
        backs = self.backing.backed_by(account, coin)
        if backs is None:
            return self._balance(account, coin)
        price = self._prices.get(backs[0].index)
        return None if price is None else max(ZERO, free(backs[1])) / exact(price)

    def _balance(self, account: str, currency: str) -> Fraction:
        return self._books[account].wallets.get(currency, ZERO)

    def state(self) -> Any:
        return list(self._prices.items())

    def restore(self, state: Any) -> None:
        self._prices = dict(state)
