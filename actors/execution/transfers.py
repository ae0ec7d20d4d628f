"""Transfers on their way: given to a venue once, asked after under their id, over when their money is booked."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.actors.execution.margin import MarginDesk
from letrade.actors.execution.sending import BACKOFF_DOUBLINGS_MAX
from letrade.core.actor import Context
from letrade.core.messages.transfers import (
    BACK,
    DONE,
    FAILED,
    IN,
    PENDING,
    REFUSED,
    REQUESTED,
    UNKNOWN,
    TransferOrder,
    TransferUpdate,
    VenueTransfer,
    VenueTransferAnswer,
    transfer_of,
)
from letrade.core.messages.venue import VenueCash
from letrade.core.money import Money
from letrade.core.quantities import fraction_of_money, money_of

TRANSFER = "transfer"
OVER_MAX = 65_536
"""So many ended transfers are known again."""


class Moving(msgspec.Struct, array_like=True):
    """One transfer that is not over."""

    request: VenueTransfer
    state: str = REQUESTED
    attempts: int = 0
    """Questions since the last answer."""
    fee: Money | None = None
    arrives: int = 0


class TransferDesk(MarginDesk):
    """Only the cash entry at either end ends a transfer: an answer alone does not show that the money can be spent."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.moving: dict[str, Moving] = {}
        self.over: dict[str, TransferUpdate] = {}
        """What became of the newest ones."""

    def transfer_hindrance(self, order: TransferOrder) -> str:
        """Why leave that was given is not made use of, in execution.py."""
        return ""

    def on_transfer_order(self, order: TransferOrder) -> None:
        if order.source != self.config.capital:
            text = f"{order.transfer_id}: expected the leave of {self.config.capital}, found that of {order.source}"
            self.alert("error", "transfer_forged", text, order.account, order.instrument)
        elif (told := self.over.get(order.transfer_id)) is not None:
            self.publish(msgspec.structs.replace(told))
        elif order.transfer_id not in self.moving:
            self._begin_transfer(order)

    def _begin_transfer(self, order: TransferOrder) -> None:
        moving = Moving(
            VenueTransfer(
                strategy=order.strategy, account=order.account, instrument=order.instrument,
                transfer_id=order.transfer_id, to_account=order.to_account, amount=order.amount,
            )
        )  # fmt: skip
        known = order.account in self.venues and order.to_account in self.venues
        reason = self.transfer_hindrance(order) if known else "unknown account"
        if reason:
            self._end_transfer(moving, REFUSED, reason)
            return
        self.moving[order.transfer_id] = moving
        self._tell_transfer(moving)
        self._ask_venue(moving, self.now())

    def _ask_venue(self, moving: Moving, since: int) -> None:
        """A first and a later question are the same message: its id makes the venue do it once."""
        asked = moving.request
        self.publish(
            VenueTransfer(
                strategy=asked.strategy, account=asked.account, instrument=asked.instrument,
                transfer_id=asked.transfer_id, to_account=asked.to_account, amount=asked.amount,
            )
        )  # fmt: skip
        self._await_transfer(moving, since)

    def _await_transfer(self, moving: Moving, since: int) -> None:
        least: int = self.config.order_timeout
        wait = min(least << min(moving.attempts, BACKOFF_DOUBLINGS_MAX), max(self.config.backoff_max, least))
        self.set_timer(since + wait, f"{TRANSFER} {moving.request.transfer_id}")

    def transfer_overdue(self, transfer_id: str) -> None:
        """No answer, or no money, in time: it is counted neither here nor there, and asked after."""
        moving = self.moving.get(transfer_id)
        if moving is None:
            return
        moving.attempts += 1
        if moving.state != UNKNOWN:
            why = "no answer in time" if moving.state == REQUESTED else "it has not arrived in time"
            moving.state = UNKNOWN
            self._tell_transfer(moving, why)
        elif moving.attempts % 5 == 0:
            text = f"the transfer {transfer_id} is unknown after {moving.attempts} questions"
            self.alert("warning", "transfer_unknown", text, moving.request.account, moving.request.instrument)
        self._ask_venue(moving, self.now())

    def on_venue_transfer_answer(self, answer: VenueTransferAnswer) -> None:
        moving = self.moving.get(answer.transfer_id)
        if moving is None or moving.request.account != answer.account:
            return
        if answer.state == REFUSED:
            self._end_transfer(moving, REFUSED, answer.reason)
            return
        told = (moving.state, moving.arrives)
        overdue = max(0, self.now() - answer.arrives) if answer.arrives else 0
        moving.fee, moving.arrives = answer.fee, answer.arrives
        if answer.state == PENDING and not overdue:
            moving.state, moving.attempts = PENDING, 0
        if (moving.state, moving.arrives) != told:
            self._tell_transfer(moving, answer.reason)
        self._await_transfer(moving, max(self.now(), moving.arrives))

    def on_venue_cash(self, told: VenueCash) -> None:
        """Booked first, so that whoever hears that it is done has the money."""
        super().on_venue_cash(told)
        transfer_id, part = transfer_of(told.entry_id)
        moving = self.moving.get(transfer_id)
        if moving is None:
            return
        if part == IN and told.account == moving.request.to_account:
            sent = moving.request.amount
            moving.fee = money_of(sent.currency, fraction_of_money(sent) - fraction_of_money(told.amount))
            moving.arrives = told.venue_time
            self._end_transfer(moving, DONE)
        elif part == BACK and told.account == moving.request.account:
            self._end_transfer(moving, FAILED, told.reason or "the money has come back")

    def _end_transfer(self, moving: Moving, state: str, reason: str = "") -> None:
        transfer_id = moving.request.transfer_id
        self.moving.pop(transfer_id, None)
        self.cancel_timer(f"{TRANSFER} {transfer_id}")
        moving.state = state
        self.over[transfer_id] = _update(moving, reason)
        if len(self.over) > OVER_MAX:
            del self.over[next(iter(self.over))]
        self._tell_transfer(moving, reason)

    def _tell_transfer(self, moving: Moving, reason: str = "") -> None:
        self.publish(_update(moving, reason))

    def transfers_state(self) -> Any:
        return {"moving": list(self.moving.values()), "over": list(self.over.values())}

    def restore_transfers(self, state: Any) -> None:
        moving = msgspec.convert(state["moving"], list[Moving])
        self.moving = {each.request.transfer_id: each for each in moving}
        over = msgspec.convert(state["over"], list[TransferUpdate])
        self.over = {each.transfer_id: each for each in over}


def _update(moving: Moving, reason: str) -> TransferUpdate:
    about = moving.request
    return TransferUpdate(
        strategy=about.strategy, account=about.account, instrument=about.instrument, transfer_id=about.transfer_id,
        to_account=about.to_account, state=moving.state, amount=about.amount, fee=moving.fee, arrives=moving.arrives,
        reason=reason,
    )  # fmt: skip
