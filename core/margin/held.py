"""What accounts hold on margin, as the desk hears of it: positions, settings, isolated margin, balances."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.core.config.desk import DeskConfig
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Catalogue, Specification
from letrade.core.legs import SIDES, name_of, split
from letrade.core.messages.accounts import Balance, LegPosition, Position
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.margin import ISOLATED_MARGIN, LEVERAGE, MARGIN_MODE, MarginUpdate
from letrade.core.messages.orders import CashEntry
from letrade.core.messages.venue import HeldPosition, VenueState
from letrade.core.quantities import exact, fraction_of_money

CROSS, ISOLATED = "cross", "isolated"
ZERO = Fraction(0)
Market = tuple[str, str]
"""(account, name of a position, or a currency)."""


class Contract(msgspec.Struct):
    """One contract of one account, or one leg of it; fractions are exact."""

    account: str
    instrument: str
    mode: str
    quantity: float = 0.0
    entry: float = 0.0
    leverage: Fraction | None = None
    """None: not known."""
    margin: Fraction | None = None
    """Of an isolated position, without unrealised gains; None: not known."""
    leg: str = ""
    """long or short, of an account in hedge mode."""

    @property
    def name(self) -> str:
        """Of the position, as in core/legs.py."""
        return name_of(self.instrument, self.leg)

    @property
    def side(self) -> int:
        return (self.quantity > 0) - (self.quantity < 0)

    @property
    def size(self) -> Fraction:
        return abs(exact(self.quantity))


class MarginHoldings:
    """Follows Position, Balance, CashEntry, MarginUpdate and VenueState; the venue's word replaces our own figure."""

    def __init__(self, settings: DeskConfig, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        venues = {venue.name: venue.margin for venue in settings.venues}
        self.modes = {account.name: account.margin_mode for account in settings.accounts}
        self._leverages = {
            account.name: None if margin is None or margin.leverage is None else read_fraction(margin.leverage)
            for account in settings.accounts
            for margin in [venues.get(account.venue)]
        }
        self.hedged = {account.name for account in settings.accounts if account.position_mode == "hedge"}
        self.contracts: dict[Market, Contract] = {}
        self.balances: dict[Market, Fraction] = {}
        """By account and currency, isolated margin included."""

    def contract(self, account: str, name: str) -> Contract:
        """As it is known, or as it is before anything was heard of it."""
        key = (account, name)
        if key not in self.contracts:
            mode, (instrument, leg) = self.modes.get(account, CROSS), split(name)
            self.contracts[key] = Contract(account, instrument, mode, leverage=self._leverages.get(account), leg=leg)
        return self.contracts[key]

    def _sides(self, account: str, instrument: str) -> list[Contract]:
        """The contract, or in hedge mode its two legs, which share their settings."""
        if account not in self.hedged:
            return [self.contract(account, instrument)]
        return [self.contract(account, name_of(instrument, leg)) for leg in SIDES]

    def held(self) -> list[Contract]:
        """Every open position."""
        return [contract for contract in self.contracts.values() if contract.quantity]

    def isolated_margin(self, account: str, settle: str) -> Fraction:
        """What isolated positions keep of a balance."""
        found = (
            each.margin
            for each in self.held()
            if each.account == account and each.mode == ISOLATED and each.margin is not None
            and self.catalogue.at(each.instrument, 0).settle == settle
        )  # fmt: skip
        return sum(found, ZERO)

    def balance(self, account: str, currency: str) -> Fraction:
        return self.balances.get((account, currency), ZERO)

    def free_balance(self, account: str, settle: str) -> Fraction:
        """Of the settle currency, without what isolated positions keep."""
        return self.balance(account, settle) - self.isolated_margin(account, settle)

    def take_position(self, position: Position, now: int) -> Contract | None:
        """The account's position; None when it is of a strategy, or no contract. Of an account in hedge mode its legs
        count (take_leg), and not what they are together."""
        if position.strategy != NO_STRATEGY or position.account in self.hedged:
            return None
        return self._take(position, position.instrument, now)

    def take_leg(self, position: LegPosition, now: int) -> Contract | None:
        return self._take(position, name_of(position.instrument, position.leg), now)

    def _take(self, position: Position | LegPosition, name: str, now: int) -> Contract | None:
        if position.instrument not in self.catalogue:
            return None
        rules = self.catalogue.at(position.instrument, now)
        if rules.kind == "spot":
            return None
        contract = self.contract(position.account, name)
        before, value = contract.quantity, entry_value(contract, rules)
        contract.quantity, contract.entry = position.quantity, position.average_price
        contract.margin = _margin_after(contract, before, value, entry_value(contract, rules))
        return contract

    def take_balance(self, balance: Balance) -> None:
        self.balances[balance.account, balance.total.currency] = fraction_of_money(balance.total)

    def take_cash(self, entry: CashEntry) -> None:
        """An isolated position pays its funding, and gets it, itself."""
        contract = self.contracts.get((entry.account, name_of(entry.instrument, entry.leg)))
        if entry.origin == "funding" and contract is not None and contract.margin is not None:
            contract.margin = max(ZERO, contract.margin + fraction_of_money(entry.amount))

    def take_update(self, update: MarginUpdate) -> None:
        """What the venue says it has now."""
        if update.state != "done" or update.instrument not in self.catalogue:
            return
        for contract in self._sides(update.account, update.instrument):
            if update.change == LEVERAGE and update.value >= 1:
                contract.leverage = exact(update.value)
            elif update.change == MARGIN_MODE and update.mode:
                contract.mode = update.mode
        if update.change == ISOLATED_MARGIN and update.value >= 0:
            contract = self.contract(update.account, name_of(update.instrument, update.leg))
            contract.margin = exact(update.value) if contract.quantity else contract.margin

    def take_state(self, state: VenueState) -> None:
        for held in state.positions:
            if held.instrument in self.catalogue and self.catalogue.at(held.instrument, 0).kind != "spot":
                self._take_held(self.contract(state.account, name_of(held.instrument, held.leg)), held)

    def _take_held(self, contract: Contract, held: HeldPosition) -> None:
        contract.leverage = exact(held.leverage) if held.leverage >= 1 else contract.leverage
        contract.mode = held.margin_mode or contract.mode
        if held.isolated_margin is not None and held.quantity == contract.quantity:
            contract.margin = fraction_of_money(held.isolated_margin) if held.quantity else None

    def state(self) -> Any:
        return {
            "contracts": [
                [*key, each.mode, each.quantity, each.entry, _text(each.leverage), _text(each.margin)]
                for key, each in self.contracts.items()
            ],
            "balances": [[*key, str(balance)] for key, balance in self.balances.items()],
        }  # fmt: skip

    def restore(self, state: Any) -> None:
        self.contracts = {
            (account, name): Contract(
                account, split(name)[0], mode, quantity, entry, _fraction(leverage), _fraction(margin), split(name)[1]
            )
            for account, name, mode, quantity, entry, leverage, margin in state["contracts"]
        }
        self.balances = {(account, currency): read_fraction(text) for account, currency, text in state["balances"]}


def entry_value(contract: Contract, rules: Specification) -> Fraction:
    """In `rules.currency`; 0 when flat."""
    return rules.worth(exact(contract.entry), contract.size) if contract.quantity and contract.entry else ZERO


def _margin_after(contract: Contract, before: float, value: Fraction, now: Fraction) -> Fraction | None:
    """What closes gives its share back, what opens sets margin aside; values are those at entry, before and now."""
    if not contract.quantity or contract.mode != ISOLATED:
        return None
    if before * contract.quantity <= 0:
        return None if contract.leverage is None else now / contract.leverage
    if contract.margin is None or contract.size == abs(exact(before)):
        return contract.margin
    if contract.size < abs(exact(before)):
        return contract.margin * contract.size / abs(exact(before))
    return None if contract.leverage is None else contract.margin + (now - value) / contract.leverage


def _text(value: Fraction | None) -> str:
    return "" if value is None else str(value)


def _fraction(text: str) -> Fraction | None:
    return read_fraction(text) if text else None
