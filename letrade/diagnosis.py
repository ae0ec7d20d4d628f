"""What `letrade doctor` looks at: this machine, what is installed, and the data directory of a desk."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from letrade.commands.version import versions
from letrade.core.clock import wall_ns
from letrade.core.config.desk import DESK_PROCESS
from letrade.core.config.values import parse_instant, show_instant
from letrade.core.engine.data_dir import read_run
from letrade.core.errors import LetradeError
from letrade.core.network.link import OLDEST_SERVER
from letrade.core.network.server_files import PREFERRED_PORT, find_binary
from letrade.reach import is_alive

OLDEST_PYTHON = (3, 11)
DISK_BYTES_MIN = 2 * 2**30
NEEDED = ("msgspec", "numpy", "nats-py", "uvloop", "click", "rich", "hdrhistogram")
EARLIEST_HONEST_TIME = parse_instant("2025-01-01")


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at; `level` is ok, warning or error, and `text` says what to do about it."""

    check: str
    level: str
    text: str


def findings(data_dir: Path) -> list[Finding]:
    """Everything, whatever some of it is like."""
    checks = (_python, _packages, _hot_path, _nats_server, _port, _clock)
    found = [finding for check in checks for finding in check()]
    return [*found, *_disk(data_dir), *_data_directory(data_dir)]


def _python() -> Iterator[Finding]:
    shown = f"Python {platform.python_version()} on {platform.platform(terse=True)}, {os.cpu_count()} CPUs"
    fine = sys.version_info[:2] >= OLDEST_PYTHON
    yield Finding(
        "python", "ok" if fine else "error", shown if fine else f"{shown}: Letrade needs Python 3.11 or newer"
    )


def _packages() -> Iterator[Finding]:
    installed = versions()
    missing = [name for name in NEEDED if installed.get(name) is None]
    if missing:
        yield Finding("packages", "error", f"not installed: {', '.join(missing)}: pip install letrade")
    else:
        yield Finding("packages", "ok", ", ".join(f"{name} {installed[name]}" for name in ("letrade", *NEEDED)))
    if installed.get("pyarrow") is None:
        yield Finding("packages", "warning", "no pyarrow: feather files cannot be read: pip install 'letrade[data]'")


def _hot_path() -> Iterator[Finding]:
    try:
        from letrade.hotpath.book import Book

        Book()
    except ImportError as error:
        yield Finding("hot path", "error", f"the compiled modules do not load: {error}: make setup, or reinstall")
    else:
        yield Finding("hot path", "ok", "the compiled modules load")


def _nats_server() -> Iterator[Finding]:
    try:
        binary = find_binary()
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (LetradeError, OSError, subprocess.TimeoutExpired) as error:
        yield Finding("nats-server", "error", str(error))
        return
    number = said.strip().rpartition(" ")[2].removeprefix("v")
    digits = tuple(int(part) for part in number.split("-")[0].split(".")[:2] if part.isdecimal())
    oldest = ".".join(map(str, OLDEST_SERVER))
    fine = digits >= OLDEST_SERVER
    text = f"{number or 'unknown version'} at {binary}"
    yield Finding("nats-server", "ok" if fine else "error", text if fine else f"{text}: {oldest} or newer is needed")
    if shutil.which("nats") is None:
        yield Finding("nats command", "warning", "not on PATH: `letrade tap` and `letrade status` do without it")


def _port() -> Iterator[Finding]:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        taken = probe.connect_ex(("127.0.0.1", PREFERRED_PORT)) == 0
    text = f"{PREFERRED_PORT} is in use: a desk takes another port, or use that server with --nats"
    yield Finding("port", "warning" if taken else "ok", text if taken else f"{PREFERRED_PORT} is free")


def _clock() -> Iterator[Finding]:
    now = wall_ns()
    shown = show_instant(now)
    if now < EARLIEST_HONEST_TIME:
        yield Finding("clock", "error", f"the machine believes that it is {shown}: set its clock")
    else:
        yield Finding("clock", "ok", f"{shown} UTC")


def _disk(data_dir: Path) -> Iterator[Finding]:
    place = next(folder for folder in (data_dir.absolute(), *data_dir.absolute().parents) if folder.is_dir())
    if not os.access(place, os.W_OK):
        yield Finding("disk", "error", f"{place} cannot be written: choose another --data-dir")
        return
    free = shutil.disk_usage(place).free
    text = f"{free / 2**30:.1f} GiB free for {data_dir}"
    if free < DISK_BYTES_MIN:
        yield Finding(
            "disk", "warning", f"{text}: a full disk stops new openings; free it, or choose another --data-dir"
        )
    else:
        yield Finding("disk", "ok", text)


def _data_directory(data_dir: Path) -> Iterator[Finding]:
    if not data_dir.is_dir():
        yield Finding("data directory", "ok", f"{data_dir} is not there yet: the first run makes it")
        return
    try:
        record = read_run(data_dir)
    except LetradeError as error:
        yield Finding("run.json", "error", f"{error}: delete it when no desk runs")
        return
    owner = _lock_owner(data_dir / DESK_PROCESS / "lock")
    yield Finding("lock", "ok", f"{data_dir} is {'in use by a desk' if owner else 'free'}")
    if record is None:
        level, text = ("warning", "a desk starts or stops, or lost its run.json") if owner else ("ok", "no desk runs")
        yield Finding("run.json", level, text)
    elif not is_alive(record.pid):
        yield Finding("run.json", "warning", f"left by process {record.pid}, which is gone: the next run recovers")
    else:
        yield Finding(
            "run.json", "ok", f"the desk {record.desk} runs as process {record.pid} at {', '.join(record.urls)}"
        )


def _lock_owner(path: Path) -> bool:
    """Whether some process holds the lock."""
    if not path.exists():
        return False
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
