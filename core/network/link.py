"""The one small interface to NATS that the rest of Letrade sees, so that the wire below it can be replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from letrade.core.errors import NatsError

Handler = Callable[[str, bytes, str], None]
"""Takes (subject, payload, reply subject or ""), at once, without waiting; what it raises is counted and reported."""

OLDEST_SERVER = (2, 11)
DESK_INBOX = "_INBOX_letrade"
VIEWER_INBOX = "_INBOX"


class LinkConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to connect, as whom, and how much may wait to be sent."""

    servers: tuple[str, ...]
    name: str
    user: str | None = None
    password: str | None = None
    credentials: Path | None = None  # a NATS .creds file
    inbox_prefix: str = DESK_INBOX  # VIEWER_INBOX for links that are not the desk's own
    no_echo: bool = False  # True: what this link publishes does not come back to it
    connect_timeout_seconds: float = 5.0
    waiting_bytes_max: int = 64 * 2**20


class ServerInfo(msgspec.Struct, frozen=True):
    """What the connected server says of itself."""

    name: str
    version: str
    jetstream: bool
    max_payload_bytes: int


class LinkCounters(msgspec.Struct):
    """What a link has done since it was made.

    `dropped` were not sent, so as not to be late or too much; `forged` are messages of a stream that somebody aimed at
    a subject which is not theirs, and were not handled.
    """

    sent: int = 0
    received: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    dropped: int = 0
    forged: int = 0
    reconnects: int = 0
    slow_consumer: int = 0
    handler_errors: int = 0
    server_errors: int = 0


class Subscription(Protocol):
    """Interest in a subject, until `unsubscribe`."""

    @property
    def subject(self) -> str: ...

    def unsubscribe(self) -> None: ...


class Link(Protocol):
    """A connection to NATS that comes back by itself; one thread, one event loop.

    Messages are handled in the order in which the server sent them, across all subscriptions of the link.
    Delivery is at most once: what was on its way when a connection broke is gone, and is never sent late unless
    its sender allowed that.
    """

    counters: LinkCounters
    on_disconnected: list[Callable[[], None]]
    on_reconnected: list[Callable[[], None]]
    on_error: list[Callable[[Exception], None]]

    @property
    def connected(self) -> bool: ...

    @property
    def server(self) -> ServerInfo:
        """The server of the present or last connection; NatsError before the first."""
        ...

    async def connect(self) -> None:
        """Connect, or raise NatsError when no server lets us in within the configured time."""
        ...

    def publish(
        self,
        subject: str,
        payload: bytes,
        reply: str = "",
        headers: Mapping[str, str] | None = None,
        *,
        late_ok: bool = False,
    ) -> None:
        """Send without waiting. Disconnected: NatsError, or with `late_ok` (never for an order) kept for later."""
        ...

    def subscribe(self, subject: str, handler: Handler, queue: str = "") -> Subscription:
        """Hand each message on `subject` to `handler`; kept over reconnects. `flush` to know that it is in force."""
        ...

    def new_inbox(self) -> str:
        """A subject for replies to this link alone."""
        ...

    async def request(
        self, subject: str, payload: bytes, timeout_seconds: float, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """The first reply; NatsError when nobody listens, TimeoutExpired when it is unknown whether it was done."""
        ...

    async def flush(self, timeout_seconds: float = 5.0) -> None:
        """Wait until the server has taken all that was published and subscribed before."""
        ...

    async def drain(self) -> None:
        """Take no more, handle what has come, send what waits, and close."""
        ...

    async def close(self) -> None:
        """Close now."""
        ...


def check_server(server: ServerInfo) -> None:
    """NatsError unless the server is new enough and has JetStream."""
    digits = [int(part) for part in server.version.split("-")[0].split(".") if part.isdecimal()]
    if tuple(digits[:2]) < OLDEST_SERVER:
        oldest = ".".join(map(str, OLDEST_SERVER))
        raise NatsError(f"expected nats-server {oldest} or newer, found {server.version} at {server.name}: upgrade it")
    if not server.jetstream:
        raise NatsError(f"nats-server {server.name} has no JetStream: start it with `jetstream` in its configuration")
