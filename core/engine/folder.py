"""The files of one process of a desk: locked while it lives, with a counter of its starts."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

from letrade.core import clock
from letrade.core.errors import DataError, ResourceError

LOCK_PATIENCE_SECONDS = 15.0
LOCK_POLL_SECONDS = 0.05


class Folder:
    """`<data>/<process>`: journal, snapshots, lock and epoch."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def journal(self) -> Path:
        return self.path / "journal"

    @property
    def snapshots(self) -> Path:
        return self.path / "snapshots"

    def try_lock(self) -> bool:
        """Whether nobody else has this folder; from now on we have it, until this process ends."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ResourceError(f"{self.path}: the data directory cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    async def lock(self, patience_seconds: float = LOCK_PATIENCE_SECONDS) -> None:
        """Wait for a predecessor to be gone. ResourceError when it stays."""
        deadline = clock.monotonic_ns() + int(patience_seconds * clock.SECOND)
        while not self.try_lock():
            if clock.monotonic_ns() > deadline:
                raise ResourceError(
                    f"{self.path}: another desk uses this data directory: stop it (letrade stop), "
                    "or choose another with --data-dir"
                )
            await asyncio.sleep(LOCK_POLL_SECONDS)

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def next_epoch(self, at_least: int = 1) -> int:
        """One more than at the last start, on disk before it is used."""
        path = self.path / "epoch"
        try:
            last = int(path.read_text()) if path.exists() else 0
        except ValueError as error:
            raise DataError(f"{path}: expected a number: {error}; restore the file, or start with --fresh") from error
        epoch = max(last + 1, at_least)
        temporary = path.with_suffix(".new")
        try:
            temporary.write_text(str(epoch))
            temporary.rename(path)
        except OSError as error:
            raise ResourceError(f"{path}: cannot be written: {error.strerror}; free the disk") from error
        return epoch
