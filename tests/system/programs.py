"""Starts `letrade` as a user does, finds its processes, and kills them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

PATIENCE_SECONDS = 120.0


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "letrade", *map(str, words)]


def letrade(*words: str | Path, timeout: float = PATIENCE_SECONDS, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=timeout, check=False, **options)


def summary_of(output: str) -> dict[str, Any]:
    """The object on the last line."""
    lines = output.strip().splitlines()
    assert lines, "the command printed nothing"
    summary: dict[str, Any] = json.loads(lines[-1])
    return summary


class Desk:
    """A desk that runs as a process of its own, over a data directory."""

    def __init__(self, folder: Path, *words: str | Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.words = [*words, "--data-dir", self.data, "--json"]
        self.process: subprocess.Popen[str] | None = None
        self.starts = 0

    def start(self) -> None:
        self.starts += 1
        self.output = self.folder / f"run-{self.starts}.out"
        self.errors = self.folder / f"run-{self.starts}.err"
        with self.output.open("w") as output, self.errors.open("w") as errors:
            self.process = subprocess.Popen(command("run", *self.words), stdout=output, stderr=errors, text=True)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait(self, timeout: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The summary of a run that ends well."""
        assert self.process is not None
        code = self.process.wait(timeout)
        assert code == 0, f"exit {code}: {self.errors.read_text()[-3000:]} {self.output.read_text()[-500:]}"
        return summary_of(self.output.read_text())

    def stop(self) -> dict[str, Any]:
        """SIGTERM, and the summary."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def pid_of(self, role: str) -> int | None:
        """The process id of the desk, of its nats-server, or of a worker; None while there is none."""
        if self.process is None or self.process.poll() is not None:
            return None
        if role == "desk":
            return self.process.pid
        for child in _children(self.process.pid):
            words = _words(child)
            if role == "nats-server" and any("nats-server" in word for word in words[:1]):
                return child.pid
            if words[-1:] and words[-1].endswith(f"/{role}.json"):
                return child.pid
        return None

    def kill(self, role: str) -> bool:
        """kill -9; False when there is nothing to kill."""
        pid = self.pid_of(role)
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if role == "desk":
            assert self.process is not None
            self.process.wait(10)
        return True

    def end(self) -> None:
        """Whatever is left, at once."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@contextlib.contextmanager
def running(desk: Desk) -> Iterator[Desk]:
    """A started desk that does not outlive the test."""
    desk.start()
    try:
        yield desk
    finally:
        desk.end()


def until(condition: Any, what: str, timeout: float = 30.0) -> Any:
    """The first true value of a condition that is asked for again and again."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {timeout} s in vain for {what}")
