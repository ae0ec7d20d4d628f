"""Dispatches messages among the actors of one process, in an order that does not depend on the process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from letrade.core import codec
from letrade.core.actor import Actor, handlers_of
from letrade.core.errors import FeedbackLoop
from letrade.core.messages.base import Message, Timer
from letrade.core.messages.events import Failure
from letrade.core.messages.registry import VENUE_ONLY, tag
from letrade.core.stage import SKIPS_BAD_MESSAGES, Stage
from letrade.hotpath import dispatch
from letrade.hotpath.dispatch import STEP_MESSAGES_MAX
from letrade.hotpath.ranges import Ranges
from letrade.hotpath.slots import MailSlot

ERROR_TEXT_MAX = 2_000
TIMER_CLASS = 1
DATA_CLASS = 2
FEEDBACK_CLASS = 3
"""Of feedback to the stage RISK: who judges what is asked for knows first what has happened."""
_ORDER_BITS = 32


class Place(NamedTuple):
    """Where a source stands in the desk file, the same in every process."""

    stage: Stage
    order: int


Directory = Mapping[str, Place]


def input_class(stage: Stage) -> int:
    """Of messages of one time, venues come first, then timers, then data, then what was derived from them, by stage.

    Derived classes begin at MARKET's, 4: a venue's own is 0.
    """
    if stage == Stage.VENUE:
        return 0
    return DATA_CLASS + 1 + stage


def rank(message_class: int, order: int) -> int:
    """(class, the source's order) as one number."""
    return message_class << _ORDER_BITS | order


def feedback_rank(stage: Stage) -> int:
    """Of feedback to a stage, before the sender's own place; 0: as anything else of its sender."""
    return rank(FEEDBACK_CLASS, 0) if stage == Stage.RISK else 0


def sender_of(place: Place) -> tuple[int, int]:
    """(stage, rank) of what comes from there."""
    return int(place.stage), rank(input_class(place.stage), place.order)


_OUTSIDE = sender_of(Place(Stage.FEED, 0))
"""Where sources stand that the desk file does not name: an operator."""

Entry = tuple[int, int, int, str, int, Message]
"""(time, rank, sequence, source, count of deliveries, message): sorts a mailbox; no two are equal in the first five."""


class Slot(MailSlot[Actor, Message]):
    """One actor with its mailbox, its timers and its counter of messages sent."""

    def __init__(self, actor: Actor, place: Place) -> None:
        timers, feedback = rank(TIMER_CLASS, place.order), feedback_rank(place.stage)
        super().__init__(actor, actor.name, *sender_of(place), timers, handlers_of(actor), feedback)
        self.place = place

    def takes(self, kind: type[Message]) -> bool:
        """Some messages of this kind, as far as `wants` says."""
        return kind in self.handlers and (tag(kind) not in VENUE_ONLY or self.place.stage == Stage.VENUE)


class Node(dispatch.Dispatcher[Slot, Message]):
    """The actors of one process. Synchronous: `post` inputs, `run` a pass, take what was published.

    An actor handles its mailbox in the order of Entry. What it publishes at time t reaches higher stages at t, in the
    same pass; the same and lower stages (feedback) at `resume`: the start of the next window, or of the next turn.
    What runs for each message is hotpath/dispatch.pyx; here is what is decided once, and when something goes wrong.
    """

    def __init__(self, directory: Directory, epoch: int = 1, failures_max: int = 10) -> None:
        senders = {name: sender_of(place) for name, place in directory.items()}
        super().__init__(senders, _OUTSIDE, Timer(key=""), epoch)
        self.directory = directory
        self.failures_max = failures_max
        self.on_fail: Callable[[Slot, Exception], object] | None = None
        """Hears of each error with its traceback, which no message carries."""
        self._takers: dict[type[Message], list[Slot]] = {}
        """The slots that take some messages of a kind: a worker with many strategies asks none of them in vain."""

    def add(self, actor: Actor) -> Slot:
        """Take an actor in. All actors are added before the first message."""
        slot = Slot(actor, self.directory[actor.name])
        self.place([*self.slots, slot])
        return slot

    def place(self, slots: Iterable[Slot]) -> None:
        self._takers.clear()
        super().place(sorted(slots, key=lambda each: each.place))

    def start(self, time: int) -> None:
        """Let each actor speak before the first message."""
        self.floor = self.latest = time
        for slot in self.slots:
            slot.actor.time = time
            try:
                slot.actor.start()
                self.check(slot)
            except Exception as error:  # noqa: BLE001 - as for a handler
                self.fail(slot, error)
            self.let_out(slot, "")

    def kinds(self) -> set[type[Message]]:
        """The message types that some actor here handles."""
        return {kind for slot in self.slots for kind in slot.handlers if kind is not Timer}

    def route_of(self, kind: type[Message], instrument: str, strategy: str) -> tuple[Slot, ...]:
        takers = self._takers.get(kind)
        if takers is None:
            takers = self._takers[kind] = [slot for slot in self.slots if slot.takes(kind)]
        return tuple(slot for slot in takers if slot.actor.wants(kind, instrument, strategy))

    def ranges_of(self, kind: type[Message]) -> Ranges | None:
        return codec.ranges_of(kind)

    def refuse(self, message: Message) -> None:
        codec.check(message)

    def refuse_flood(self, count: int) -> None:
        raise FeedbackLoop(f"{count} messages from one handler")

    def fail(self, slot: Slot, error: Exception) -> None:
        """A handler raised: nothing of it leaves but the Failure; the owners of money stop, the others skip."""
        actor = slot.actor
        actor.take_back()
        slot.failures += 1
        loops = isinstance(error, FeedbackLoop)
        if loops or slot.place.stage not in SKIPS_BAD_MESSAGES or slot.failures >= self.failures_max:
            slot.stop()
        message = actor.in_hand
        kind, message_id = ("start", "") if message is None else (tag(type(message)), message.id)
        actor.publish(
            Failure(actor=actor.name, kind=kind, message_id=message_id, error=_told(error), stopped=slot.stopped)
        )
        if self.on_fail is not None:
            self.on_fail(slot, error)

    def stop_feedback(self) -> bool:
        """Stop the actor that sends the most of the feedback that waits; False when none of it is ours."""
        senders = Counter(entry[3] for _, entry in self.feedback)
        ours = [slot for slot in self.slots if senders[slot.name] and not slot.stopped]
        if ours:
            self._stop_loop(max(ours, key=lambda slot: senders[slot.name]))
        return bool(ours)

    def stop_busiest(self, sent_before: list[int] | None) -> list[int] | None:
        """Every second alarm: stop the actor that has sent the most since the one before."""
        sent = [slot.sequence for slot in self.slots]
        if sent_before is None:
            return sent
        new = [after - before for before, after in zip(sent_before, sent, strict=True)]
        self._stop_loop(self.slots[new.index(max(new))])
        return None

    def _stop_loop(self, slot: Slot) -> None:
        actor = slot.actor
        self.fail(slot, FeedbackLoop(f"over {STEP_MESSAGES_MAX} messages in one step: {actor.name} is stopped"))
        self.let_out(slot, "" if actor.in_hand is None else actor.in_hand.id)


def _told(error: Exception) -> str:
    """The error as text that JSON can carry, of bounded length."""
    text = f"{type(error).__name__}: {error}"
    return text[:ERROR_TEXT_MAX].encode("utf-8", "replace").decode()


def directory_of(actors: Iterable[tuple[str, Stage]]) -> dict[str, Place]:
    """Places by name, in the order of the desk file."""
    return {name: Place(stage, order) for order, (name, stage) in enumerate(actors)}
