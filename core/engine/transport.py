"""Between messages and NATS: all that is published shows there; what others publish is checked and taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from letrade.core import codec, subjects
from letrade.core.errors import DataError, NatsError
from letrade.core.messages.base import Message
from letrade.core.messages.registry import BY_TAG, tag
from letrade.core.network.link import Link
from letrade.core.stepping import signals
from letrade.core.stepping.signals import StepSignal

NEVER_LATE = frozenset(
    {
        "target", "quotes", "basket", "protect", "proposal", "basket_proposal", "approved_order",
        "approved_amend", "venue_submit", "venue_amend", "venue_query", "transfer_request", "transfer_order",
        "venue_transfer",
    }
)  # fmt: skip
"""Wishes and orders: what was decided before an outage is not sent after it.

Facts, cancels and what cuts risk may be late.
"""

MAY_BE_LATE = frozenset(
    kind for name, kind in BY_TAG.items() if name == "alert" or (kind.FAMILY == "do" and name not in NEVER_LATE)
)

SUBJECTS_MAX = 16_384

Receive = Callable[[Message, bytes], None]
Complain = Callable[[str, str], None]
"""Takes (code, text) of something that an operator should see."""


class Transport:
    """`home` tells which process each source lives in; a message that claims one of our own sources is forged."""

    def __init__(self, link: Link, desk: str, process: str, home: Mapping[str, str]) -> None:
        self.link = link
        self.desk = desk
        self.process = process
        self.home = home
        self.counters: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self._subjects: dict[tuple[object, ...], str] = {}

    def send(self, messages: list[Message]) -> None:
        """Publish. What may not be late and cannot go out now is dropped and counted."""
        publish, sent = self.link.publish, self.sent
        for message in messages:
            kind = type(message)
            sent[tag(kind)] += 1
            try:
                publish(self._subject(message), codec.encode(message), late_ok=kind in MAY_BE_LATE)
            except NatsError:
                self.counters["unsent"] += 1

    def signal(self, signal: StepSignal) -> None:
        """Publish a signal of a stepped run; a lost one is asked for again."""
        try:
            self.link.publish(subjects.step(self.desk, self.process), signals.encode(signal))
        except NatsError:
            self.counters["unsent"] += 1

    def listen(self, kinds: frozenset[str], receive: Receive, complain: Complain) -> None:
        """Take these kinds from the other processes of the desk."""

        def handle(subject: str, message: Message, payload: bytes) -> None:
            if self._is_theirs(subject, message, complain):
                receive(message, payload)

        def refuse(subject: str, payload: bytes, error: Exception) -> None:
            code = "unknown_kind" if isinstance(error, codec.UnknownTag) else "malformed"
            self.counters[code] += 1
            complain(code, f"{subject}: {error}")

        for kind in sorted(kinds):
            subject = subjects.all_of_kind(self.desk, BY_TAG[kind].FAMILY, kind)
            self.link.subscribe_decoded(subject, codec.decode, handle, refuse)

    def hear(self, handler: Callable[[StepSignal], None], complain: Complain) -> None:
        """Take the signals of a stepped run."""

        def handle(subject: str, payload: bytes, reply: str) -> None:
            try:
                signal = signals.decode(payload)
            except DataError as error:
                complain("malformed", f"{subject}: {error}")
                return
            if signal.process != self.process:
                handler(signal)

        self.link.subscribe(subjects.step(self.desk, "*"), handle)

    def _is_theirs(self, subject: str, message: Message, complain: Complain) -> bool:
        """Whether the message comes from the process that its source lives in, on the subject of its fields."""
        home = self.home.get(message.source)
        if home is None or home == self.process or not self._belongs(subject, message):
            self.counters["forged"] += 1
            kind = tag(type(message))
            complain("forged", f"{subject}: a {kind} that claims to come from {message.source!r} is refused")
            return False
        self.counters["received"] += 1
        return True

    def _belongs(self, subject: str, message: Message) -> bool:
        """Whether the message came on the subject that its own fields say."""
        try:
            return subject == self._subject(message)
        except DataError:
            return False

    def _subject(self, message: Any) -> str:
        family = message.FAMILY
        key: tuple[object, ...]
        if family == "md":
            key = (type(message), message.instrument)
        elif family == "do":
            key = (type(message), message.instrument, message.strategy, message.account)
        else:
            about = message.source if family == "ev" else getattr(message, "instrument", message.source)
            key = (type(message), about, getattr(message, "strategy", ""), getattr(message, "account", ""))
        subject = self._subjects.get(key)
        if subject is None:
            if len(self._subjects) >= SUBJECTS_MAX:
                self._subjects.clear()
            subject = self._subjects[key] = subjects.of_message(self.desk, tag(type(message)), message)
        return subject
