"""A real nats-server, and links to it, for the length of one test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from letrade.core.network.server import PrivateServer, ServerConfig, ServerEvent
from letrade.core.network.server_files import any_free_port


def server_config(directory: Path, desk: str = "main") -> ServerConfig:
    return ServerConfig(desk=desk, directory=directory / "nats", port=any_free_port("127.0.0.1"), max_file="1GB")


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


async def eventually(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Wait until `condition` holds; the bound only keeps a broken test from hanging."""
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"waited for: {what}")
