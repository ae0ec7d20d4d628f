"""What RiskManager judges with: the rules' view of a request, what is reserved, and the count of its approvals."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from letrade.actors.risk.gross import GrossExposure
from letrade.actors.risk.losses import LossWatch
from letrade.actors.risk.reservations import Reservations
from letrade.actors.risk.rules import Refusal, Request, Rule, malformed, refusal_of, rules_for
from letrade.core.actor import Actor, Context
from letrade.core.bookkeeping import AccountBook
from letrade.core.config.desk import DeskConfig, RiskLimits
from letrade.core.exposure import Exposure, opening_part
from letrade.core.fraction import Fraction
from letrade.core.halts import Halts
from letrade.core.instruments import Specification
from letrade.core.lateness import wish_age_max
from letrade.core.messages.orders import OrderIntent, OrderRefused, Proposal
from letrade.core.quantities import units
from letrade.core.stage import SKIPS_BAD_MESSAGES
from letrade.core.valuation import PAR, PriceBoard, value

RATE_WINDOW_NS = 10**9


class Judge(Actor):
    """Knows positions, reservations, prices, halts and losses; manager.py decides what follows from them."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.settings: DeskConfig = context.settings or DeskConfig()
        self._borrowers = frozenset(account.name for account in self.settings.accounts if account.borrow)
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

    def _weigh(
        self, proposal: Proposal, order: OrderIntent, specification: Specification
    ) -> tuple[Refusal | None, int]:
        """(why not, how much of it opens)."""
        refusal, opening = malformed(specification, order.side, order.size, order.price), 0
        if refusal is None:
            size, exposure = units(order.size), self.reservations.exposure(proposal.account, specification)
            opening = opening_part(exposure, order.side, size)
            if opening:
                request = self._request(proposal, specification, exposure, order.side, size, opening, order.price)
                refusal = refusal_of(request, self._rules_of(proposal.account, request.limits, specification))
        return refusal, opening

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
            equity_known=not limits_losses(limits) or self._equity(account) is not None,
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
            found = self._rules[account, specification] = rules_for(limits, specification, account in self._borrowers)
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

    def _equity(self, account: str) -> Fraction | None:
        return value(self.books[account], self.board, self.context.instruments, self._reporting, self.now()).equity


def limits_losses(limits: RiskLimits) -> bool:
    return limits.max_daily_loss is not None or limits.max_drawdown is not None


def unknown(proposal: Proposal) -> Refusal:
    return Refusal("unknown", "a known account and instrument", f"{proposal.account} {proposal.instrument}")
