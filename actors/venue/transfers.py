"""Money that leaves an account of the venue by a route, and money that arrives at one: each once, to the last unit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from letrade.actors.venue.amounts import Amount, whole
from letrade.actors.venue.floor import Floor
from letrade.actors.venue.reports import Report
from letrade.actors.venue.spare import spare
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.describe import did_you_mean
from letrade.core.config.routes import RouteConfig
from letrade.core.errors import ConfigurationError
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.transfers import (
    BACK,
    FAILED,
    FEE,
    FEE_BACK,
    IN,
    OUT,
    PENDING,
    REFUSED,
    VenueDeposit,
    VenueTransfer,
    VenueTransferAnswer,
    entry_of,
)
from letrade.core.messages.venue import VenueCash
from letrade.core.money import Money, money
from letrade.core.quantities import fraction_of_money
from letrade.core.subjects import account_instrument

REMEMBERED_MAX = 65_536
"""So many transfers are known again; the oldest that are over are forgotten first."""


class Given(msgspec.Struct, array_like=True):
    """A transfer that an account here was asked for."""

    account: str
    transfer_id: str
    to_account: str
    amount: Money
    fee: Money
    state: str
    arrives: int
    reason: str = ""
    returns: bool = False
    """Whether it comes back instead, and has not yet."""

    @property
    def net(self) -> Money:
        """What is on its way; both amounts are at the scale of the larger one."""
        return minus(self.amount, self.fee)


class Coming(msgspec.Struct, array_like=True):
    """Money on its way to an account here; once it is credited only its id is kept."""

    account: str
    amount: Money
    arrives: int


def check_routes(accounts: Sequence[AccountConfig], routes: Sequence[RouteConfig], catalogue: Catalogue) -> None:
    """ConfigurationError for a currency that no account begins with and no instrument trades or settles in."""
    held = [currency for account in accounts for currency in account.balances]
    traded = [currency for each in catalogue.messages() for currency in (each.base, each.quote, each.settle)]
    known = dict.fromkeys((*held, *traded))
    for route in routes:
        if known and route.currency not in known:
            text = f'there is no currency "{route.currency}"{did_you_mean(route.currency, known)}'
            raise ConfigurationError(f"route.{route.name}.currency: {text}")


class Transfers:
    """Knows no latency but the routes', and no faults but theirs; says what there is to say in the floor's reports."""

    def __init__(self, floor: Floor, accounts: Sequence[AccountConfig], routes: Sequence[RouteConfig]) -> None:
        self._floor = floor
        self._venues = {account.name: account.venue for account in accounts}
        """Of every account of the desk."""
        self._routes = {(route.from_account, route.to_account, route.currency): route for route in routes}
        self.given: dict[str, Given] = {}
        self.coming: dict[str, Coming | None] = {}
        """None: credited."""
        self._open: dict[str, int] = {}
        """When each is to be credited, or given back."""

    # ---- what leaves

    def take(self, request: VenueTransfer, busy: bool = False) -> None:
        """Does it, unless its id is known, and answers with where it stands. What was turned away stays so."""
        given = self.given.get(request.transfer_id)
        if given is None:
            given = self._give(request, "the venue is busy" if busy else "")
        elif given.state == PENDING and not given.returns and self._floor.time >= given.arrives:
            self._send(given)  # asked for after it should have arrived: perhaps nobody heard of it
        self._answer(given, request.id)

    def _give(self, request: VenueTransfer, busy: str) -> Given:
        currency, amount = request.amount.currency, fraction_of_money(request.amount)
        route = self._routes.get((request.account, request.to_account, currency))
        fee = Fraction(0) if route is None else read_fraction(route.fee)
        reason = busy or self._refusal(request.account, currency, amount, route)
        given = self.given[request.transfer_id] = Given(
            request.account, request.transfer_id, request.to_account, request.amount,
            exactly(currency, fee), REFUSED if reason else PENDING, 0, reason,
        )  # fmt: skip
        self._forget()
        if route is None or reason:
            return given
        given.arrives = self._floor.time + route.latency
        given.returns = fails(route, request.transfer_id)
        self._book(given.account, given.transfer_id, OUT, negated(given.net))
        self._book(given.account, given.transfer_id, FEE, negated(given.fee))
        if given.returns:
            self._open[given.transfer_id] = given.arrives
        else:
            self._send(given)
        return given

    def _refusal(self, name: str, currency: str, amount: Fraction, route: RouteConfig | None) -> str:
        account = self._floor.accounts.get(name)
        if account is None:
            return f"unknown account {name!r}"
        if route is None:
            return "unknown route"
        least = max(read_fraction(route.minimum), read_fraction(route.fee))
        if amount <= 0 or amount < least or amount == read_fraction(route.fee):
            return f"minimum: expected at least {float(least):g}, and more than the fee, found {float(amount):g}"
        if (amount * 10**route.decimals).denominator != 1:
            return f"decimals: expected at most {route.decimals}, found {amount}"
        free = spare(self._floor, account, currency)
        if free is None or free < amount:
            found = "a mark is not known" if free is None else f"{float(max(Fraction(0), free)):g} {currency} are free"
            return f"insufficient balance: needs {float(amount):g}, {found}"
        return ""

    def _send(self, given: Given) -> None:
        deposit = VenueDeposit(
            strategy=NO_STRATEGY, account=given.to_account,
            instrument=account_instrument(self._venues[given.to_account]), transfer_id=given.transfer_id,
            from_account=given.account, amount=given.net, arrives=given.arrives,
        )  # fmt: skip
        self._floor.reports.append(Report(deposit))

    def _answer(self, given: Given, cause: str) -> None:
        answer = VenueTransferAnswer(
            strategy=NO_STRATEGY, account=given.account, instrument=account_instrument(self._floor.venue),
            transfer_id=given.transfer_id, to_account=given.to_account, state=given.state, amount=given.amount,
            fee=given.fee, arrives=given.arrives, reason=given.reason,
        )  # fmt: skip
        self._floor.reports.append(Report(answer, cause, answers=True))

    # ---- what arrives

    def hear(self, deposit: VenueDeposit) -> None:
        if deposit.account in self._floor.accounts and deposit.transfer_id not in self.coming:
            self.coming[deposit.transfer_id] = Coming(deposit.account, deposit.amount, deposit.arrives)
            self._open[deposit.transfer_id] = deposit.arrives
            self._forget()

    def advance(self) -> None:
        """Credits what has arrived, and gives back what could not be sent, in the order of their instants."""
        due = sorted((arrives, key) for key, arrives in self._open.items() if arrives <= self._floor.time)
        for _, transfer_id in due:
            del self._open[transfer_id]
            coming, given = self.coming.get(transfer_id), self.given.get(transfer_id)
            if coming is not None:
                self.coming[transfer_id] = None
                self._book(coming.account, transfer_id, IN, coming.amount)
            elif given is not None and given.returns:
                given.returns, given.state, given.reason = False, FAILED, "the route failed: the money is back"
                self._book(given.account, transfer_id, FEE_BACK, given.fee)
                self._book(given.account, transfer_id, BACK, given.net)

    def next_time(self) -> int | None:
        """When there is something to do; None: nothing is on its way."""
        return min(self._open.values(), default=None)

    def _book(self, name: str, transfer_id: str, part: str, amount: Money) -> None:
        if not amount.integer:
            return
        self._floor.accounts[name].wallet.add(Amount(amount.currency, amount.integer, amount.scale))
        if self._floor.margin is not None:
            self._floor.margin.touched[name] = None
        self._floor.tell_cash(
            VenueCash(
                strategy=NO_STRATEGY, account=name, instrument=account_instrument(self._floor.venue),
                entry_id=entry_of(transfer_id, part), origin="fee" if part in (FEE, FEE_BACK) else "transfer",
                amount=amount, venue_time=self._floor.time,
            )
        )  # fmt: skip

    def _forget(self) -> None:
        """What is over, the oldest first."""
        if len(self.given) > REMEMBERED_MAX:
            over = next((key for key, each in self.given.items() if not each.returns), None)
            self.given.pop(over or "", None)
        if len(self.coming) > REMEMBERED_MAX:
            over = next((key for key, each in self.coming.items() if each is None), None)
            self.coming.pop(over or "", None)

    def state(self) -> Any:
        return [list(self.given.values()), list(self.coming.items())]

    def restore(self, state: Any) -> None:
        """Accounts that the desk file no longer has are forgotten."""
        given, coming = state
        here = self._floor.accounts
        kept = [each for each in msgspec.convert(given, list[Given]) if each.account in here]
        self.given = {each.transfer_id: each for each in kept}
        found = [(key, None if each is None else msgspec.convert(each, Coming)) for key, each in coming]
        self.coming = {key: each for key, each in found if each is None or each.account in here}
        self._open = {key: each.arrives for key, each in self.coming.items() if each is not None}
        self._open |= {key: each.arrives for key, each in self.given.items() if each.returns}


def fails(route: RouteConfig, transfer_id: str) -> bool:
    """Drawn from the seed and the id, so that it does not matter what else moved before."""
    if not route.fail_rate:
        return False
    digest = hashlib.sha256(f"{route.seed}:{route.name}:{transfer_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48 < route.fail_rate


def exactly(currency: str, value: Fraction) -> Money:
    amount = whole(currency, value)
    return money(currency, amount.units, amount.scale)


def negated(amount: Money) -> Money:
    return money(amount.currency, -amount.integer, amount.scale)


def minus(amount: Money, less: Money) -> Money:
    """To the last digit of either."""
    scale = max(amount.scale, less.scale)
    units = amount.integer * 10 ** (scale - amount.scale) - less.integer * 10 ** (scale - less.scale)
    return money(amount.currency, units, scale)
