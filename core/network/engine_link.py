"""The Link over our own engine: the wire in hotpath/, the connection's life in lifeline.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from letrade.core.errors import NatsError
from letrade.core.network.lifeline import Lifeline
from letrade.core.network.link import (
    BatchHandler,
    Decode,
    DecodedHandler,
    Handler,
    LinkConfig,
    LinkCounters,
    Refuse,
    ServerInfo,
    StreamHandler,
)
from letrade.hotpath.wire import Route


class EngineSubscription:
    """See Subscription."""

    def __init__(self, route: Route, unsubscribe: Callable[[Route], None]) -> None:
        self._route = route
        self._unsubscribe = unsubscribe

    @property
    def subject(self) -> str:
        return self._route.subject

    @property
    def refused(self) -> str:
        return self._route.refused

    def unsubscribe(self) -> None:
        self._unsubscribe(self._route)


class EngineLink(Lifeline):
    """See Link for what each method promises."""

    def __init__(self, config: LinkConfig) -> None:
        super().__init__(config)
        self.publish: Callable[..., None] = self._outbox.publish

    @property
    def server(self) -> ServerInfo:
        if self._greeting is None:
            raise NatsError("not connected to NATS yet")
        heard = self._greeting
        return ServerInfo(heard.server_name, heard.version, heard.jetstream, heard.max_payload)

    @property
    def counters(self) -> LinkCounters:
        counters, wire, outbox = self._counters, self._wire, self._outbox
        counters.sent, counters.sent_bytes, counters.dropped = outbox.sent, outbox.sent_bytes, outbox.dropped
        counters.received, counters.received_bytes = wire.received, wire.received_bytes
        counters.conflated, counters.forged = wire.conflated, wire.forged
        return counters

    # Receiving

    def subscribe(self, subject: str, handler: Handler, queue: str = "", *, limit: int = 0) -> EngineSubscription:
        if limit < 0:
            raise NatsError(f"expected a limit of messages that is not negative, found {limit}")
        return self._listen(subject, queue, self._wire.add, handler, queue, limit)

    def subscribe_decoded(
        self, subject: str, decode: Decode, handler: DecodedHandler, refuse: Refuse, *, conflate: bool = False
    ) -> EngineSubscription:
        return self._listen(subject, "", self._wire.add_decoded, decode, handler, refuse, conflate)

    def subscribe_batches(self, subject: str, handler: BatchHandler, queue: str = "") -> EngineSubscription:
        return self._listen(subject, queue, self._wire.add_batch, handler, queue)

    def subscribe_stream(self, inbox: str, handler: StreamHandler) -> EngineSubscription:
        return self._listen(inbox, "", self._wire.add_stream, handler)

    def subscribe_service(self, subject: str, handler: StreamHandler, queue: str = "") -> EngineSubscription:
        return self._listen(subject, queue, self._wire.add_service, handler, queue)

    def _listen(self, subject: str, queue: str, add: Callable[..., Route], *arguments: Any) -> EngineSubscription:
        if self._greeting is None or self._closing:
            raise NatsError(f"cannot subscribe to {subject}: the link is not connected")
        self._outbox.check(subject, queue)
        route = add(subject, *arguments)
        self._outbox.subscribe(subject, route.sid, queue, route.limit)
        return EngineSubscription(route, self._unsubscribe)

    def _unsubscribe(self, route: Route) -> None:
        self._wire.remove(route)
        self._outbox.unsubscribe(route.sid)

    # Requests

    def new_inbox(self) -> str:
        return f"{self._inbox}.{self._asking.new_token()}.r"

    def request(
        self, subject: str, payload: bytes, timeout_seconds: float, headers: Mapping[str, str] | bytes | None = None
    ) -> asyncio.Future[bytes]:
        token = self._asking.new_token()
        future = self._asking.wait(token, subject, timeout_seconds)
        try:
            self._outbox.ask(subject, payload, token, headers)
        except NatsError as error:
            self._asking.fail(token, error)
        return future

    # The end

    async def drain(self) -> None:
        try:
            for route in self._wire.routes():
                self._outbox.unsubscribe(route.sid)
            await self.flush()  # the server's answer comes after the last message, so all of them are handled now
            await self.flush()  # what the handlers published meanwhile
        finally:
            await self.close()

    async def close(self) -> None:
        # Also what may be late would wait for ever.
        self.publish = _refuse_when_closed
        await super().close()


def _refuse_when_closed(subject: str, *_: object, **__: object) -> None:
    raise NatsError(f"not connected to NATS: the link is closed, {subject} was not sent")
