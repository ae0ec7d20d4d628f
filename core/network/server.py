"""The private nats-server of a desk: started, watched, restarted on the same port and store, and stopped with it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from letrade.core.clock import SECOND, monotonic_ns
from letrade.core.errors import NatsError, ResourceError
from letrade.core.network import server_files

READY_POLL_SECONDS = 0.01
WATCH_POLL_SECONDS = 0.05
STOP_PATIENCE_SECONDS = 5.0
FIRST_BACKOFF_SECONDS = 0.05
LONGEST_BACKOFF_SECONDS = 5.0
STEADY_NS = 30 * SECOND
LOG_TAIL_BYTES = 2000


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the private server lives and how much it may keep; a `port` of None prefers 4222 and takes any free one."""

    desk: str
    directory: Path
    host: str = "127.0.0.1"
    port: int | None = None
    binary: str | None = None
    max_memory: str = "256MB"
    max_file: str = "10GB"
    start_timeout_seconds: float = 30.0


class ServerAddress(msgspec.Struct, frozen=True):
    """How to reach a running server: its URL, and the password of each user (desk, operator, viewer, system)."""

    url: str
    passwords: dict[str, str]


class ServerEvent(msgspec.Struct, frozen=True):
    """Something that befell the server: `died`, `restarted` or `restart-failed`, in words for an operator."""

    kind: str
    text: str


