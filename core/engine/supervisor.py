"""Worker processes of a desk: started, watched, restarted within a budget, stopped with it."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

from letrade.core import clock
from letrade.core.config.desk import WorkerConfig
from letrade.core.engine.access import Access
from letrade.core.errors import ResourceError

PR_SET_PDEATHSIG = 1
FIRST_BACKOFF_SECONDS = 0.1
LONGEST_BACKOFF_SECONDS = 5.0
STOP_PATIENCE_SECONDS = 10.0


class Launch(Access, frozen=True, kw_only=True):
    """What a worker is told by its desk, in a file that only its user may read."""

    process: str
    desk_arguments: dict[str, object]
    """How the desk's configuration is made; whoever starts the engine knows what is in it."""
    data_dir: str
    uid: str
    stepped: bool
    desk_pid: int
    instruments: list[bytes]
    """The instruments that were read from the data, encoded."""
    clock_origin: int = 0
    clock_wall_origin: int = 0
    clock_speed: float = 1.0


def write_private(path: Path, payload: bytes) -> None:
    """A file that only its owner can read, whole or not there."""
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(payload)
    temporary.rename(path)


def die_with_parent(parent: int) -> None:
    """Ask the kernel to end this process (SIGTERM) when the one that started it dies, however it dies.

    ResourceError when that one is dead already: nobody would ever end us.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise ResourceError(f"the desk (process {parent}) that started this worker is gone")


class Worker:
    """One worker process; `watch` restarts it when it dies unasked, until its budget is spent."""

    def __init__(
        self, config: WorkerConfig, launch: Path, report: Callable[[str, str], None], died: Callable[[Worker], None]
    ) -> None:
        self.config = config
        self.launch = launch
        self.report = report
        self.died = died
        self.given_up = False
        self.restarts = 0
        self.stopping = False
        self._process: asyncio.subprocess.Process | None = None
        self._deaths: deque[int] = deque()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the process once."""
        log = self.launch.with_suffix(".log").open("ab")
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "letrade", "worker", "--launch", str(self.launch),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ResourceError(f"worker {self.config.name} cannot be started: {error}") from error
        finally:
            log.close()

    async def watch(self) -> None:
        """Return when the process ended well, was stopped, or died more often than allowed (`given_up`)."""
        backoff = FIRST_BACKOFF_SECONDS
        while not self.stopping:
            assert self._process is not None
            code = await self._process.wait()
            if code == 0 or self._is_stopping():
                return
            self.restarts += 1
            self._spend(code)
            self.died(self)
            if self.given_up:
                return
            self.report("worker_died", f"worker {self.config.name} ended with {code}; it is started again")
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)
            if not self.stopping:
                await self.start()

    async def stop(self) -> None:
        """SIGTERM, and after ten seconds SIGKILL."""
        self.stopping = True
        process = self._process
        if process is None:
            return
        if process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_PATIENCE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    def _is_stopping(self) -> bool:
        """Asked for while we waited."""
        return self.stopping

    def _spend(self, code: int) -> None:
        now = clock.monotonic_ns()
        self._deaths.append(now)
        while self._deaths and self._deaths[0] < now - self.config.restart_window:
            self._deaths.popleft()
        if len(self._deaths) > self.config.restarts:
            self.given_up = True
            self.report(
                "worker_given_up",
                f"worker {self.config.name} died {len(self._deaths)} times in {self.config.restart_window / 1e9:.0f} s "
                f"(last with {code}) and is not started again; its log is {self.launch.with_suffix('.log')}",
            )
