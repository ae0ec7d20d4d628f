"""Heals what was lost between two processes of a run by the clock: journalled kinds are asked for and sent again."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from typing import Any

from letrade.core import codec
from letrade.core.clock import SECOND
from letrade.core.engine.roll import HEALED, Roll
from letrade.core.engine.station import Station
from letrade.core.engine.unheard import Unheard
from letrade.core.errors import DataError
from letrade.core.messages.base import Message
from letrade.core.messages.events import Heartbeat
from letrade.core.messages.registry import tag
from letrade.core.stepping.signals import Again, Since, StepSignal

MARGIN_NS = 5 * SECOND
BEATS_KEPT = 3
AGAIN_MAX = 20_000
PART_BYTES = 256 * 1024
WORDS_MAX = 100

NEWEST_COUNTS: dict[str, tuple[str, ...]] = {
    "order_update": ("order_id",),
    "venue_order": ("client_order_id",),
    "venue_state": ("account",),
    "position": ("account", "instrument", "strategy"),
    "balance": ("account", "instrument"),
    "account": ("account",),
    "halt": ("account",),
    "resume": ("account",),
}
"""Kinds that tell a state, and of what: one that was lost is of no use once a newer one has been taken."""

Deliver = Callable[[Message, bytes], None]


class Healer:
    """Asks a process again after a loss, after its restart and after our own; answers when it is asked.

    An answer goes as far as its sender has come, and everything sent before arrives before it: so it is known of
    each message whether it was lost. Wishes and approvals come too: whoever takes them refuses what is too old, and
    thereby frees what was reserved for them.
    """

    def __init__(
        self, station: Station, roll: Roll, deliver: Deliver, waiting: Callable[[], Iterable[Message]]
    ) -> None:
        self.station = station
        self.roll = roll
        self.healed = 0
        self.words: deque[Message] = deque(maxlen=WORDS_MAX)
        """What an operator said here lately: it is in no journal as an output."""
        self._deliver = deliver
        self._waiting = waiting
        self._kinds = sorted(station.wanted & HEALED)
        home = station.blueprint.home
        self._partners = {home[actor.name] for actor in station.blueprint.config.actors} - {station.name}
        self._margin_ns = int(MARGIN_NS * max(1.0, station.clock.speed))
        self._beats: dict[str, deque[Heartbeat]] = {}
        self._since = Unheard(station.folder.path, self._partners, station.complain)
        if station.process.turn_number > 0:
            for partner in sorted(self._partners):
                self._since.add(partner, station.process.node.latest - self._margin_ns)
        self._parts: dict[str, list[Again]] = {}
        self._answered: dict[str, None] = {}
        """What these sent again is written down by their next heartbeat."""

    def hear_beat(self, beat: Heartbeat) -> None:
        """After the roll has heard it: ask for what is missing, again and again until there is an answer."""
        process = beat.process
        if process not in self._partners:
            return
        if process in self._answered:
            del self._answered[process]
            self._since.drop(process)
        beats = self._beats.setdefault(process, deque(maxlen=BEATS_KEPT))
        if beats and (beats[-1].epoch != beat.epoch or self.roll.missing.get(process)):
            self._since.add(process, beats[0].time - self._margin_ns)
        beats.append(beat)
        since = self._since.of(process)
        if since is not None and self._kinds:
            self._parts[process] = []
            self.station.transport.signal(Since(self.station.name, process, max(0, since), self._kinds))

    def hear(self, signal: StepSignal) -> None:
        """A question to us, or an answer."""
        if isinstance(signal, Since) and signal.of == self.station.name:
            self._answer(signal)
        elif isinstance(signal, Again) and signal.to == self.station.name and self._awaits(signal.process):
            parts = self._parts.setdefault(signal.process, [])
            parts.append(signal)
            if [part.part for part in parts] == list(range(1, signal.parts + 1)):
                del self._parts[signal.process]
                # What was lost after its last heartbeat is in the answer too: it is not to be looked for once more.
                self.roll.hear(Heartbeat(process=signal.process, sent=signal.sent, epoch=signal.epoch))
                self._take(signal.process, [payload for part in parts for payload in part.payloads])
                self._answered[signal.process] = None

    def _awaits(self, process: str) -> bool:
        return self._since.of(process) is not None and process not in self._answered

    def _answer(self, asked: Since) -> None:
        said = self._said_since(asked.time, frozenset(asked.kinds) & HEALED)
        parts: list[list[bytes]] = [[]]
        weight = 0
        for payload in said:
            if weight + len(payload) > PART_BYTES:
                parts.append([])
                weight = 0
            parts[-1].append(payload)
            weight += len(payload)
        for place, payloads in enumerate(parts, start=1):
            self.station.transport.signal(
                Again(
                    self.station.name, asked.process, place, len(parts), payloads, self.station.process.node.epoch,
                    dict(self.station.transport.sent),
                )
            )  # fmt: skip

    def _said_since(self, time: int, kinds: Collection[str]) -> list[bytes]:
        """Journalled messages from that time on, in order of their times."""
        found: list[tuple[int, bytes]] = []
        try:
            for output in self.station.journal.newest():
                message = codec.decode(output.payload)
                if message.time < time - self._margin_ns:
                    break
                if len(found) >= AGAIN_MAX:
                    text = f"{AGAIN_MAX} messages from {message.time} ns on are sent again: older ones are left out"
                    self.station.complain("lost", text)
                    break
                if tag(type(message)) in kinds and message.time >= time:
                    found.append((message.time, output.payload))
        except DataError as error:  # a part of the journal that nobody else needs any more
            self.station.complain("damaged", str(error))
        found.reverse()
        found += [(word.time, codec.encode(word)) for word in self.words if tag(type(word)) in kinds]
        return [payload for _, payload in sorted(found, key=lambda item: item[0])]

    def _take(self, process: str, payloads: list[bytes]) -> None:
        said = [item for item in map(self._checked, payloads) if item is not None]
        waiting = {(message.source, message.sequence) for message in self._waiting()}
        newer: set[tuple[Any, ...]] = set()
        lost: list[tuple[Message, bytes]] = []
        found: Counter[str] = Counter()
        for message, payload in reversed(said):
            key = _state_told(message)
            if (message.source, message.sequence) in waiting or self.station.process.has_taken(message):
                newer.add(key)
                continue
            found[tag(type(message))] += 1
            if not key or key not in newer:
                lost.append((message, payload))
        for message, payload in reversed(lost):
            self._deliver(message, payload)
        self.healed += len(lost)
        self.roll.found(process, found)

    def _checked(self, payload: bytes) -> tuple[Message, bytes] | None:
        try:
            message = codec.decode(payload)
        except DataError as error:
            self.station.complain("malformed", f"sent again: {error}")
            return None
        ours = self.station.blueprint.home.get(message.source, self.station.name) == self.station.name
        return None if ours or tag(type(message)) not in self._kinds else (message, payload)


def _state_told(message: Message) -> tuple[Any, ...]:
    """What a message tells the state of; () when each of its kind counts."""
    kind = tag(type(message))
    names = NEWEST_COUNTS.get(kind)
    if names is None:
        return ()
    about = "halts" if kind in ("halt", "resume") else kind
    return (about, *(getattr(message, name) for name in names))