class PrivateServer:
    """One nats-server process; `start`, then run `watch` as a task, then `stop`."""

    def __init__(self, config: ServerConfig, report: Callable[[ServerEvent], None] = lambda event: None) -> None:
        self.config = config
        self._report = report
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._port = 0
        self._passwords: dict[str, str] = {}
        self._started_ns = 0
        self._stopping = False
        self.restarts = 0

    @property
    def address(self) -> ServerAddress:
        return ServerAddress(f"nats://{self.config.host}:{self._port}", self._passwords)

    @property
    def pid(self) -> int | None:
        """The server's process id, or None while it is not running."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    async def start(self) -> ServerAddress:
        """Start the server and wait until it serves JetStream; a ResourceError or NatsError tells its last words."""
        self._stopping = False
        self._prepare()
        try:
            await self._run()
        except BaseException:
            await self.stop()
            raise
        return self.address

    async def watch(self) -> None:
        """Bring the server back whenever it dies, on the same port and store; returns after `stop`."""
        backoff = FIRST_BACKOFF_SECONDS
        while not self._stopping:
            if self.pid is not None:
                await asyncio.sleep(WATCH_POLL_SECONDS)
                continue
            if self._process is not None:
                end = f"nats-server ended with code {self._process.returncode}"
                self._report(ServerEvent("died", end + self._last_words()))
                self._process = None
                backoff = FIRST_BACKOFF_SECONDS if monotonic_ns() - self._started_ns > STEADY_NS else backoff
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF_SECONDS)
            await self._restart()

    async def stop(self) -> None:
        """End the server (SIGTERM, after 5 s SIGKILL) and release its store; may be called twice."""
        self._stopping = True
        process, self._process = self._process, None
        if process is not None:
            await _end(process)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def restart(self) -> None:
        """End the server; `watch` starts it again. What a full disk stopped in its store needs this to go on."""
        if self._process is not None:
            self._process.terminate()

    async def _restart(self) -> None:
        if self._stopping:
            return
        try:
            await self._run()
        except (NatsError, ResourceError) as error:
            self._report(ServerEvent("restart-failed", str(error)))
            process, self._process = self._process, None
            if process is not None:
                await _end(process)
        else:
            self.restarts += 1
            self._report(ServerEvent("restarted", f"nats-server serves {self.address.url} again"))

    def _prepare(self) -> None:
        directory = self.config.directory
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = server_files.lock_store(directory)
        except OSError as error:
            raise ResourceError(f"cannot use {directory} for the NATS store: {error.strerror}") from error
        try:
            self._port = server_files.choose_port(directory, self.config.host, self.config.port)
            self._passwords = server_files.load_passwords(directory)
        except BaseException:
            os.close(self._lock)
            self._lock = None
            raise

    async def _run(self) -> None:
        self._process = self._launch()
        self._started_ns = monotonic_ns()
        give_up_ns = self._started_ns + int(self.config.start_timeout_seconds * SECOND)
        while not await self._is_ready():
            if self._process is None:
                raise NatsError("the nats-server was stopped while it started")
            if self._process.poll() is not None:
                raise self._start_failure(f"nats-server ended at once with code {self._process.returncode}")
            if monotonic_ns() > give_up_ns:
                raise self._start_failure(f"nats-server was not ready after {self.config.start_timeout_seconds:g} s")
            await asyncio.sleep(READY_POLL_SECONDS)

    def _launch(self) -> subprocess.Popen[bytes]:
        binary = server_files.find_binary(self.config.binary)
        assert self._lock is not None
        try:
            configuration = server_files.write_configuration(self.config.directory)
            with (self.config.directory / "startup.log").open("wb") as startup_log:
                # Its own session, so that Ctrl-C reaches the desk alone and the desk can drain before the server goes.
                # It inherits the lock, so that the store stays locked until the server too is gone.
                return subprocess.Popen(
                    server_files.launch_command(binary, configuration.resolve()),
                    env={**os.environ, **self._variables()},
                    stdin=subprocess.DEVNULL, stdout=startup_log, stderr=startup_log,
                    start_new_session=True, pass_fds=(self._lock,),
                )  # fmt: skip
        except OSError as error:
            raise ResourceError(f"cannot start nats-server in {self.config.directory}: {error.strerror}") from error

    def _variables(self) -> dict[str, str]:
        """The variables of nats.conf; texts are quoted as JSON, which nats-server's format understands."""
        directory = self.config.directory.resolve()
        return {
            "LETRADE_NATS_NAME": json.dumps(f"letrade-{self.config.desk}"),
            "LETRADE_NATS_PORT": str(self._port),
            "LETRADE_NATS_PID_FILE": json.dumps(str(directory / "nats.pid")),
            "LETRADE_NATS_LOG_FILE": json.dumps(str(directory / "nats.log")),
            "LETRADE_NATS_STORE": json.dumps(str(directory / "js")),
            "LETRADE_NATS_MAX_MEMORY": self.config.max_memory,
            "LETRADE_NATS_MAX_FILE": self.config.max_file,
        } | {f"LETRADE_NATS_{user.upper()}_PASSWORD": password for user, password in self._passwords.items()}

    async def _is_ready(self) -> bool:
        info = await read_server_info(self.config.host, self._port) or {}
        return info.get("server_name") == f"letrade-{self.config.desk}" and bool(info.get("jetstream"))

    def _start_failure(self, what: str) -> NatsError | ResourceError:
        words = self._last_words()
        if "address already in use" in words or "no space left" in words or "permission denied" in words:
            return ResourceError(what + words)
        return NatsError(what + words)

    def _last_words(self) -> str:
        """What the server said on its way out, for the text of our error."""
        words = _tail(self.config.directory / "startup.log")
        mark = f"[{self._process.pid}]" if self._process is not None else ""
        for line in _tail(self.config.directory / "nats.log"):
            if mark in line and ("[FTL]" in line or "[ERR]" in line):
                words.append(line)
        return ": " + " / ".join(words[-3:]) if words else ""


def _tail(log: Path) -> list[str]:
    return log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").splitlines() if log.exists() else []


async def read_server_info(host: str, port: int) -> dict[str, object] | None:
    """The INFO line that a nats-server greets with, or None when nobody answers."""
    try:
        async with asyncio.timeout(1.0):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                line = await reader.readline()
            finally:
                writer.close()
        return dict(json.loads(line[5:])) if line.startswith(b"INFO ") else None
    except (OSError, TimeoutError, ValueError):
        return None


async def _end(process: subprocess.Popen[bytes]) -> None:
    for ask in (process.terminate, process.kill):
        ask()
        try:
            await asyncio.to_thread(process.wait, STOP_PATIENCE_SECONDS)
            return
        except subprocess.TimeoutExpired:
            continue
