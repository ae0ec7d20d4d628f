"""The dispatch of one process in plain Python: the twin of hotpath/dispatch with what core/node.py adds to it."""

from __future__ import annotations

import copy

from msgspec.structs import force_setattr

from letrade.core import codec
from letrade.core.actor import Actor
from letrade.core.messages.base import NO_STRATEGY, Message, Timer
from letrade.core.messages.events import Failure
from letrade.core.messages.registry import tag
from letrade.core.node import DATA_CLASS, Directory, Entry, Place, sender_of
from letrade.core.stage import SKIPS_BAD_MESSAGES, Stage
from tests.models.slots import SlowSlot, first_of


class SlowNode:
    """Actors that handle what waits for them, the earliest first; an endless loop is not looked for."""

    def __init__(self, directory: Directory, epoch: int = 1, failures_max: int = 10) -> None:
        self.directory = directory
        self.epoch = epoch
        self.floor = 0
        self.latest = 0
        self.handled = 0
        self.failures_max = failures_max
        self.slots: list[SlowSlot] = []
        self.feedback: list[tuple[SlowSlot, Entry]] = []
        self.outputs: list[Message] = []
        self.deliveries = 0

    def add(self, actor: Actor) -> None:
        self.slots = sorted(
            [*self.slots, SlowSlot(actor, self.directory[actor.name])], key=lambda slot: slot.place
        )

    def start(self, time: int) -> None:
        self.floor = self.latest = time
        for slot in self.slots:
            slot.actor.time = time
            slot.actor.start()
            self._let_go(slot, "")

    def post(self, message: Message) -> None:
        outside = sender_of(Place(Stage.FEED, 0))
        place = self.directory.get(message.source)
        stage, rank = outside if place is None else sender_of(place)
        self._deliver(message, stage, rank, max(message.time, self.floor))

    def next_time(self) -> int | None:
        slot = first_of(self.slots)
        return None if slot is None else slot.inbox[0][0]

    def run(self, until: int, stages: tuple[int, int] = (Stage.VENUE, Stage.MONITOR)) -> list[Message]:
        low, high = stages
        slots = [slot for slot in self.slots if low <= slot.stage <= high]
        while (slot := first_of(slots)) is not None and slot.inbox[0][0] <= until:
            time = slot.inbox[0][0]
            while slot.inbox and slot.inbox[0][0] == time:
                self._handle(slot, time, slot.inbox.pop(0)[5])
        outputs, self.outputs = self.outputs, []
        return outputs

    def resume(self, at: int) -> bool:
        feedback, self.feedback = self.feedback, []
        for slot, entry in feedback:
            slot.put((max(entry[0], at), *entry[1:]))
        return bool(feedback)

    def _handle(self, slot: SlowSlot, time: int, message: Message) -> None:
        if type(message) is Timer:
            del slot.timers[message.key]
        self.latest = max(self.latest, time)
        self.handled += 1
        actor = slot.actor
        actor.time, actor.in_hand = time, message
        try:
            slot.handlers[type(message)](message)
            for said, _, _ in actor.outgoing:
                codec.check(said)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is told, and its outputs dropped
            self._fail(slot, message, error)
        self._let_go(slot, message.cause if type(message) is Timer else message.id)

    def _let_go(self, slot: SlowSlot, cause: str) -> None:
        timers, waiting, now = slot.actor.timers_set, slot.actor.outgoing, slot.actor.time
        slot.actor.take_back()
        for key, at, timer_cause in timers:
            slot.forget_timer(key)
            if at is not None:
                self._set_timer(slot, key, max(at, now + 1), timer_cause or cause)
        for message, at, own_cause in waiting:
            time = now if at is None else max(at, now)
            self._publish(slot, message, time, cause if own_cause is None else own_cause)

    def _set_timer(self, slot: SlowSlot, key: str, at: int, cause: str) -> None:
        name = slot.actor.name
        slot.sequence += 1
        slot.timers[key] = (at, slot.sequence, cause)
        timer = Timer(time=at, source=name, epoch=self.epoch, sequence=slot.sequence, cause=cause, key=key)
        self.deliveries += 1
        slot.put((at, slot.timer_rank, slot.sequence, name, self.deliveries, timer))

    def _publish(self, slot: SlowSlot, message: Message, time: int, cause: str) -> None:
        message = copy.copy(message)
        slot.sequence += 1
        header = {"time": time, "source": slot.actor.name, "epoch": self.epoch, "sequence": slot.sequence}
        for name, value in {**header, "cause": cause}.items():
            force_setattr(message, name, value)
        self.outputs.append(message)
        self._deliver(message, slot.stage, slot.rank, time)

    def _deliver(self, message: Message, stage: int, rank: int, time: int) -> None:
        about = (getattr(message, "instrument", ""), getattr(message, "strategy", NO_STRATEGY))
        for slot in self.slots:
            if type(message) not in slot.handlers or not slot.actor.wants(type(message), *about):
                continue
            self.deliveries += 1
            entry = (time, rank, message.sequence, message.source, self.deliveries, message)
            if slot.stage > stage:
                slot.put(entry)
            else:
                told = (DATA_CLASS + 1) << 32 | stage << 24 | rank & 0xFFFFFF if slot.facts_first else rank
                self.feedback.append((slot, (time, told, *entry[2:])))

    def _fail(self, slot: SlowSlot, message: Message, error: Exception) -> None:
        actor = slot.actor
        actor.take_back()
        slot.failures += 1
        if slot.place.stage not in SKIPS_BAD_MESSAGES or slot.failures >= self.failures_max:
            slot.stop()
        kind, told = tag(type(message)), f"{type(error).__name__}: {error}"
        actor.publish(
            Failure(actor=actor.name, kind=kind, message_id=message.id, error=told, stopped=slot.stopped)
        )
