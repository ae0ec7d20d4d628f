"""The simulated venue as an actor: requests reach it late, answers come back late, and by seed some never do."""

from __future__ import annotations

import copy
from typing import Any

from letrade.actors.venue.borrowing import Borrowing
from letrade.actors.venue.collateral import check_collateral
from letrade.actors.venue.delivery import Delivery
from letrade.actors.venue.exchange import Exchange
from letrade.actors.venue.faults import Fate, Faults
from letrade.actors.venue.funding import Funding
from letrade.actors.venue.inbox import Inbox, Request
from letrade.actors.venue.liquidation import Liquidation
from letrade.actors.venue.margin_codes import Refusal
from letrade.actors.venue.margin_rules import RULES, hedge_refusal
from letrade.actors.venue.margin_settings import Settings, answer_to, check_leverage
from letrade.actors.venue.opening import check_margin, check_positions, open_positions
from letrade.actors.venue.reports import Report
from letrade.actors.venue.transfers import Transfers, check_routes
from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.desk import VenueConfig
from letrade.core.errors import ConfigurationError
from letrade.core.latency import latency_of
from letrade.core.messages.base import Message, Timer
from letrade.core.messages.margin import VenueMargin, VenueMarginAnswer
from letrade.core.messages.market import (
    Bar,
    BarOpen,
    BookDelta,
    BookSnapshot,
    FundingRate,
    IndexPrice,
    MarketFlow,
    MarkPrice,
    Quote,
    Trade,
)
from letrade.core.messages.transfers import VenueDeposit, VenueTransfer, VenueTransferAnswer
from letrade.core.messages.venue import (
    VenueAmend,
    VenueCancel,
    VenueCash,
    VenueFill,
    VenueOrder,
    VenueQuery,
    VenueSubmit,
)
from letrade.core.stage import Stage

REQUESTS = "requests"
EXPIRY = "expiry"
FUNDING = "funding:"
DELIVERY = "delivery:"
LIQUIDATION = "liquidation"
TRANSFERS = "transfers"
INTEREST = "interest"
PRIVATE = (VenueOrder, VenueFill, VenueCash, VenueMarginAnswer, VenueTransferAnswer)
"""What an account alone is told, and later."""
LOST, REFUSED, UNANSWERED = Fate.LOST, Fate.REFUSED, Fate.UNANSWERED


class SimulatedVenueConfig(ActorConfig, frozen=True):
    """Which of the desk's venues this is; all else stands in its [[venue]] and in the [[account]]s at it."""

    venue: str


