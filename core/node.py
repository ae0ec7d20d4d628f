"""Dispatches messages among the actors of one process, in an order that does not depend on the process."""

from __future__ import annotations

import copy
import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import force_setattr

from letrade.core import codec
from letrade.core.actor import Actor, Handler, Outgoing, handlers_of
from letrade.core.errors import FeedbackLoop
from letrade.core.messages.base import NO_STRATEGY, DeskMessage, MarketMessage, Message, Timer
from letrade.core.messages.events import Failure
from letrade.core.messages.registry import VENUE_ONLY, tag
from letrade.core.stage import SKIPS_BAD_MESSAGES, Stage

STEP_MESSAGES_MAX = 100_000
INPUT_FANOUT_MAX = 10
"""So many more messages may follow from each delivery of an input before we take it for a loop: a backlog is none."""
ROUTES_MAX = 100_000
ERROR_TEXT_MAX = 2_000
STALE_TIMERS_MAX = 1_000
TIMER_CLASS = 1
DATA_CLASS = 2
_ORDER_BITS = 32


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


def rank(message_class: int, order: int) -> int:
    """(class, the source's order) as one number."""
    return message_class << _ORDER_BITS | order


def sender_of(place: Place) -> tuple[int, int]:
    """(stage, rank) of what comes from there."""
    return int(place.stage), rank(input_class(place.stage), place.order)


_OUTSIDE = sender_of(Place(Stage.FEED, 0))
"""Where sources stand that the desk file does not name: an operator."""

Entry = tuple[int, int, int, str, int, Message]
"""(time, rank, sequence, source, count of deliveries, message): sorts a mailbox; no two are equal in the first five."""


