"""A connection's bytes cut into messages with plain text methods, and handed over: the twin of hotpath/wire."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

LINE_BYTES_MAX = 64 * 1024
MESSAGE_BYTES_MAX = 64 * 1024 * 1024


class Listener(Protocol):
    """Hears of everything but messages."""

    def on_info(self, info: bytes) -> None: ...
    def on_ping(self) -> None: ...
    def on_pong(self) -> None: ...
    def on_server_error(self, text: str) -> None: ...
    def on_handler_error(self, error: Exception) -> None: ...


class Refused(ValueError):
    """What came is not the NATS protocol."""


@dataclass(eq=False)
class SlowRoute:
    """Where the messages of one subscription go."""

    sid: int
    subject: str
    queue: str
    kind: str
    handler: Callable[..., object]
    decode: Callable[[bytes], Any] | None = None
    refuse: Callable[[str, bytes, Exception], object] | None = None
    limit: int = 0
    received: int = 0
    refused: str = ""
    removed: bool = False
    waiting: list[tuple[str, bytes]] = field(default_factory=list)


@dataclass(frozen=True)
class Message:
    """One MSG or HMSG."""

    subject: bytes
    sid: int
    reply: bytes
    headers: bytes
    payload: bytes


def number_of(digits: bytes) -> int:
    """A decimal number; -1 when it is none, or has over 15 digits."""
    return int(digits) if re.fullmatch(rb"[0-9]{1,15}", digits) else -1


def text_of(data: bytes) -> str:
    return data.decode(errors="replace")


def read_line(data: bytes) -> bytes | None:
    """The first line without its CR LF; None when it has not come yet."""
    end = data[:LINE_BYTES_MAX].find(b"\n")
    if end < 0:
        if len(data) >= LINE_BYTES_MAX:
            raise Refused("a line without an end")
        return None
    line = data[:end]
    if not line.endswith(b"\r"):
        raise Refused("a line that does not end with CR LF")
    return line[:-1]


def is_message(line: bytes) -> bool:
    return re.match(rb"H?MSG[ \t].", line, re.DOTALL) is not None


def read_message(line: bytes, rest: bytes) -> tuple[Message, bytes] | None:
    """The message whose first line this is, and what comes behind it; None when not all of it has come."""
    has_headers = line.startswith(b"HMSG")
    fields = [part for part in line[5 if has_headers else 4 :].split(b" ") if part]
    numbers = 2 if has_headers else 1
    if len(fields) not in (2 + numbers, 3 + numbers):
        raise Refused("a message with a wrong number of fields")
    subject, sid, size = fields[0], number_of(fields[1]), number_of(fields[-1])
    header_size = number_of(fields[-2]) if has_headers else 0
    reply = fields[2] if len(fields) == 3 + numbers else b""
    if sid < 0 or header_size < 0 or size < header_size or size > MESSAGE_BYTES_MAX:
        raise Refused("a message with impossible numbers")
    if len(rest) < size + 2:
        return None
    if rest[size : size + 2] != b"\r\n":
        raise Refused("a message that is longer or shorter than it says")
    return Message(subject, sid, reply, rest[:header_size], rest[header_size:size]), rest[size + 2 :]


class SlowWire:
    """One connection's bytes and routes."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.data = b""
        self.stopped = False
        self.by_sid: dict[int, SlowRoute] = {}
        self.last_sid = 0
        self.waiting_routes: list[SlowRoute] = []
        self.received = self.received_bytes = self.conflated = self.forged = 0

    # Routes

    def add(self, subject: str, handler: Callable[..., object], queue: str = "", limit: int = 0) -> SlowRoute:
        return self._add(SlowRoute(0, subject, queue, "plain", handler, limit=limit))

    def add_decoded(
        self,
        subject: str,
        decode: Callable[[bytes], Any],
        handler: Callable[..., object],
        refuse: Callable[[str, bytes, Exception], object],
        conflate: bool = False,
    ) -> SlowRoute:
        return self._add(SlowRoute(0, subject, "", "conflated" if conflate else "decoded", handler, decode, refuse))

    def add_batch(self, subject: str, handler: Callable[..., object], queue: str = "") -> SlowRoute:
        return self._add(SlowRoute(0, subject, queue, "batch", handler))

    def add_stream(self, subject: str, handler: Callable[..., object]) -> SlowRoute:
        return self._add(SlowRoute(0, subject, "", "stream", handler))

    def add_service(self, subject: str, handler: Callable[..., object], queue: str = "") -> SlowRoute:
        return self._add(SlowRoute(0, subject, queue, "service", handler))

    def add_replies(self, subject: str, handler: Callable[..., object]) -> SlowRoute:
        return self._add(SlowRoute(0, subject, "", "reply", handler))

    def _add(self, route: SlowRoute) -> SlowRoute:
        self.last_sid += 1
        route.sid = self.last_sid
        self.by_sid[route.sid] = route
        return route

    def remove(self, route: SlowRoute) -> None:
        route.removed = True
        self.by_sid.pop(route.sid, None)

    def routes(self) -> list[SlowRoute]:
        return list(self.by_sid.values())

    # Bytes

    def feed(self, data: bytes) -> None:
        self.data += data

    @property
    def unread(self) -> int:
        return len(self.data)

    def restart(self) -> None:
        self.data = b""
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True

    def take_line(self) -> bytes | None:
        line = read_line(self.data)
        if line is not None:
            self.data = self.data[len(line) + 2 :]
        return line

    def parse(self, budget: int) -> bool:
        try:
            for _ in range(budget):
                if self.stopped:
                    break
                if not self._parse_one():
                    return False
        finally:
            self._hand_over_waiting()
        return not self.stopped and self.data != b""

    def _parse_one(self) -> bool:
        """False when not all of a line and its payload has come."""
        line = read_line(self.data)
        if line is None:
            return False
        rest = self.data[len(line) + 2 :]
        if not is_message(line):
            self.data = rest
            self._control(line.rstrip(b" \t"))
            return True
        found = read_message(line, rest)
        if found is None:
            return False
        message, self.data = found
        route = self.by_sid.get(message.sid)
        if route is not None:
            self._deliver(route, message)
        return True

    def _control(self, line: bytes) -> None:
        if line == b"PING":
            self.listener.on_ping()
        elif line == b"PONG":
            self.listener.on_pong()
        elif line.startswith((b"INFO ", b"INFO\t")):
            self.listener.on_info(line[5:])
        elif line.startswith(b"-ERR"):
            self.listener.on_server_error(text_of(line[4:]).strip().strip("'"))
        elif line != b"+OK":
            raise Refused("an operation that no server sends")

    # Delivery

    def _deliver(self, route: SlowRoute, message: Message) -> None:
        from_stream = message.reply.startswith(b"$JS.ACK.") and not message.subject.startswith(b"_INBOX")
        if from_stream and route.kind != "stream":
            self.forged += 1
            return
        route.received += 1
        self.received += 1
        self.received_bytes += len(message.payload)
        if route.limit and route.received >= route.limit:
            self.remove(route)
        if route.kind in ("batch", "conflated"):
            self._keep(route, text_of(message.subject), message.payload)
        else:
            self._call(self._hand_over, route, message)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        try:
            function(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is told
            self.listener.on_handler_error(error)

    def _hand_over(self, route: SlowRoute, message: Message) -> None:
        subject, reply = text_of(message.subject), text_of(message.reply)
        if route.kind == "plain":
            route.handler(subject, message.payload, reply)
        elif route.kind == "decoded":
            self._decode(route, subject, message.payload)
        elif route.kind == "reply":
            route.handler(number_of(message.subject.rpartition(b".")[2]), message.payload, message.headers)
        else:
            route.handler(subject, message.payload, reply, message.headers)

    def _decode(self, route: SlowRoute, subject: str, payload: bytes) -> None:
        assert route.decode is not None
        assert route.refuse is not None
        try:
            decoded = route.decode(payload)
        except Exception as error:  # noqa: BLE001 - a decoder may raise anything, and `refuse` gets it
            route.refuse(subject, payload, error)
        else:
            route.handler(subject, decoded, payload)

    def _keep(self, route: SlowRoute, subject: str, payload: bytes) -> None:
        """Until the end of the pass."""
        if not route.waiting:
            self.waiting_routes.append(route)
        if route.kind == "conflated":
            others = [each for each in route.waiting if each[0] != subject]
            self.conflated += len(route.waiting) - len(others)
            route.waiting = others
        route.waiting.append((subject, payload))

    def _hand_over_waiting(self) -> None:
        while self.waiting_routes:
            route = self.waiting_routes.pop(0)
            waiting, route.waiting = route.waiting, []
            if route.kind == "conflated":
                for subject, payload in waiting:
                    if not route.removed:
                        self._call(self._decode, route, subject, payload)
            elif not route.removed:
                self._call(route.handler, [subject for subject, _ in waiting], [payload for _, payload in waiting])