class SimulatedVenue(Actor):
    """A request is acted on at exactly its time plus the venue's order latency, in the order of (time, sequence)."""

    stage = Stage.VENUE
    Config = SimulatedVenueConfig

    def __init__(self, name: str, config: SimulatedVenueConfig, context: Context) -> None:
        super().__init__(name, config, context)
        self.venue = _venue_config(config.venue, context)
        self._accounts = _accounts(self.venue, context)
        check_leverage(self.venue, context.instruments)
        margin_rules = None if self.venue.margin is None else RULES[self.venue.margin.rules]
        check_positions(self._accounts, context.instruments, margin_rules)
        check_collateral(self.venue, self._accounts, context.instruments)
        check_margin(self.venue, self._accounts, context.instruments)
        self.exchange = Exchange(self.venue, self._accounts, context.instruments)
        self.funding = Funding(self.exchange, self.venue)
        self.delivery = Delivery(self.exchange)
        margin, rules = self.exchange.margin, self.venue.margin
        self.settings = None if margin is None else Settings(margin)
        self.liquidation = (
            None
            if margin is None or rules is None
            else Liquidation(self.exchange, margin, rules, self.funding.pay_early)
        )
        self.borrowing = Borrowing(self.exchange, self.venue, self._accounts)
        check_routes(context.settings.accounts, context.settings.routes, context.instruments)
        self.transfers = Transfers(self.exchange, context.settings.accounts, context.settings.routes)
        self.latency = latency_of(self.venue)
        self.lag = _lag(self.venue)
        self.inbox = Inbox(self.latency)
        self.faults = Faults(self.venue.faults)
        self._prefix = f"{config.venue}."

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        return kind is Timer or instrument.startswith(self._prefix)

    def start(self) -> None:
        self.exchange.time = self.there()
        open_positions(self.exchange, self._accounts)
        for instrument, expires in self.delivery.expiries.items():
            self.set_timer(expires + self.lag, DELIVERY + instrument)
        self._say(None)

    def there(self) -> int:
        """The time at the venue whose market data we see now."""
        return self.now() - self.lag

    def on_request(
        self, request: VenueSubmit | VenueCancel | VenueAmend | VenueQuery | VenueMargin | VenueTransfer
    ) -> None:
        """What is due by now is done now; the rest when its time comes."""
        self.inbox.put(request)
        self._act()

    def on_timer(self, timer: Timer) -> None:
        if timer.key == REQUESTS:
            self._act()
        elif timer.key == EXPIRY:
            self._expire()
        elif timer.key in (LIQUIDATION, INTEREST):
            self._say(None)
        elif timer.key == TRANSFERS:
            self._move()
        elif timer.key.startswith(DELIVERY):
            self._deliver(timer.key.removeprefix(DELIVERY))
        else:
            self._fund(timer.key.removeprefix(FUNDING))

    def on_venue_deposit(self, deposit: VenueDeposit) -> None:
        """Of another simulated venue, or of this one."""
        self.transfers.hear(deposit)
        self._move()

    def _move(self) -> None:
        """Books what has arrived or come back by now; comes back for the rest."""
        self.exchange.time = self.there()
        self.transfers.advance()
        self._say(None)
        due = self.transfers.next_time()
        if due is not None:
            self.set_timer(due + self.lag, TRANSFERS)

    def on_data(
        self,
        message: Trade | Quote | BookDelta | BookSnapshot | Bar | BarOpen | MarkPrice | IndexPrice | MarketFlow,
    ) -> None:
        if message.source != self.name:
            exchange = self.exchange
            exchange.time = self.there()
            exchange.hear(message)
            if isinstance(message, MarkPrice | IndexPrice):
                self.delivery.hear(message, self.there())
            if message.instrument in self.funding.waiting:
                self._fund(message.instrument)  # before this price liquidates who has to pay
            if self.liquidation is not None:
                self.liquidation.heard(message)
                self.liquidation.look()
            if exchange.reports:
                self._say(None)

    def on_funding_rate(self, rate: FundingRate) -> None:
        if not self.venue.funding or rate.source == self.name:
            return
        self.funding.hear(rate)
        self._fund(rate.instrument)

    def _fund(self, instrument: str) -> None:
        """Pays what is due; comes back when the next payment is, or when a price has been waited for long enough."""
        self.exchange.time = self.there()
        self.funding.advance(instrument, self.there())
        self._say(None)
        due = self.funding.next_time(instrument)
        if due is not None:
            self.set_timer(due + self.lag, FUNDING + instrument)

    def _deliver(self, instrument: str) -> None:
        self.exchange.time = self.there()
        self.delivery.deliver(instrument, self.there())
        self._say(None)

    def _expire(self) -> None:
        self.exchange.time = self.there()
        self.exchange.expire()
        self._say(None)
        self._await_expiry()

    def _await_expiry(self) -> None:
        due = self.exchange.next_expiry()
        if due is not None:
            self.set_timer(due + self.lag, EXPIRY)

    def _act(self) -> None:
        self.exchange.time = self.there()
        while (taken := self.inbox.take_due(self.there())) is not None:
            self._meet(*taken)
        due = self.inbox.next_due()
        if due is not None:
            self.set_timer(due + self.lag, REQUESTS)

    def _meet(self, request: Request, overloaded: bool) -> None:
        fate = self.faults.of_request(may_refuse=not isinstance(request, VenueQuery))
        if fate is LOST:
            return
        exchange = self.exchange
        if isinstance(request, VenueQuery):
            exchange.query(request)
        elif isinstance(request, VenueMargin):
            exchange.reports.append(Report(self._set(request, overloaded or fate is REFUSED), answers=True))
        elif isinstance(request, VenueTransfer):
            self.transfers.take(request, busy=overloaded or fate is REFUSED)
        elif overloaded or fate is REFUSED:
            exchange.refuse(request, "the venue is busy")
        elif isinstance(request, VenueSubmit):
            exchange.submit(request)
            if request.expires:
                self._await_expiry()
        elif isinstance(request, VenueCancel):
            exchange.cancel(request)
        else:
            exchange.amend(request)
        self._say(request, unanswered=fate is UNANSWERED)
        if isinstance(request, VenueTransfer):
            self._move()

    def _set(self, request: VenueMargin, busy: bool) -> VenueMarginAnswer:
        """What is turned away unread may be asked for again."""
        if busy:
            return answer_to(request, Refusal("", "the venue is busy"))
        if self.settings is None:
            return answer_to(request, Refusal("", "the venue has no margin rules: add [venue.margin]"))
        return self.settings.answer(request)

    def _watch(self, liquidation: Liquidation) -> None:
        """Liquidates what has come to it, and comes back when a wait between two steps is over."""
        self.exchange.time = self.there()
        liquidation.wake()
        liquidation.look()
        due = liquidation.next_time()
        if due is not None:
            self.set_timer(due + self.lag, LIQUIDATION)

    def _lend(self) -> None:
        self.exchange.time = self.there()
        self.borrowing.look()
        due = self.borrowing.next_time()
        if due is not None:
            self.set_timer(due + self.lag, INTEREST)

    def _say(self, request: Request | None, unanswered: bool = False) -> None:
        """Publish what the exchange has to say: the market's own at once, the rest after the response latency."""
        if self.liquidation is not None:
            self._watch(self.liquidation)
        if self.exchange.lender.borrowers:
            self._lend()
        said, self.exchange.reports = self.exchange.reports, []
        for report in said:
            cause = report.cause or (None if request is None else request.id)
            if not isinstance(report.message, PRIVATE) and not report.again:
                self.publish(report.message, cause=cause)
            elif not (unanswered and (report.answers or report.again)):
                self._answer(report, cause)

    def _answer(self, report: Report, cause: str | None) -> None:
        """Cash has no number by which its loss would show, so it is never lost; nor is what was asked for again."""
        at = self.there() + self.latency.answer_latency(self.there())
        if report.again or isinstance(report.message, VenueCash):
            self.publish(report.message, at=at, cause=cause)
            return
        for place, later in enumerate(self.faults.of_answer(may_be_lost=not report.answers)):
            message = copy.copy(report.message) if place else report.message
            self.publish(message, at=at + later, cause=cause)

    def state(self) -> Any:
        return {
            "exchange": self.exchange.state(),
            "funding": self.funding.state(),
            "delivery": self.delivery.state(),
            "inbox": self.inbox.state(),
            "draws": self.faults.draws,
            "transfers": self.transfers.state(),
            "borrowing": self.borrowing.state(),
            **self._margin_state(),
        }

    def _margin_state(self) -> dict[str, Any]:
        if self.settings is None or self.liquidation is None:
            return {}
        return {"settings": self.settings.state(), "liquidation": self.liquidation.state()}

    def restore(self, state: Any) -> None:
        self.exchange.restore(state["exchange"])
        self.funding.restore(state["funding"])
        self.delivery.restore(state["delivery"])
        self.inbox.restore(state["inbox"])
        self.faults.draws = state["draws"]
        self.transfers.restore(state["transfers"])
        self.borrowing.restore(state["borrowing"])
        if self.settings is not None and self.liquidation is not None and "liquidation" in state:
            self.settings.restore(state["settings"])
            self.liquidation.restore(state["liquidation"])


