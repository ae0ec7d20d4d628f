"""Counts what came from each other process against what it says it sent, so that a loss is known and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from letrade.core.messages.base import Message
from letrade.core.messages.events import Heartbeat
from letrade.core.messages.registry import tag


class Roll:
    """A heartbeat's counts are compared when the next one comes: what was on its way has arrived by then."""

    def __init__(self, wanted: frozenset[str], home: Mapping[str, str], complain: Callable[[str, str], None]) -> None:
        self.lost: Counter[str] = Counter()
        self._wanted = wanted
        self._home = home
        self._complain = complain
        self._counts: dict[tuple[str, type[Message]], int] = {}
        """What came, by source and kind; added up by process when a heartbeat asks."""
        self._told: dict[str, tuple[int, dict[str, int]]] = {}
        self._base: dict[str, dict[str, int]] = {}
        """What we had received beyond what the first heartbeat told, by kind: negative when we came later."""

    def note(self, message: Message) -> None:
        """A message of another process came."""
        key = (message.source, type(message))
        self._counts[key] = self._counts.get(key, 0) + 1

    def hear(self, beat: Heartbeat) -> None:
        """Compare with what the last heartbeat told, and remember this one."""
        previous = self._told.get(beat.process)
        received = self._received_from(beat.process)
        if previous is None or previous[0] != beat.epoch:
            self._base[beat.process] = {kind: received[kind] - beat.sent.get(kind, 0) for kind in self._wanted}
        else:
            self._compare(beat.process, previous[1], received)
        self._told[beat.process] = (beat.epoch, dict(beat.sent))

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
                self.lost[kind] += missing
                base[kind] -= missing
                self._complain("lost", f"{missing} messages of kind {kind} from {process} did not arrive")
