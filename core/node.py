"""Dispatches messages among the actors of one process, in an order that does not depend on the process."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import force_setattr

from letrade.core import codec
from letrade.core.actor import Actor, Handler, Outgoing, handlers_of
from letrade.core.errors import FeedbackLoop
from letrade.core.messages.base import NO_STRATEGY, Message, Timer
from letrade.core.messages.events import Failure
from letrade.core.messages.registry import VENUE_ONLY, tag
from letrade.core.stage import SKIPS_BAD_MESSAGES, Stage

STEP_MESSAGES_MAX = 100_000
TIMER_CLASS = 1
DATA_CLASS = 2


class Place(NamedTuple):
    """Where a source stands in the desk file, the same in every process."""

    stage: Stage
    order: int


Directory = Mapping[str, Place]


def input_class(stage: Stage) -> int:
    """Of messages of one time, venues come first, then timers, then data, then what was derived from them."""
    if stage == Stage.VENUE:
        return 0
    return DATA_CLASS + 1 + stage


Entry = tuple[int, int, int, int, str, Message]
"""(time, class, the source's order, sequence, kind, message): sorts a mailbox; no two are equal in the first five."""


class Slot:
    """One actor with its mailbox, its timers and its counter of messages sent."""

    def __init__(self, actor: Actor, place: Place) -> None:
        self.actor = actor
        self.place = place
        self.handlers: dict[type[Message], Handler] = handlers_of(actor)
        self.inbox: list[Entry] = []
        self.timers: dict[str, tuple[int, int, str]] = {}
        """(time, sequence, cause) of the timers that are set, by key."""
        self.index = 0
        self.sequence = 0
        self.failures = 0
        self.stopped = False

    def takes(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        if kind not in self.handlers:
            return False
        if tag(kind) in VENUE_ONLY and self.place.stage != Stage.VENUE:
            return False
        return self.actor.wants(kind, instrument, strategy)


class Node:
    """The actors of one process. Synchronous: `post` inputs, `run` a pass, take what was published.

    An actor handles its mailbox in the order of Entry. What it publishes at time t reaches higher stages at t, in the
    same pass; the same and lower stages (feedback) at `resume`: the start of the next window, or of the next turn.
    """

    def __init__(self, directory: Directory, epoch: int = 1, failures_max: int = 10) -> None:
        self.directory = directory
        self.epoch = epoch
        self.floor = 0
        """No input enters before this time: the start of the window, or the time of the last turn."""
        self.latest = 0
        self.slots: list[Slot] = []
        self.failures_max = failures_max
        self.handled = 0
        self.observers: list[Callable[[Message], None]] = []
        self._heap: list[tuple[int, int]] = []
        self.feedback: list[tuple[Slot, Entry]] = []
        self._routes: dict[tuple[type[Message], str, str], tuple[Slot, ...]] = {}
        self._outputs: list[Message] = []

    def add(self, actor: Actor) -> Slot:
        """Take an actor in. All actors are added before the first message."""
        slot = Slot(actor, self.directory[actor.name])
        self.slots.append(slot)
        self.slots.sort(key=lambda each: each.place)
        for index, each in enumerate(self.slots):
            each.index = index
        self._routes.clear()
        return slot

    def start(self, time: int) -> None:
        """Let each actor speak before the first message."""
        self.floor = self.latest = time
        for slot in self.slots:
            slot.actor.time = time
            slot.actor.start()
            self._release(slot, "")

    def kinds(self) -> set[type[Message]]:
        """The message types that some actor here handles."""
        return {kind for slot in self.slots for kind in slot.handlers if kind is not Timer}

    def post(self, message: Message) -> None:
        """An input from outside: a feed, another process, an operator."""
        place = self.directory.get(message.source, Place(Stage.FEED, 0))
        self._deliver(message, place, max(message.time, self.floor), defer=True)

    def next_time(self) -> int | None:
        """The earliest time at which something here waits to be handled."""
        return self._heap[0][0] if self._heap else None

    def run(self, until: int, stages: tuple[int, int] = (Stage.VENUE, Stage.MONITOR)) -> list[Message]:
        """Handle everything up to and including `until` in these stages; the messages published, in order."""
        low, high = stages
        aside: list[tuple[int, int]] = []
        handled_before = self.handled
        heap = self._heap
        while heap and heap[0][0] <= until:
            time, index = heapq.heappop(heap)
            slot = self.slots[index]
            if not low <= slot.place.stage <= high:
                aside.append((time, index))
                continue
            self._drain(slot, time)
            if self.handled - handled_before > STEP_MESSAGES_MAX:
                self._stop_loop(slot, self.handled - handled_before)
                handled_before = self.handled
        for item in aside:
            heapq.heappush(heap, item)
        outputs, self._outputs = self._outputs, []
        return outputs

    def resume(self, at: int) -> bool:
        """Let feedback enter at `at` (or later, where it was sent for later). False when there was none."""
        feedback, self.feedback = self.feedback, []
        for slot, entry in feedback:
            self._push(slot, (max(entry[0], at), *entry[1:]))
        return bool(feedback)

    def _drain(self, slot: Slot, time: int) -> None:
        inbox = slot.inbox
        while inbox and inbox[0][0] == time:
            entry = heapq.heappop(inbox)
            if slot.stopped:
                continue
            message = entry[5]
            if type(message) is Timer and not self._still_set(slot, message, time):
                continue
            self._handle(slot, time, message)

    def _still_set(self, slot: Slot, timer: Timer, time: int) -> bool:
        if slot.timers.get(timer.key, (0, 0, ""))[1] != timer.sequence:
            return False
        del slot.timers[timer.key]
        return True

    def _handle(self, slot: Slot, time: int, message: Message) -> None:
        self.handled += 1
        self.latest = max(self.latest, time)
        actor = slot.actor
        actor.time = time
        actor.in_hand = message
        try:
            slot.handlers[type(message)](message)
            for waiting in actor.outgoing:
                codec.check(waiting.message)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is told, and its outputs dropped
            self._fail(slot, message, error)
        if actor.outgoing or actor.timers_set:
            self._release(slot, message.cause if type(message) is Timer else message.id)

    def _release(self, slot: Slot, cause: str) -> None:
        actor = slot.actor
        if actor.timers_set:
            timers, actor.timers_set = actor.timers_set, []
            for key, at, timer_cause in timers:
                self._set_timer(slot, key, at, timer_cause or cause)
        if actor.outgoing:
            waiting, actor.outgoing = actor.outgoing, []
            for outgoing in waiting:
                self._publish(slot, outgoing, cause)

    def _set_timer(self, slot: Slot, key: str, at: int | None, cause: str) -> None:
        if at is None:
            slot.timers.pop(key, None)
            return
        at = max(at, slot.actor.time + 1)
        slot.sequence += 1
        slot.timers[key] = (at, slot.sequence, cause)
        timer = Timer(time=at, source=slot.actor.name, epoch=self.epoch, sequence=slot.sequence, cause=cause, key=key)
        self._push(slot, (at, TIMER_CLASS, slot.place.order, slot.sequence, "timer", timer))

    def _publish(self, slot: Slot, outgoing: Outgoing, cause: str) -> None:
        message = outgoing.message
        now = slot.actor.time
        slot.sequence += 1
        force_setattr(message, "time", now if outgoing.at is None else max(outgoing.at, now))
        force_setattr(message, "source", slot.actor.name)
        force_setattr(message, "epoch", self.epoch)
        force_setattr(message, "sequence", slot.sequence)
        force_setattr(message, "cause", cause if outgoing.cause is None else outgoing.cause)
        self._outputs.append(message)
        self._deliver(message, slot.place, message.time, defer=False)

    def _deliver(self, message: Message, sender: Place, time: int, defer: bool) -> None:
        """`defer` is false for local senders, whose feedback waits for resume(); what another process sent as
        feedback waits likewise, so only feeds and higher stages enter at their time."""
        kind = type(message)
        entry = (time, input_class(sender.stage), sender.order, message.sequence, tag(kind), message)
        for slot in self._route(message):
            if slot.place.stage > sender.stage:
                self._push(slot, entry)
            else:
                self.feedback.append((slot, entry))
        for observer in self.observers:
            observer(message)

    def _route(self, message: Message) -> tuple[Slot, ...]:
        kind = type(message)
        instrument = getattr(message, "instrument", "")
        strategy = getattr(message, "strategy", NO_STRATEGY)
        key = (kind, instrument, strategy)
        route = self._routes.get(key)
        if route is None:
            route = tuple(slot for slot in self.slots if slot.takes(kind, instrument, strategy))
            self._routes[key] = route
        return route

    def _push(self, slot: Slot, entry: Entry) -> None:
        heapq.heappush(slot.inbox, entry)
        heapq.heappush(self._heap, (entry[0], slot.index))

    def expect(self, slot: Slot, time: int) -> None:
        """The slot's mailbox was given something for this time (by a restore)."""
        heapq.heappush(self._heap, (time, slot.index))

    def _fail(self, slot: Slot, message: Message, error: Exception) -> None:
        """A handler raised: nothing of it leaves but the Failure; the owners of money stop, the others skip."""
        slot.actor.outgoing.clear()
        slot.actor.timers_set.clear()
        slot.failures += 1
        slot.stopped = slot.place.stage not in SKIPS_BAD_MESSAGES or slot.failures >= self.failures_max
        text = f"{type(error).__name__}: {error}"
        slot.actor.publish(
            Failure(
                actor=slot.actor.name, kind=tag(type(message)), message_id=message.id, error=text, stopped=slot.stopped
            )
        )

    def _stop_loop(self, slot: Slot, count: int) -> None:
        error = FeedbackLoop(f"{count} messages in one step: {slot.actor.name} is stopped")
        slot.failures = self.failures_max
        message = slot.actor.in_hand
        if message is not None:
            self._fail(slot, message, error)
            slot.stopped = True
            self._release(slot, message.id)


def directory_of(actors: Iterable[tuple[str, Stage]]) -> dict[str, Place]:
    """Places by name, in the order of the desk file."""
    return {name: Place(stage, order) for order, (name, stage) in enumerate(actors)}
