"""Runs each test with each client, in the event loops that it must work in."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.network.certificates import Certificates
from tests.network.conformance.links import Links
from tests.network.servers import NatsServer, Servers

LIMIT_SECONDS = 60
ENGINE_LINK = importlib.util.find_spec("letrade.core.network.engine_link")
LOOP_MATTERS = ("test_delivery", "test_faults", "test_reconnect", "test_tls")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The engine runs in uvloop and, where a loop makes a difference, in asyncio's own too."""
    if "links" not in metafunc.fixturenames:
        return
    clients = ["nats-py", "letrade"] if ENGINE_LINK is not None else ["nats-py"]
    theme = metafunc.module.__name__.rpartition(".")[2]
    if ENGINE_LINK is not None and theme in LOOP_MATTERS:
        clients.append("letrade-asyncio")
    metafunc.parametrize("client", clients, indirect=True)


@pytest.fixture
def client(request: pytest.FixtureRequest) -> str:
    """Which client, and after a dash its loop where that is not the usual one."""
    return str(request.param)


@pytest.fixture
def links(client: str) -> Links:
    return Links("nats-py" if client == "nats-py" else "letrade")


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Servers of the test alone."""
    servers = Servers(tmp_path)
    yield servers
    servers.stop()


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A server with default limits that all tests share: none may harm it."""
    servers = Servers(tmp_path_factory.mktemp("plain"))
    yield servers.start()
    servers.stop()


@pytest.fixture(scope="session")
def jetstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """As `plain`, with JetStream."""
    directory = tmp_path_factory.mktemp("jetstream")
    servers = Servers(directory)
    yield servers.start(f'jetstream {{ store_dir: "{directory}/js", max_mem: 64MB, max_file: 1GB }}')
    servers.stop()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A test that is a coroutine runs in a loop of its own; its links are closed there too."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}

    async def body() -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            try:
                await pyfuncitem.obj(**arguments)
            finally:
                if "links" in arguments:
                    await arguments["links"].close()

    factory = uvloop.new_event_loop if pyfuncitem.funcargs.get("client") == "letrade" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(body())
    return True
