"""The money of the accounts that funding arbitrage trades on: what is there, what leaves, and what is on its way."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from letrade.actors.strategies.funding_decision import Move, Purse, Route
from letrade.core.actor import Context
from letrade.core.config.desk import DeskConfig
from letrade.core.messages.accounts import Balance, Position
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.orders import CashEntry
from letrade.core.messages.transfers import (
    DONE,
    FAILED,
    FEE,
    OUT,
    REFUSED,
    TransferRequest,
    TransferUpdate,
    transfer_of,
)
from letrade.core.money import money
from letrade.core.subjects import account_instrument

OVER = (DONE, FAILED, REFUSED)
HOURS = {"binance": 24, "kraken": 4}
"""That the rate of a loan is of."""


class Loan(NamedTuple):
    """What a coin costs for an hour (None: it is not lent), how much of it there is, and the level of margin."""

    rate: float | None
    limit: float
    level: float


NO_LOAN = Loan(None, 0.0, 2.0)


class Moving(msgspec.Struct, array_like=True):
    """A transfer that was asked for and is not over."""

    from_account: str
    to_account: str
    left: float
    """What its account has not paid yet."""
    net: float
    """What is to arrive."""


class FundingAccounts:
    """Counts money only where its account tells of it."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        self.name, self.config, self.context = name, config, context
        settings: DeskConfig = context.settings or DeskConfig()
        venues = {venue.name: venue for venue in settings.venues}
        self._lenders = {account.name: venues.get(account.venue) for account in settings.accounts if account.borrow}
        self._venues = {account.name: account.venue for account in settings.accounts}
        self.wallets: dict[str, dict[str, float]] = {}
        self.positions: dict[tuple[str, str], tuple[float, float]] = {}
        """(quantity, average price) of the whole account, by (account, instrument)."""
        self.moving: dict[str, Moving] = {}
        self.asked = 0
        """Transfers so far, over restarts: part of their ids."""
        self.next_wish: dict[str, int] = {}
        """By giving account: no transfer is asked for before it, as the last one was refused."""
        self.routes: Mapping[tuple[str, str], Route] = {}
        self._decimals: dict[tuple[str, str], int] = {}
        self._currencies = {leg.account: self._settles(leg.instrument) for leg in config.legs}
        """What is counted of each account."""
        for route in settings.routes:
            ends = (route.from_account, route.to_account)
            if self._currencies.get(route.to_account) != route.currency:
                continue
            if route.from_account in config.reserves:
                self._currencies.setdefault(route.from_account, route.currency)
            if self._currencies.get(route.from_account) == route.currency:
                self.routes = {**self.routes, ends: Route(float(route.fee), float(route.minimum))}
                self._decimals[ends] = min(route.decimals, 8)

    def _settles(self, instrument: str) -> str:
        rules = self.context.instruments.at(instrument, 0)
        return rules.quote if rules.kind == "spot" else rules.settle

    def hear_balance(self, balance: Balance) -> None:
        if balance.account in self.config.accounts:
            wallet = self.wallets.setdefault(balance.account, {})
            wallet[balance.total.currency] = float(balance.total.decimal)

    def hear_position(self, position: Position) -> None:
        if position.account in self.config.accounts and position.strategy == NO_STRATEGY:
            found = (position.quantity, position.average_price)
            self.positions[position.account, position.instrument] = found

    def hear_cash(self, entry: CashEntry) -> None:
        """What its account has paid is not in its balance any more."""
        transfer_id, part = transfer_of(entry.entry_id)
        moving = self.moving.get(transfer_id)
        if moving is not None and part in (OUT, FEE) and entry.account == moving.from_account:
            moving.left = max(0.0, moving.left + float(entry.amount.decimal))

    def hear_update(self, update: TransferUpdate, now: int) -> None:
        if update.state in OVER and self.moving.pop(update.transfer_id, None) is not None and update.state != DONE:
            self.next_wish[update.account] = now + self.config.patience

    def coins(self, account: str, coin: str) -> float:
        """How many an account has; none are known before it tells."""
        return self.wallets.get(account, {}).get(coin, math.inf)

    def loan(self, account: str, instrument: str) -> Loan:
        """What a short of a spot market takes."""
        venue = self._lenders.get(account)
        lent = None if venue is None else venue.borrow.get(self.context.instruments.at(instrument, 0).base)
        if lent is None:
            return NO_LOAN
        return Loan(float(lent.rate) / HOURS[lent.rules], float(lent.limit), float(lent.level))

    def purses(self, prices: Mapping[str, float]) -> dict[str, Purse]:
        """The accounts as they may be relied on; equity is None where a price or a balance is not known."""
        return {account: self._purse(account, prices) for account in self.config.accounts}

    def _purse(self, account: str, prices: Mapping[str, float]) -> Purse:
        cash = self.wallets.get(account, {}).get(self._currencies.get(account, ""))
        gains = [
            self._gain(instrument, *held, prices) for (owner, instrument), held in self.positions.items()
            if owner == account and held[0]
        ]  # fmt: skip
        known = [gain for gain in gains if gain is not None]
        equity = None if cash is None or len(known) < len(gains) else cash + sum(known)
        return Purse(
            equity,
            leaving=sum(each.left for each in self.moving.values() if each.from_account == account),
            coming=sum(each.net for each in self.moving.values() if each.to_account == account),
            cash=cash or 0.0,
        )

    def _gain(self, instrument: str, quantity: float, average: float, prices: Mapping[str, float]) -> float | None:
        price = prices.get(instrument)
        if price is None:
            return None
        spot = self.context.instruments.at(instrument, 0).kind == "spot"
        return quantity * (price if spot else price - average)

    def requests(self, moves: Iterable[Move], now: int) -> Iterator[TransferRequest]:
        """Each is asked for once, cut to what its route carries."""
        for move in moves:
            decimals = self._decimals[move.from_account, move.to_account]
            units = int(move.amount * 10**decimals)
            if now < self.next_wish.get(move.from_account, 0) or units <= 0:
                continue
            self.asked += 1
            transfer_id, amount = f"{self.name}-{self.asked}", units / 10**decimals
            fee = self.routes[move.from_account, move.to_account].fee
            self.moving[transfer_id] = Moving(move.from_account, move.to_account, amount, amount - fee)
            yield TransferRequest(
                strategy=self.name, account=move.from_account,
                instrument=account_instrument(self._venues[move.from_account]), transfer_id=transfer_id,
                to_account=move.to_account, amount=money(self._currencies[move.from_account], units, decimals),
                reason="margin of the other leg",
            )  # fmt: skip

    def state(self) -> Any:
        return {
            "wallets": [[account, list(wallet.items())] for account, wallet in self.wallets.items()],
            "positions": [[*key, *held] for key, held in self.positions.items()],
            "moving": list(self.moving.items()), "asked": self.asked, "next_wish": list(self.next_wish.items()),
        }  # fmt: skip

    def restore(self, state: Any) -> None:
        self.wallets = {account: dict(wallet) for account, wallet in state["wallets"]}
        self.positions = {(account, name): (held, price) for account, name, held, price in state["positions"]}
        self.moving = {key: msgspec.convert(each, Moving) for key, each in state["moving"]}
        self.asked, self.next_wish = state["asked"], dict(state["next_wish"])