def _venue_config(name: str, context: Context) -> VenueConfig:
    for venue in context.settings.venues:
        if venue.name == name:
            found: VenueConfig = venue
            return found
    known = ", ".join(venue.name for venue in context.settings.venues) or "none"
    raise ConfigurationError(f"expected one of the desk's venues ({known}), found {name!r}: add a [[venue]]")


def _lag(venue: VenueConfig) -> int:
    """How long after the venue did it we see what it did. ConfigurationError when answers would come before that."""
    lag = venue.data_latency or 0
    if lag > venue.response_latency:
        raise ConfigurationError(
            f"[[venue]] {venue.name}: data_latency: expected at most the response_latency, found {lag} ns: a fill "
            "would be told before the trade that made it"
        )
    return lag


def _accounts(venue: VenueConfig, context: Context) -> list[AccountConfig]:
    """The accounts at this venue. ConfigurationError for a mode that it does not have."""
    accounts = [account for account in context.settings.accounts if account.venue == venue.name]
    modes = ("cross",) if venue.margin is None else ("cross", "isolated")
    for account in accounts:
        hedge = account.position_mode == "hedge"
        why = hedge_refusal(venue.margin.rules, account.margin_mode) if hedge and venue.margin is not None else ""
        if why:
            raise ConfigurationError(f"account {account.name!r}: {why}")
        if (hedge and venue.margin is None) or account.margin_mode not in modes:
            wanted = "one_way positions and cross margin without [venue.margin]"
            raise ConfigurationError(
                f"account {account.name!r}: the simulated venue has {wanted}, found "
                f"{account.position_mode} and {account.margin_mode}"
            )
    return accounts
