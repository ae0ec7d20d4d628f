"""Who is next, by looking at everything: the twin of hotpath/slots."""

from __future__ import annotations

from bisect import insort

from letrade.core.actor import Actor, handlers_of
from letrade.core.messages.base import Timer
from letrade.core.node import TIMER_CLASS, Entry, Place, rank, sender_of
from letrade.core.stage import Stage


class SlowSlot:
    """One actor; its mailbox is a sorted list."""

    def __init__(self, actor: Actor, place: Place) -> None:
        self.actor = actor
        self.place = place
        self.stage, self.rank = sender_of(place)
        self.timer_rank = rank(TIMER_CLASS, place.order)
        self.facts_first = place.stage == Stage.RISK
        self.handlers = handlers_of(actor)
        self.inbox: list[Entry] = []
        self.timers: dict[str, tuple[int, int, str]] = {}
        self.sequence = 0
        self.failures = 0
        self.stopped = False

    def put(self, entry: Entry) -> None:
        if not self.stopped:
            insort(self.inbox, entry)

    def forget_timer(self, key: str) -> None:
        """Take back a timer, if it is set."""
        if self.timers.pop(key, None) is not None:
            self.inbox = [each for each in self.inbox if not (type(each[5]) is Timer and each[5].key == key)]

    def stop(self) -> None:
        self.stopped = True
        self.inbox.clear()
        self.timers.clear()


def first_of(slots: list[SlowSlot]) -> SlowSlot | None:
    """The slot with the earliest entry; of those of one time the first in the list."""
    waiting = [slot for slot in slots if slot.inbox]
    return min(waiting, key=lambda slot: slot.inbox[0][0]) if waiting else None
