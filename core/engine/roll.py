"""Counts what came from each other process against what it says it sent, so that a loss is known and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from letrade.core.messages.base import Message
from letrade.core.messages.events import Heartbeat
from letrade.core.messages.registry import JOURNALLED, tag

HEALED = JOURNALLED - {"venue_submit", "venue_amend", "venue_query"}
"""Kinds that are sent again when they were lost. Of what was asked of a venue execution asks what became."""


class Roll:
    """A link keeps the order in which a process sends, so whatever it sent before a heartbeat comes before it."""

    def __init__(self, wanted: frozenset[str], home: Mapping[str, str], complain: Callable[[str, str], None]) -> None:
        self.lost: Counter[str] = Counter()
        self.missing: dict[str, Counter[str]] = {}
        """Of kinds that are sent again, what has not come yet, by process."""
        self._wanted = wanted
        self._home = home
        self._complain = complain
        self._counts: dict[tuple[str, type[Message]], int] = {}
        """What came, by source and kind; added up by process when a heartbeat asks."""
        self._epochs: dict[str, int] = {}
        self._base: dict[str, dict[str, int]] = {}
        """What we had received beyond what the first heartbeat told, by kind: negative when we came later."""

    def note(self, message: Message) -> None:
        """A message of another process came."""
        key = (message.source, type(message))
        self._counts[key] = self._counts.get(key, 0) + 1

    def hear(self, beat: Heartbeat) -> None:
        """Compare with what has come; the first of each life of a process only says where its counts begin."""
        received = self._received_from(beat.process)
        if self._epochs.get(beat.process) != beat.epoch:
            self._epochs[beat.process] = beat.epoch
            self._base[beat.process] = {kind: received[kind] - beat.sent.get(kind, 0) for kind in self._wanted}
        else:
            self._compare(beat.process, beat.sent, received)

    def _received_from(self, process: str) -> Counter[str]:
        received: Counter[str] = Counter()
        for (source, kind), count in self._counts.items():
            if self._home.get(source) == process:
                received[tag(kind)] += count
        return received

    def _compare(self, process: str, sent: Mapping[str, int], received: Counter[str]) -> None:
        base = self._base[process]
        for kind in self._wanted:
            missing = sent.get(kind, 0) + base[kind] - received[kind]
            if missing > 0:
                base[kind] -= missing
                if kind in HEALED:
                    self.missing.setdefault(process, Counter())[kind] += missing
                else:
                    self._lose(process, kind, missing)

    def found(self, process: str, again: Counter[str]) -> None:
        """What was missing has been sent again: so much of it, by kind, had not come."""
        for kind, count in self.missing.pop(process, Counter()).items():
            if count > again[kind]:
                self._lose(process, kind, count - again[kind])

    def _lose(self, process: str, kind: str, count: int) -> None:
        self.lost[kind] += count
        self._complain("lost", f"{count} messages of kind {kind} from {process} did not arrive")
