"""Links of the client under test, and what a test needs around them."""

from __future__ import annotations

import asyncio
from typing import Any

from letrade.core.network.link import VIEWER_INBOX, ClientName, Link, LinkConfig
from letrade.core.network.links import new_link
from tests.network.proxy import FaultProxy
from tests.network.running import eventually
from tests.network.servers import NatsServer


class Links:
    """Makes links of one client, and closes them with the test."""

    def __init__(self, client: ClientName) -> None:
        self.client = client
        self._made: list[Link] = []

    def new(self, servers: NatsServer | FaultProxy | str | tuple[str, ...], **settings: Any) -> Link:
        """A link that is not connected yet; quick to see and to mend a broken line."""
        urls = (servers,) if isinstance(servers, str) else servers if isinstance(servers, tuple) else (servers.url,)
        usual: dict[str, Any] = {"name": "conformance", "inbox_prefix": VIEWER_INBOX, "reconnect_wait_seconds": 0.02}
        link = new_link(LinkConfig(servers=urls, client=self.client, **usual | settings))
        self._made.append(link)
        return link

    async def connect(self, servers: NatsServer | FaultProxy | str | tuple[str, ...], **settings: Any) -> Link:
        link = self.new(servers, **settings)
        await link.connect()
        return link

    async def close(self) -> None:
        for link in self._made:
            await link.close()


class Seen(list[tuple[str, bytes]]):
    """Collects messages as a plain handler."""

    def __call__(self, subject: str, payload: bytes, reply: str) -> None:
        self.append((subject, payload))

    @property
    def payloads(self) -> list[bytes]:
        return [payload for _, payload in self]

    async def reach(self, count: int) -> None:
        await eventually(lambda: len(self) >= count, f"{count} messages")


async def subscribed(link: Link, subject: str, queue: str = "", limit: int = 0) -> Seen:
    """What comes on a subject from now on."""
    seen = Seen()
    link.subscribe(subject, seen, queue, limit=limit)
    await link.flush()
    return seen


def errors_of(link: Link) -> list[Exception]:
    """What the link reports from now on."""
    errors: list[Exception] = []
    link.on_error.append(errors.append)
    return errors


async def back_again(link: Link, reconnects: int = 1) -> None:
    await eventually(lambda: link.connected and link.counters.reconnects >= reconnects, "the reconnect")


def all_words(error: BaseException) -> str:
    """All that an error would show in a traceback: nothing in it may be a secret."""
    words = f"{error!r} {error} "
    behind = error.__cause__ or error.__context__
    return words if behind is None else words + all_words(behind)


async def turns(count: int = 5) -> None:
    """Let the loop do what it has been asked to do."""
    for _ in range(count):
        await asyncio.sleep(0)
