"""How the link over nats-py hands messages to handlers: one by one, decoded, conflated, in batches, with headers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from letrade.core.errors import LetradeError
from letrade.core.network.link import (
    BatchHandler,
    Decode,
    DecodedHandler,
    Handler,
    LinkCounters,
    Refuse,
    StreamHandler,
)

CACHED_SUBJECTS_MAX = 8192
# Whoever may read a stream may make a consumer that aims at any subject: only an inbox takes what a stream delivers.
STREAM_DELIVERY = b"$JS.ACK."
INBOX = b"_INBOX"


class Inbound:
    """What all routes of a link share: counters, the names of subjects, and what waits for the end of a read."""

    def __init__(self, counters: LinkCounters, report: Callable[[Exception], None]) -> None:
        self.counters = counters
        self.waiting: list[Callable[[], None]] = []
        self._report = report
        self._subjects: dict[bytes, str] = {}

    def accept(self, subject: bytes, payload: bytes, reply: bytes) -> bool:
        """Count a message; False for a forged one."""
        if reply.startswith(STREAM_DELIVERY) and not subject.startswith(INBOX):
            self.counters.forged += 1
            return False
        self.count(payload)
        return True

    def count(self, payload: bytes) -> None:
        self.counters.received += 1
        self.counters.received_bytes += len(payload)

    def call(self, handler: Callable[..., None], *arguments: Any) -> None:
        """One bad message must not stop those behind it."""
        try:
            handler(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is counted and told
            self.counters.handler_errors += 1
            self._report(error)
        except (
            asyncio.CancelledError
        ) as error:  # such as the result of a cancelled future; nobody cancels the reader here
            self.counters.handler_errors += 1
            self._report(LetradeError(f"a handler raised {error!r}"))

    def subject(self, encoded: bytes) -> str:
        known = self._subjects.get(encoded)
        if known is None:
            if len(self._subjects) >= CACHED_SUBJECTS_MAX:
                self._subjects.clear()
            known = self._subjects[encoded] = encoded.decode(errors="replace")
        return known

    def read_done(self) -> None:
        """Hand over what waited for the end of the read."""
        while self.waiting:
            waiting, self.waiting = self.waiting, []
            for hand_over in waiting:
                hand_over()


class PlainRoute:
    """Hands over each message as it comes."""

    def __init__(self, inbound: Inbound, handler: Handler) -> None:
        self._inbound = inbound
        self._handler = handler

    def __call__(self, subject: bytes, payload: bytes, reply: bytes, headers: bytes | None) -> None:
        inbound = self._inbound
        if inbound.accept(subject, payload, reply):
            inbound.call(self._handler, inbound.subject(subject), payload, reply.decode(errors="replace"))

    def stop(self) -> None:
        """Nothing waits here."""


class HeaderRoute:
    """Hands over each message with its header block."""

    def __init__(self, inbound: Inbound, handler: StreamHandler) -> None:
        self._inbound = inbound
        self._handler = handler

    def __call__(self, subject: bytes, payload: bytes, reply: bytes, headers: bytes | None) -> None:
        inbound = self._inbound
        if inbound.accept(subject, payload, reply):
            text = reply.decode(errors="replace")
            inbound.call(self._handler, inbound.subject(subject), payload, text, headers or b"")

    def stop(self) -> None:
        """Nothing waits here."""


class StreamRoute(HeaderRoute):
    """Hands over what a consumer delivers to an inbox: it keeps the subject under which it was stored."""

    def __call__(self, subject: bytes, payload: bytes, reply: bytes, headers: bytes | None) -> None:
        inbound = self._inbound
        inbound.count(payload)
        text = reply.decode(errors="replace")
        inbound.call(self._handler, inbound.subject(subject), payload, text, headers or b"")


class DecodedRoute:
    """Decodes each message on the way."""

    def __init__(self, inbound: Inbound, decode: Decode, handler: DecodedHandler, refuse: Refuse) -> None:
        self._inbound = inbound
        self._decode = decode
        self._handler = handler
        self._refuse = refuse

    def __call__(self, subject: bytes, payload: bytes, reply: bytes, headers: bytes | None) -> None:
        if self._inbound.accept(subject, payload, reply):
            self.hand_over(subject, payload)

    def hand_over(self, subject: bytes, payload: bytes) -> None:
        name = self._inbound.subject(subject)
        try:
            message = self._decode(payload)
        except Exception as error:  # noqa: BLE001 - a decoder may raise anything, and `refuse` gets it
            self._inbound.call(self._refuse, name, payload, error)
        else:
            self._inbound.call(self._handler, name, message, payload)

    def stop(self) -> None:
        """Nothing waits here."""


class ConflatedRoute(DecodedRoute):
    """Keeps the newest message of each subject, and decodes it at the end of the read."""

    def __init__(self, inbound: Inbound, decode: Decode, handler: DecodedHandler, refuse: Refuse) -> None:
        super().__init__(inbound, decode, handler, refuse)
        self._newest: dict[bytes, bytes] = {}

    def __call__(self, subject: bytes, payload: bytes, reply: bytes, headers: bytes | None) -> None:
        if not self._inbound.accept(subject, payload, reply):
            return
        if not self._newest:
            self._inbound.waiting.append(self._hand_over_newest)
        elif self._newest.pop(subject, None) is not None:
            self._inbound.counters.conflated += 1
        self._newest[subject] = payload

    def _hand_over_newest(self) -> None:
        while self._newest:  # until empty: a handler may unsubscribe
            subject = next(iter(self._newest))
            self.hand_over(subject, self._newest.pop(subject))

    def stop(self) -> None:
        """What waits is not handed over any more."""
        self._newest.clear()


class BatchRoute:
    """Hands over at once all that came in one read."""

    def __init__(self, inbound: Inbound, handler: BatchHandler) -> None:
        self._inbound = inbound
        self._handler = handler
        self._subjects: list[str] = []
        self._payloads: list[bytes] = []

    def __call__(self, subject: bytes, payload: bytes, reply: bytes, headers: bytes | None) -> None:
        inbound = self._inbound
        if not inbound.accept(subject, payload, reply):
            return
        if not self._payloads:
            inbound.waiting.append(self._hand_over)
        self._subjects.append(inbound.subject(subject))
        self._payloads.append(payload)

    def _hand_over(self) -> None:
        if self._payloads:
            subjects, payloads = self._subjects, self._payloads
            self._subjects, self._payloads = [], []
            self._inbound.call(self._handler, subjects, payloads)

    def stop(self) -> None:
        """What waits is not handed over any more."""
        self._subjects, self._payloads = [], []


Routes = PlainRoute | HeaderRoute | DecodedRoute | BatchRoute


class RoutedSubscription:
    """One subject handed to one handler; `refused` tells why the server does not let us."""

    def __init__(self, subject: str, unsubscribe: Callable[[], None]) -> None:
        self.subject = subject
        self.unsubscribe = unsubscribe
        self.refused = ""
        self.flushed = False


class Waiting:
    """A request without its reply."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def fail(self, error: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(error)
