"""The coins that back an account's contracts beside their settle currency, as its venue's table says."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from letrade.core.config.desk import DeskConfig
from letrade.core.config.venue_margin import CollateralConfig
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Catalogue
from letrade.core.margin.account import CollateralState, CollateralTier
from letrade.core.margin.collateral import counted
from letrade.core.margin.curves import NOTHING, Curve
from letrade.core.margin.numbers import ONE, ZERO, number
from letrade.core.margin.registry import rules_for

IndexOf = Callable[[str], float | None]
"""The last index price of an instrument."""
BalanceOf = Callable[[str, str], Fraction]
"""An account's balance of a currency."""
MULTI_ASSETS = "multi_assets"
"""The account type whose rules count coins, at the one venue whose collateral is modelled."""


class Terms(Struct, frozen=True):
    """What of a coin counts."""

    currency: str
    index: str
    """The instrument whose index price is the coin's."""
    ratios: tuple[CollateralTier, ...]
    cap: Fraction | None

    def state(self, balance: Fraction, price: float) -> CollateralState:
        index = number(price, f"the index price of {self.currency}")
        return CollateralState(currency=self.currency, balance=balance, index=index, ratios=self.ratios, cap=self.cap)


class Backing:
    """Of accounts in cross margin at simulated venues that take coins."""

    def __init__(self, settings: DeskConfig, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        tables = {
            venue.name: tuple(_terms(currency, each) for currency, each in venue.margin.collateral.items())
            for venue in settings.venues
            if venue.margin is not None and venue.margin.collateral
        }
        self._accounts = {
            account.name: tables[account.venue]
            for account in settings.accounts
            if account.margin_mode == "cross" and account.venue in tables
        }
        self.indexes = frozenset(terms.index for table in tables.values() for terms in table)
        """The instruments whose index prices count."""

    def of(self, account: str, settle: str, balance_of: BalanceOf) -> tuple[Terms, ...]:
        """The coins that an account has, and that back what settles in a currency: their index is in it."""
        held = (terms for terms in self._accounts.get(account, ()) if balance_of(account, terms.currency))
        return tuple(terms for terms in held if self._quote(terms) == settle)

    def holders(self, instrument: str, balance_of: BalanceOf) -> list[str]:
        """The accounts that have a coin which this instrument's index prices."""
        return [
            account
            for account, table in self._accounts.items()
            if any(terms.index == instrument and balance_of(account, terms.currency) for terms in table)
        ]

    def worth(self, account: str, settle: str, balance_of: BalanceOf, index_of: IndexOf) -> Fraction | None:
        """What the coins count towards equity; None while an index is not known."""
        total = ZERO
        for terms in self.of(account, settle, balance_of):
            price = index_of(terms.index)
            if price is None:
                return None
            total += counts(terms.state(balance_of(account, terms.currency), price))
        return total

    def backed_by(self, account: str, coin: str) -> tuple[Terms, str] | None:
        """The terms of a coin in an account, and the settle currency that it backs; None where it backs nothing."""
        found = (terms for terms in self._accounts.get(account, ()) if terms.currency == coin)
        return next(((terms, self._quote(terms)) for terms in found), None)

    def _quote(self, terms: Terms) -> str:
        return self._catalogue.at(terms.index, 0).quote


def counts(held: CollateralState) -> Fraction:
    """What a coin counts at its index now."""
    return counted(_RULES, held, NOTHING, Curve(held.index), ONE).at(ONE)


def _terms(currency: str, config: CollateralConfig) -> Terms:
    if not config.tiers:
        ratios: tuple[CollateralTier, ...] = (CollateralTier(ZERO, None, ONE - read_fraction(config.haircut or 0)),)
    else:
        caps = [None if row.cap is None else read_fraction(row.cap) for row in config.tiers]
        floors = [ZERO, *(cap for cap in caps if cap is not None)]
        cuts = (ONE - read_fraction(row.haircut) for row in config.tiers)
        ratios = tuple(CollateralTier(*row) for row in zip(floors, caps, cuts, strict=False))
    return Terms(currency, config.index, ratios, None if config.cap is None else read_fraction(config.cap))


_RULES = rules_for("binance", contract="linear", margin_mode="cross", account=MULTI_ASSETS)
