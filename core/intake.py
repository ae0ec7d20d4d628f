"""What a process has taken of each source: nothing twice, also when it comes out of order within one window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from letrade.core.messages.base import Message
from letrade.core.messages.registry import JOURNALLED, tag

TAKEN_MAX = 4_096


class _Flow:
    """The messages of one kind from one source."""

    __slots__ = ("count", "forgotten", "keeps", "kind", "newest", "settled", "source", "taken")

    def __init__(self, source: str, kind: str) -> None:
        self.source = source
        self.kind = kind
        self.settled = 0
        """The last sequence taken in earlier windows."""
        self.newest = 0
        """The last sequence taken."""
        self.count = 0
        """How many were taken in the present window."""
        self.keeps = kind in JOURNALLED
        """Whether one that was lost may still come."""
        self.taken: dict[int, None] = {}
        """The sequences taken lately, of kinds that are kept."""
        self.forgotten = 0
        """The greatest sequence that `taken` held and holds no more."""

    def has(self, sequence: int) -> bool:
        return sequence <= self.forgotten or sequence in self.taken

    def keep(self, sequence: int) -> None:
        taken = self.taken
        taken[sequence] = None
        if len(taken) > TAKEN_MAX:
            oldest = next(iter(taken))
            del taken[oldest]
            self.forgotten = max(oldest, self.forgotten)


class Intake:
    """Says of each message whether it came before."""

    def __init__(self) -> None:
        self._flows: dict[tuple[str, type[Message]], _Flow] = {}
        self._by_key: dict[str, _Flow] = {}
        """The same and those of the last snapshot, by 'source kind'."""
        self._in_window: list[_Flow] = []
        self._window_ids: set[tuple[str, int]] = set()

    def take(self, message: Message) -> bool:
        """Note a message; False when it came before."""
        source, sequence = message.source, message.sequence
        flow = self._flows.get((source, type(message))) or self._flow(message)
        if sequence <= flow.settled or (source, sequence) in self._window_ids:
            return False
        self._note(flow, source, sequence)
        return True

    def take_late(self, message: Message) -> bool:
        """As `take`, for journalled kinds that were lost on the way: others of the same source have come since."""
        if self.has(message):
            return False
        self.note(message)
        return True

    def has(self, message: Message) -> bool:
        """Whether a message of a journalled kind came before, or is too old to tell."""
        return self._flow(message).has(message.sequence)

    def note(self, message: Message) -> None:
        """It is taken, whatever came before."""
        self._note(self._flow(message), message.source, message.sequence)

    def close_window(self) -> None:
        """Of what was taken until now, nothing new may be older."""
        for flow in self._in_window:
            flow.settled, flow.count = flow.newest, 0
        self._in_window.clear()
        self._window_ids.clear()

    @property
    def window_counts(self) -> Counter[tuple[str, str]]:
        """How much was taken in the present window, by source and kind."""
        return Counter({(flow.source, flow.kind): flow.count for flow in self._in_window})

    @property
    def seen(self) -> dict[str, int]:
        """The last sequence taken of each 'source kind'."""
        return {key: flow.newest for key, flow in self._by_key.items() if flow.newest}

    @property
    def taken(self) -> dict[str, list[int]]:
        """The sequences of journalled kinds taken lately, by 'source kind'."""
        return {key: list(flow.taken) for key, flow in self._by_key.items() if flow.taken}

    @property
    def forgotten(self) -> dict[str, int]:
        """The greatest sequence that is no longer known, by 'source kind'."""
        return {key: flow.forgotten for key, flow in self._by_key.items() if flow.forgotten}

    def restore(
        self, seen: Mapping[str, int], taken: Mapping[str, Sequence[int]], forgotten: Mapping[str, int]
    ) -> None:
        for key in {**seen, **taken, **forgotten}:
            flow = self._named(key, *key.rsplit(" ", 1))
            flow.settled = flow.newest = seen.get(key, 0)
            flow.taken = dict.fromkeys(taken.get(key, ()))
            flow.forgotten = forgotten.get(key, 0)

    def _note(self, flow: _Flow, source: str, sequence: int) -> None:
        if sequence > flow.newest:
            flow.newest = sequence
        if not flow.count:
            self._in_window.append(flow)
        flow.count += 1
        self._window_ids.add((source, sequence))
        if flow.keeps:
            flow.keep(sequence)

    def _flow(self, message: Message) -> _Flow:
        kind = type(message)
        flow = self._flows.get((message.source, kind))
        if flow is None:
            name = tag(kind)
            flow = self._named(f"{message.source} {name}", message.source, name)
            self._flows[message.source, kind] = flow
        return flow

    def _named(self, key: str, source: str, kind: str) -> _Flow:
        flow = self._by_key.get(key)
        if flow is None:
            flow = self._by_key[key] = _Flow(source, kind)
        return flow
