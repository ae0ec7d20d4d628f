"""Checksums of arrays that lie in a file as they are, worked out beside the reading of them."""

from __future__ import annotations

import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from letrade.core.errors import DataError

BESIDE_BYTES = 1 << 20
"""From so many on another thread works a sum out; it takes no lock while it does."""


class Expected(NamedTuple):
    """What a file says that a member's bytes sum up to, the sum of those before its numbers, and how many numbers."""

    whole: int
    before: int
    numbers: int


class Checksums:
    """Take every part of each member, in order; once all of it has passed, its sum is compared."""

    def __init__(self, path: str, expected: dict[str, Expected]) -> None:
        self.path, self.expected = path, expected
        self.sums = {name: each.before for name, each in expected.items()}
        self._worker: ThreadPoolExecutor | None = None
        self._told: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._worker is not None:
            self._worker.shutdown(cancel_futures=True)

    def take(self, name: str, part: np.ndarray[Any, Any], end: int) -> None:
        """Numbers up to `end`. DataError, now or with a later part, where a member is not what was written."""
        if name not in self.expected:
            return
        if self._worker is None and part.nbytes < BESIDE_BYTES:
            self._add(name, part, end)
            return
        self._worker = self._worker or ThreadPoolExecutor(1, "checksums")
        self._told.append(self._worker.submit(self._add, name, part, end))
        while self._told and self._told[0].done():
            self._told.pop(0).result()

    def finish(self) -> None:
        """Everything was read: DataError where it is not what was written."""
        while self._told:
            self._told.pop(0).result()

    def _add(self, name: str, part: np.ndarray[Any, Any], end: int) -> None:
        expected = self.expected[name]
        self.sums[name] = zlib.crc32(part.data, self.sums[name])
        if end == expected.numbers and self.sums[name] != expected.whole:
            found = f"{name} with the checksum {self.sums[name]:08x}, not {expected.whole:08x}"
            raise DataError(f"{self.path}: expected a whole .npz file, found it damaged: {found}")
