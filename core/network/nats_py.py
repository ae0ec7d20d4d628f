"""The Link over nats-py: its care of the connection (TLS, authentication, reconnects), our own sending and dispatch."""

from __future__ import annotations

import asyncio
import itertools
import os
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from letrade.core.errors import LetradeError, NatsError, TimeoutExpired
from letrade.core.ids import fresh_token
from letrade.core.network.link import Handler, LinkConfig, LinkCounters, ServerInfo, StreamHandler
from letrade.core.network.nats_client import OrderedClient
from letrade.core.network.wire import CommandWriter

RECONNECT_WAIT_SECONDS = 0.05
PING_INTERVAL_SECONDS = 5
PINGS_OUTSTANDING_MAX = 2
ATTEMPT_TIMEOUT_SECONDS = 1
CACHED_SUBJECTS_MAX = 8192
# Whoever may read a stream may make a consumer that aims at any subject: only an inbox takes what a stream delivers.
STREAM_DELIVERY = b"$JS.ACK."
NO_RESPONDERS = b"NATS/1.0 503"


class RoutedSubscription:
    """One subject handed to one handler."""

    def __init__(self, subject: str, unsubscribe: Callable[[], None]) -> None:
        self.subject = subject
        self.unsubscribe = unsubscribe


class NatsPyLink:
    """See Link for what each method promises."""

    def __init__(self, config: LinkConfig) -> None:
        self.config = config
        self.counters = LinkCounters()
        self.on_disconnected: list[Callable[[], None]] = []
        self.on_reconnected: list[Callable[[], None]] = []
        self.on_error: list[Callable[[Exception], None]] = []
        self._client = OrderedClient(self._server_error)
        self._writer = CommandWriter()
        self._up = False
        self._was_up = False
        self._closing = False
        self._last_error: Exception | None = None
        self._outbox: list[bytes] = []
        self._outbox_late: list[bool] = []
        self._waiting_bytes = 0
        self._unwritten_bytes = 0
        self._flush_scheduled = False
        self._subjects: dict[bytes, str] = {}
        self._inbox = f"{config.inbox_prefix}.{fresh_token(8)}"
        self._tokens = itertools.count(1)
        self._replies: dict[str, asyncio.Future[bytes]] = {}

    @property
    def connected(self) -> bool:
        return self._up and self._client.is_connected

    @property
    def server(self) -> ServerInfo:
        if not self._was_up:
            raise NatsError("not connected to NATS yet")
        info: dict[str, Any] = self._client.server_info
        return ServerInfo(
            name=str(info.get("server_name", "")),
            version=str(info.get("version", "0")),
            jetstream=bool(info.get("jetstream", False)),
            max_payload_bytes=int(info.get("max_payload", 0)),
        )

    async def connect(self) -> None:
        try:
            async with asyncio.timeout(self.config.connect_timeout_seconds):
                await self._client.connect(**self._options())
        except TimeoutError:
            await self._client.close()
            raise NatsError(
                f"no NATS server let us in at {self._places()}: {self._last_error or 'no answer'}"
            ) from None
        except LetradeError:
            await self._client.close()
            raise
        except (OSError, ValueError) as error:
            raise NatsError(f"cannot connect to NATS at {self._places()}: {error}") from error
        self._up = self._was_up = True
        self._add_route(f"{self._inbox}.*", "", self._deliver_reply)
        await self.flush()

    def _options(self) -> dict[str, Any]:
        async def error(problem: Exception) -> None:
            self._connection_error(problem)

        async def disconnected() -> None:
            self._disconnected()

        async def reconnected() -> None:
            self._reconnected()

        # Each process waits a little differently, so that a returned server does not meet all of them at once.
        jitter = zlib.crc32(f"{self.config.name}:{os.getpid()}".encode()) / 2**32
        return {
            "servers": list(self.config.servers), "name": self.config.name, "no_echo": self.config.no_echo,
            "user": self.config.user, "password": self.config.password,
            "user_credentials": self.config.credentials,
            "max_reconnect_attempts": -1, "reconnect_time_wait": RECONNECT_WAIT_SECONDS * (1 + jitter),
            "connect_timeout": ATTEMPT_TIMEOUT_SECONDS,
            "ping_interval": PING_INTERVAL_SECONDS, "max_outstanding_pings": PINGS_OUTSTANDING_MAX,
            "error_cb": error, "disconnected_cb": disconnected, "reconnected_cb": reconnected,
        }  # fmt: skip

    def _places(self) -> str:
        """The servers without the passwords that their URLs may hold."""
        parts = (urlsplit(server) for server in self.config.servers)
        return ", ".join(f"{part.hostname}:{part.port or 4222}" for part in parts)

    # Sending

    def publish(
        self,
        subject: str,
        payload: bytes,
        reply: str = "",
        headers: Mapping[str, str] | None = None,
        *,
        late_ok: bool = False,
    ) -> None:
        if not late_ok and not self.connected:
            raise NatsError(f"not connected to NATS: {subject} was not sent, and will not be sent late")
        if len(payload) > self._client.max_payload:
            raise NatsError(f"{subject}: {len(payload)} bytes are more than the server's {self._client.max_payload}")
        self._send(self._writer.publish(subject, payload, reply, headers), late_ok, subject)
        self.counters.sent += 1
        self.counters.sent_bytes += len(payload)

    def _send(self, command: bytes, late_ok: bool, what: str) -> None:
        if self._waiting_bytes + self._unwritten_bytes + len(command) > self.config.waiting_bytes_max:
            self._unwritten_bytes = self._client.unwritten_bytes() if self.connected else 0
            if self._waiting_bytes + self._unwritten_bytes + len(command) > self.config.waiting_bytes_max:
                self.counters.dropped += 1
                raise NatsError(f"{self.config.waiting_bytes_max} bytes wait to be sent to NATS: {what} was not sent")
        self._outbox.append(command)
        self._outbox_late.append(late_ok)
        self._waiting_bytes += len(command)
        if not self._flush_scheduled and self.connected:
            self._flush_scheduled = True
            asyncio.get_running_loop().call_soon(self._write_outbox)

    def _write_outbox(self) -> None:
        """Everything published in one turn of the loop leaves in one write."""
        self._flush_scheduled = False
        if not self._outbox:
            return
        if not self.connected:
            self._drop_what_must_not_be_late()
            return
        data = b"".join(self._outbox)
        self._outbox.clear()
        self._outbox_late.clear()
        self._waiting_bytes = 0
        self._unwritten_bytes = self._client.write(data)

    def _drop_what_must_not_be_late(self) -> None:
        kept = [command for command, late in zip(self._outbox, self._outbox_late, strict=True) if late]
        self.counters.dropped += len(self._outbox) - len(kept)
        self._outbox = kept
        self._outbox_late = [True] * len(kept)
        self._waiting_bytes = sum(map(len, kept))

    # Receiving

    def subscribe(self, subject: str, handler: Handler, queue: str = "") -> RoutedSubscription:
        def deliver(subject_bytes: bytes, payload: bytes, reply: bytes, headers: bytes | None) -> None:
            if reply.startswith(STREAM_DELIVERY) and not subject_bytes.startswith(b"_INBOX"):
                self.counters.forged += 1
                return
            self.counters.received += 1
            self.counters.received_bytes += len(payload)
            subject = self._subjects.get(subject_bytes) or self._decode_subject(subject_bytes)
            try:
                handler(subject, payload, reply.decode())
            except Exception as error:  # noqa: BLE001 - one bad message must not stop those behind it
                self.counters.handler_errors += 1
                self._report(error)

        return self._add_route(subject, queue, deliver)

    def subscribe_service(self, subject: str, handler: StreamHandler, queue: str = "") -> RoutedSubscription:
        def deliver(subject_bytes: bytes, payload: bytes, reply: bytes, headers: bytes | None) -> None:
            if reply.startswith(STREAM_DELIVERY):
                self.counters.forged += 1
                return
            self.counters.received += 1
            self.counters.received_bytes += len(payload)
            try:
                handler(self._decode_subject(subject_bytes), payload, reply.decode(), headers or b"")
            except Exception as error:  # noqa: BLE001 - one bad request must not stop those behind it
                self.counters.handler_errors += 1
                self._report(error)

        return self._add_route(subject, queue, deliver)

    def _add_route(
        self, subject: str, queue: str, route: Callable[[bytes, bytes, bytes, bytes | None], None]
    ) -> RoutedSubscription:
        if not self._was_up or self._closing:
            raise NatsError(f"cannot subscribe to {subject}: the link is not connected")
        self._writer.subscribe(subject, 0, queue)  # refuses a bad subject before anything remembers it
        sid = self._client.add_route(subject, queue, route)
        self._send(self._writer.subscribe(subject, sid, queue), True, subject)

        def unsubscribe() -> None:
            self._client.remove_route(sid)
            if not self._closing:
                self._send(self._writer.unsubscribe(sid), True, subject)

        return RoutedSubscription(subject, unsubscribe)

    def _decode_subject(self, encoded: bytes) -> str:
        if len(self._subjects) >= CACHED_SUBJECTS_MAX:
            self._subjects.clear()
        subject = self._subjects[encoded] = encoded.decode(errors="replace")
        return subject

    # Requests

    def new_inbox(self) -> str:
        return f"{self._inbox}.{next(self._tokens)}.r"

    async def request(
        self, subject: str, payload: bytes, timeout_seconds: float, headers: Mapping[str, str] | None = None
    ) -> bytes:
        token = str(next(self._tokens))
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._replies[token] = reply
        try:
            self.publish(subject, payload, f"{self._inbox}.{token}", headers)
            async with asyncio.timeout(timeout_seconds):
                return await reply
        except TimeoutError:
            raise TimeoutExpired(f"no answer on {subject} within {timeout_seconds:g} s") from None
        finally:
            del self._replies[token]

    def _deliver_reply(self, subject: bytes, payload: bytes, reply: bytes, headers: bytes | None) -> None:
        waiting = self._replies.get(subject.rsplit(b".", 1)[1].decode())
        if waiting is None or waiting.done():
            return
        if headers is not None and headers.startswith(NO_RESPONDERS):
            waiting.set_exception(NatsError("nobody listens on the subject that was asked"))
        else:
            waiting.set_result(payload)

    # The life of the connection

    def _disconnected(self) -> None:
        self._up = False
        self._drop_what_must_not_be_late()
        self._unwritten_bytes = 0
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(TimeoutExpired("the connection broke before the answer came"))
        if not self._closing:
            self._call(self.on_disconnected)

    def _reconnected(self) -> None:
        self._up = True
        self._last_error = None
        self.counters.reconnects += 1
        self._write_outbox()
        self._call(self.on_reconnected)

    def _connection_error(self, problem: Exception) -> None:
        """Attempts that fail are reported once, until one succeeds."""
        if not self._was_up and "authorization" in str(problem).lower():
            # Raised out of nats-py's connect, which would go on asking with the same password.
            raise NatsError(f"the NATS server at {self._places()} refuses this user or password")
        if self._last_error is None or str(problem) != str(self._last_error):
            self._last_error = problem
            if self._was_up:
                self._report(NatsError(f"connection to NATS: {problem}"))

    def _server_error(self, text: str) -> None:
        self.counters.server_errors += 1
        if "slow consumer" in text:
            self.counters.slow_consumer += 1
        self._report(NatsError(f"the NATS server says: {text}"))

    def _report(self, error: Exception) -> None:
        for listener in self.on_error:
            listener(error)

    def _call(self, listeners: list[Callable[[], None]]) -> None:
        for listener in listeners:
            listener()

    async def flush(self, timeout_seconds: float = 5.0) -> None:
        if not self.connected:
            raise NatsError("not connected to NATS: nothing was flushed")
        self._write_outbox()
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._client.flush()
        except TimeoutError:
            raise TimeoutExpired(f"the NATS server did not answer a ping within {timeout_seconds:g} s") from None

    async def drain(self) -> None:
        try:
            for sid in self._client.routed():
                self._send(self._writer.unsubscribe(sid), True, "UNSUB")
            await self.flush()  # the server's answer comes after the last message, so all of them are handled now
            await self.flush()  # what the handlers published meanwhile
        finally:
            await self.close()

    async def close(self) -> None:
        self._closing = True
        self._up = False
        await self._client.close()
