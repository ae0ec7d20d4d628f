"""Plans one step of the policy: which positions are cut to what, or how much margin is added."""

from __future__ import annotations

import math
from typing import Any

from letrade.actors.liquidation.config import ADD_MARGIN, CLOSE, REDUCE
from letrade.actors.liquidation.refusals import speed_of
from letrade.actors.liquidation.sizing import least_margin, least_share, returned_margin
from letrade.actors.liquidation.steps import Leg, Step
from letrade.actors.liquidation.watched import FAR, Look, Watched, nearest_of
from letrade.actors.liquidation.watching import Watcher
from letrade.core.actor import Context
from letrade.core.clock import MINUTE, SECOND
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.margin.book import value_at
from letrade.core.margin.exhausting import exhausting_price
from letrade.core.messages.accounts import Position
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.quantities import exact, number, units

DAY = 24 * 60 * MINUTE
CENTS = 10**6
"""Margin is added in whole millionths."""


class Planner(Watcher):
    """Knows what is under way, what has failed, and what was spent."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.steps: dict[str, Step] = {}
        """The one step of each unit."""
        self.failed: dict[str, list[str]] = {}
        """Kinds that did not help a unit since it came so near."""
        self.resting: dict[str, int] = {}
        """Units of which everything has failed, and until when nothing is tried."""
        self.spent: dict[tuple[str, str, int], Fraction] = {}
        """Margin added by (account, instrument, day)."""
        self.spot: dict[tuple[str, str, str], float] = {}
        """Strategies' holdings of spot instruments that are in a group."""
        self.coming: dict[tuple[str, str], int] = {}
        """Until when a cut of another is awaited, by account and instrument."""
        self.cutting: dict[str, tuple[str, str]] = {}
        """Orders of others' cuts that work at the venue."""
        self.count = 0
        """Of reductions and requests, for their ids."""
        self._grouped = {name for group in config.groups for name in group}

    def plan(self, kind: str, unit: Watched, speed: float) -> Step | None:
        """None when this kind cannot bring the unit to its target distance, or what `outlook` takes at this speed."""
        target = max(float(self.config.target_distance), speed * self.config.outlook / SECOND)
        if kind == ADD_MARGIN:
            return self._plan_margin(unit, target)
        return self._plan_reduction(unit, target) if kind == REDUCE else self._plan_close(unit)

    def speed(self, unit: Watched, look: Look) -> float:
        """The distance that the marks took in each second of late, as the unit is now."""
        names = [*unit.instruments, *(coin.currency for coin in unit.coins)]
        found = [self.marks.before(name) for name in unit.instruments]
        found += [self.marks.index_before(coin.index) for coin in unit.coins]
        known = [each for each in found if each is not None]
        if len(known) < len(found) or not known:
            return 0.0
        prices = {name: exact(price) for name, (_, price) in zip(names, known, strict=True)}
        before = nearest_of(unit.rules, unit.at(prices, prices))
        elapsed = max(self.config.speed_over, self.now() - min(time for time, _ in known))
        return speed_of(min(before, FAR), look.nearest, elapsed)

    def is_busy(self, unit: Watched) -> bool:
        """Whether another, or another unit's step, cuts something of this one's, or of what hedges it."""
        mine = {(account, name) for account, name, _ in self._members(unit)}
        if any(self.coming.get(market, 0) > self.now() for market in mine) or mine & set(self.cutting.values()):
            return True
        return any((leg.account, leg.instrument) in mine for step in self.steps.values() for leg in step.legs)

    def quantity(self, account: str, instrument: str) -> float:
        """What is held, as far as it can be cut: of spot what strategies hold."""
        if self._is_spot(instrument):
            held = [units(each) for key, each in self.spot.items() if key[:2] == (account, instrument)]
            return number(sum(held))
        contract = self.holdings.contracts.get((account, instrument))
        return 0.0 if contract is None else contract.quantity

    def take_spot(self, position: Position) -> None:
        strategys = position.instrument in self._grouped and position.strategy != NO_STRATEGY
        if strategys and self._is_spot(position.instrument):
            self.spot[position.account, position.instrument, position.strategy] = position.quantity

    def spend(self, account: str, instrument: str, amount: Fraction) -> None:
        day = self.now() // DAY
        self.spent = {key: spent for key, spent in self.spent.items() if key[2] == day}
        key = (account, instrument, day)
        self.spent[key] = max(Fraction(0), self.spent.get(key, Fraction(0)) + amount)

    def _plan_reduction(self, unit: Watched, target: float) -> Step | None:
        book, cost = unit.at_marks(), read_fraction(self.config.cost)
        share = least_share(unit.rules, book, target, cost)
        if share is None:
            return None
        step = self._new_step(unit, REDUCE)
        step.legs = self._legs(unit, share)
        if unit.isolated:
            step.instrument = unit.name
            cut = next((leg for leg in step.legs if leg.instrument == unit.name), None)
            closed = share if cut is None else 1 - abs(exact(cut.target)) / abs(exact(cut.before))
            step.amount = float(Fraction(math.floor(returned_margin(book, closed, cost) * CENTS), CENTS))
        return step if step.legs else None

    def _plan_close(self, unit: Watched) -> Step | None:
        step = self._new_step(unit, CLOSE)
        step.legs = self._legs(unit, Fraction(1))
        return step if step.legs else None

    def _plan_margin(self, unit: Watched, target: float) -> Step | None:
        """Of an isolated position alone, within the day's budget and what is free."""
        if not unit.isolated:
            return None
        spent = self.spent.get((unit.account, unit.name, self.now() // DAY), Fraction(0))
        free = self.holdings.free_balance(unit.account, unit.settle)
        budget = read_fraction(self.config.margin_budget)
        (own,) = unit.at_marks().instruments
        most = min((budget / own.mark if own.contract == "inverse" else budget) - spent, free)
        found = least_margin(unit.rules, unit.at_marks(), target, most)
        if found is None:
            return None
        step = self._new_step(unit, ADD_MARGIN)
        step.instrument, step.budgeted = unit.name, True
        step.amount = float(min(Fraction(math.ceil(found * CENTS), CENTS), Fraction(math.floor(most * CENTS), CENTS)))
        return step

    def _new_step(self, unit: Watched, kind: str) -> Step:
        return Step(unit.key, kind, self.now() + self.config.step_patience)

    def _legs(self, unit: Watched, share: Fraction) -> list[Leg]:
        """Every position of the unit, and what hedges them, cut by the share that whole lots make of the largest's."""
        members = self._members(unit)
        worths = {each.name: value_at(each, Fraction(1), each.mark) for each in unit.at_marks().instruments}
        largest = max(unit.contracts, key=lambda each: each.size * worths[each.instrument])
        share = 1 - exact(self._left(largest.instrument, largest.quantity, share)) / largest.size
        legs = []
        for account, instrument, quantity in members:
            left = self._left(instrument, quantity, share)
            if left != abs(quantity):
                self.count += 1
                target = left if quantity > 0 else -left
                legs.append(Leg(account, instrument, quantity, target, f"{self.name}-{self.count}"))
        return legs

    def bound(self, step: Step, unit: Watched, look: Look) -> None:
        """No leg of the unit trades beyond where all that backs it is gone; what hedges it elsewhere trades at any."""
        known = {each.name: each for each in unit.at_marks().instruments}
        sizes = {each.instrument: each.size for each in unit.contracts}
        notional = sum((value_at(known[name], size, known[name].mark) for name, size in sizes.items()), Fraction(0))
        share = max(0.0, look.equity) / float(notional)
        for leg in step.legs:
            own = known.get(leg.instrument) if leg.account == unit.account else None
            if own is not None:
                side, inverse = 1 if leg.before > 0 else -1, own.contract == "inverse"
                leg.worst = exhausting_price(float(own.mark), side, share, inverse=inverse)

    def _left(self, instrument: str, quantity: float, share: Fraction) -> float:
        """What is left of a position, in whole lots against us; what is too small to be traded goes too."""
        rules = self.context.instruments.at(instrument, self.now())
        left = rules.size.round_down(float(f"{float(abs(exact(quantity)) * (1 - share)):.15g}"))
        return left if left >= rules.size_min else 0.0

    def _members(self, unit: Watched) -> list[tuple[str, str, float]]:
        """(account, instrument, quantity) of the unit's positions, then of those in a group with them."""
        found = {(unit.account, name): self.quantity(unit.account, name) for name in unit.instruments}
        for group in self.config.groups:
            if any(name in group for name in unit.instruments):
                for name in group:
                    for account in self.accounts:
                        found.setdefault((account, name), self.quantity(account, name))
        return [(account, name, quantity) for (account, name), quantity in found.items() if quantity]

    def _is_spot(self, instrument: str) -> bool:
        known = instrument in self.context.instruments
        return known and self.context.instruments.at(instrument, self.now()).kind == "spot"
