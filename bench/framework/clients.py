"""The clients that are measured, behind one small interface: the project's Link, and nats-py by its public names."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from letrade.bench.framework.servers import USER, Place
from letrade.core.errors import TimeoutExpired
from letrade.core.network.link import BatchHandler, ClientName, Decode, DecodedHandler, Handler, Link
from letrade.core.network.links import new_link

LINK, NATS_PY, RAW = "link", "nats-py", "raw"
"""Which client a player uses; `link` is what the suite measures, the others are its peer and its floor."""
PENDING_MESSAGES_MAX = 10_000_000
PENDING_BYTES_MAX = 2**31
CHUNK = 512
"""Publishes between two turns of the event loop."""
FLUSH_EVERY = 32_768
"""Publishes between two flushes, one of which is always on its way: bounds what waits to be sent."""
FLUSH_SECONDS = 60.0


class Client(Protocol):
    """What players need of an asyncio client."""

    async def open(self) -> None: ...

    async def blast(self, subject: str, payloads: list[bytes], enough: Callable[[int], bool]) -> int:
        """Publish the payloads again and again until `enough(count)`, asked once a round; returns the count."""
        ...

    @property
    def publish_now(self) -> Callable[..., None]:
        """Takes (subject, payload, reply), without waiting."""
        ...

    async def listen(self, subject: str, handler: Handler) -> None: ...

    async def listen_decoded(self, subject: str, decode: Decode, handler: DecodedHandler) -> None: ...

    async def listen_batches(self, subject: str, handler: BatchHandler) -> None: ...

    async def stop_listening(self) -> None: ...

    async def answer(self, subject: str) -> None:
        """Send each request on the subject back as it is."""
        ...

    def request(self, subject: str, payload: bytes) -> Awaitable[bytes]: ...

    async def flush(self) -> None: ...

    async def close(self) -> None: ...


def new_client(kind: str, place: Place, client: ClientName) -> Client:
    """A client that is not connected yet."""
    return LinkClient(place, client) if kind == LINK else NatsPyClient(place)


class LinkClient:
    """The project's Link, whichever implementation `client` names."""

    def __init__(self, place: Place, client: ClientName) -> None:
        self.link: Link = new_link(place.link_config(client, "link"))
        self._subscriptions: list[Any] = []

    async def open(self) -> None:
        await self.link.connect()

    @property
    def publish_now(self) -> Callable[..., None]:
        return self.link.publish

    async def blast(self, subject: str, payloads: list[bytes], enough: Callable[[int], bool]) -> int:
        publish, sent, flushed = self.link.publish, 0, 0
        chunks = [payloads[first : first + CHUNK] for first in range(0, len(payloads), CHUNK)]
        flushing: asyncio.Task[None] | None = None
        while not enough(sent):
            for chunk in chunks:
                for payload in chunk:
                    publish(subject, payload)
                sent += len(chunk)
                if sent - flushed >= FLUSH_EVERY:
                    if flushing is not None:
                        await flushing
                    flushing, flushed = asyncio.create_task(self.link.flush(FLUSH_SECONDS)), sent
                await asyncio.sleep(0)
        if flushing is not None:
            await flushing
        await self.link.flush(FLUSH_SECONDS)
        return sent

    async def listen(self, subject: str, handler: Handler) -> None:
        self._subscriptions.append(self.link.subscribe(subject, handler))
        await self.link.flush()

    async def listen_decoded(self, subject: str, decode: Decode, handler: DecodedHandler) -> None:
        def refuse(subject: str, payload: bytes, error: Exception) -> None:
            raise error

        self._subscriptions.append(self.link.subscribe_decoded(subject, decode, handler, refuse))
        await self.link.flush()

    async def listen_batches(self, subject: str, handler: BatchHandler) -> None:
        self._subscriptions.append(self.link.subscribe_batches(subject, handler))
        await self.link.flush()

    async def stop_listening(self) -> None:
        while self._subscriptions:
            self._subscriptions.pop().unsubscribe()
        await self.link.flush()

    async def answer(self, subject: str) -> None:
        publish = self.link.publish

        def handle(subject: str, payload: bytes, reply: str) -> None:
            publish(reply, payload)

        await self.listen(subject, handle)

    def request(self, subject: str, payload: bytes) -> Awaitable[bytes]:
        return self.link.request(subject, payload, FLUSH_SECONDS)

    async def flush(self) -> None:
        await self.link.flush(FLUSH_SECONDS)

    async def close(self) -> None:
        await self.link.close()


class NatsPyClient:
    """nats-py as its own documentation uses it: coroutines as callbacks, one queue and one task a subscription."""

    def __init__(self, place: Place) -> None:
        from nats.aio.client import Client as NatsClient

        self._place = place
        self._client: Any = NatsClient()
        self._subscriptions: list[Any] = []
        self._waiting: list[tuple[str, bytes, str]] = []
        self._sender: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self._client.connect(self._place.url, user=USER, password=self._place.password)

    async def blast(self, subject: str, payloads: list[bytes], enough: Callable[[int], bool]) -> int:
        publish, sent = self._client.publish, 0
        chunks = [payloads[first : first + CHUNK] for first in range(0, len(payloads), CHUNK)]
        while not enough(sent):
            for chunk in chunks:
                for payload in chunk:
                    await publish(subject, payload)
                sent += len(chunk)
                await asyncio.sleep(0)
        await self.flush()
        return sent

    @property
    def publish_now(self) -> Callable[..., None]:
        """nats-py's publish is a coroutine: one task sends what a burst left for it."""
        return self._publish_soon

    def _publish_soon(self, subject: str, payload: bytes, reply: str = "") -> None:
        self._waiting.append((subject, payload, reply))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.get_running_loop().create_task(self._send_waiting())

    async def _send_waiting(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for subject, payload, reply in waiting:
                await self._client.publish(subject, payload, reply)

    async def listen(self, subject: str, handler: Handler) -> None:
        async def callback(message: Any) -> None:
            handler(message.subject, message.data, message.reply)

        await self._subscribe(subject, callback)

    async def listen_decoded(self, subject: str, decode: Decode, handler: DecodedHandler) -> None:
        async def callback(message: Any) -> None:
            handler(message.subject, decode(message.data), message.data)

        await self._subscribe(subject, callback)

    async def listen_batches(self, subject: str, handler: BatchHandler) -> None:
        raise TimeoutExpired("nats-py hands over one message at a time: there is nothing to compare")

    async def _subscribe(self, subject: str, callback: Callable[[Any], Awaitable[None]]) -> None:
        self._subscriptions.append(
            await self._client.subscribe(
                subject, cb=callback, pending_msgs_limit=PENDING_MESSAGES_MAX, pending_bytes_limit=PENDING_BYTES_MAX
            )
        )
        await self._client.flush()

    async def stop_listening(self) -> None:
        while self._subscriptions:
            await self._subscriptions.pop().unsubscribe()
        await self._client.flush()

    async def answer(self, subject: str) -> None:
        async def callback(message: Any) -> None:
            await message.respond(message.data)

        await self._subscribe(subject, callback)

    async def request(self, subject: str, payload: bytes) -> bytes:
        answer = await self._client.request(subject, payload, timeout=FLUSH_SECONDS)
        return bytes(answer.data)

    async def flush(self) -> None:
        if self._sender is not None:
            await self._sender
        await self._client.flush(timeout=int(FLUSH_SECONDS))

    async def close(self) -> None:
        await self._client.close()