class Slot:
    """One actor with its mailbox, its timers and its counter of messages sent."""

    def __init__(self, actor: Actor, place: Place) -> None:
        self.actor = actor
        self.place = place
        self.stage, self.rank = sender_of(place)
        self.timer_rank = rank(TIMER_CLASS, place.order)
        self.handlers: dict[type[Message], Handler] = handlers_of(actor)
        self.inbox: list[Entry] = []
        self.timers: dict[str, tuple[int, int, str]] = {}
        """(time, sequence, cause) of the timers that are set, by key."""
        self.stale_timers = 0
        """How many in the inbox were replaced or cancelled."""
        self.index = 0
        self.listed: set[int] = set()
        """The times at which the node's heap names this slot; that of the first entry is always among them."""
        self.sequence = 0
        self.failures = 0
        self.stopped = False

    def takes(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        if kind not in self.handlers:
            return False
        if tag(kind) in VENUE_ONLY and self.place.stage != Stage.VENUE:
            return False
        return self.actor.wants(kind, instrument, strategy)

    def is_stale(self, entry: Entry) -> bool:
        """Whether it is a timer that was replaced or cancelled."""
        message = entry[5]
        return type(message) is Timer and self.timers.get(message.key, (0, 0, ""))[1] != message.sequence

    def first_time(self) -> int | None:
        """When the next thing in the mailbox is due; stale timers before it are dropped."""
        inbox = self.inbox
        while inbox and self.is_stale(inbox[0]):
            heapq.heappop(inbox)
            self.stale_timers -= 1
        return inbox[0][0] if inbox else None

    def forget_timer(self, key: str) -> None:
        """Take back a timer, if it is set. Mailboxes stay small also when far timers are replaced all the time."""
        if self.timers.pop(key, None) is None:
            return
        self.stale_timers += 1
        if self.stale_timers > max(STALE_TIMERS_MAX, len(self.inbox) // 2):
            self.inbox[:] = [entry for entry in self.inbox if not self.is_stale(entry)]
            heapq.heapify(self.inbox)
            self.stale_timers = 0

    def stop(self) -> None:
        """It handles nothing any more."""
        self.stopped = True
        self.inbox.clear()
        self.timers.clear()
        self.stale_timers = 0


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
        self.feedback: list[tuple[Slot, Entry]] = []
        self._heap: list[tuple[int, int]] = []
        """(time, slot) of the first entry of each mailbox that is not empty, and some that are out of date."""
        self._routes: dict[tuple[type[Message], str, str], tuple[Slot, ...]] = {}
        self._senders = {name: sender_of(place) for name, place in directory.items()}
        self._outputs: list[Message] = []
        self._deliveries = 0
        self._posted = 0
        """Deliveries of inputs that no pass has seen."""

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
            try:
                slot.actor.start()
                self._check(slot.actor.outgoing)
            except Exception as error:  # noqa: BLE001 - as for a handler
                self._fail(slot, error)
            self._release(slot, "")

    def kinds(self) -> set[type[Message]]:
        """The message types that some actor here handles."""
        return {kind for slot in self.slots for kind in slot.handlers if kind is not Timer}

    def post(self, message: Message) -> None:
        """An input from outside: a feed, another process, an operator."""
        stage, sender_rank = self._senders.get(message.source, _OUTSIDE)
        before = self._deliveries
        time = message.time if message.time > self.floor else self.floor
        self._deliver(message, stage, sender_rank, time)
        self._posted += self._deliveries - before

    def next_time(self) -> int | None:
        """The earliest time at which something here waits to be handled."""
        heap = self._heap
        while heap:
            time, index = heap[0]
            first = self.slots[index].first_time()
            if first == time:
                return time
            heapq.heappop(heap)
            self.slots[index].listed.discard(time)
            self._list(self.slots[index])
        return None

    def run(self, until: int, stages: tuple[int, int] = (Stage.VENUE, Stage.MONITOR)) -> list[Message]:
        """Handle everything up to and including `until` in these stages; the messages published, in order."""
        low, high = stages
        aside: list[tuple[int, int]] = []
        alarm_every = (STEP_MESSAGES_MAX + INPUT_FANOUT_MAX * self._posted) // 2
        alarm = self.handled + alarm_every
        sent_before: list[int] | None = None
        self._posted = 0
        heap = self._heap
        while heap and heap[0][0] <= until:
            item = heapq.heappop(heap)
            slot = self.slots[item[1]]
            if not low <= slot.stage <= high:
                aside.append(item)
                continue
            self._drain(slot, item[0])
            if self.handled > alarm:
                alarm = self.handled + alarm_every
                sent_before = self._stop_busiest(sent_before)
        for item in aside:
            heapq.heappush(heap, item)
        outputs, self._outputs = self._outputs, []
        return outputs

    def resume(self, at: int) -> bool:
        """Let feedback enter at `at` (or later, where it was sent for later). False when there was none."""
        feedback, self.feedback = self.feedback, []
        for slot, entry in feedback:
            self._push(slot, entry if entry[0] >= at else (at, *entry[1:]))
        return bool(feedback)

    def stop_feedback(self) -> bool:
        """Stop the actor that sends the most of the feedback that waits; False when none of it is ours."""
        senders = Counter(entry[3] for _, entry in self.feedback)
        ours = [slot for slot in self.slots if senders[slot.actor.name] and not slot.stopped]
        if ours:
            self._stop_loop(max(ours, key=lambda slot: senders[slot.actor.name]))
        return bool(ours)

    def _drain(self, slot: Slot, time: int) -> None:
        """Handle what is due at one time, and nothing that comes meanwhile for a later one."""
        inbox = slot.inbox
        slot.listed.discard(time)
        if time > self.latest and inbox and inbox[0][0] == time:
            self.latest = time
        while inbox and inbox[0][0] == time:
            entry = heapq.heappop(inbox)
            message = entry[5]
            if type(message) is Timer:
                if slot.is_stale(entry):
                    slot.stale_timers -= 1
                    continue
                del slot.timers[message.key]
            self._handle(slot, time, message)
        self._list(slot)

    def _handle(self, slot: Slot, time: int, message: Message) -> None:
        self.handled += 1
        actor = slot.actor
        actor.time = time
        actor.in_hand = message
        try:
            slot.handlers[type(message)](message)
            if actor.outgoing:
                self._check(actor.outgoing)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is told, and its outputs dropped
            self._fail(slot, error)
        if actor.outgoing or actor.timers_set:
            self._release(slot, message.cause if type(message) is Timer else message.id)

    def _check(self, waiting: list[Outgoing]) -> None:
        if len(waiting) > STEP_MESSAGES_MAX:
            raise FeedbackLoop(f"{len(waiting)} messages from one handler")
        for outgoing in waiting:
            codec.check(outgoing[0])

    def _release(self, slot: Slot, cause: str) -> None:
        actor = slot.actor
        if actor.timers_set:
            timers, actor.timers_set = actor.timers_set, []
            for key, at, timer_cause in timers:
                slot.forget_timer(key)
                if at is not None:
                    self._set_timer(slot, key, at, timer_cause or cause)
        if actor.outgoing:
            waiting, actor.outgoing = actor.outgoing, []
            for message, at, own_cause in waiting:
                now = actor.time
                time = now if at is None or at < now else at
                self._publish(slot, message, time, cause if own_cause is None else own_cause)

    def _set_timer(self, slot: Slot, key: str, at: int, cause: str) -> None:
        at = max(at, slot.actor.time + 1)
        name = slot.actor.name
        slot.sequence += 1
        slot.timers[key] = (at, slot.sequence, cause)
        timer = Timer(time=at, source=name, epoch=self.epoch, sequence=slot.sequence, cause=cause, key=key)
        self._deliveries += 1
        self._push(slot, (at, slot.timer_rank, slot.sequence, name, self._deliveries, timer))

    def _publish(self, slot: Slot, message: Message, time: int, cause: str) -> None:
        if message.sequence:  # it was published before, and others may still hold it
            message = copy.copy(message)
        slot.sequence += 1
        force_setattr(message, "time", time)
        force_setattr(message, "source", slot.actor.name)
        force_setattr(message, "epoch", self.epoch)
        force_setattr(message, "sequence", slot.sequence)
        force_setattr(message, "cause", cause)
        self._outputs.append(message)
        self._deliver(message, slot.stage, slot.rank, time)

    def _deliver(self, message: Message, stage: int, sender_rank: int, time: int) -> None:
        """To higher stages at once; to others, as feedback, when resume() is called."""
        for slot in self._route(message):
            self._deliveries += 1
            entry = (time, sender_rank, message.sequence, message.source, self._deliveries, message)
            if slot.stage > stage:
                self._push(slot, entry)
            else:
                self.feedback.append((slot, entry))
        for observer in self.observers:
            observer(message)

    def _route(self, message: Message) -> tuple[Slot, ...]:
        kind = type(message)
        if isinstance(message, DeskMessage):
            key = (kind, message.instrument, message.strategy)
        elif isinstance(message, MarketMessage):
            key = (kind, message.instrument, NO_STRATEGY)
        else:
            key = (kind, getattr(message, "instrument", ""), getattr(message, "strategy", NO_STRATEGY))
        route = self._routes.get(key)
        if route is None:
            if len(self._routes) >= ROUTES_MAX:
                self._routes.clear()
            route = self._routes[key] = tuple(slot for slot in self.slots if slot.takes(*key))
        return route

    def _push(self, slot: Slot, entry: Entry) -> None:
        if slot.stopped:
            return
        inbox = slot.inbox
        heapq.heappush(inbox, entry)
        if inbox[0] is entry:
            self._list(slot)

    def _list(self, slot: Slot) -> None:
        """Name the slot at the time of its first entry, once."""
        if slot.inbox and (time := slot.inbox[0][0]) not in slot.listed:
            slot.listed.add(time)
            heapq.heappush(self._heap, (time, slot.index))

    def give(self, slot: Slot, entries: Iterable[Entry]) -> None:
        """Put entries into a mailbox as they are (a restore); their counts are given anew, in their order."""
        for entry in entries:
            self._deliveries += 1
            self._push(slot, (*entry[:4], self._deliveries, entry[5]))

    def _fail(self, slot: Slot, error: Exception) -> None:
        """A handler raised: nothing of it leaves but the Failure; the owners of money stop, the others skip."""
        actor = slot.actor
        actor.outgoing.clear()
        actor.timers_set.clear()
        slot.failures += 1
        loops = isinstance(error, FeedbackLoop)
        if loops or slot.place.stage not in SKIPS_BAD_MESSAGES or slot.failures >= self.failures_max:
            slot.stop()
        message = actor.in_hand
        kind, message_id = ("start", "") if message is None else (tag(type(message)), message.id)
        actor.publish(
            Failure(actor=actor.name, kind=kind, message_id=message_id, error=_told(error), stopped=slot.stopped)
        )

    def _stop_busiest(self, sent_before: list[int] | None) -> list[int] | None:
        """Every second alarm: stop the actor that has sent the most since the one before."""
        sent = [slot.sequence for slot in self.slots]
        if sent_before is None:
            return sent
        new = [after - before for before, after in zip(sent_before, sent, strict=True)]
        self._stop_loop(self.slots[new.index(max(new))])
        return None

    def _stop_loop(self, slot: Slot) -> None:
        actor = slot.actor
        self._fail(slot, FeedbackLoop(f"over {STEP_MESSAGES_MAX} messages in one step: {actor.name} is stopped"))
        self._release(slot, "" if actor.in_hand is None else actor.in_hand.id)


def _told(error: Exception) -> str:
    """The error as text that JSON can carry, of bounded length."""
    text = f"{type(error).__name__}: {error}"
    return text[:ERROR_TEXT_MAX].encode("utf-8", "replace").decode()


def directory_of(actors: Iterable[tuple[str, Stage]]) -> dict[str, Place]:
    """Places by name, in the order of the desk file."""
    return {name: Place(stage, order) for order, (name, stage) in enumerate(actors)}
