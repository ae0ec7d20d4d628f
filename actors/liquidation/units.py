"""Makes the units that are watched of what is held, or says why one cannot be watched."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from msgspec.structs import replace

from letrade.actors.liquidation.watched import Watched
from letrade.core.config.desk import DeskConfig
from letrade.core.errors import DataError
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Catalogue
from letrade.core.margin.account import CollateralState, InstrumentState, MarginAccount, PositionState
from letrade.core.margin.backing import MULTI_ASSETS, Backing, IndexOf, Terms
from letrade.core.margin.book import isolated_margin
from letrade.core.margin.held import ISOLATED, Contract, MarginHoldings
from letrade.core.margin.numbers import MarginError, number
from letrade.core.margin.registry import rules_for
from letrade.core.margin.rules import MarginMode, MarginRules
from letrade.core.quantities import exact

PriceOf = Callable[[Contract], float | None]
YET = "known yet"
"""Reasons that end so are over as soon as something is heard."""
Blind = dict[str, str]
"""Why a unit is not watched, by its key."""


class UnitMaker:
    """Knows whose rules each account's venue follows."""

    def __init__(self, settings: DeskConfig, catalogue: Catalogue, config: Any) -> None:
        self.catalogue = catalogue
        self._account_type = config.account_type
        self._pegged = frozenset(config.pegged)
        self.backing = Backing(settings, catalogue)
        venues = {venue.name: venue for venue in settings.venues}
        self._venues: dict[str, str] = {}
        self._fees: dict[str, Fraction] = {}
        for account in settings.accounts:
            venue = venues.get(account.venue)
            own = None if venue is None or venue.margin is None else venue.margin.rules
            self._venues[account.name] = config.rules or own or account.venue
            self._fees[account.name] = Fraction(0) if venue is None else read_fraction(venue.taker_fee)

    def make(
        self, holdings: MarginHoldings, account: str, price_of: PriceOf, index_of: IndexOf, now: int
    ) -> tuple[list[Watched], Blind]:
        """Isolated positions alone, cross ones by the wallet that backs them."""
        units: list[Watched] = []
        blind: Blind = {}
        contracts = [each for each in holdings.held() if each.account == account]
        settle = {each.instrument: self.catalogue.at(each.instrument, now).settle for each in contracts}
        isolated = [(each.name, (each,)) for each in contracts if each.mode == ISOLATED]
        cross = sorted((each for each in contracts if each.mode != ISOLATED), key=lambda each: settle[each.instrument])
        wallets = groupby(cross, key=lambda each: settle[each.instrument])
        for name, group in [*isolated, *((currency, tuple(group)) for currency, group in wallets)]:
            try:
                units.append(self._unit(holdings, account, name, group, price_of, index_of, now))
            except DataError as error:
                blind[f"{account} {name}"] = str(error)
        return units, blind

    def uncounted(self, holdings: MarginHoldings, unit: Watched) -> list[str]:
        """Balances of an account that is valued as a whole whose haircut nobody told: they count for nothing."""
        if unit.rules.unit != "account":
            return []
        counted = {held.currency for held in unit.book.collaterals}
        held = [name for (owner, name), balance in holdings.balances.items() if owner == unit.account and balance]
        return [currency for currency in held if currency not in counted and currency != unit.rules.numeraire]

    def _unit(
        self, holdings: MarginHoldings, account: str, name: str, contracts: tuple[Contract, ...], price_of: PriceOf,
        index_of: IndexOf, now: int,
    ) -> Watched:  # fmt: skip
        known: dict[str, InstrumentState] = {}
        for each in contracts:
            if each.instrument not in known:
                known[each.instrument] = self._instrument(each, price_of, now)
        instruments = tuple(known[each.instrument] for each in contracts)
        mode: MarginMode = "isolated" if contracts[0].mode == ISOLATED else "cross"
        settle = instruments[0].settle
        coins = () if mode == ISOLATED else self.backing.of(account, settle, holdings.balance)
        rules = rules_for(
            self._venues[account], contract=instruments[0].contract, margin_mode=mode, settle=settle,
            account=self._account_type or (MULTI_ASSETS if coins else None),
        )  # fmt: skip
        if rules.unit == "account" and instruments[0].contract == "inverse":
            # The coin's own balance backs it, in full: no haircut and no rate of another collateral is known.
            rules = replace(rules, unit="wallet", numeraire=None, collateral_moves=False)
        positions = tuple(_position(each, of, rules) for each, of in zip(contracts, instruments, strict=True))
        collaterals = () if mode == ISOLATED else self._collaterals(holdings, account, settle, rules)
        if coins:
            collaterals = self._backed(holdings, account, settle, coins, index_of)
        if rules.unit == "wallet" and mode != ISOLATED:
            positions, collaterals = without_debt(instruments, positions, collaterals)
        book = MarginAccount(instruments=tuple(known.values()), positions=positions, collaterals=collaterals)
        return Watched(account, name, rules, contracts, book, coins)

    def _instrument(self, contract: Contract, price_of: PriceOf, now: int) -> InstrumentState:
        rules = self.catalogue.at(contract.instrument, now)
        price = price_of(contract)
        if rules.tiers is None:
            raise MarginError(f"{rules.id}: its leverage tiers are not known; add [[instrument.bracket]] or tiers")
        if price is None:
            raise MarginError(f"{rules.id}: no mark, index or book price is {YET}")
        return InstrumentState(
            name=rules.id, contract="inverse" if rules.kind == "inverse" else "linear",
            mark=number(price, f"{rules.id}: mark"), settle=rules.settle, tiers=rules.tiers, underlying=rules.base,
            multiplier=rules.multiplier, fee_rate=self._fees[contract.account],
        )  # fmt: skip

    def _collaterals(
        self, holdings: MarginHoldings, account: str, settle: str, rules: MarginRules
    ) -> tuple[CollateralState, ...]:
        if rules.unit == "wallet":
            return (CollateralState(currency=settle, balance=holdings.free_balance(account, settle)),)
        return tuple(
            CollateralState(currency=currency, balance=holdings.free_balance(account, currency), pegged=True)
            for (owner, currency), balance in holdings.balances.items()
            if owner == account and (not balance or currency in self._pegged or currency == rules.numeraire)
        )

    @staticmethod
    def _backed(
        holdings: MarginHoldings, account: str, settle: str, coins: tuple[Terms, ...], index_of: IndexOf
    ) -> tuple[CollateralState, ...]:
        """The settle currency, which is what all is valued in, and the coins that back its contracts."""
        found = [CollateralState(currency=settle, balance=holdings.free_balance(account, settle), pegged=True)]
        for terms in coins:
            price = index_of(terms.index)
            if price is None:
                raise MarginError(f"{terms.currency}: no index price of {terms.index} is {YET}")
            found.append(terms.state(holdings.balance(account, terms.currency), price))
        return tuple(found)


