"""The Link over nats-py: its care of the connection (TLS, authentication, reconnects), our own sending and dispatch."""

from __future__ import annotations

import asyncio
import itertools
import math
import re
import ssl
from collections.abc import Callable
from typing import Any

from nats import errors

from letrade.core.errors import LetradeError, NatsError, TimeoutExpired
from letrade.core.ids import fresh_token
from letrade.core.network.link import (
    BatchHandler,
    Decode,
    DecodedHandler,
    Handler,
    Headers,
    LinkConfig,
    LinkCounters,
    PermissionRefused,
    Refuse,
    ServerError,
    ServerInfo,
    StreamHandler,
)
from letrade.core.network.nats_client import OrderedClient, Route
from letrade.core.network.nats_options import connect_options, places
from letrade.core.network.nats_outbox import CommandQueue, Kind
from letrade.core.network.nats_routes import (
    BatchRoute,
    ConflatedRoute,
    DecodedRoute,
    HeaderRoute,
    Inbound,
    PlainRoute,
    RoutedSubscription,
    Routes,
    StreamRoute,
    Waiting,
)
from letrade.core.network.refusals import LoginRefused, is_about_login
from letrade.core.network.wire import command_writer, header_block

CLOSE_PATIENCE_SECONDS = 0.5
DRAIN_PATIENCE_SECONDS = 5.0
LAME_DUCK_FLUSH_SECONDS = 1.0
NO_RESPONDERS = b"NATS/1.0 503"
_VIOLATION = re.compile(r'Permissions Violation for (Publish|Subscription) to "((?:[^"\\]|\\.)*)"(?: \(sid "(\d+)"\))?')


