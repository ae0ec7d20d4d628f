"""A private nats-server with the project's own configuration, for the length of one question."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from letrade.core.network.link import ClientName, LinkConfig
from letrade.core.network.server import PrivateServer, ServerConfig
from letrade.core.network.server_files import any_free_port

HOST = "127.0.0.1"
USER, SYSTEM_USER = "letrade", "sys"
CONNECT_SECONDS = 15.0


class Place(msgspec.Struct, frozen=True):
    """How players reach the server; travels to them over their pipes."""

    port: int
    password: str
    system_password: str
    pid: int

    @property
    def url(self) -> str:
        return f"nats://{HOST}:{self.port}"

    def link_config(self, client: ClientName, name: str) -> LinkConfig:
        return LinkConfig(
            servers=(self.url,), name=f"bench-{name}", client=client, user=USER, password=self.password,
            connect_timeout_seconds=CONNECT_SECONDS,
        )  # fmt: skip


@contextmanager
def running_server() -> Iterator[Place]:
    """On a free port with a store that goes with it."""
    with tempfile.TemporaryDirectory(prefix="letrade-bench-") as folder, asyncio.Runner() as runner:
        port = any_free_port(HOST)
        server = PrivateServer(ServerConfig(desk="bench", directory=Path(folder), port=port, max_file="8GB"))
        address = runner.run(server.start())
        try:
            assert server.pid is not None
            yield Place(port, address.passwords["desk"], address.passwords["system"], server.pid)
        finally:
            runner.run(server.stop())
