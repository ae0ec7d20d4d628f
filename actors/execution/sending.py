"""Sends orders, cancels, amends and questions to venues, and says what became of each order."""

from __future__ import annotations

from typing import Any, ClassVar

from letrade.actors.execution.numbers import FillNumbers
from letrade.actors.execution.table import Order, OrderTable
from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.config.desk import DeskConfig
from letrade.core.config.values import Count, PositiveDuration
from letrade.core.exposure import Exposure, exposure_of
from letrade.core.holdings import Holdings
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.events import Alert
from letrade.core.messages.orders import OrderUpdate
from letrade.core.messages.venue import VenueAmend, VenueCancel, VenueQuery, VenueSubmit
from letrade.core.orders import ASK_CANCEL, PENDING, SEND, next_state
from letrade.core.stage import Stage
from letrade.core.subjects import account_instrument

SECOND_NS = 1_000_000_000
ORDER, ACCOUNT, FLATTEN, EXPIRY = "order", "account", "flatten", "expiry"
BACKOFF_DOUBLINGS_MAX = 6


class ExecutionConfig(ActorConfig, frozen=True, kw_only=True):
    """Whose approvals count, and how patient execution is."""

    risk: str = "risk"
    capital: str = "capital"
    """Whose leave to move money counts."""
    order_timeout: PositiveDuration = 2 * SECOND_NS
    """Without an answer for so long an order is unknown, and is asked for until the venue tells."""
    backoff_max: PositiveDuration = 30 * SECOND_NS
    reconcile_after: PositiveDuration = 10 * SECOND_NS
    """How long after sending an order the whole account is compared; doubled while orders rest undisturbed."""
    reconcile_idle: PositiveDuration = 600 * SECOND_NS
    """How often accounts that hold contracts are compared while nothing of ours is under way: a venue liquidates,
    deleverages and settles by itself, and the news of it may be lost."""
    max_age: PositiveDuration | None = SECOND_NS
    """Approvals to open that are older expire unsent, those to close at five times this; in stepped runs nothing is
    late."""
    history: Count = 4096
    """Ended orders that are remembered."""


