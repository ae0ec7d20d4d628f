"""Commands of the NATS protocol as bytes; subjects and headers that would break it are refused."""

from __future__ import annotations

import re

from letrade.core.errors import NatsError
from letrade.core.network.link import Headers

SUBJECT_BYTES_MAX = 256
CACHED_SUBJECTS_MAX = 8192
# Tokens without spaces, control characters or halves of a character.
_SUBJECT = re.compile(r"[^\s.\x00-\x1f\x7f\ud800-\udfff]+(\.[^\s.\x00-\x1f\x7f\ud800-\udfff]+)*")
_HEADER_KEY = re.compile(r"[!-9;-~]+")
_LINE_BREAK = re.compile(r"[\r\n]")


class CommandWriter:
    """Makes commands; each subject is checked and encoded once and then remembered."""

    def __init__(self) -> None:
        self._encoded: dict[str, bytes] = {}

    def publish(self, subject: str, payload: bytes, reply: str = "", headers: Headers | None = None) -> bytes:
        """PUB, or HPUB when there are headers."""
        target = self._subject(subject)
        if reply:
            target = b"%b %b" % (target, self._subject(reply))
        if not headers:
            return b"PUB %b %d\r\n%b\r\n" % (target, len(payload), payload)
        head = header_block(headers)
        return b"HPUB %b %d %d\r\n%b%b\r\n" % (target, len(head), len(head) + len(payload), head, payload)

    def subscribe(self, subject: str, sid: int, queue: str = "") -> bytes:
        """SUB: `sid` names the subscription in what the server sends."""
        target = self._subject(subject)
        return b"SUB %b %b %d\r\n" % (target, self._subject(queue), sid) if queue else b"SUB %b %d\r\n" % (target, sid)

    def unsubscribe(self, sid: int, limit: int = 0) -> bytes:
        """UNSUB, at once or after `limit` messages since SUB."""
        return b"UNSUB %d %d\r\n" % (sid, limit) if limit else b"UNSUB %d\r\n" % sid

    def _subject(self, subject: str) -> bytes:
        encoded = self._encoded.get(subject)
        if encoded is None:
            encoded = subject.encode(errors="replace")
            if len(encoded) > SUBJECT_BYTES_MAX or _SUBJECT.fullmatch(subject) is None:
                raise NatsError(
                    f"expected a NATS subject (tokens joined by dots, no spaces, at most {SUBJECT_BYTES_MAX} bytes), "
                    f"found {subject[:SUBJECT_BYTES_MAX]!r}"
                )
            if len(self._encoded) >= CACHED_SUBJECTS_MAX:
                self._encoded.clear()
            self._encoded[subject] = encoded
        return encoded


def header_block(headers: Headers) -> bytes:
    """The block of these headers; one that is made already stays as it is."""
    if isinstance(headers, bytes):
        return headers
    lines = ["NATS/1.0"]
    for key, value in headers.items():
        if _HEADER_KEY.fullmatch(key) is None or _LINE_BREAK.search(value):
            raise NatsError(f"expected a header without spaces in its key or line breaks, found {key!r}: {value!r}")
        lines.append(f"{key}: {value}")
    try:
        return ("\r\n".join(lines) + "\r\n\r\n").encode()
    except UnicodeEncodeError as error:
        raise NatsError(f"expected headers that are text, found half a character: {error}") from error
