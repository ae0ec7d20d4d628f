"""A real nats-server, and links to it, for the length of one test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from letrade.core.network.link import DESK_INBOX, VIEWER_INBOX, ClientName, Link, LinkConfig
from letrade.core.network.links import new_link
from letrade.core.network.server import PrivateServer, ServerConfig, ServerEvent
from letrade.core.network.server_files import any_free_port


def server_config(directory: Path, desk: str = "main") -> ServerConfig:
    return ServerConfig(desk=desk, directory=directory / "nats", port=any_free_port("127.0.0.1"), max_file="8GB")


@asynccontextmanager
async def running_server(
    directory: Path, report: Callable[[ServerEvent], None] = lambda event: None
) -> AsyncIterator[PrivateServer]:
    server = PrivateServer(server_config(directory), report)
    await server.start()
    watching = asyncio.create_task(server.watch())
    try:
        yield server
    finally:
        await server.stop()
        await watching


@asynccontextmanager
async def connected_link(
    server: PrivateServer, user: str = "desk", *, no_echo: bool = False, client: ClientName = "letrade"
) -> AsyncIterator[Link]:
    """A link as the desk itself, as the operator, or, with no password, as the viewer."""
    address = server.address
    login = {"desk": "letrade", "operator": "operator", "viewer": None, "system": "sys"}[user]
    link = new_link(
        LinkConfig(
            servers=(address.url,),
            name=f"test-{user}",
            user=login,
            password=address.passwords[user] if login else None,
            no_echo=no_echo,
            client=client,
            inbox_prefix=DESK_INBOX if user == "desk" else VIEWER_INBOX,
        )
    )
    await link.connect()
    try:
        yield link
    finally:
        await link.close()


async def eventually(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Wait until `condition` holds; the bound only keeps a broken test from hanging."""
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"waited for: {what}")
