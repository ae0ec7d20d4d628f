"""Starts the processes of a benchmark, talks with them, and ends them whatever happens."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from letrade.bench.framework.child import LENGTH
from letrade.core.clock import SECOND, monotonic_ns
from letrade.core.errors import LetradeError, TimeoutExpired

PATIENCE_SECONDS = 60.0
STOP_SECONDS = 2.0
CHUNK_BYTES = 1 << 16


class PlayerFailed(LetradeError):
    """A process of a benchmark raised or died; the text holds its last words."""


class Player:
    """One process; its standard error is kept for the case that it fails."""

    def __init__(self, role: str, arguments: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        self.role = role
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the player
        # Its own session: Ctrl-C reaches the suite alone, which then ends its players in order.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "letrade.bench.framework.child", role, str(os.getpid())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, pass_fds=tuple(descriptors),
            start_new_session=True,
        )  # fmt: skip
        self.tell(arguments)

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, order: Any) -> None:
        assert self._process.stdin is not None
        frame = msgspec.msgpack.encode(order)
        try:
            self._process.stdin.write(LENGTH.pack(len(frame)) + frame)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure() from None

    def hear(self, seconds: float = PATIENCE_SECONDS) -> Any:
        """Its next answer. PlayerFailed when it raised or ended, TimeoutExpired when it says nothing."""
        until = monotonic_ns() + int(seconds * SECOND)
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size, until))
        answer = msgspec.msgpack.decode(self._exactly(length, until))
        if isinstance(answer, dict) and "error" in answer:
            raise PlayerFailed(f"{self.role}:\n{answer['error']}")
        return answer

    def ask(self, order: Any, seconds: float = PATIENCE_SECONDS) -> Any:
        self.tell(order)
        return self.hear(seconds)

    def _exactly(self, count: int, until_ns: int) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        parts = bytearray()
        while len(parts) < count:
            left = max(0.0, (until_ns - monotonic_ns()) / SECOND)
            if not select.select([descriptor], [], [], left)[0]:
                raise TimeoutExpired(f"{self.role}: no answer in time; its last words: {self._last_words()}")
            more = os.read(descriptor, min(count - len(parts), CHUNK_BYTES))
            if not more:
                raise self._failure()
            parts += more
        return bytes(parts)

    def _failure(self) -> PlayerFailed:
        return PlayerFailed(f"{self.role} ended unexpectedly: {self._last_words()}")

    def _last_words(self) -> str:
        self._log.seek(0)
        return self._log.read()[-2000:].decode(errors="replace").strip() or "none"

    def close(self) -> None:
        """Ask it to stop; kill it when it does not."""
        try:
            if self._process.poll() is None:
                self.tell("stop")
                self._process.wait(STOP_SECONDS)
        except (PlayerFailed, subprocess.TimeoutExpired):
            self.kill()
        finally:
            for file in (self._process.stdin, self._process.stdout, self._log):
                if file is not None:
                    _close_quietly(file)

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


def _close_quietly(file: Any) -> None:
    """A pipe whose reader is gone cannot be flushed any more; it is closed all the same."""
    try:
        file.close()
    except BrokenPipeError:
        return


class Cast:
    """The players of one benchmark."""

    def __init__(self) -> None:
        self.players: list[Player] = []
        self._begun: list[Player] = []

    def start(self, role: str, descriptors: Sequence[int] = (), **arguments: Any) -> Player:
        """Start one and wait until it says that it is ready."""
        player = self.begin(role, descriptors, **arguments)
        self.ready()
        return player

    def begin(self, role: str, descriptors: Sequence[int] = (), **arguments: Any) -> Player:
        """Start one; `ready` waits for all that were begun."""
        player = Player(role, arguments, descriptors)
        self.players.append(player)
        self._begun.append(player)
        return player

    def ready(self) -> None:
        begun, self._begun = self._begun, []
        for player in begun:
            player.hear()

    def close(self, kill: bool) -> None:
        for player in self.players:
            if kill:
                player.kill()
            player.close()


@contextmanager
def cast() -> Iterator[Cast]:
    """Ends all players that were started in it."""
    players = Cast()
    try:
        yield players
    except BaseException:
        players.close(kill=True)
        raise
    players.close(kill=False)


@contextmanager
def credit_pipe() -> Iterator[tuple[int, int]]:
    """(reads, writes) for two players: the receiver writes a byte for each cycle that it has handled."""
    reads, writes = os.pipe()
    try:
        yield reads, writes
    finally:
        os.close(reads)
        os.close(writes)
