"""RiskManager: the only maker of approvals. It refuses what opens too much, and never what reduces."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from letrade.actors.risk.baskets import legs_of
from letrade.actors.risk.judging import Judge, limits_losses, unknown
from letrade.actors.risk.reservations import Reserved
from letrade.actors.risk.rules import Refusal, malformed, refusal_of
from letrade.core.actor import ActorConfig
from letrade.core.bookkeeping import AccountBook
from letrade.core.config.desk import DESK_PROCESS
from letrade.core.config.values import PositiveDuration
from letrade.core.exposure import opening_part
from letrade.core.fraction import Fraction
from letrade.core.halts import EVERYONE
from letrade.core.instruments import Specification
from letrade.core.messages.events import Alert, Failure, Flatten, Halt, Recovered, Resume
from letrade.core.messages.market import Bar, MarkPrice, Middle, Quote, Trade
from letrade.core.messages.orders import (
    AmendIntent,
    ApprovedAmend,
    ApprovedOrder,
    BasketProposal,
    CancelOrder,
    CashEntry,
    Fill,
    OrderIntent,
    OrderRefused,
    OrderUpdate,
    Proposal,
)
from letrade.core.messages.transfers import transfer_of
from letrade.core.orders import TERMINAL, WORKING
from letrade.core.quantities import fraction_of_money, units
from letrade.core.stage import Stage


class RiskConfig(ActorConfig, frozen=True, kw_only=True):
    """How often losses are looked at; the limits stand in [risk]."""

    equity_every: PositiveDuration = 1_000_000_000


class RiskManager(Judge):
    """Judges each request with the worst case of all that it approved before, so that no race exceeds a limit."""

    stage: ClassVar[Stage] = Stage.RISK
    Config: ClassVar[type[ActorConfig]] = RiskConfig

    def on_price(self, message: Trade | Quote | Bar | MarkPrice | Middle) -> None:
        self.board.see(message)
        if self.now() >= self.equity_check:
            self.equity_check = self.now() + self.config.equity_every
            for account in self.books:
                self._watch(account)

    def on_proposal(self, proposal: Proposal) -> None:
        """Each order by itself: what one is refused for does not stop the next. What was proposed before an outage is
        refused after it, whatever it does, so that nothing stays reserved for it."""
        for order_id in proposal.cancels:
            self.publish(
                CancelOrder(
                    strategy=proposal.strategy, account=proposal.account, instrument=proposal.instrument,
                    order_id=order_id,
                )
            )  # fmt: skip
        age = self.now() - proposal.time
        if self.age_max is not None and age > self.age_max:
            self._refuse_late(proposal, Refusal("late", f"{self.age_max} ns", f"{age} ns"))
            return
        known = proposal.instrument in self.context.instruments and proposal.account in self.books
        for amend in proposal.amends:
            self._judge_amend(proposal, amend, known)
        for order in proposal.orders:
            if order.order_id in self.reservations.remembered:
                continue
            self._judge_order(proposal, order, known)

    def _refuse_late(self, proposal: Proposal, refusal: Refusal) -> None:
        for amend in proposal.amends:
            self._refuse(proposal, amend.order_id, refusal, "amend")
        for order in proposal.orders:
            if order.order_id not in self.reservations.remembered:
                self._refuse(proposal, order.order_id, refusal)

    def _judge_order(self, proposal: Proposal, order: OrderIntent, known: bool) -> None:
        if not known:
            self._refuse(proposal, order.order_id, unknown(proposal))
            return
        specification = self.context.instruments.at(proposal.instrument, self.now())
        if order.kind != "order":
            self._judge_protection(proposal, order, specification)
            return
        refusal, opening = self._weigh(proposal, order, specification)
        if refusal is not None:
            self._refuse(proposal, order.order_id, refusal)
            return
        self._reserve(proposal, order)
        self._approve(proposal, order, opening, self._next_approval(proposal.account, opening))

    def on_basket_proposal(self, basket: BasketProposal) -> None:
        """Each order with those before it reserved; where one is refused, none of the others leaves."""
        legs = legs_of(basket)
        if any(order.order_id in self.reservations.remembered for _, order in legs):
            return
        taken: list[tuple[Proposal, OrderIntent, int]] = []
        for proposal, order in legs:
            refusal, opening = self._weigh_leg(basket.time, proposal, order)
            if refusal is not None:
                self._refuse_basket(legs, taken, order.order_id, refusal)
                return
            self._reserve(proposal, order)
            taken.append((proposal, order, opening))
            self._recent(proposal.account).extend([self.now()] * (opening > 0))
        for proposal, order, opening in taken:
            self._approve(proposal, order, opening, self._next_approval(proposal.account, 0))

    def _weigh_leg(self, time: int, proposal: Proposal, order: OrderIntent) -> tuple[Refusal | None, int]:
        age = self.now() - time
        if self.age_max is not None and age > self.age_max:
            return Refusal("late", f"{self.age_max} ns", f"{age} ns"), 0
        if proposal.instrument not in self.context.instruments or proposal.account not in self.books:
            return unknown(proposal), 0
        return self._weigh(proposal, order, self.context.instruments.at(proposal.instrument, self.now()))

    def _refuse_basket(
        self, legs: list[tuple[Proposal, OrderIntent]], taken: list[tuple[Proposal, OrderIntent, int]], culprit: str,
        refusal: Refusal,
    ) -> None:  # fmt: skip
        for proposal, order, opening in taken:
            self.reservations.forget(order.order_id)
            if opening:
                self._recent(proposal.account).pop()
        others = Refusal("basket", "every leg allowed", f"{culprit}: {refusal.rule}")
        for proposal, order in legs:
            self._refuse(proposal, order.order_id, refusal if order.order_id == culprit else others)

    def _reserve(self, proposal: Proposal, order: OrderIntent) -> None:
        self.reservations.add(
            Reserved(
                order.order_id, proposal.account, proposal.instrument, proposal.strategy, order.side, order.size,
                order.price, order.price is not None and order.time_in_force == "gtc",
            )
        )  # fmt: skip

    def _approve(self, proposal: Proposal, order: OrderIntent, opening: int, approval: int) -> None:
        approved = msgspec.structs.replace(order, reduce_only=False) if order.reduce_only and opening else order
        self.publish(
            ApprovedOrder(
                strategy=proposal.strategy, account=proposal.account, instrument=proposal.instrument,
                approval=approval, order=approved, opening=opening > 0,
            )
        )  # fmt: skip

    def _judge_protection(self, proposal: Proposal, order: OrderIntent, specification: Specification) -> None:
        """What waits for a trigger may only reduce, and the venue holds it to what is held: it reserves nothing."""
        refusal = malformed(specification, order.side, order.size, order.trigger)
        refusal = refusal or malformed(specification, order.side, order.size, order.trail)
        if not order.reduce_only:
            refusal = Refusal("conditional", "an order that only reduces", order.kind)
        if refusal is not None:
            self._refuse(proposal, order.order_id, refusal)
            return
        self.reservations.remember(order.order_id)
        self.protective[order.order_id] = None
        self.publish(
            ApprovedOrder(
                strategy=proposal.strategy, account=proposal.account, instrument=proposal.instrument,
                approval=self._next_approval(proposal.account, 0), order=order, opening=False,
            )
        )  # fmt: skip

    def _judge_amend(self, proposal: Proposal, amend: AmendIntent, known: bool) -> None:
        order = self.reservations.orders.get(amend.order_id)
        if not known or order is None or order.amending is not None:
            found = "an amend on its way" if order is not None else "no such working order"
            refusal = Refusal("amend", "a working order with no amend on its way", found)
            self._refuse(proposal, amend.order_id, refusal, "amend")
            return
        specification = self.context.instruments.at(order.instrument, self.now())
        refusal_found = malformed(specification, order.side, amend.size, amend.price)
        size = max(0, units(amend.size) - units(order.filled))
        exposure = self.reservations.exposure(order.account, specification, but=order.order_id)
        opening = opening_part(exposure, order.side, size)
        smaller = size <= order.remaining and amend.price == order.price
        if refusal_found is None and opening and not smaller:
            others = self.reservations.exposure(proposal.account, specification, but=order.order_id)
            refusal_found = refusal_of(
                self._request(proposal, specification, others, order.side, size, opening, amend.price, order.order_id)
            )
        if refusal_found is not None:
            self._refuse(proposal, amend.order_id, refusal_found, "amend")
            return
        self.reservations.amending(order, (amend.price, amend.size))
        self.publish(
            ApprovedAmend(
                strategy=proposal.strategy, account=proposal.account, instrument=proposal.instrument,
                approval=self._next_approval(proposal.account, opening), amend=amend, opening=opening > 0,
            )
        )  # fmt: skip

    def on_fill(self, fill: Fill) -> None:
        specification = self.context.instruments.at(fill.instrument, fill.time)
        self.reservations.fill(specification, fill)
        self.books[fill.account].book_fill(specification, fill)
        self.board.prices.setdefault(fill.instrument, fill.price)
        self._watch(fill.account)

    def on_cash_entry(self, entry: CashEntry) -> None:
        """A deposit is no profit and a withdrawal no loss: losses are counted as if neither had been; anew where no
        rate tells how much."""
        moved = entry.origin == "transfer" or bool(transfer_of(entry.entry_id)[0])
        watched = moved and limits_losses(self._limits_of(entry.account, ""))
        before = self._equity(entry.account) if watched else None
        self.books[entry.account].book_cash(entry)
        if self.reservations.holdings.accrue(self.context.instruments, entry, self.now()):
            self.reservations.changed((entry.account, entry.instrument))
        if watched:
            self._move(entry, before)

    def _move(self, entry: CashEntry, before: Fraction | None) -> None:
        after = self._equity(entry.account)
        rate = self.board.rate(entry.amount.currency, self.settings.desk.reporting_currency, self.context.instruments)
        if before is not None and after is not None:
            amount = after - before
        elif rate is not None:
            amount = fraction_of_money(entry.amount) * rate
        else:
            self.losses.forget(entry.account)
            return
        self.losses.move(entry.account, amount, before, self.now(), paid=entry.origin != "transfer")

    def on_order_update(self, update: OrderUpdate) -> None:
        if update.order_id in self.protective:
            if update.state in TERMINAL:
                del self.protective[update.order_id]
        elif update.state in TERMINAL:
            self.reservations.end(update.order_id)
        elif update.order_id not in self.reservations.orders:
            if update.state in WORKING and update.filled < update.size:
                self.reservations.adopt(update)
        elif update.reason.startswith("amend"):
            self.reservations.amended(update)

    def on_order_refused(self, refused: OrderRefused) -> None:
        """Execution would not amend: the order is as it was."""
        order = self.reservations.orders.get(refused.order_id)
        if refused.refused_by != self.name and refused.what == "amend" and order is not None:
            self.reservations.amending(order, None)

    def on_halt(self, halt: Halt) -> None:
        """Its own halts hold already: one that comes back late must not undo a Resume."""
        if halt.source != self.name:
            self.halts.halt(halt.account, halt.reason, halt.pause)

    def on_resume(self, resume: Resume) -> None:
        self.halts.resume(resume.account, resume.pauses_only)
        if not resume.pauses_only:
            self.losses.forget(resume.account)

    def on_recovered(self, recovered: Recovered) -> None:
        """A restart of the desk lifts pauses, and no halt."""
        if recovered.process == DESK_PROCESS:
            self.halts.resume(EVERYONE, pauses_only=True)

    def on_flatten(self, flatten: Flatten) -> None:
        self.halts.halt(flatten.account, f"flatten: {flatten.reason}", pause=True)

    def on_failure(self, failure: Failure) -> None:
        """Without its owners of money the desk opens nothing; strategies may come and go."""
        if failure.stopped and failure.actor not in self._skipping:
            self._halt(EVERYONE, f"{failure.actor} is stopped: {failure.error}")

    def _watch(self, account: str) -> None:
        limits = self._limits_of(account, "")
        if not limits_losses(limits):
            return
        equity = self._equity(account)
        reason = "" if equity is None else self.losses.tripped(account, equity, self.now(), limits)
        if reason:
            self._halt(account, reason)

    def _halt(self, account: str, reason: str) -> None:
        if self.halts.halt(account, reason, pause=False):
            self.publish(Halt(account=account, reason=reason))
            self.publish(Alert(level="error", code="halt", text=reason, account=account))

    def state(self) -> Any:
        return {
            "approvals": self.approvals,
            "reservations": self.reservations.state(),
            "protective": list(self.protective),
            "halts": self.halts.state(),
            "losses": self.losses.state(),
            "board": self.board.state(),
            "books": [[account, book.state()] for account, book in self.books.items()],
            "opened": [[account, times] for account, times in self.opened.items()],
            "equity_check": self.equity_check,
        }

    def restore(self, state: Any) -> None:
        self.approvals, self.equity_check = state["approvals"], state["equity_check"]
        self.reservations.restore(state["reservations"])
        self.protective = dict.fromkeys(state["protective"])
        self.halts.restore(state["halts"])
        self.losses.restore(state["losses"])
        self.board.restore(state["board"])
        for account, book in state["books"]:
            self.books.setdefault(account, AccountBook()).restore(book)
        self.opened = {account: list(times) for account, times in state["opened"]}
