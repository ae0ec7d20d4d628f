"""Commands in a list until somebody takes them: the twin of hotpath/outbox."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

SUBJECT_BYTES_MAX = 256
COMMAND_BYTES_MAX = 2 * SUBJECT_BYTES_MAX + 64
FIRST_CAPACITY = 256 * 1024
KEPT_CAPACITY = 4 * FIRST_CAPACITY
Headers = Mapping[str, str] | bytes


def header_block(headers: Mapping[str, str]) -> bytes:
    """ValueError for what would break the block."""
    block = "NATS/1.0\r\n"
    for key, value in headers.items():
        printable = key != "" and all("!" <= letter <= "~" and letter != ":" for letter in key)
        if not printable or any(letter in value for letter in "\r\n\0"):
            raise ValueError(f"expected a header, found {key!r}: {value!r}")
        block += f"{key}: {value}\r\n"
    return (block + "\r\n").encode()  # UnicodeEncodeError is a ValueError


class SlowOutbox:
    """Each command with whether it may be late, and how many messages it is: one, or none."""

    def __init__(self, error: Callable[[str], Exception], wake: Callable[[bool], object], waiting_max: int) -> None:
        self.error, self.wake, self.waiting_max = error, wake, waiting_max
        self.waiting: list[tuple[bytes, bool, int]] = []
        self.capacity = FIRST_CAPACITY
        self.open = self.awake = False
        self.unwritten = 0
        self.payload_max = 1024 * 1024
        self.inbox = b""
        self.sent = self.sent_bytes = self.dropped = 0

    def __len__(self) -> int:
        return sum(len(command) for command, _, _ in self.waiting)

    def publish(
        self, subject: str, payload: bytes, reply: str = "", headers: Headers | None = None, *, late_ok: bool = False
    ) -> None:
        answer = self._subject(reply, literal=True) if reply else b""
        self._publish(self._subject(subject, literal=True), payload, answer, headers, late_ok)

    def ask(self, subject: str, payload: bytes, token: int, headers: Headers | None = None) -> None:
        if token < 0 or not 0 < len(self.inbox) <= SUBJECT_BYTES_MAX + 1:
            raise ValueError("expected a token from 0, and an inbox")
        self._publish(self._subject(subject, literal=True), payload, b"%b%d" % (self.inbox, token), headers, False)

    def _publish(self, subject: bytes, payload: bytes, answer: bytes, headers: Headers | None, late_ok: bool) -> None:
        if not self.open and not late_ok:
            raise self.error("not connected, and not to be sent late")
        block = self._block(headers) if headers else b""
        size = len(block) + len(payload)
        if size > self.payload_max:
            raise self.error("more than the server takes")
        self._make_room(COMMAND_BYTES_MAX + size, late_ok)
        words = [b"HPUB" if block else b"PUB", subject]
        if answer:
            words.append(answer)
        if block:
            words.append(b"%d" % len(block))
        words.append(b"%d" % size)
        self.sent += 1
        self.sent_bytes += len(payload)
        self._put(b" ".join(words) + b"\r\n" + block + payload + b"\r\n", late_ok, 1)

    def _block(self, headers: Headers) -> bytes:
        if isinstance(headers, bytes):
            return headers
        try:
            return header_block(headers)
        except ValueError as error:
            raise self.error(str(error)) from None

    def subscribe(self, subject: str, sid: int, queue: str = "", limit: int = 0) -> None:
        self.check(subject, queue)
        self.command(f"SUB {subject} {queue} {sid}\r\n".encode())
        if limit:
            self.unsubscribe(sid, limit)

    def check(self, subject: str, queue: str = "") -> None:
        self._subject(subject, literal=False)
        if queue:
            self._subject(queue, literal=True)

    def unsubscribe(self, sid: int, limit: int = 0) -> None:
        self.command(f"UNSUB {sid} {limit}\r\n".encode() if limit else f"UNSUB {sid}\r\n".encode())

    def command(self, data: bytes) -> None:
        if self.open:
            self._grow(len(data))
            self._put(data, False, 0)

    def take(self) -> bytes:
        data = b"".join(command for command, _, _ in self.waiting)
        self.waiting, self.awake = [], False
        if self.capacity > KEPT_CAPACITY:
            self.capacity = FIRST_CAPACITY
        return data

    def drop_early(self) -> None:
        self.dropped += sum(messages for _, late, messages in self.waiting if not late)
        self.waiting, self.awake = [each for each in self.waiting if each[1]], False

    def drop_all(self) -> None:
        self.dropped += sum(messages for _, _, messages in self.waiting)
        self.waiting, self.awake = [], False

    def _subject(self, subject: str, *, literal: bool) -> bytes:
        try:
            encoded = subject.encode()
        except UnicodeEncodeError:
            encoded = b""
        tokens = encoded.split(b".")
        whole = all(re.fullmatch(rb"[^\x00-\x20\x7f]+", token) for token in tokens)
        if len(encoded) > SUBJECT_BYTES_MAX or not whole:
            raise self.error("expected a NATS subject")
        if literal and (b"*" in tokens or b">" in tokens):
            raise self.error("expected a subject without wildcards")
        return encoded

    def _make_room(self, room: int, late_ok: bool) -> None:
        """When too much waits, or more than the buffer holds, what waits is handed over first."""
        if len(self) + self.unwritten + room > self.waiting_max or len(self) + room > self.capacity:
            if self.open:
                self.wake(True)
                if not self.open and not late_ok:
                    raise self.error("the connection broke")
            if len(self) + self.unwritten + room > self.waiting_max:
                self.dropped += 1
                raise self.error("too much waits")
            self._grow(room)

    def _grow(self, room: int) -> None:
        while self.capacity - len(self) < room:
            self.capacity *= 2

    def _put(self, command: bytes, late: bool, messages: int) -> None:
        self.waiting.append((command, late, messages))
        if self.open and not self.awake:
            self.awake = True
            self.wake(False)