class Sender(Actor):
    """The order table and the only way out of the desk."""

    stage: ClassVar[Stage] = Stage.EXECUTION
    Config: ClassVar[type[ActorConfig]] = ExecutionConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.settings: DeskConfig = context.settings or DeskConfig()
        self.venues = {account.name: account.venue for account in self.settings.accounts}
        self.table = OrderTable(config.history)
        self.holdings = Holdings()
        self.numbers = {account: FillNumbers() for account in self.venues}
        self.doublings: dict[str, int] = {}
        """How often the wait until the next comparison was doubled, for accounts that one is due for."""
        self.missing: dict[str, None] = {}
        """Accounts whose next comparison was brought forward, as fills are missing."""

    def send(self, order: Order) -> None:
        """A new order, for the first and only time."""
        order.state = next_state(order.state, SEND)
        self.publish(
            VenueSubmit(
                strategy=order.strategy, account=order.account, instrument=order.instrument,
                client_order_id=order.client_order_id, side=order.side, size=order.size, price=order.price,
                time_in_force=order.time_in_force, post_only=order.post_only, reduce_only=self._told_reducing(order),
                order_kind=order.kind, trigger=order.trigger, trigger_by=order.trigger_by, trail=order.trail,
                shown=order.shown, expires=order.expires, group=order.group,
            )
        )  # fmt: skip
        self.await_answer(order)
        self.compare_soon(order.account)
        self.tell(order)

    def _told_reducing(self, order: Order) -> bool:
        """To buy back what a strategy is short of on spot reduces for us alone: the account may have coins."""
        bought = order.side > 0 and order.kind == "order"
        return order.reduce_only and not (bought and self._is_spot(order.instrument))

    def _is_spot(self, instrument: str) -> bool:
        return self.context.instruments.at(instrument, self.now()).kind == "spot"

    def cancel(self, order: Order, reason: str = "") -> None:
        """Take an order off; again and again until the venue says that it is gone."""
        if order.over:
            return
        order.cancel_wanted = True
        unsent = order.state == PENDING
        order.state = next_state(order.state, ASK_CANCEL)
        if not unsent:
            self.send_cancel(order)
            self.await_answer(order)
        self.tell(order, reason)

    def send_cancel(self, order: Order) -> None:
        self.publish(
            VenueCancel(
                strategy=order.strategy, account=order.account, instrument=order.instrument,
                client_order_id=order.client_order_id,
            )
        )  # fmt: skip

    def amend(self, order: Order, price: float, size: float) -> None:
        order.amending, order.early = (price, size), order.questions
        self.publish(
            VenueAmend(
                strategy=order.strategy, account=order.account, instrument=order.instrument,
                client_order_id=order.client_order_id, price=price, size=size,
            )
        )  # fmt: skip
        self.await_answer(order)

    def query(self, order: Order) -> None:
        """Ask what the venue knows of an order, unless the next question is already on its way."""
        order.questions += 1
        self.publish(
            VenueQuery(
                strategy=order.strategy, account=order.account, instrument=order.instrument,
                client_order_id=order.client_order_id,
            )
        )  # fmt: skip
        self.await_answer(order)

    def await_answer(self, order: Order) -> None:
        """The order's timer: each wait in vain doubles the next."""
        order.asked = True
        wait = least = self.config.order_timeout
        if order.attempts:
            wait = min(least << min(order.attempts, BACKOFF_DOUBLINGS_MAX), self.config.backoff_max)
        self.set_timer(self.now() + max(wait, least), f"{ORDER} {order.order_id}")

    def answered(self, order: Order) -> None:
        order.asked, order.attempts = False, 0
        self.cancel_timer(f"{ORDER} {order.order_id}")

    def ask_account(self, account: str) -> None:
        """Ask for the whole account, and for all fills after the last that came without a gap."""
        self.publish(
            VenueQuery(
                strategy=NO_STRATEGY, account=account, instrument=account_instrument(self.venues[account]),
                fills_after=self.numbers[account].upto,
            )
        )  # fmt: skip

    def compare_soon(self, account: str) -> None:
        """See to it that the account will be compared, if that is not due already."""
        if account not in self.doublings:
            self.doublings[account] = 0
            self.set_timer(self.now() + self.config.reconcile_after, f"{ACCOUNT} {account}")

    def compare_again(self, account: str) -> None:
        """Another comparison, later than the last one."""
        doublings = self.doublings[account] = min(self.doublings.get(account, -1) + 1, BACKOFF_DOUBLINGS_MAX)
        self.set_timer(self.now() + (self.config.reconcile_after << doublings), f"{ACCOUNT} {account}")

    def miss_fills(self, account: str) -> None:
        """The venue counts fills that did not come: unless they do soon, they are asked for."""
        if account not in self.missing:
            self.missing[account] = None
            self.doublings.setdefault(account, 0)
            self.set_timer(self.now() + self.config.order_timeout, f"{ACCOUNT} {account}")

    def exposure(self, account: str, instrument: str) -> Exposure:
        """Net position and worst case of what the venue may hold of ours."""
        specification = self.context.instruments.at(instrument, self.now())
        return exposure_of(self.holdings.net(account, specification), self.table.working(account, instrument))

    def tell(self, order: Order, reason: str = "") -> None:
        """The order as it is now, to everyone."""
        self.table.note(order)
        self.publish(
            OrderUpdate(
                strategy=order.strategy, account=order.account, instrument=order.instrument,
                order_id=order.order_id, client_order_id=order.client_order_id, venue_order_id=order.venue_order_id,
                state=order.state, side=order.side, size=order.size, filled=order.filled, price=order.price,
                reduce_only=order.reduce_only, reason=reason,
            )
        )  # fmt: skip

    def alert(self, level: str, code: str, text: str, account: str = "", instrument: str = "") -> None:
        self.publish(Alert(level=level, code=code, text=text, account=account, instrument=instrument))