class NatsPyLink:
    """See Link for what each method promises."""

    def __init__(self, config: LinkConfig) -> None:
        self.config = config
        self.counters = LinkCounters()
        self.on_disconnected: list[Callable[[], None]] = []
        self.on_reconnected: list[Callable[[], None]] = []
        self.on_error: list[Callable[[Exception], None]] = []
        self._inbound = Inbound(self.counters, self._report)
        self._client = OrderedClient(self._server_error, self._connection_lost, self._inbound.read_done)
        self._writer = command_writer()
        self._up = False
        self._was_up = False
        self._begun = False
        self._closing = False
        self._last_error: Exception | None = None
        self._outbox = CommandQueue()
        self._unwritten_bytes = 0
        self._flush_scheduled = False
        self._inbox = f"{config.inbox_prefix}.{fresh_token(8)}"
        self._tokens = itertools.count(1)
        self._requests: dict[str, Waiting] = {}
        self._subscriptions: dict[int, RoutedSubscription] = {}
        self._lame_duck: asyncio.Task[None] | None = None

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
            max_payload_bytes=self._client.max_payload,
        )

    async def connect(self) -> None:
        if self._begun:
            raise NatsError("a link is connected once, and then comes back by itself: make another")
        self._begun = True
        options = connect_options(self.config) | self._callbacks()
        try:
            async with asyncio.timeout(self.config.connect_timeout_seconds):
                await self._client.connect_with(options)
                self._up = self._was_up = True
                self._last_error = None
                self._add_route(f"{self._inbox}.*", "", self._deliver_reply)
                await self.flush()
        except TimeoutError:
            await self.close()
            raise NatsError(
                f"no NATS server let us in at {places(self.config)}: {self._last_error or 'no answer'}"
            ) from None
        except LetradeError:
            await self.close()
            raise
        except (OSError, ValueError, errors.Error) as error:
            await self.close()
            raise NatsError(f"cannot connect to NATS at {places(self.config)}: {error}") from error

    def _callbacks(self) -> dict[str, Any]:
        async def error(problem: Exception) -> None:
            self._refuse_the_hopeless(problem)
            self._connection_error(problem)

        async def disconnected() -> None:
            self._disconnected()

        async def reconnected() -> None:
            self._reconnected()

        async def lame_duck() -> None:
            if self._lame_duck is None or self._lame_duck.done():
                self._lame_duck = asyncio.get_running_loop().create_task(self._move_on())

        return {
            "error_cb": error, "disconnected_cb": disconnected, "reconnected_cb": reconnected,
            "lame_duck_mode_cb": lame_duck,
        }  # fmt: skip

    # Sending

    def publish(
        self,
        subject: str,
        payload: bytes,
        reply: str = "",
        headers: Headers | None = None,
        *,
        late_ok: bool = False,
    ) -> None:
        if self._closing or (not late_ok and not self.connected):
            raise NatsError(f"not connected to NATS: {subject} was not sent, and will not be sent late")
        block = header_block(headers) if headers else b""
        size = len(payload) + len(block)
        if size > self._client.max_payload:
            raise NatsError(f"{subject}: {size} bytes are more than the server's {self._client.max_payload}")
        kind = Kind.LATE_OK if late_ok else Kind.PROMPT
        self._writer.publish(subject, payload, reply, block)
        self._send(self._writer.take(), kind, subject)
        self.counters.sent += 1
        self.counters.sent_bytes += len(payload)

    def _send(self, command: bytes, kind: Kind, what: str) -> None:
        if self._outbox.size_bytes + self._unwritten_bytes + len(command) > self.config.waiting_bytes_max:
            self._unwritten_bytes = self._client.unwritten_bytes() if self.connected else 0
            if self._outbox.size_bytes + self._unwritten_bytes + len(command) > self.config.waiting_bytes_max:
                self.counters.dropped += 1
                raise NatsError(f"{self.config.waiting_bytes_max} bytes wait to be sent to NATS: {what} was not sent")
        self._outbox.add(command, kind)
        if not self._flush_scheduled and self.connected:
            self._flush_scheduled = True
            asyncio.get_running_loop().call_soon(self._write_outbox)

    def _send_unsubscribe(self, sid: int) -> None:
        self._writer.unsubscribe(sid)
        self._send(self._writer.take(), Kind.PROTOCOL, "UNSUB")

    def _write_outbox(self) -> None:
        """Everything published in one turn of the loop leaves in one write."""
        self._flush_scheduled = False
        if self.connected:
            if self._outbox:
                self._unwritten_bytes = self._client.write(self._outbox.take())
        else:
            self.counters.dropped += self._outbox.drop_prompt()

    # Receiving

    def subscribe(self, subject: str, handler: Handler, queue: str = "", *, limit: int = 0) -> RoutedSubscription:
        return self._add_route(subject, queue, PlainRoute(self._inbound, handler), limit)

    def subscribe_decoded(
        self, subject: str, decode: Decode, handler: DecodedHandler, refuse: Refuse, *, conflate: bool = False
    ) -> RoutedSubscription:
        kind = ConflatedRoute if conflate else DecodedRoute
        return self._add_route(subject, "", kind(self._inbound, decode, handler, refuse))

    def subscribe_batches(self, subject: str, handler: BatchHandler, queue: str = "") -> RoutedSubscription:
        return self._add_route(subject, queue, BatchRoute(self._inbound, handler))

    def subscribe_stream(self, inbox: str, handler: StreamHandler) -> RoutedSubscription:
        return self._add_route(inbox, "", StreamRoute(self._inbound, handler))

    def subscribe_service(self, subject: str, handler: StreamHandler, queue: str = "") -> RoutedSubscription:
        return self._add_route(subject, queue, HeaderRoute(self._inbound, handler))

    def _add_route(self, subject: str, queue: str, route: Routes | Route, limit: int = 0) -> RoutedSubscription:
        if not self._was_up or self._closing:
            raise NatsError(f"cannot subscribe to {subject}: the link is not connected")
        if limit < 0:
            raise NatsError(f"expected a limit of messages that is not negative, found {limit}")
        self._writer.check(subject, queue)  # before anything remembers it
        sid = self._client.add_route(subject, queue, route, limit, self._forget)
        self._writer.subscribe(subject, sid, queue, limit)
        self._send(self._writer.take(), Kind.PROTOCOL, subject)

        def unsubscribe() -> None:
            if isinstance(route, Routes):
                route.stop()
            if self._client.remove_route(sid) and not self._closing:
                self._send_unsubscribe(sid)

        subscription = self._subscriptions[sid] = RoutedSubscription(subject, unsubscribe)
        return subscription

    def _forget(self, sid: int) -> None:
        self._subscriptions.pop(sid, None)

    # Requests

    def new_inbox(self) -> str:
        return f"{self._inbox}.{next(self._tokens)}.r"

    async def request(
        self, subject: str, payload: bytes, timeout_seconds: float, headers: Headers | None = None
    ) -> bytes:
        token = str(next(self._tokens))
        waiting = self._requests[token] = Waiting(subject)
        try:
            self.publish(subject, payload, f"{self._inbox}.{token}", headers)
            async with asyncio.timeout(timeout_seconds):
                return await waiting.reply
        except TimeoutError:
            raise TimeoutExpired(f"no answer on {subject} within {timeout_seconds:g} s") from None
        finally:
            del self._requests[token]

    def _deliver_reply(self, subject: bytes, payload: bytes, reply: bytes, headers: bytes | None) -> None:
        waiting = self._requests.get(subject.rsplit(b".", 1)[1].decode(errors="replace"))
        if waiting is None or waiting.reply.done():
            return
        if headers is not None and headers.startswith(NO_RESPONDERS):
            waiting.fail(NatsError(f"nobody listens on {waiting.subject}"))
        else:
            waiting.reply.set_result(payload)

    # The life of the connection

    def _disconnected(self) -> None:
        was_up, self._up = self._up, False
        self.counters.dropped += self._outbox.drop_prompt()
        self._unwritten_bytes = 0
        self.counters.unwritten_bytes = self._client.lost_bytes
        for subscription in self._subscriptions.values():
            subscription.refused = ""  # the next server decides anew
        for waiting in list(self._requests.values()):
            waiting.fail(TimeoutExpired(f"the connection broke before the answer on {waiting.subject} came"))
        if was_up and not self._closing:
            self._call(self.on_disconnected)

    def _reconnected(self) -> None:
        self._up = True
        self._last_error = None
        self.counters.reconnects += 1
        self._write_outbox()
        self._call(self.on_reconnected)

    async def _move_on(self) -> None:
        """The server is about to go: to another one now, rather than with the crowd at the end."""
        if not self._client.knows_another_server():
            return
        try:
            await self._round_trip(LAME_DUCK_FLUSH_SECONDS)
        except LetradeError as error:
            self._report(error)
        if not self._closing:
            await self._client.force_reconnect()

    def _refuse_the_hopeless(self, problem: Exception) -> None:
        """At the first connect: raised out of nats-py, which would go on asking with the same login."""
        if self._was_up or len(self.config.servers) > 1:
            return
        if isinstance(problem, ssl.SSLError) or "TLS" in str(problem):
            raise NatsError(f"no TLS with the NATS server at {places(self.config)}: {problem}")
        if "auth" in str(problem).lower():
            raise NatsError(
                f"the NATS server at {places(self.config)} refuses this user, password, token or key: {problem}"
            )

    def _connection_error(self, problem: Exception) -> None:
        """Attempts that fail are reported once, until one succeeds."""
        text = str(problem) or "no answer in time"
        if self._last_error is None or text != str(self._last_error):
            self._last_error = NatsError(text)
            if self._was_up and not self._closing:
                kind = LoginRefused if is_about_login(text) else NatsError
                self._report(kind(f"connection to NATS: {text}"))

    def _connection_lost(self, problem: Exception) -> None:
        self._connection_error(problem)

    def _server_error(self, text: str) -> None:
        self.counters.server_errors += 1
        if "slow consumer" in text.lower():
            self.counters.slow_consumer += 1
        violation = _VIOLATION.search(text)
        if violation is None:
            self._report(ServerError(f"the NATS server says: {text}"))
            return
        refusal = PermissionRefused(f"the NATS server says: {text}")
        self._attribute(violation[1], re.sub(r"\\(.)", r"\1", violation[2]), int(violation[3] or 0), str(refusal))
        self._report(refusal)

    def _attribute(self, verb: str, subject: str, sid: int, text: str) -> None:
        """Tell those whose subject it is; only when it takes a permission back does the server name the sid."""
        if verb == "Publish":
            for waiting in list(self._requests.values()):
                if waiting.subject == subject:
                    waiting.fail(PermissionRefused(text))
            return
        for number, subscription in self._subscriptions.items():
            if subscription.subject == subject and sid in (0, number) and not subscription.refused:
                subscription.refused = text
                return

    def _report(self, error: Exception) -> None:
        for listener in self.on_error:
            listener(error)

    def _call(self, listeners: list[Callable[[], None]]) -> None:
        for listener in listeners:
            listener()

    async def flush(self, timeout_seconds: float = 5.0) -> None:
        if not self.connected:
            raise NatsError("not connected to NATS: nothing was flushed")
        asked = [subscription for subscription in self._subscriptions.values() if not subscription.flushed]
        await self._round_trip(timeout_seconds)
        for subscription in asked:
            subscription.flushed = True
        refused = [subscription.refused for subscription in asked if subscription.refused]
        if refused:
            raise PermissionRefused("; ".join(refused))

    async def _round_trip(self, timeout_seconds: float) -> None:
        self._write_outbox()
        losses = self._client.losses
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._client.flush(math.ceil(timeout_seconds) + 1)
        except (TimeoutError, errors.Error, OSError):
            raise TimeoutExpired(f"the NATS server did not answer a ping within {timeout_seconds:g} s") from None
        if self._client.losses != losses:
            raise NatsError("the connection to NATS broke before the server answered")

    async def drain(self) -> None:
        try:
            if not self.connected:
                raise NatsError("not connected to NATS: what waited was not sent")
            for sid in self._client.routed():
                self._send_unsubscribe(sid)
            # The server's answer comes after the last message, so that all of them are handled then.
            await self._round_trip(DRAIN_PATIENCE_SECONDS)
            await self._round_trip(DRAIN_PATIENCE_SECONDS)  # what the handlers published meanwhile
        finally:
            await self.close()

    async def close(self) -> None:
        self._closing = True
        self._up = False
        self.counters.dropped += self._outbox.drop_all()
        if self._client.unwritten_bytes():
            self._client.abandon_connection()
        try:
            async with asyncio.timeout(CLOSE_PATIENCE_SECONDS):
                if self._client.was_asked_to_connect:
                    await self._client.close()
        except TimeoutError:
            self._client.abandon_connection()
        self._disconnected()
