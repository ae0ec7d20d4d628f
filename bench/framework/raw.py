"""The floor: a plain blocking socket that speaks the same protocol through the same server and parses next to nothing.

All messages of one run have one size, so that a receiver cuts frames by counting bytes.
"""

from __future__ import annotations

import json
import select
import socket
import struct
from collections.abc import Iterator

import numpy as np

from letrade.bench.framework.servers import HOST, USER, Place
from letrade.core.errors import NatsError

BUFFER_BYTES = 1 << 18
IDLE = struct.pack("ll", 0, 100_000)
"""A blocked read returns after 100 ms, so that the parent's words are heard."""
MESSAGE, PING, PONG = b"M", b"PING\r\n", b"PONG\r\n"
ANSWER_SECONDS = 10.0
ANSWERS = "_INBOX_letrade.bench.raw"


class RawSocket:
    """A connection; `sid` 1 is its only subscription."""

    def __init__(self, place: Place, user: str = USER) -> None:
        password = place.password if user == USER else place.system_password
        self.socket = socket.create_connection((HOST, place.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        login = {
            "user": user, "pass": password, "verbose": False, "pedantic": False, "headers": True,
            "no_responders": True, "protocol": 1, "lang": "bench", "name": "bench-raw", "version": "1",
        }  # fmt: skip
        self.socket.recv(BUFFER_BYTES)
        self.socket.sendall(b"CONNECT " + json.dumps(login).encode() + b"\r\n")
        self.flush()

    def subscribe(self, subject: str) -> None:
        self.socket.sendall(b"SUB %b 1\r\n" % subject.encode())
        self.flush()

    def unsubscribe(self) -> None:
        self.socket.sendall(b"UNSUB 1\r\n")

    def flush(self) -> None:
        """Until the server has taken all that was sent; only while nothing is being delivered here."""
        self.socket.sendall(PING)
        found = b""
        while PONG not in found:
            found += self._read()
            if PING in found:
                self.socket.sendall(PONG)
                found = found.replace(PING, b"")
            if b"-ERR" in found:
                raise NatsError(f"the server refuses the raw socket: {found!r}")

    def _read(self) -> bytes:
        if not select.select([self.socket], [], [], ANSWER_SECONDS)[0]:
            raise NatsError("the server does not answer the raw socket")
        data = self.socket.recv(BUFFER_BYTES)
        if not data:
            raise NatsError("the server closed the raw socket")
        return data

    def request(self, subject: str, payload: bytes = b"") -> bytes:
        """One question of the control plane; nothing else may be subscribed here."""
        self.subscribe(ANSWERS)
        self.socket.sendall(b"PUB %b %b %d\r\n%b\r\n" % (subject.encode(), ANSWERS.encode(), len(payload), payload))
        found = b""
        while not found.endswith(b"\r\n") or b"\r\n" not in found[:-2] or len(found) < _frame_bytes(found):
            found += self._read()
            if found.startswith(PING):
                self.socket.sendall(PONG)
                found = found.removeprefix(PING)
        self.unsubscribe()
        head, _, body = found.partition(b"\r\n")
        if not head.startswith(b"MSG "):
            raise NatsError(f"{subject}: the server answers {found[:80]!r}")
        return body[: int(head.split()[-1])]

    def answer_pings(self) -> None:
        """For senders, and for whoever waits for its turn: the server gives up on those that do not answer."""
        while select.select([self.socket], [], [], 0)[0]:
            if PING in self._read():
                self.socket.sendall(PONG)

    def close(self) -> None:
        self.socket.close()


def _frame_bytes(found: bytes) -> int:
    """How long the first message is, with its head."""
    head = found.partition(b"\r\n")[0]
    return len(head) + 4 + int(head.split()[-1]) if head.startswith(MESSAGE) else 0


class Frames:
    """Cuts what comes into whole frames of `size` bytes."""

    def __init__(self, raw: RawSocket, size: int) -> None:
        self.raw = raw
        self.size = size
        self.bytes = bytearray(BUFFER_BYTES)
        self._view = memoryview(self.bytes)
        self._array = np.frombuffer(self.bytes, dtype=np.uint8)
        self._filled = 0
        self._taken = 0
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, IDLE)

    def read(self) -> int:
        """Wait for more; returns how many whole frames lie at the start of `bytes` now, 0 when nothing came."""
        if self._taken:
            rest = self._filled - self._taken
            self._view[:rest] = self._view[self._taken : self._filled]
            self._filled, self._taken = rest, 0
        try:
            count = self.raw.socket.recv_into(self._view[self._filled :])
        except BlockingIOError:
            return 0
        if not count:
            raise NatsError("the server closed the raw socket")
        self._filled += count
        whole = self._filled // self.size
        # A frame that starts with anything but MSG is the server's PING between two of them.
        begun = whole + (self._filled > whole * self.size)
        if (self._array[: begun * self.size : self.size] == MESSAGE[0]).all():
            self._taken = whole * self.size
            return whole
        self._answer_pings()
        whole = self._filled // self.size
        self._taken = whole * self.size
        return whole

    def whole(self, count: int) -> memoryview:
        """The bytes of the first frames."""
        return self._view[: count * self.size]

    def rows(self, count: int) -> np.ndarray:
        """The first frames as rows of bytes."""
        return self._array[: count * self.size].reshape(count, self.size)

    def _answer_pings(self) -> None:
        kept = b"".join(self._without_pings(bytes(self._view[: self._filled])))
        self._view[: len(kept)] = kept
        self._filled = len(kept)

    def _without_pings(self, data: bytes) -> Iterator[bytes]:
        place = 0
        while place < len(data):
            if data.startswith(PING, place):
                self.raw.socket.sendall(PONG)
                place += len(PING)
            elif data.startswith(MESSAGE, place) or PING.startswith(data[place:]):
                yield data[place : place + self.size]
                place += self.size
            else:
                raise NatsError(f"the raw socket expected MSG or PING, found {data[place : place + 60]!r}")
