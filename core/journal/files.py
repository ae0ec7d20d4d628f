"""The journal of one process: append-only segment files, survived by kill -9, readable while they are written."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from letrade.core.errors import DataError, ResourceError
from letrade.core.journal.records import MAGIC, Turn, decode_turn, encode_turn, whole_frames

RESERVE_BYTES = 128 * 1024
RECENT_MAX = 50_000


class Output(NamedTuple):
    """One journalled message: what the shipper copies to the stream."""

    epoch: int
    sequence: int
    payload: bytes


def segment_paths(folder: Path) -> list[Path]:
    """Segments in order; each is named after the number of its first turn."""
    return sorted(folder.glob("*.journal"))


def read_segment(path: Path) -> tuple[list[Turn], int]:
    """The whole turns of a segment, and the offset after the last. DataError when it is no journal."""
    data = path.read_bytes()
    if data[: len(MAGIC)] != MAGIC[: len(data)]:
        raise DataError(f"{path}: expected a journal that starts with {MAGIC!r}, found {data[:8]!r}")
    turns, end = [], min(len(data), len(MAGIC))
    for offset, payload in whole_frames(data, len(MAGIC)):
        turns.append(decode_turn(payload))
        end = offset
    return turns, end


class Journal:
    """Appends turns. `full` is true once the disk refused: what opens must stop, what closes still fits the reserve."""

    def __init__(self, folder: Path, fsync: str = "interval", bytes_max: int = 1 << 30) -> None:
        self.folder = folder
        self.fsync = fsync
        self.bytes_max = bytes_max
        self.full = False
        self.last_turn = 0
        self.last_output = 0
        self.bytes_written = 0
        self._recent: deque[Output] = deque(maxlen=RECENT_MAX)
        self._file = -1
        self._offset = 0
        self._reserve = folder / "reserve"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._cut_torn_tail()
            self._make_reserve()
        except OSError as error:
            raise ResourceError(f"{folder}: the journal cannot be written: {error.strerror}; free the disk") from error

    def turns(self, after: int = 0) -> Iterator[Turn]:
        """All turns after a number, in order. DataError when one is missing."""
        expected: int | None = None
        for path in self._segments_from(after + 1):
            for turn in read_segment(path)[0]:
                if turn.number <= after:
                    continue
                if expected is not None and turn.number != expected:
                    raise DataError(f"{path}: expected turn {expected}, found {turn.number}: a segment is missing")
                expected = turn.number + 1
                yield turn

    def append(self, turn: Turn) -> None:
        """One write; on return it survives the death of this process. ResourceError when the disk is full for good."""
        data = encode_turn(turn)
        if self._file < 0:
            self._open(turn.number)
        try:
            self._write(data)
        except OSError as error:
            self._write_from_reserve(data, error)
        self.last_turn = turn.number
        for payload in turn.outputs:
            self.last_output += 1
            self._recent.append(Output(turn.epoch, self.last_output, payload))

    def sync(self) -> None:
        """Force what was appended to the disk, against a loss of power."""
        if self._file >= 0:
            os.fsync(self._file)

    def rotate(self) -> None:
        """The next turn begins a new segment: called when a snapshot makes the older ones unneeded for recovery."""
        self.close()

    def close(self) -> None:
        if self._file >= 0:
            os.fsync(self._file)
            os.close(self._file)
            self._file = -1

    def drop_before(self, turn: int, shipped: int) -> None:
        """Delete the oldest segments beyond bytes_max that a snapshot at `turn` and the stream make unneeded."""
        paths = segment_paths(self.folder)
        total = sum(path.stat().st_size for path in paths)
        for path, following in pairwise(paths):
            turns_end = int(following.stem) - 1
            if total <= self.bytes_max or turns_end > turn or self._last_output_of(path) > shipped:
                return
            total -= path.stat().st_size
            path.unlink()

    def read_after(self, sequence: int, limit: int) -> list[Output]:
        """Up to `limit` outputs after a number, from memory, or from the files when they are older than that."""
        if sequence >= self.last_output:
            return []
        recent = self._recent
        if recent and recent[0].sequence <= sequence + 1:
            start = sequence + 1 - recent[0].sequence
            return [recent[place] for place in range(start, min(start + limit, len(recent)))]
        return self._read_files(sequence, limit)

    def _read_files(self, sequence: int, limit: int) -> list[Output]:
        found: list[Output] = []
        for path in segment_paths(self.folder):
            for turn in read_segment(path)[0]:
                for place, payload in enumerate(turn.outputs):
                    number = turn.first_output + place
                    if number > sequence:
                        found.append(Output(turn.epoch, number, payload))
                        if len(found) >= limit:
                            return found
        return found

    def _last_output_of(self, path: Path) -> int:
        turns = read_segment(path)[0]
        return max((turn.first_output + len(turn.outputs) - 1 for turn in turns), default=0)

    def _segments_from(self, turn: int) -> list[Path]:
        paths = segment_paths(self.folder)
        first = max((place for place, path in enumerate(paths) if int(path.stem) <= turn), default=0)
        return paths[first:]

    def _cut_torn_tail(self) -> None:
        """A write that a crash tore left no effect behind: it is as if it had never been begun."""
        for path in reversed(segment_paths(self.folder)):
            turns, end = read_segment(path)
            os.truncate(path, end)
            if turns:
                self.last_turn = turns[-1].number
                self.last_output = turns[-1].first_output + len(turns[-1].outputs) - 1
                return
            path.unlink()

    def _make_reserve(self) -> None:
        with self._reserve.open("wb") as reserve:
            os.posix_fallocate(reserve.fileno(), 0, RESERVE_BYTES)

    def _open(self, turn: int) -> None:
        path = self.folder / f"{turn:020d}.journal"
        try:
            self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            self._offset = 0
            self._write(MAGIC)
        except OSError as error:
            self._write_from_reserve(MAGIC, error)

    def _write(self, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            os.ftruncate(self._file, self._offset)
            os.lseek(self._file, self._offset, os.SEEK_SET)
            raise
        self._offset += len(data)
        self.bytes_written += len(data)
        if self.fsync == "always":
            os.fsync(self._file)

    def _write_from_reserve(self, data: bytes, error: OSError) -> None:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or self.full or self._file < 0:
            raise ResourceError(
                f"{self.folder}: the journal cannot be written: {error.strerror}; nothing undecided has left, "
                "all that was decided before is kept: free the disk and start again"
            ) from error
        self.full = True
        self._reserve.unlink(missing_ok=True)
        try:
            self._write(data)
        except OSError as second:
            self._write_from_reserve(data, second)