def _position(contract: Contract, instrument: InstrumentState, rules: MarginRules) -> PositionState:
    """MarginError for an isolated position of which neither margin nor leverage is known."""
    isolated = contract.mode == ISOLATED
    if isolated and contract.margin is None and contract.leverage is None:
        raise MarginError(f"{contract.instrument}: neither its margin nor its leverage is {YET}")
    position = PositionState(
        instrument=contract.instrument,
        side=1 if contract.quantity > 0 else -1,
        size=contract.size,
        entry=exact(contract.entry),
        leverage=contract.leverage,
        margin=contract.margin if isolated else None,
    )
    return replace(position, margin=isolated_margin(rules, instrument, position)) if isolated else position


def without_debt(
    instruments: tuple[InstrumentState, ...], positions: tuple[PositionState, ...],
    collaterals: tuple[CollateralState, ...],
) -> tuple[tuple[PositionState, ...], tuple[CollateralState, ...]]:  # fmt: skip
    """The same account where what was lost for good is more than the balance, as gains of other positions still back
    it: the debt is moved into the entry of one of those, which is the same equity at every mark."""
    (wallet,) = collaterals
    if wallet.balance >= 0:
        return positions, collaterals
    for place, (held, of) in enumerate(zip(positions, instruments, strict=True)):
        face = held.size * of.multiplier
        entry = held.entry - held.side * wallet.balance / face
        gains = held.side * (of.mark - held.entry) * face
        if of.contract == "linear" and gains >= -wallet.balance and entry > 0:
            moved = replace(held, entry=entry)
            return (*positions[:place], moved, *positions[place + 1 :]), (replace(wallet, balance=Fraction(0)),)
    return positions, collaterals
