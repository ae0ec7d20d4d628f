"""Runs an engine or a worker as a program: a fast event loop, and signals that drain first and force second."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from letrade.assembly import assemble
from letrade.core.config.load import without_login
from letrade.core.engine.engine import CoreEngine
from letrade.core.engine.options import EngineOptions
from letrade.core.engine.supervisor import Launch, die_with_parent
from letrade.core.engine.worker import WorkerProcess
from letrade.core.errors import DataError, ExitCode


class Stoppable(Protocol):
    """What runs until it is told to stop."""

    def stop(self) -> None: ...

    async def run(self) -> dict[str, Any]: ...


def run_to_end(make: Callable[[], Stoppable]) -> dict[str, Any]:
    """Run in an event loop of our own: the first SIGINT or SIGTERM drains, the second ends at once with 130."""
    import uvloop

    # The modules stay for good: a collection that looks at all of them again holds up every message meanwhile.
    gc.freeze()
    return uvloop.run(_with_signals(make))


def run_engine(
    arguments: Mapping[str, Any], options: EngineOptions, on_view: Callable[[dict[str, Any]], None] | None = None
) -> dict[str, Any]:
    """Assemble a desk from `arguments` (the keyword arguments of `assemble`), run it, and return its summary."""
    config = assemble(**arguments)
    options = msgspec.structs.replace(options, desk_arguments=_portable(arguments))
    return run_to_end(lambda: CoreEngine(config, options, on_view))


def run_worker(launch_file: Path) -> dict[str, Any]:
    """One worker, as its desk's launch file says; it dies with the desk."""
    try:
        launch = msgspec.json.decode(launch_file.read_bytes(), type=Launch)
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"{launch_file}: expected a launch file, as a desk writes it: {error}") from error
    die_with_parent(launch.desk_pid)
    arguments: dict[str, Any] = dict(launch.desk_arguments)
    return run_to_end(lambda: WorkerProcess(assemble(**arguments), launch))


def run_external(arguments: Mapping[str, Any], launch: Launch) -> dict[str, Any]:
    """A worker that somebody starts by hand, and that outlives its desk."""
    return run_to_end(lambda: WorkerProcess(assemble(**arguments), launch))


def _portable(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The same arguments for another process with another working directory; overrides are in its environment."""
    portable: dict[str, Any] = {}
    for key, value in arguments.items():
        if key == "overrides" or value is None:
            continue
        if key in ("paths", "feed_files", "data_files"):
            items = [value] if isinstance(value, (str, Path)) else value
            portable[key] = [str(Path(item).resolve()) if Path(item).exists() else str(item) for item in items]
        elif key == "extra":
            # Kept in files: a login in a server's URL is given to a worker apart, and nobody else needs it.
            portable[key] = {name: _bare(table) if name == "nats" else table for name, table in value.items()}
        else:
            portable[key] = value
    return portable


def _bare(nats: Mapping[str, Any]) -> dict[str, Any]:
    """[nats] without the logins that its URLs may hold."""
    url = nats.get("url")
    urls = [without_login(each) for each in ([url] if isinstance(url, str) else url or [])]
    return {**nats, "url": urls[0] if isinstance(url, str) else urls} if urls else dict(nats)


async def _with_signals(make: Callable[[], Stoppable]) -> dict[str, Any]:
    runner = make()
    loop = asyncio.get_running_loop()
    asked = 0

    def told() -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            os._exit(ExitCode.FORCED)
        runner.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told)
    return await runner.run()
