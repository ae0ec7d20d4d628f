"""Somebody who knows the whole course, and acts by a plan through the same execution at the same venue."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.clock import SECOND
from letrade.core.messages.base import NO_STRATEGY, Timer
from letrade.core.messages.margin import ISOLATED_MARGIN, MarginRequest, MarginUpdate, Reduce
from letrade.core.messages.orders import Fill, OrderRefused, OrderUpdate
from letrade.core.orders import TERMINAL
from letrade.core.quantities import number, units
from letrade.core.stage import Stage

LOOK = "look"
EVERY_NS = SECOND


class Plan(Struct, frozen=True):
    """What is done about the positions of one account."""

    at: int
    """Before that nothing is done, ns."""
    share: float = 1.0
    """Of each position, closed."""
    parts: int = 1
    """The closing is cut into so many."""
    gap: int = 0
    """Between two parts, ns; 0: all at once, so that one refusal does not hold up all."""
    only: str = ""
    """The one position that is closed; left out, all of the account."""
    margin: float = 0.0
    """Added to the isolated position at the beginning."""


class ClairvoyantConfig(ActorConfig, frozen=True, kw_only=True):
    """One plan for each account; others are left alone."""

    plans: dict[str, Plan] = {}
    lots: dict[str, float] = {}


class Clairvoyant(Actor):
    """Whatever is refused, or fills in part, is asked for again at once."""

    stage: ClassVar[Stage] = Stage.MONITOR
    Config: ClassVar[type[ActorConfig]] = ClairvoyantConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.held: dict[tuple[str, str], int] = {}
        self.first: dict[tuple[str, str], int] = {}
        """What was held before anything was done."""
        self.live: dict[str, tuple[str, str, int]] = {}
        """(account, instrument, size) of reductions that are not over."""
        self.margins: dict[str, str] = {}
        """Requests for margin that wait, and their accounts."""
        self.count = 0

    def start(self) -> None:
        for account, plan in self.config.plans.items():
            self.set_timer(max(self.now() + 1, plan.at), f"{LOOK} {account}")

    def on_fill(self, fill: Fill) -> None:
        key = (fill.account, fill.instrument)
        self.held[key] = self.held.get(key, 0) + fill.side * units(fill.size)

    def on_order_update(self, update: OrderUpdate) -> None:
        if update.state in TERMINAL:
            self._over(update.order_id.removeprefix("reduce.").rpartition(".")[0])

    def on_order_refused(self, refused: OrderRefused) -> None:
        self._over(refused.order_id.removeprefix("reduce."))

    def _over(self, reduction: str) -> None:
        gone = self.live.pop(reduction, None)
        if gone is not None:
            # A moment later, when its fills are booked.
            self.set_timer(self.now() + 1, f"{LOOK} {gone[0]}")

    def on_margin_update(self, update: MarginUpdate) -> None:
        account = self.margins.get(update.request_id)
        if account is not None and update.state in ("done", "refused"):
            del self.margins[update.request_id]
            if update.state == "refused" and not update.code:
                self._add_margin(account)

    def on_timer(self, timer: Timer) -> None:
        account = timer.key.partition(" ")[2]
        plan = self.config.plans[account]
        if self.now() < plan.at:
            return
        mine = [key for key, held in self.held.items() if key[0] == account and held]
        begins = not any(key[0] == account for key in self.first)
        for key in mine:
            self.first.setdefault(key, self.held[key])
        if begins and mine and plan.margin > 0:
            self._add_margin(account)
        for key in mine:
            if plan.only in ("", key[1]):
                self._reduce(key, plan)
        if mine:
            self.set_timer(self.now() + EVERY_NS, timer.key)

    def _reduce(self, key: tuple[str, str], plan: Plan) -> None:
        """Down to what the plan leaves by now."""
        lot = units(self.config.lots[key[1]])
        due = plan.parts if not plan.gap else min(plan.parts, 1 + (self.now() - plan.at) // plan.gap)
        kept = 1 - plan.share * due / plan.parts
        target = round(abs(self.first.get(key, 0)) * max(0.0, kept)) // lot * lot
        coming = sum(size for *market, size in self.live.values() if tuple(market) == key)
        excess = abs(self.held[key]) - target - coming
        if excess <= 0:
            return
        most = excess if plan.gap else max(lot, -(-abs(self.first[key]) // plan.parts // lot) * lot)
        while excess > 0:
            self._send(key, min(most, excess))
            excess -= min(most, excess)

    def _send(self, key: tuple[str, str], size: int) -> None:
        self.count += 1
        reduction = f"{self.name}-{self.count}"
        self.live[reduction] = (*key, size)
        self.publish(
            Reduce(
                strategy=NO_STRATEGY, account=key[0], instrument=key[1], reduction_id=reduction, size=number(size),
                reason="planned",
            )
        )  # fmt: skip

    def _add_margin(self, account: str) -> None:
        (instrument,) = (name for holder, name in self.first if holder == account)
        self.count += 1
        request = f"{self.name}-{self.count}"
        self.margins[request] = account
        self.publish(
            MarginRequest(
                strategy=NO_STRATEGY, account=account, instrument=instrument, request_id=request,
                change=ISOLATED_MARGIN, value=self.config.plans[account].margin,
            )
        )  # fmt: skip
