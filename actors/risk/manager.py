"""RiskManager: the only maker of approvals. It refuses what opens too much, and never what reduces."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, ClassVar

import msgspec

from letrade.actors.risk.gross import GrossExposure
from letrade.actors.risk.losses import LossWatch
from letrade.actors.risk.reservations import Reservations, Reserved
from letrade.actors.risk.rules import Refusal, Request, Rule, malformed, refusal_of, rules_for
from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.bookkeeping import AccountBook
from letrade.core.config.desk import DESK_PROCESS, DeskConfig, RiskLimits
from letrade.core.config.values import PositiveDuration
from letrade.core.exposure import Exposure, opening_part
from letrade.core.fraction import Fraction
from letrade.core.halts import EVERYONE, Halts
from letrade.core.instruments import Specification
from letrade.core.lateness import wish_age_max
from letrade.core.messages.events import Alert, Failure, Flatten, Halt, Recovered, Resume
from letrade.core.messages.market import Bar, MarkPrice, Middle, Quote, Trade
from letrade.core.messages.orders import (
    AmendIntent,
    ApprovedAmend,
    ApprovedOrder,
    CancelOrder,
    CashEntry,
    Fill,
    OrderIntent,
    OrderRefused,
    OrderUpdate,
    Proposal,
)
from letrade.core.orders import TERMINAL, WORKING
from letrade.core.quantities import units
from letrade.core.stage import SKIPS_BAD_MESSAGES, Stage
from letrade.core.valuation import PAR, PriceBoard, value

RATE_WINDOW_NS = 10**9


class RiskConfig(ActorConfig, frozen=True, kw_only=True):
    """How often losses are looked at; the limits stand in [risk]."""

    equity_every: PositiveDuration = 1_000_000_000


class RiskManager(Actor):
    """Judges each request with the worst case of all that it approved before, so that no race exceeds a limit."""

    stage: ClassVar[Stage] = Stage.RISK
    Config: ClassVar[type[ActorConfig]] = RiskConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.settings: DeskConfig = context.settings or DeskConfig()
        self.approvals = 0
        self.reservations = Reservations()
        self._across_accounts = self.settings.risk.own_orders == "desk"
        self.protective: dict[str, None] = {}
        """Orders that wait to close a position; they count in no exposure."""
        self.halts = Halts()
        self.losses = LossWatch()
        self.board = PriceBoard()
        self.books = {account.name: AccountBook(account.balances) for account in self.settings.accounts}
        self.opened: dict[str, list[int]] = {}
        """Times of approved openings within the last second, by account."""
        self.equity_check = 0
        self.age_max = wish_age_max(self.settings)
        self._reporting = self.settings.desk.reporting_currency
        self.gross = GrossExposure(self.reservations, self.board, context.instruments, self._reporting)
        self._limits: dict[tuple[str, str], RiskLimits] = {}
        self._rules: dict[tuple[str, Specification], tuple[Rule, ...]] = {}
        """By account and instrument the rules that could refuse something."""
        self._skipping = frozenset(
            actor.name
            for actor in self.settings.actors
            if getattr(actor.actor_class, "stage", None) in SKIPS_BAD_MESSAGES
        )

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
            self._refuse(proposal, order.order_id, _unknown(proposal))
            return
        specification = self.context.instruments.at(proposal.instrument, self.now())
        if order.kind != "order":
            self._judge_protection(proposal, order, specification)
            return
        refusal, opening = malformed(specification, order.side, order.size, order.price), 0
        if refusal is None:
            size, exposure = units(order.size), self.reservations.exposure(proposal.account, specification)
            opening = opening_part(exposure, order.side, size)
            if opening:
                request = self._request(proposal, specification, exposure, order.side, size, opening, order.price)
                refusal = refusal_of(request, self._rules_of(proposal.account, request.limits, specification))
        if refusal is not None:
            self._refuse(proposal, order.order_id, refusal)
            return
        self.reservations.add(
            Reserved(
                order.order_id, proposal.account, proposal.instrument, proposal.strategy, order.side, order.size,
                order.price, order.price is not None and order.time_in_force == "gtc",
            )
        )  # fmt: skip
        approved = msgspec.structs.replace(order, reduce_only=False) if order.reduce_only and opening else order
        self.publish(
            ApprovedOrder(
                strategy=proposal.strategy, account=proposal.account, instrument=proposal.instrument,
                approval=self._next_approval(proposal.account, opening), order=approved, opening=opening > 0,
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

    def _request(
        self, proposal: Proposal, specification: Specification, others: Exposure, side: int, size: int, opening: int,
        price: float | None, amended: str = "",
    ) -> Request:  # fmt: skip
        account, instrument, now = proposal.account, proposal.instrument, self.now()
        exposure = others.with_order(side, size)
        limits = self._limits_of(account, instrument)
        return Request(
            specification=specification,
            limits=limits,
            side=side,
            size=size,
            opening=opening,
            price=price,
            reference=self.board.prices.get(instrument),
            age_ns=self.board.age(instrument, now),
            rate=self._rate(specification.currency),
            exposure=exposure,
            gross=self.gross.of(account, specification.id, exposure.worst, price, now),
            halted=self.halts.reason(account),
            orders_within_second=len(self._recent(account)),
            equity_known=not _limits_losses(limits) or self._equity(account) is not None,
            crosses=self.reservations.crossed_by(
                instrument, side, price, amended, None if self._across_accounts else account
            ),
        )

    def _rate(self, currency: str) -> Fraction | None:
        if currency == self._reporting:
            return PAR
        return self.board.rate(currency, self._reporting, self.context.instruments)

    def _limits_of(self, account: str, instrument: str) -> RiskLimits:
        found = self._limits.get((account, instrument))
        if found is None:
            found = self._limits[(account, instrument)] = self.settings.risk.limits_for(account, instrument)
        return found

    def _rules_of(self, account: str, limits: RiskLimits, specification: Specification) -> tuple[Rule, ...]:
        found = self._rules.get((account, specification))
        if found is None:
            found = self._rules[account, specification] = rules_for(limits, specification)
        return found

    def _recent(self, account: str) -> list[int]:
        """Times of openings within the last second; those before are forgotten."""
        since = self.now() - RATE_WINDOW_NS
        recent = self.opened.get(account)
        if recent is None:
            recent = self.opened[account] = []
        if recent and recent[0] <= since:
            del recent[: bisect_right(recent, since)]
        return recent

    def _next_approval(self, account: str, opening: int) -> int:
        if opening:
            self._recent(account).append(self.now())
        self.approvals += 1
        return self.approvals

    def _refuse(self, proposal: Proposal, order_id: str, refusal: Refusal, what: str = "order") -> None:
        self.publish(
            OrderRefused(
                strategy=proposal.strategy, account=proposal.account, instrument=proposal.instrument,
                order_id=order_id, rule=refusal.rule, limit=refusal.limit, value=refusal.value,
                refused_by=self.name, what=what,
            )
        )  # fmt: skip

    def on_fill(self, fill: Fill) -> None:
        specification = self.context.instruments.at(fill.instrument, fill.time)
        self.reservations.fill(specification, fill)
        self.books[fill.account].book_fill(specification, fill)
        self.board.prices.setdefault(fill.instrument, fill.price)
        self._watch(fill.account)

    def on_cash_entry(self, entry: CashEntry) -> None:
        """A deposit is no profit and a withdrawal no loss, so losses are counted anew after either."""
        self.books[entry.account].book_cash(entry)
        if entry.origin == "transfer":
            self.losses.forget(entry.account)

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
        if not _limits_losses(limits):
            return
        equity = self._equity(account)
        reason = "" if equity is None else self.losses.tripped(account, equity, self.now(), limits)
        if reason:
            self._halt(account, reason)

    def _equity(self, account: str) -> Fraction | None:
        return value(self.books[account], self.board, self.context.instruments, self._reporting, self.now()).equity

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


def _limits_losses(limits: RiskLimits) -> bool:
    return limits.max_daily_loss is not None or limits.max_drawdown is not None


def _unknown(proposal: Proposal) -> Refusal:
    return Refusal("unknown", "a known account and instrument", f"{proposal.account} {proposal.instrument}")
