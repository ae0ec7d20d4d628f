"""LiquidationMonitor: tells how near liquidation is, and by its policy keeps the desk from it, one step at a time."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.actors.liquidation.config import ADD_MARGIN, CLOSE, REDUCE
from letrade.actors.liquidation.levels import ACT, LEVELS
from letrade.actors.liquidation.planning import Planner
from letrade.actors.liquidation.refusals import passes, wait_of
from letrade.actors.liquidation.steps import Leg, Step
from letrade.actors.liquidation.watched import Look, Watched
from letrade.actors.liquidation.watching import CHANGED, STALE
from letrade.core.clock import SECOND
from letrade.core.fraction import read_fraction
from letrade.core.messages.accounts import LegPosition, Position
from letrade.core.messages.base import NO_STRATEGY, Timer
from letrade.core.messages.margin import ISOLATED_MARGIN, MarginRequest, MarginUpdate, PositionLimit, Reduce
from letrade.core.messages.orders import OrderRefused, OrderUpdate
from letrade.core.messages.venue import VenueState
from letrade.core.orders import OPEN, PARTLY_FILLED, TERMINAL
from letrade.core.quantities import exact

STEP, AGAIN, REPEAT = "step", "again", "repeat"
HURRY = 0.5
"""What is under way gives way to closing when so little is left of the distance that it began at."""
DONE, REFUSED = "done", "refused"


class LiquidationMonitor(Planner):
    """Each step is sized so that the next is not needed; one that is refused or not answered is followed by the next
    kind of the policy; when all have failed it says so and begins anew."""

    def judge(self, unit: Watched, look: Look) -> None:
        if not look.liquidated and look.nearest > float(self.config.act) * (1 + float(self.config.hysteresis)):
            self.failed.pop(unit.key, None)
            self._unsay(f"legs {unit.key}")
        elif look.liquidated or look.nearest <= float(self.config.act) or self._acts(unit):
            self._act(unit, look)

    def _acts(self, unit: Watched) -> bool:
        keys = [f"{unit.account} {name}" for name in (*unit.names, unit.name)]
        return any(self.levels.get(key, (0, 0.0))[0] >= ACT for key in keys)

    def _act(self, unit: Watched, look: Look) -> None:
        under_way = self.steps.get(unit.key)
        if not self.config.policy or unit.key in self.resting or (under_way and under_way.kind == CLOSE):
            return
        if any(contract.leg for contract in unit.contracts):
            self._say_legs(unit, look)
            return
        speed = self.speed(unit, look)
        tried = CLOSE in self.failed.get(unit.key, ())
        hurry = CLOSE in self.config.policy and not tried and look.nearest < speed * self.config.close_within / SECOND
        if hurry and (under_way is None or look.nearest < under_way.distance * HURRY):
            self._hurry(unit, look)
        elif under_way is None and not self.is_busy(unit):
            self._choose(unit, look, speed)

    def _hurry(self, unit: Watched, look: Look) -> None:
        """At this speed there is no time for one thing after another. What others cut meanwhile only makes it less."""
        step = self.plan(CLOSE, unit, 0.0)
        if step is not None:
            self.steps.pop(unit.key, None)
            self._take(step, unit, look)

    def _choose(self, unit: Watched, look: Look, speed: float) -> None:
        failed = self.failed.setdefault(unit.key, [])
        for kind in self.config.policy:
            if kind in failed:
                continue
            step = self.plan(kind, unit, speed)
            if step is not None:
                self._take(step, unit, look)
                return
            failed.append(kind)
        self._rest(unit, look)

    def _say_legs(self, unit: Watched, look: Look) -> None:
        """Of an account in hedge mode, in which the desk does not trade: whoever does is told."""
        text = f"{unit.key}: {_how(look)}; the desk sends no orders to legs of an account in hedge mode: act by hand"
        self._say(f"legs {unit.key}", "error", "liquidation_by_hand", text, unit.account, about="legs")

    def _rest(self, unit: Watched, look: Look) -> None:
        """Every kind has failed: after a while from the beginning."""
        self.failed.pop(unit.key, None)
        until = self.resting[unit.key] = self.now() + self.config.step_patience
        self.set_timer(until, f"{AGAIN} {unit.key}")
        text = f"{unit.key}: {_how(look)}; {', '.join(self.config.policy)} have not helped: tried again"
        self.alert("error", "liquidation_steps_exhausted", text, unit.account)

    def _take(self, step: Step, unit: Watched, look: Look) -> None:
        self.steps[step.unit] = step
        step.distance = look.nearest
        self.set_timer(step.deadline, f"{STEP} {step.unit}")
        reason = f"{step.kind} {step.unit}: {_how(look)}"
        self.bound(step, unit, look)
        for leg in step.legs:
            self._cut(leg, leg.before, reason)
        for leg in step.legs:
            self.publish(
                PositionLimit(
                    strategy=NO_STRATEGY, account=leg.account, instrument=leg.instrument, largest=abs(leg.target),
                    reason=reason, until=self.now() + self.config.hold, worst=leg.worst,
                )
            )  # fmt: skip
        if step.kind == ADD_MARGIN:
            self._add(step, unit.account)
        self.alert("warning", "liquidation_step", f"{reason}; {_what(step)}", unit.account, step.instrument)

    def _cut(self, leg: Leg, held: float, reason: str) -> None:
        size = float(abs(exact(held)) - abs(exact(leg.target)))
        self.publish(
            Reduce(
                strategy=NO_STRATEGY, account=leg.account, instrument=leg.instrument, reduction_id=leg.reduction_id,
                size=size, reason=reason, worst=leg.worst,
            )
        )  # fmt: skip

    def _add(self, step: Step, account: str) -> None:
        self.count += 1
        step.request_id = f"{self.name}-{self.count}"
        if step.budgeted:
            self.spend(account, step.instrument, exact(step.amount))
        self.publish(
            MarginRequest(
                strategy=NO_STRATEGY, account=account, instrument=step.instrument, request_id=step.request_id,
                change=ISOLATED_MARGIN, value=step.amount,
            )
        )  # fmt: skip

    # ---- what becomes of a step

    def on_position(self, position: Position) -> None:
        """A step is over as soon as all that it cut is cut."""
        self.take_spot(position)
        contract = self.holdings.take_position(position, self.now())
        self.coming.pop((position.account, position.instrument), None)
        for step in list(self.steps.values()):
            if any((leg.account, leg.instrument) == (position.account, position.instrument) for leg in step.legs):
                self._advance(step)
        if contract is not None:
            self.changed(position.account)

    def on_leg_position(self, position: LegPosition) -> None:
        if self.holdings.take_leg(position, self.now()) is not None:
            self.changed(position.account)

    def on_margin_update(self, update: MarginUpdate) -> None:
        self.holdings.take_update(update)
        step = next((each for each in self.steps.values() if each.request_id == update.request_id), None)
        if step is not None and update.state == DONE:
            self._end(step)
        elif step is not None and update.state == REFUSED:
            if step.budgeted:
                self.spend(update.account, step.instrument, -exact(step.amount))
            why = f"{update.code} {update.reason}".strip()
            if passes(why):
                step.request_id, step.owed = "", True
                self._await_again(step)
            else:
                self._fail(step, why)
        self.changed(update.account)

    def on_order_update(self, update: OrderUpdate) -> None:
        """An order of a step that ended is judged a moment later, when its fills are booked."""
        reduction = update.order_id.rpartition(".")[0]
        step = self._step_of(reduction)
        if step is None:
            self._hear_other(update)
            return
        over = update.state in TERMINAL
        for leg in step.legs:
            if reduction == f"reduce.{leg.reduction_id}":
                leg.works = update.state in (OPEN, PARTLY_FILLED)
                if over and not update.filled:
                    leg.refused, leg.why = True, update.reason
        if over:
            self.set_timer(self.now() + 1, f"{STEP} {step.unit}")

    def _hear_other(self, update: OrderUpdate) -> None:
        """The orders of others' cuts that the venue has."""
        if update.order_id.startswith("reduce."):
            self.cutting.pop(update.order_id, None)
            if update.state in (OPEN, PARTLY_FILLED):
                self.cutting[update.order_id] = (update.account, update.instrument)

    def on_order_refused(self, refused: OrderRefused) -> None:
        step = self._step_of(refused.order_id)
        if step is not None:
            for leg in step.legs:
                if refused.order_id == f"reduce.{leg.reduction_id}":
                    leg.refused, leg.why = True, refused.rule
            self.set_timer(self.now() + 1, f"{STEP} {step.unit}")

    def on_reduce(self, reduce: Reduce) -> None:
        """Another cuts a position: what comes of that is awaited."""
        if reduce.source != self.name:
            until = self.now() + self.config.step_patience
            self.coming[reduce.account, reduce.instrument] = until
            self.set_timer(until, f"{CHANGED} {reduce.account}")

    def on_timer(self, timer: Timer) -> None:
        kind, _, what = timer.key.partition(" ")
        if kind == STALE:
            self.stale_due(what)
        elif kind == CHANGED:
            self.look_at_changed(what)
        elif kind == REPEAT:
            if what in self.steps:
                self._repeat(self.steps[what])
        elif kind == AGAIN:
            self.resting.pop(what, None)
            self.look_at(what.partition(" ")[0])
        elif what in self.steps:
            self._review(self.steps[what])

    def _review(self, step: Step) -> None:
        """Something of it has ended, or its patience has."""
        open_legs = [leg for leg in step.legs if not leg.is_done(self.quantity(leg.account, leg.instrument))]
        moved = [leg for leg in open_legs if abs(self.quantity(leg.account, leg.instrument)) < abs(leg.before)]
        overdue = self.now() >= step.deadline
        if overdue and any(leg.works for leg in open_legs):
            step.deadline, overdue = self.now() + self.config.step_patience, False
        refused = [leg for leg in open_legs if leg.refused and leg not in moved]
        if refused and all(passes(leg.why) for leg in refused):
            self._await_again(step)
        elif refused:
            self._fail(step, next(leg.why for leg in refused if not passes(leg.why)) or "refused")
        elif overdue and (step.adds or not moved):
            self._fail(step, "not answered in time")
        elif overdue or (open_legs and len(moved) == len(open_legs)):
            self._end(step)
        else:
            self.set_timer(step.deadline, f"{STEP} {step.unit}")
        self.look_at(step.unit.partition(" ")[0])

    def _await_again(self, step: Step) -> None:
        """The venue was too busy to read it."""
        if not step.again:
            step.again = True
            wait = wait_of(step.refusals, self.config.again_after, self.config.again_most)
            step.refusals += 1
            self.set_timer(self.now() + wait, f"{REPEAT} {step.unit}")

    def _repeat(self, step: Step) -> None:
        """The same once more, under new ids: what was refused is over."""
        step.again, step.deadline = False, self.now() + self.config.step_patience
        self.set_timer(step.deadline, f"{STEP} {step.unit}")
        if step.owed:
            step.owed = False
            self._add(step, step.unit.partition(" ")[0])
        unit = next((each for each in self.units_of(step.unit.partition(" ")[0]) if each.key == step.unit), None)
        if unit is not None:
            self.bound(step, unit, unit.look())
        for leg in step.legs:
            held = self.quantity(leg.account, leg.instrument)
            if leg.refused and not leg.is_done(held):
                self.count += 1
                leg.reduction_id, leg.refused, leg.why = f"{self.name}-{self.count}", False, ""
                self._cut(leg, held, f"{step.kind} {step.unit}: tried again")

    def _advance(self, step: Step) -> None:
        if step.adds or not all(leg.is_done(self.quantity(leg.account, leg.instrument)) for leg in step.legs):
            return
        if step.kind == REDUCE and step.amount:
            step.deadline = self.now() + self.config.step_patience
            self.set_timer(step.deadline, f"{STEP} {step.unit}")
            self._add(step, step.unit.partition(" ")[0])
        else:
            self._end(step)

    def _end(self, step: Step) -> None:
        del self.steps[step.unit]
        self.cancel_timer(f"{STEP} {step.unit}")
        self.cancel_timer(f"{REPEAT} {step.unit}")

    def _fail(self, step: Step, why: str) -> None:
        self._end(step)
        self.failed.setdefault(step.unit, []).append(step.kind)
        self.alert("warning", "liquidation_step_failed", f"{step.kind} {step.unit}: {why}", step.unit.partition(" ")[0])

    def _step_of(self, order_id: str) -> Step | None:
        """The step of a reduction, by the first part of its orders' ids."""
        for step in self.steps.values():
            if any(order_id == f"reduce.{leg.reduction_id}" for leg in step.legs):
                return step
        return None

    # ---- snapshots

    def state(self) -> Any:
        return {
            "holdings": self.holdings.state(),
            "marks": self.marks.state(),
            "levels": [[key, *level] for key, level in self.levels.items()],
            "told": list(self.told.items()),
            "states": list(self.states.values()),
            "steps": list(self.steps.values()),
            "failed": list(self.failed.items()),
            "resting": list(self.resting.items()),
            "spent": [[*key, str(spent)] for key, spent in self.spent.items()],
            "spot": [[*key, quantity] for key, quantity in self.spot.items()],
            "cutting": [[key, *market] for key, market in self.cutting.items()],
            "coming": [[*key, until] for key, until in self.coming.items()],
            "count": self.count,
        }

    def restore(self, state: Any) -> None:
        self.holdings.restore(state["holdings"])
        self.marks.restore(state["marks"])
        self.units = {}
        self.levels = {key: (level, mark) for key, level, mark in state["levels"]}
        self.told = dict(state["told"])
        self.states = {each.account: each for each in msgspec.convert(state["states"], list[VenueState])}
        self.steps = {each.unit: each for each in msgspec.convert(state["steps"], list[Step])}
        self.failed = {key: list(kinds) for key, kinds in state["failed"]}
        self.resting = dict(state["resting"])
        self.spent = {(account, name, day): read_fraction(text) for account, name, day, text in state["spent"]}
        self.spot = {(account, name, strategy): quantity for account, name, strategy, quantity in state["spot"]}
        self.cutting = {key: (account, name) for key, account, name in state["cutting"]}
        self.coming = {(account, name): until for account, name, until in state["coming"]}
        self.count = state["count"]


def _how(look: Look) -> str:
    if look.liquidated:
        return f"{LEVELS[-1]} at its marks"
    return f"{look.nearest:.2%} from liquidation"


def _what(step: Step) -> str:
    cuts = [f"{leg.instrument} from {leg.before!r} to {leg.target!r}" for leg in step.legs]
    return ", ".join([*cuts, *([f"margin {step.amount!r} to {step.instrument}"] if step.amount else [])])
