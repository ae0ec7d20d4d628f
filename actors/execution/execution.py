"""Execution: takes approvals through the gate, and keeps every order until the venue has said what became of it."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.actors.execution.flattening import Flattening
from letrade.actors.execution.gate import GAP, PASSES, REPEATED, ApprovalGate
from letrade.actors.execution.margin import MARGIN, REDUCE, REDUCTION
from letrade.actors.execution.numbers import FillNumbers
from letrade.actors.execution.reduce import reduces
from letrade.actors.execution.sending import ACCOUNT, EXPIRY, FLATTEN, ORDER
from letrade.actors.execution.table import Order
from letrade.actors.execution.transfers import TRANSFER, TransferDesk
from letrade.core import ids
from letrade.core.actor import Context
from letrade.core.config.desk import DESK_PROCESS
from letrade.core.halts import EVERYONE, Halts
from letrade.core.messages.base import DeskMessage, Timer
from letrade.core.messages.events import Drain, Failure, Flatten, Halt, Recovered, Resume
from letrade.core.messages.margin import Reduce
from letrade.core.messages.orders import (
    ApprovedAmend,
    ApprovedOrder,
    BasketProposal,
    CancelOrder,
    OrderIntent,
    OrderRefused,
    Proposal,
)
from letrade.core.messages.transfers import TransferOrder
from letrade.core.orders import ASK_CANCEL, EXPIRE, OPEN, PARTLY_FILLED, REFUSE, next_state
from letrade.core.quantities import units

EARLY_MAX = 1024
CLOSING_PATIENCE = 5
"""How many times max_age an approval to close may be old."""


class Execution(TransferDesk):
    """Sends each approved order once. Cancels need no approval; without RiskManager only what reduces is sent."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.gate = ApprovalGate(config.risk)
        self.halts = Halts()
        self.early_cancels: dict[str, None] = {}
        """Cancels that came before the approval of their order."""
        self.risk_dead = False
        self.draining = ""
        stepped = all(feed.speed == "max" for feed in self.settings.feeds)
        self.max_age: int | None = None if stepped else config.max_age

    def start(self) -> None:
        for account in self.venues:
            self.ask_account(account)
            self.compare_again(account)
        self._await_expiries()

    def _await_expiries(self) -> None:
        for name in self.context.instruments.ids():
            expires = self.context.instruments.at(name, self.now()).message.expires
            if expires > self.now():
                self.set_timer(expires + self.config.order_timeout, f"{EXPIRY} {name}")

    def on_approved_order(self, approved: ApprovedOrder) -> None:
        if self._passes(approved, approved.order.order_id):
            self._take_order(approved)
            if self.gate.waiting:
                self._take_waiting()

    def _take_waiting(self) -> None:
        """Approvals that came before one that was lost, and has come now."""
        while (approved := self.gate.following()) is not None:
            if isinstance(approved, ApprovedOrder):
                self._take_order(approved)
            else:
                self._take_amend(approved)

    def _take_order(self, approved: ApprovedOrder) -> None:
        order = self._new_order(approved)
        if order is None:
            return
        if order.order_id in self.early_cancels:
            del self.early_cancels[order.order_id]
            order.state = next_state(order.state, ASK_CANCEL)
            self.tell(order, "cancelled before it was sent")
        elif order.opening and (why := self.halts.reason(order.account)):
            order.state = next_state(order.state, REFUSE)
            self.tell(order, why)
        elif self._late(approved):
            order.state = next_state(order.state, EXPIRE)
            self.tell(order, "approved too long ago")
        else:
            self.send(order)

    def on_approved_amend(self, approved: ApprovedAmend) -> None:
        if self._passes(approved, approved.amend.order_id):
            self._take_amend(approved)
            self._take_waiting()

    def _take_amend(self, approved: ApprovedAmend) -> None:
        amend = approved.amend
        order = self.table.orders.get(amend.order_id)
        ready = order is not None and order.state in (OPEN, PARTLY_FILLED) and not order.cancel_wanted
        why = self.halts.reason(approved.account) if approved.opening else ""
        if not why and self._late(approved):
            why = "approved too long ago"
        if order is None or not ready or order.amending is not None:
            why = f"the order is {order.state}" if order is not None else "no such order"
        if why or order is None:
            self._refuse(approved, amend.order_id, "amend", "a working order", why, "amend")
        else:
            self.amend(order, amend.price, amend.size)

    def on_cancel_order(self, cancel: CancelOrder) -> None:
        """Never refused. One that overtakes its order's approval keeps the order from being sent."""
        order = self.table.orders.get(cancel.order_id)
        if order is not None:
            self.cancel(order, cancel.reason)
            return
        self.early_cancels[cancel.order_id] = None
        if len(self.early_cancels) > EARLY_MAX:
            del self.early_cancels[next(iter(self.early_cancels))]

    def on_proposal(self, proposal: Proposal) -> None:
        """While RiskManager is dead, what provably reduces needs no approval, and nothing else is sent."""
        if not self.risk_dead:
            return
        for intent in proposal.orders:
            order = self._order_of(proposal, intent, opening=False)
            if order is None:
                continue
            size = units(intent.size)
            if order.protects or reduces(self.exposure(order.account, order.instrument), intent.side, size):
                self.table.add(order)
                self.send(order)
            else:
                self._refuse(proposal, intent.order_id, "risk_dead", "reducing only", "opening")

    def on_basket_proposal(self, basket: BasketProposal) -> None:
        """While RiskManager is dead: all of it where every order provably reduces, else nothing."""
        if not self.risk_dead:
            return
        legs = [
            Proposal(
                strategy=basket.strategy, account=leg.account, instrument=leg.instrument, signal=basket.signal,
                orders=leg.orders,
            )
            for leg in basket.legs
        ]  # fmt: skip
        if all(
            reduces(self.exposure(leg.account, leg.instrument), intent.side, units(intent.size))
            for leg in legs for intent in leg.orders
        ):  # fmt: skip
            for leg in legs:
                self.on_proposal(leg)
            return
        for leg in legs:
            for intent in leg.orders:
                self._refuse(leg, intent.order_id, "risk_dead", "reducing only", "a basket that opens")

    def on_timer(self, timer: Timer) -> None:
        kind, _, what = timer.key.partition(" ")
        due = {
            ORDER: self.order_overdue,
            ACCOUNT: self.account_due,
            FLATTEN: self.flatten_overdue,
            MARGIN: self.margin_overdue,
            REDUCTION: self.reduction_overdue,
            TRANSFER: self.transfer_overdue,
            EXPIRY: self.expiry_due,
        }
        due[kind](what)
        self._say_drained()

    def on_reduce(self, reduce: Reduce) -> None:
        """One that an outage held up is not sent after it: who asked for it sees what is held now."""
        if self.max_age is not None and self.now() - reduce.time > CLOSING_PATIENCE * self.max_age:
            limit, found = f"{CLOSING_PATIENCE * self.max_age} ns", f"{self.now() - reduce.time} ns"
            self._refuse(reduce, f"{REDUCE}.{reduce.reduction_id}", "late", limit, found)
        else:
            super().on_reduce(reduce)

    def transfer_hindrance(self, order: TransferOrder) -> str:
        """What an outage held up is not sent after it, and of a halted account nobody knows what it holds."""
        if self.max_age is not None and self.now() - order.time > CLOSING_PATIENCE * self.max_age:
            return "leave was given too long ago"
        return self.halts.reason(order.account)

    def on_halt(self, halt: Halt) -> None:
        self.halts.halt(halt.account, halt.reason, halt.pause)

    def on_resume(self, resume: Resume) -> None:
        """The operator has seen what was shown: a gap in the approvals is passed over too, and what waited behind it
        is over."""
        self.halts.resume(resume.account, resume.pauses_only)
        self.gate.skipping = self.gate.skipping or (resume.account == EVERYONE and not resume.pauses_only)
        if self.gate.skipping:
            for approved in self.gate.give_up():
                if isinstance(approved, ApprovedOrder) and (order := self._new_order(approved)) is not None:
                    order.state = next_state(order.state, EXPIRE)
                    self.tell(order, "an approval before it was lost")

    def on_flatten(self, flatten: Flatten) -> None:
        self.halts.halt(flatten.account, f"flatten: {flatten.reason}", pause=True)
        for account in self.venues:
            if flatten.account in (EVERYONE, account):
                self.flatten(account)

    def on_recovered(self, recovered: Recovered) -> None:
        """The desk or this process was gone for a while: what the venue did meanwhile is asked for. Pauses are over
        when it was the desk."""
        if recovered.process == DESK_PROCESS:
            self.halts.resume(EVERYONE, pauses_only=True)
            self.draining = ""
        for account in self.venues:
            self.ask_account(account)
        self._await_expiries()

    def on_failure(self, failure: Failure) -> None:
        if failure.stopped and failure.actor == self.gate.source:
            self.risk_dead = True
            self.alert("error", "risk_dead", f"{failure.actor} is stopped: only what reduces is sent from now on")

    def on_drain(self, drain: Drain) -> None:
        """The desk stops: nothing opens any more, and working orders are cancelled, kept, or all is closed."""
        self.halts.halt(EVERYONE, "the desk stops", pause=True)
        self.draining = drain.on_stop
        for account in self.venues:
            if drain.on_stop == "flatten":
                self.flatten(account)
            elif drain.on_stop == "cancel":
                for order in self.table.live(account):
                    self.cancel(order, "the desk stops")
        self._say_drained()

    def moved(self, order: Order) -> None:
        if self.flattening or self.reducing:
            super().moved(order)
        if self.draining:
            self._say_drained()

    def compared(self, account: str) -> None:
        super().compared(account)
        self._say_drained()

    def _say_drained(self) -> None:
        """Once, when nothing is on its way any more, or may be."""
        if not self.draining or self.flattening:
            return
        if self.draining == "keep" or not any(self.table.live(account) for account in self.venues):
            self.draining = ""
            self.alert("info", "drained", "no order is on its way")

    def _passes(self, approved: ApprovedOrder | ApprovedAmend, order_id: str) -> bool:
        verdict = self.gate.check(approved)
        if verdict == PASSES:
            self.risk_dead = False
            return True
        if verdict != REPEATED:
            found = f"approval {approved.approval} of {approved.source}, epoch {approved.epoch}"
            self._refuse(approved, order_id, verdict, self.gate.expectation(), found, "approval")
            hint = "; resume '*' to go on without the missing ones" if verdict == GAP else ""
            text = f"{order_id}: expected {self.gate.expectation()}, found {found}; {self.gate.refused} refused{hint}"
            self.alert("error", verdict, text, approved.account, approved.instrument)
        return False

    def _order_of(self, about: DeskMessage, intent: OrderIntent, opening: bool) -> Order | None:
        """A new order, None for one that was taken before or that no account or instrument is known for."""
        if intent.order_id in self.table.orders:
            return None
        if about.account not in self.venues or about.instrument not in self.context.instruments:
            self._refuse(about, intent.order_id, "unknown", "a known account and instrument", about.account)
            return None
        client_order_id = ids.client_order_id(self.context.desk_uid, intent.order_id)
        return Order(
            intent.order_id, client_order_id, about.strategy, about.account, about.instrument, intent.side,
            intent.size, intent.price, intent.time_in_force, intent.post_only, intent.reduce_only, opening,
            kind=intent.kind, trigger=intent.trigger, trigger_by=intent.trigger_by, trail=intent.trail,
            shown=intent.shown, expires=intent.expires, group=intent.group,
        )  # fmt: skip

    def _new_order(self, approved: ApprovedOrder) -> Order | None:
        order = self._order_of(approved, approved.order, approved.opening)
        if order is not None:
            self.table.add(order)
        return order

    def _late(self, approved: ApprovedOrder | ApprovedAmend) -> bool:
        """What closes may be later than what opens; yet what was decided before an outage is not sent after it."""
        if self.max_age is None:
            return False
        patience = self.max_age if approved.opening else CLOSING_PATIENCE * self.max_age
        return self.now() - approved.time > patience

    def _refuse(
        self, about: DeskMessage, order_id: str, rule: str, limit: str, found: str, what: str = "order"
    ) -> None:
        self.publish(
            OrderRefused(
                strategy=about.strategy, account=about.account, instrument=about.instrument, order_id=order_id,
                rule=rule, limit=limit, value=found, refused_by=self.name, what=what,
            )
        )  # fmt: skip

    def state(self) -> Any:
        return {
            "table": self.table.state(),
            "holdings": self.holdings.state(),
            "numbers": [[account, numbers.state()] for account, numbers in self.numbers.items()],
            "doublings": list(self.doublings.items()),
            "missing": list(self.missing),
            "foreign": list(self.foreign),
            "entries": list(self.entries),
            "flattenings": self.flattenings,
            "flattening": list(self.flattening.values()),
            "gate": self.gate.state(),
            "halts": self.halts.state(),
            "early_cancels": list(self.early_cancels),
            "risk_dead": self.risk_dead,
            "draining": self.draining,
            "margin": self.margin_state(),
            "transfers": self.transfers_state(),
        }

    def restore(self, state: Any) -> None:
        self.table.restore(state["table"])
        self.holdings.restore(state["holdings"])
        for account, numbers in state["numbers"]:
            self.numbers.setdefault(account, FillNumbers()).restore(numbers)
        self.doublings = dict(state["doublings"])
        self.missing = dict.fromkeys(state["missing"])
        self.foreign = dict.fromkeys(state["foreign"])
        self.entries = dict.fromkeys(state["entries"])
        self.flattenings = state["flattenings"]
        flattening = msgspec.convert(state["flattening"], list[Flattening])
        self.flattening = {each.account: each for each in flattening}
        self.gate.restore(state["gate"])
        self.halts.restore(state["halts"])
        self.early_cancels = dict.fromkeys(state["early_cancels"])
        self.risk_dead, self.draining = state["risk_dead"], state["draining"]
        self.restore_margin(state["margin"])
        self.restore_transfers(state["transfers"])
