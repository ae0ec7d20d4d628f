"""Baskets: the legs of one wish are sent all or none, and what stands alone of them does so for a bounded time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from letrade.actors.capital.groups import (
    ACT,
    BASKET,
    LATE,
    OPEN,
    REFUSED,
    STANDING,
    UNDOING,
    WAITING,
    WORKING,
    Group,
    Leg,
    legs_of,
    malformed,
    timer_of,
)
from letrade.actors.capital.orders import Desire
from letrade.actors.capital.waiting import LATER, Waiting
from letrade.actors.capital.wishes import Wish
from letrade.core.holdings import Key
from letrade.core.messages.base import Timer
from letrade.core.messages.events import Alert, Recovered
from letrade.core.messages.margin import Reduce
from letrade.core.messages.orders import BasketUpdate, Fill
from letrade.core.messages.signals import Basket
from letrade.core.quantities import add, number, units

REHEDGED = "adl"
"""The origin of foreign fills after which the missing leg is bought back; after all others the rest follows."""
PATIENCE_PART = 8
"""A reduction that has not filled after this part of the bound is asked for anew."""
DOUBLINGS_MAX = 6
GIVEN_UP = "given up before anything was sent"
RECOVERY_PART = 4
"""After a restart the clock begins anew; what venues do not tell within this part of the bound is not waited for."""


class Baskets(Waiting):
    """A group is out of proportion from the first fill on that leaves a leg with more than the others support. What is
    missing is tried once more, at once; then, at the latest after half of the bound, legs that are ahead go back."""

    def on_basket(self, basket: Basket) -> None:
        """Positions to hold from now on, all or none."""
        newest = self.signals.get(basket.strategy, 0)
        if not self._takes(basket):
            if basket.signal > newest:
                self._tell_refused(basket, f"unknown: {basket.account} {basket.instrument}")
            return
        desire = Desire(basket.account, basket.instrument, basket.strategy, basket.signal)
        legs = legs_of(basket)
        wrong = malformed(basket, legs, self.purse.books, self.context.instruments, self.now())
        wrong = wrong or self._lacking(basket, legs)
        if self._late(basket):
            self._refuse_late(desire, basket)
            self._tell_refused(basket, "late")
        elif wrong:
            self._refuse(desire, "basket", *wrong)
            self._tell_refused(basket, f"expected {wrong[0]}, found {wrong[1]}")
        elif not self.waits(basket):
            self._take_up(basket)

    def follow(self, wish: Wish) -> None:
        """Other wishes than baskets: in manager.py."""
        if isinstance(wish, Basket):
            self._take_up(wish)

    def _take_up(self, basket: Basket) -> None:
        """In the place of the groups that share a leg with it."""
        legs = legs_of(basket)
        mine = [(leg.account, leg.instrument, basket.strategy) for leg in legs]
        told = len(legs)
        pledged: dict[Key, float] = {}
        for other in [self.group_of[key] for key in mine if key in self.group_of]:
            pledged |= {key: leg.wanted for key, leg in zip(other.keys, other.legs, strict=True)}
            for key in other.keys:
                if key not in mine and self.purse.holdings.shares.get(key, 0):
                    mine.append(key)
                    legs.append(Leg(key[0], key[1], self._held_number(key)))
            self._release(other)
        group = Group(basket.strategy, basket.signal, basket.naked_ns_max, legs, told)
        self.groups[group.strategy, group.signal] = group
        for place, (key, leg) in enumerate(zip(group.keys, legs, strict=True)):
            self.group_of[key] = group
            if place < told:
                rules = self.context.instruments.at(leg.instrument, self.now())
                leg.wanted = rules.size.round_down(leg.wanted)
            leg.before, leg.pledged = pledged.get(key, 0.0), key in pledged
            self.desires[key] = Desire(*key, basket.signal, leg.wanted)
            self._cancel([each.order_id for each in self.working.of(key)], f"signal {basket.signal}")
        if self._is_busy(group):
            self.look(group)
        else:
            self._open(group)

    def look(self, group: Group) -> None:
        """Something of a group has changed: what follows from that."""
        busy = self._is_busy(group)
        if group.phase == WAITING:
            self._measure(group)
            if not busy:
                # A moment later: risk hears of what has filled after what we ask for at this same time.
                self.set_timer(self.now() + 1, timer_of(OPEN, group))
                return
        alone = self._alone(group)
        if not any(alone):
            self._in_proportion(group, busy)
            return
        if not group.since:
            group.since = self.now()
            self.set_timer(group.since + group.naked_ns_max // 2, timer_of(ACT, group))
        if group.phase == UNDOING:
            self._undo(group, alone)
        elif not busy and (group.retried or not self._retry(group)):
            self._give_up(group, "what was missing could not be traded")

    def _measure(self, group: Group) -> None:
        """Legs that were none of a basket are measured with what is held of them when it is opened."""
        for key, leg in zip(group.keys, group.legs, strict=True):
            leg.before = leg.before if leg.pledged else self._held_number(key)

    def act(self, group: Group) -> None:
        """Half of the bound is over. What is said of it comes back after all that has happened by now: where the desk
        was away, it hears of that first."""
        if not group.since:
            return
        self.set_timer(group.since + group.naked_ns_max, timer_of(LATE, group))
        if group.phase != UNDOING:
            group.due = True
            self._tell(group, WORKING, "half of naked_ns_max is over", complete=False)

    def on_basket_update(self, update: BasketUpdate) -> None:
        """Nothing is waited for any longer."""
        group = self.groups.get((update.strategy, update.signal)) if update.source == self.name else None
        if group is not None and group.due:
            group.due = False
            if group.since and group.phase != UNDOING:
                self._give_up(group, "not in proportion after half of naked_ns_max")

    def on_recovered(self, recovered: Recovered) -> None:
        """Venues are asked what they did meanwhile: their answers may say that a pair is whole."""
        for group in self.groups.values():
            if group.since and group.phase != UNDOING:
                group.since, group.due = self.now(), False
                self.set_timer(group.since + group.naked_ns_max // RECOVERY_PART, timer_of(ACT, group))
                self.cancel_timer(timer_of(LATE, group))

    def late(self, group: Group) -> None:
        if not group.since:
            return
        alone = zip(group.legs, self._alone(group), strict=True)
        left = ", ".join(f"{number(size)!r} {leg.instrument} in {leg.account}" for leg, size in alone if size)
        text = f"basket {group.signal} of {group.strategy}: {left} alone for {group.naked_ns_max} ns; reducing goes on"
        self.publish(Alert(level="error", code="naked_leg", text=text, account=group.legs[0].account))

    def _in_proportion(self, group: Group, busy: bool) -> None:
        if group.since:
            group.since, group.due = 0, False
            self.cancel_timer(timer_of(ACT, group))
            self.cancel_timer(timer_of(LATE, group))
        if not busy and (group.phase != STANDING or not self._is_complete(group)):
            self._settle(group, STANDING, group.reason)
        else:
            self._rest(group)

    def _rest(self, group: Group) -> None:
        """Where it is at rest, what was wished meanwhile is followed."""
        if not self.is_under_way(group.keys[0]):
            self._wake(group)

    def _settle(self, group: Group, state: str, reason: str) -> None:
        """What is held now is what the legs are measured with from here on."""
        complete = self._is_complete(group)
        for key, leg in zip(group.keys, group.legs, strict=True):
            leg.wanted = leg.before = self._held_number(key)
            leg.pledged = False
        group.phase, group.retried, group.undoings, group.blunt, group.reason = STANDING, False, 0, False, ""
        self._tell(group, state, reason, complete and state == STANDING)
        if not any(leg.wanted for leg in group.legs):
            self._release(group)
        self._rest(group)

    def _open(self, group: Group) -> None:
        if group.phase != WAITING or self._is_busy(group):
            return
        self._measure(group)
        legs, refused = self._intents(group)
        if refused:
            self._decline(group, refused)
        elif legs:
            group.phase = WORKING
            self._tell(group, WORKING, "", complete=False)
            self._propose_legs(group, legs)
        else:
            self._settle(group, STANDING, "")

    def _decline(self, group: Group, reason: str) -> None:
        """Nothing of it was sent: its legs are measured with what stood in proportion before."""
        for leg in group.legs:
            leg.wanted = leg.before
        if not any(self._alone(group)):
            self._settle(group, REFUSED, reason)
            return
        group.phase, group.retried, group.reason = STANDING, True, reason
        self.look(group)

    def _retry(self, group: Group) -> bool:
        """Send what is missing once more; whether anything could be sent."""
        group.retried = True
        legs, refused = self._intents(group)
        if refused or not legs:
            return False
        group.phase = WORKING
        self._propose_legs(group, legs)
        return True

    def _give_up(self, group: Group, reason: str) -> None:
        group.phase, group.retried = UNDOING, True
        self._tell(group, UNDOING, reason, complete=False)
        for key in group.keys:
            self._cancel([each.order_id for each in self.working.of(key) if not _reduces(each.order_id)], reason)
        self._undo(group, self._alone(group))

    def _undo(self, group: Group, alone: Sequence[int]) -> None:
        """Reduce what no reduction under way will."""
        patience = max(1, group.naked_ns_max // PATIENCE_PART) << min(DOUBLINGS_MAX, group.undoings // PATIENCE_PART)
        blunt = []
        for key, size in zip(group.keys, alone, strict=True):
            size -= sum(units(each.left) for each in self.underway.values() if self._touches(each, key))
            if size <= 0:
                continue
            group.undoings += 1
            self.reductions += 1
            reduction_id = f"{self.name}-{self.reductions}"
            clear = not group.blunt or self._clear_way(group, key)
            self._note(reduction_id, key, number(size), patience if clear else max(1, patience // PATIENCE_PART))
            if not group.blunt:
                self._reduce(group, key, size, reduction_id)
            elif clear:
                blunt.append(self._closing_leg(group, key, size))
        if blunt:
            self._propose_legs(group, [leg for leg in blunt if leg.orders])

    def _reduce(self, group: Group, key: Key, size: int, reduction_id: str) -> None:
        """Nobody may refuse that."""
        account, instrument, strategy = key
        self.publish(
            Reduce(
                strategy=strategy, account=account, instrument=instrument, reduction_id=reduction_id,
                size=number(size), reason=f"basket {group.signal}: the other legs support no more",
            )
        )  # fmt: skip

    def basket_fill(self, fill: Fill) -> None:
        """What others than the basket cut is not bought back, but where the venue deleveraged it."""
        group = self.group_of.get((fill.account, fill.instrument, fill.strategy))
        if group is None:
            return
        if self._is_wished(fill.order_id, fill.strategy):
            if group.phase == WAITING:
                self._hear_older(group, fill)
            self.basket_left((fill.account, fill.instrument, fill.strategy), fill.order_id)
        if fill.origin != REHEDGED:
            group.retried = group.retried or not fill.order_id.startswith(f"{group.strategy}.{group.signal}.")

    def _is_wished(self, order_id: str, strategy: str) -> bool:
        """Whether it is an order of a position wished: neither a stop, nor a reduction, nor the venue's own."""
        return order_id.startswith(f"{strategy}.") and order_id not in self.protections.orders

    def _hear_older(self, group: Group, fill: Fill) -> None:
        """What an older wish trades before its order is off is meant to be held."""
        for leg in group.legs:
            if (leg.account, leg.instrument) == (fill.account, fill.instrument):
                leg.before = add(leg.before, fill.side * fill.size)

    def basket_left(self, key: Key, order_id: str) -> None:
        """An order works, or has filled: of a newer wish of a leg, it takes the place of the basket."""
        group = self.group_of.get(key)
        if group is not None and self._is_wished(order_id, key[2]) and _signal_of(order_id) > group.signal:
            self._release(group)
            self._wake(group)

    def basket_missed(self, key: Key, order_id: str, reason: str) -> None:
        """Why an order of a basket was not sent, or did not fill."""
        group = self.group_of.get(key)
        if group is not None and reason and order_id.startswith(f"{group.strategy}.{group.signal}."):
            group.reason = reason

    def reduction_over(self, key: Key, order_id: str) -> None:
        """An order of a reduction has ended: what it left is reduced anew, at once the first times."""
        group = self.group_of.get(key)
        reduction_id = order_id.removeprefix("reduce.").rpartition(".")[0]
        if group is not None and group.undoings < PATIENCE_PART and not self._works(reduction_id):
            self.underway.pop(reduction_id, None)

    def reduction_refused(self, key: Key, order_id: str) -> None:
        """The account has nothing to reduce, though the strategy has."""
        group = self.group_of.get(key)
        if group is not None and self.underway.pop(order_id.removeprefix("reduce."), None) is not None:
            group.blunt = True

    def keep_baskets(self, concerns: Callable[[Key], bool]) -> None:
        """Of such shares nothing is pursued any more; what stands alone is still reduced."""
        self._drop_later(concerns, GIVEN_UP)
        for group in list(self.groups.values()):
            if any(map(concerns, group.keys)):
                group.retried = True
                if group.phase == WAITING:
                    self._decline(group, GIVEN_UP)

    def let_go(self, key: Key) -> None:
        """The strategy wishes a leg as it is by now: the group is not watched any more."""
        group = self.group_of.get(key)
        if group is not None:
            self._release(group)

    def _release(self, group: Group) -> None:
        self.groups.pop((group.strategy, group.signal), None)
        for key in group.keys:
            if self.group_of.get(key) is group:
                del self.group_of[key]
        self.cancel_timer(timer_of(ACT, group))
        self.cancel_timer(timer_of(LATE, group))

    def on_timer(self, timer: Timer) -> None:
        words = timer.key.split(" ")
        if timer.key == LATER:
            self._follow_later()
            return
        if words[0] != BASKET:
            super().on_timer(timer)
            return
        group = self.groups.get((words[2], int(words[3])))
        if group is not None:
            {OPEN: self._open, ACT: self.act, LATE: self.late}[words[1]](group)

    def baskets_state(self) -> Any:
        return {"groups": list(self.groups.values()), "later": self.later.state()}

    def restore_baskets(self, state: Any) -> None:
        self.groups = {(each.strategy, each.signal): each for each in msgspec.convert(state["groups"], list[Group])}
        self.later.restore(state["later"])
        self.group_of = {key: group for group in self.groups.values() for key in group.keys}


def _signal_of(order_id: str) -> int:
    return int(order_id.rsplit(".", 2)[1])


def _reduces(order_id: str) -> bool:
    return order_id.startswith("reduce.")
