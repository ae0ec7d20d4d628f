"""The one small interface to NATS that the rest of Letrade sees, so that the wire below it can be replaced."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from letrade.core.errors import NatsError

Handler = Callable[[str, bytes, str], None]
"""Takes (subject, payload, reply subject or ""), at once, without waiting; what it raises is counted and reported."""
Decode = Callable[[bytes], Any]
DecodedHandler = Callable[[str, Any, bytes], None]
"""Takes (subject, decoded payload, payload)."""
Refuse = Callable[[str, bytes, Exception], None]
"""Takes (subject, payload, what the decoder raised)."""
BatchHandler = Callable[[list[str], list[bytes]], None]
"""Takes the subjects and payloads that came in one read, in order."""
StreamHandler = Callable[[str, bytes, str, bytes], None]
"""Takes (subject, payload, reply, header block or b"") of what a JetStream consumer delivers, or of a request."""

Headers = Mapping[str, str] | bytes
"""Checked and made into a block; or a block that `wire.header_block` made, which is sent as it is."""

OLDEST_SERVER = (2, 11)
DESK_INBOX = "_INBOX_letrade"
VIEWER_INBOX = "_INBOX"


ClientName = Literal["letrade", "nats-py"]


class Tls(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the line is encrypted. Without files the system's authorities are trusted and no certificate is shown."""

    authorities: Path | None = None  # PEM, instead of the system's
    certificate: Path | None = None  # ours, PEM
    key: Path | None = None  # of our certificate, where that file does not hold it
    first: bool = False  # the handshake comes before the server's first word
    hostname: str | None = None  # what the server's certificate must name, instead of the host in the URL


class LinkConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to connect, as whom, and how much may wait to be sent.

    `servers` are URLs such as nats://host:4222 or tls://user:password@host:4222; IPv6 hosts stand in brackets.
    """

    servers: tuple[str, ...]
    name: str
    client: ClientName = "letrade"
    user: str | None = None
    password: str | None = None
    token: str | None = None
    nkey_seed: Path | None = None  # a file that holds the seed
    credentials: Path | None = None  # a NATS .creds file: a JWT and its seed
    tls: Tls | None = None  # also without it: a server that requires TLS gets it
    inbox_prefix: str = DESK_INBOX  # VIEWER_INBOX for links that are not the desk's own
    no_echo: bool = False  # True: what this link publishes does not come back to it
    connect_timeout_seconds: float = 5.0
    waiting_bytes_max: int = 64 * 2**20
    ping_interval_seconds: float = 5.0  # two pings unanswered: the connection is dead
    reconnect_wait_seconds: float = 0.05  # before each server is tried again, and up to as much again by chance

    def __repr__(self) -> str:
        """Without the secrets that an error or a log would carry away."""
        return f"LinkConfig(name={self.name!r}, client={self.client!r}, user={self.user!r})"


class ServerError(NatsError):
    """The server complains of something that this link did, or of how it does it."""


class PermissionRefused(ServerError):
    """The server does not let this user publish or subscribe there."""


class ServerInfo(msgspec.Struct, frozen=True):
    """What the connected server says of itself."""

    name: str
    version: str
    jetstream: bool
    max_payload_bytes: int


class LinkCounters(msgspec.Struct):
    """What a link has done since it was made.

    `dropped` were not sent, so as not to be late or too much; `unwritten_bytes` had been handed to connections that
    broke before the kernel took them; `conflated` were replaced by a newer one on their subject before they were
    handled; `forged` are messages of a stream that somebody aimed at a subject which is not theirs, and were not
    handled.
    """

    sent: int = 0
    received: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    dropped: int = 0
    unwritten_bytes: int = 0
    conflated: int = 0
    forged: int = 0
    reconnects: int = 0
    slow_consumer: int = 0
    handler_errors: int = 0
    server_errors: int = 0


class Subscription(Protocol):
    """Interest in a subject, until `unsubscribe` or its last message; kept over reconnects."""

    @property
    def subject(self) -> str: ...

    @property
    def refused(self) -> str:
        """Why the server does not let us subscribe, or ""."""
        ...

    def unsubscribe(self) -> None: ...


class Link(Protocol):
    """A connection to NATS that comes back by itself; one thread, one event loop.

    Messages are handled in the order in which the server sent them, across all subscriptions of the link.
    Delivery is at most once: what was on its way when a connection broke is gone, and is never sent late unless
    its sender allowed that.
    """

    on_disconnected: list[Callable[[], None]]
    on_reconnected: list[Callable[[], None]]
    on_error: list[Callable[[Exception], None]]

    @property
    def counters(self) -> LinkCounters: ...

    @property
    def connected(self) -> bool: ...

    @property
    def server(self) -> ServerInfo:
        """The server of the present or last connection; NatsError before the first."""
        ...

    async def connect(self) -> None:
        """Connect, once in a link's life, or raise NatsError when no server lets us in within the configured time."""
        ...

    def publish(
        self,
        subject: str,
        payload: bytes,
        reply: str = "",
        headers: Headers | None = None,
        *,
        late_ok: bool = False,
    ) -> None:
        """Send without waiting. Disconnected: NatsError, or with `late_ok` (never for an order) kept for later."""
        ...

    def subscribe(self, subject: str, handler: Handler, queue: str = "", *, limit: int = 0) -> Subscription:
        """Hand each message on `subject` to `handler`; kept over reconnects. `flush` to know that it is in force.

        With `limit` it ends by itself after so many messages.
        """
        ...

    def subscribe_decoded(
        self, subject: str, decode: Decode, handler: DecodedHandler, refuse: Refuse, *, conflate: bool = False
    ) -> Subscription:
        """As `subscribe`, decoded on the way; what `decode` refuses goes to `refuse`.

        With `conflate`, of what came in one read on one subject only the newest is decoded and handled, at the end of
        that read; the others are counted.
        """
        ...

    def subscribe_batches(self, subject: str, handler: BatchHandler, queue: str = "") -> Subscription:
        """As `subscribe`, but `handler` takes at once all that came in one read, at the end of that read."""
        ...

    def subscribe_stream(self, inbox: str, handler: StreamHandler) -> Subscription:
        """Takes what a JetStream consumer delivers to an inbox; other subscriptions refuse that as forged."""
        ...

    def subscribe_service(self, subject: str, handler: StreamHandler, queue: str = "") -> Subscription:
        """As `subscribe`, for who must see the headers of a request: the handler gets their block, or b""."""
        ...

    def new_inbox(self) -> str:
        """A subject for replies to this link alone."""
        ...

    def request(
        self, subject: str, payload: bytes, timeout_seconds: float, headers: Headers | None = None
    ) -> Awaitable[bytes]:
        """The first reply, to be awaited at once.

        NatsError when nobody listens or we may not ask; TimeoutExpired when it is unknown whether it was done.
        """
        ...

    async def flush(self, timeout_seconds: float = 5.0) -> None:
        """Wait until the server has taken all that was published and subscribed before.

        PermissionRefused when it does not let us subscribe to something that we have asked for since the last flush.
        """
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
