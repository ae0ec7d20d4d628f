"""Leave to move money between accounts: what leaves is held back from orders at once, until its account has paid it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from letrade.actors.capital.proposing import Proposer
from letrade.actors.capital.spare import room, spare
from letrade.core.actor import Context
from letrade.core.config.routes import RouteConfig
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.messages.orders import CashEntry
from letrade.core.messages.transfers import (
    DONE,
    FAILED,
    FEE,
    OUT,
    REFUSED,
    TransferOrder,
    TransferRequest,
    TransferUpdate,
    transfer_of,
)
from letrade.core.quantities import fraction_of_money
from letrade.core.subjects import account_instrument

ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z")
KNOWN_MAX = 65_536
"""So many ended transfers are known again."""


class Leave(msgspec.Struct, array_like=True):
    """Leave that was given; exact amounts as text."""

    account: str
    strategy: str
    to_account: str
    currency: str
    amount: str
    left: str
    """What its account has not paid yet."""
    worth: str
    """Of the amount when leave was given, in the reporting currency."""
    over: bool = False
    """Arrived before we heard that it left."""


class Mover(Proposer):
    """Refuses what is not free to go, and never gives leave twice for one id, nor for an id that it refused."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        settings = self.purse.settings
        self.routes = {(route.from_account, route.to_account, route.currency): route for route in settings.routes}
        self.venues = {account.name: account.venue for account in settings.accounts}
        self.leaves: dict[str, Leave] = {}
        self.told: dict[str, TransferUpdate] = {}
        """What became of the newest transfers."""

    def on_transfer_request(self, request: TransferRequest) -> None:
        told = self.told.get(request.transfer_id)
        known = told or self.leaves.get(request.transfer_id)
        if known is not None and known.strategy != request.strategy:
            self.publish(_refusal(request, f"id: {request.transfer_id} is a transfer of {known.strategy}"))
        elif told is not None:
            self.publish(msgspec.structs.replace(told))
        elif request.transfer_id not in self.leaves:
            reason = self._no_leave(request)
            if reason:
                self._refuse_transfer(request, reason)
            else:
                self._give_leave(request)

    def _give_leave(self, request: TransferRequest) -> None:
        amount = fraction_of_money(request.amount)
        worth = self.purse.worth(request.amount.currency, amount) or Fraction(0)
        self.leaves[request.transfer_id] = Leave(
            request.account, request.strategy, request.to_account, request.amount.currency, str(amount), str(amount),
            str(worth),
        )  # fmt: skip
        self.purse.shifts.hold_back(request.account, request.amount.currency, amount)
        self.purse.shifts.shift(request.account, request.strategy, -worth)
        self.publish(
            TransferOrder(
                strategy=request.strategy, account=request.account, instrument=request.instrument,
                transfer_id=request.transfer_id, to_account=request.to_account, amount=request.amount,
            )
        )  # fmt: skip

    def _no_leave(self, request: TransferRequest) -> str:
        """Why money stays where it is; '' when it may go."""
        currency = request.amount.currency
        venue = self.venues.get(request.account)
        route = self.routes.get((request.account, request.to_account, currency))
        if ID.match(request.transfer_id) is None:
            return "id: expected up to 64 letters, digits and _ . : -"
        if venue is None or request.instrument != account_instrument(venue):
            known = ", ".join(f"{name} with {account_instrument(at)}" for name, at in self.venues.items())
            return f"unknown: {request.account} with {request.instrument}; known: {known}"
        if self.age_max is not None and self.now() - request.time > self.age_max:
            return f"late: expected within {self.age_max} ns, found {self.now() - request.time}"
        if route is None:
            return f"route: none for {currency} from {request.account} to {request.to_account}: add a [[route]]"
        return self._amount_refusal(request, route) or self._money_refusal(request)

    def _amount_refusal(self, request: TransferRequest, route: RouteConfig) -> str:
        amount = fraction_of_money(request.amount)
        if amount <= 0:
            return f"amount: expected more than 0, found {request.amount}"
        if (amount * 10**route.decimals).denominator != 1:
            return f"decimals: expected at most {route.decimals}, found {request.amount}"
        if amount < read_fraction(route.minimum):
            return f"minimum: expected at least {route.minimum}, found {request.amount}"
        if amount <= read_fraction(route.fee):
            return f"fee: expected more than the fee of {route.fee}, found {request.amount}"
        return ""

    def _money_refusal(self, request: TransferRequest) -> str:
        account, currency = request.account, request.amount.currency
        amount, now = fraction_of_money(request.amount), self.now()
        free = spare(self.purse, account, currency, self.working, now)
        if free is None:
            return f"price: expected one of every position that is paid in {currency}, some is not known"
        if amount > free:
            return (
                f"free: expected at most {float(max(Fraction(0), free)):.8g} {currency}, found {request.amount}: the "
                "rest is held for orders, margin, losses, positions and transfers"
            )
        most = room(self.purse, account, request.strategy, self.working, now)
        worth = self.purse.worth(currency, amount)
        if most is None:
            return ""
        if worth is None:
            return f"rate: expected one of {currency} to the reporting currency, none is known"
        if worth > most:
            idle = float(max(Fraction(0), most))
            return f"allocation: expected at most {idle:.8g} that is not at work, found {float(worth):.8g}"
        return ""

    def _refuse_transfer(self, request: TransferRequest, reason: str) -> None:
        update = _refusal(request, reason)
        self._remember(update)
        self.publish(update)

    def _remember(self, update: TransferUpdate) -> None:
        self.told[update.transfer_id] = msgspec.structs.replace(update)
        if len(self.told) > KNOWN_MAX:
            del self.told[next(iter(self.told))]

    def hear_transfer_entry(self, entry: CashEntry) -> None:
        """What its account has paid is held back no longer: it is not there any more."""
        transfer_id, part = transfer_of(entry.entry_id)
        leave = self.leaves.get(transfer_id)
        if leave is None or part not in (OUT, FEE) or entry.account != leave.account:
            return
        left = read_fraction(leave.left)
        paid = min(left, -fraction_of_money(entry.amount))
        leave.left = str(left - paid)
        self.purse.shifts.hold_back(leave.account, leave.currency, -paid)
        if leave.over and left == paid:
            del self.leaves[transfer_id]

    def on_transfer_update(self, update: TransferUpdate) -> None:
        """At its end the strategy may use what arrived there, or has again what came back."""
        leave = self.leaves.get(update.transfer_id)
        if leave is None or leave.over or update.state not in (DONE, FAILED, REFUSED):
            return
        if leave.strategy != update.strategy:
            return  # our own refusal of another's wish of that id
        self._remember(update)
        worth, amount = read_fraction(leave.worth), read_fraction(leave.amount)
        if update.state == DONE:
            fee = Fraction(0) if update.fee is None else fraction_of_money(update.fee)
            self.purse.shifts.shift(leave.to_account, leave.strategy, worth * (amount - fee) / amount)
            leave.over = leave.left != "0"
        else:
            self.purse.shifts.shift(leave.account, leave.strategy, worth)
            self.purse.shifts.hold_back(leave.account, leave.currency, -read_fraction(leave.left))
        if not leave.over:
            del self.leaves[update.transfer_id]

    def transfers_state(self) -> Any:
        return {"leaves": list(self.leaves.items()), "told": list(self.told.values())}

    def restore_transfers(self, state: Any) -> None:
        """What is held back, and what was moved, the purse keeps."""
        self.leaves = {key: msgspec.convert(each, Leave) for key, each in state["leaves"]}
        told = msgspec.convert(state["told"], list[TransferUpdate])
        self.told = {each.transfer_id: each for each in told}


def _refusal(request: TransferRequest, reason: str) -> TransferUpdate:
    return TransferUpdate(
        strategy=request.strategy, account=request.account, instrument=request.instrument,
        transfer_id=request.transfer_id, to_account=request.to_account, state=REFUSED, amount=request.amount,
        reason=reason,
    )  # fmt: skip
