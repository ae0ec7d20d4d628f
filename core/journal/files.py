"""The journal of one process: append-only segment files, survived by kill -9, readable while they are written."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from letrade.core.errors import DataError, ResourceError
from letrade.core.journal.recent import Output, RecentOutputs
from letrade.core.journal.records import MAGIC, Turn, decode_turn, encode_turn, is_followed, whole_frames

RESERVE_BYTES = 128 * 1024
RECENT_MAX = 50_000
OLDER_MAX = 10_000
RECALLED_SEGMENTS = 2
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def segment_paths(folder: Path) -> list[Path]:
    """Segments in order; each is named after the number of its first turn."""
    return sorted(folder.glob("*.journal"))


def read_segment(path: Path) -> tuple[list[Turn], int]:
    """The whole turns of a segment, and the offset after the last: what a crash tore lies behind it.

    DataError when it is no journal, or when more turns follow on one that is damaged.
    """
    data = path.read_bytes()
    if data[: len(MAGIC)] != MAGIC[: len(data)]:
        raise DataError(f"{path}: expected a journal that starts with {MAGIC!r}, found {data[:8]!r}")
    turns, end = [], min(len(data), len(MAGIC))
    for offset, payload in whole_frames(data, len(MAGIC)):
        turns.append(decode_turn(payload))
        end = offset
    if is_followed(data, end):
        raise DataError(
            f"{path}: the turn at byte {end} is damaged, and others follow it: restore the file from a copy, "
            "or start with --fresh"
        )
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
        self.bytes_kept = 0
        """What all segments weigh together."""
        self._recent = RecentOutputs(RECENT_MAX)
        self._older = RecentOutputs(sys.maxsize)
        """A stretch read back from the files, so that a reader far behind does not read them for each batch."""
        self._last_outputs: dict[Path, int] = {}
        self._unneeded = (0, 0)
        """The turn and the output up to which the last snapshot and the stream hold everything."""
        self._file = -1
        self._path = folder
        self._offset = 0
        self._reserve = folder / "reserve"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._cut_torn_tail()
            self._recall()
            self.bytes_kept = sum(path.stat().st_size for path in segment_paths(folder))
            self._make_reserve()
        except OSError as error:
            raise ResourceError(f"{folder}: the journal cannot be written: {error.strerror}; free the disk") from error

    def turns(self, after: int = 0) -> Iterator[Turn]:
        """All turns after a number, in order. DataError when one is missing."""
        paths = self._segments_from(after + 1)
        expected = int(paths[0].stem) if paths else 0
        for path in paths:
            for turn in read_segment(path)[0]:
                if turn.number != expected:
                    raise DataError(
                        f"{path}: expected turn {expected}, found {turn.number}: what came before is damaged or missing"
                    )
                expected += 1
                if turn.number > after:
                    yield turn

    def append(self, turn: Turn) -> None:
        """One write; on return it survives the death of this process. ResourceError when the disk is full for good."""
        data = encode_turn(turn)
        try:
            self._put(turn.number, data)
        except OSError as error:
            self._make_room(error)
            try:
                self._put(turn.number, data)
            except OSError as second:
                raise self._refusal(second) from second
        self.last_turn = turn.number
        if turn.outputs:
            self.last_output = self._recent.add(turn.epoch, turn.first_output, turn.outputs)

    def sync(self) -> None:
        """Force what was appended to the disk, against a loss of power; may be called from another thread."""
        try:
            file = os.dup(self._file)
        except OSError:  # closed meanwhile, and forced to the disk then
            return
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def rotate(self) -> None:
        """The next turn begins a new segment: called when a snapshot makes the older ones unneeded for recovery."""
        self.close()

    def close(self) -> None:
        if self._file >= 0:
            file, self._file = self._file, -1
            self._last_outputs[self._path] = self.last_output
            try:
                if self.fsync != "never":
                    os.fsync(file)
            finally:
                os.close(file)

    def drop_before(self, turn: int, shipped: int) -> None:
        """Delete the oldest segments that a snapshot at `turn` and the stream make unneeded, down to half of
        bytes_max: the other half is for when the stream cannot be reached."""
        self._unneeded = (turn, shipped)
        self._drop_beyond(self.bytes_max // 2)

    def _drop_beyond(self, bytes_max: int) -> bool:
        """Whether there was a segment to delete."""
        turn, shipped = self._unneeded
        dropped = False
        paths = segment_paths(self.folder)
        for path, following in pairwise(paths):
            turns_end = int(following.stem) - 1
            if self.bytes_kept <= bytes_max or turns_end > turn or self._last_output_of(path) > shipped:
                break
            self.bytes_kept -= path.stat().st_size
            path.unlink()
            del self._last_outputs[path]
            dropped = True
        return dropped

    def read_after(self, sequence: int, limit: int) -> list[Output]:
        """Up to `limit` outputs after a number, from memory, or from the files when they are older than that."""
        if sequence >= self.last_output:
            return []
        if self._recent.holds(sequence + 1):
            return self._recent.after(sequence, limit)
        if not self._older.holds(sequence + 1):
            self._older = self._read_files(sequence)
        return self._older.after(sequence, limit)

    def newest(self) -> Iterator[Output]:
        """All that are kept, newest first: what memory does not hold is read from the files, as far as one asks."""
        oldest = self.last_output + 1
        for output in self._recent.newest():
            oldest = output.sequence
            yield output
        for path in reversed(segment_paths(self.folder)):
            for output in _outputs_of(path):
                if output.sequence < oldest:
                    yield output

    def _read_files(self, sequence: int) -> RecentOutputs:
        """A stretch of what follows on it."""
        found = RecentOutputs(sys.maxsize)
        paths = segment_paths(self.folder)
        for path in paths:
            if path != paths[-1] and self._last_output_of(path) <= sequence:
                continue
            for turn in read_segment(path)[0]:
                if turn.outputs and turn.first_output + len(turn.outputs) - 1 > sequence:
                    found.add(turn.epoch, turn.first_output, turn.outputs)
                if found.count >= OLDER_MAX:
                    return found
        return found

    def _last_output_of(self, path: Path) -> int:
        """Of a segment that has ended; remembered, for it never changes. 0 when it holds none."""
        if path not in self._last_outputs:
            turns = read_segment(path)[0]
            self._last_outputs[path] = max(
                (turn.first_output + len(turn.outputs) - 1 for turn in turns if turn.outputs), default=0
            )
        return self._last_outputs[path]

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
                last = turns[-1]
                self.last_turn, self.last_output = last.number, last.first_output + len(last.outputs) - 1
                return
            path.unlink()

    def _recall(self) -> None:
        """The newest outputs of the last life: others may ask for them."""
        for path in segment_paths(self.folder)[-RECALLED_SEGMENTS:]:
            for turn in read_segment(path)[0]:
                if turn.outputs:
                    self._recent.add(turn.epoch, turn.first_output, turn.outputs)

    def _make_reserve(self) -> None:
        with self._reserve.open("wb") as reserve:
            os.posix_fallocate(reserve.fileno(), 0, RESERVE_BYTES)

    def _put(self, turn: int, data: bytes) -> None:
        if self._file < 0:
            path = self._path = self.folder / f"{turn:020d}.journal"
            self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            self._offset = 0
        if self._offset == 0:
            self._write(MAGIC)
        self._write(data)

    def _write(self, data: bytes) -> None:
        try:
            written = os.write(self._file, data)
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            os.ftruncate(self._file, self._offset)
            os.lseek(self._file, self._offset, os.SEEK_SET)
            raise
        self._offset += len(data)
        self.bytes_written += len(data)
        self.bytes_kept += len(data)
        if self.fsync == "always":
            os.fsync(self._file)

    def _make_room(self, error: OSError) -> None:
        """What closes positions must still be written when the disk is full: what is not needed any more goes, and when
        there is no such thing the reserve. ResourceError when neither is left."""
        if error.errno not in DISK_FULL:
            raise self._refusal(error) from error
        self.full = True
        if self._drop_beyond(0):
            return
        if not self._reserve.exists():
            raise self._refusal(error) from error
        self._reserve.unlink()

    def _refusal(self, error: OSError) -> ResourceError:
        return ResourceError(
            f"{self.folder}: the journal cannot be written: {error.strerror}; nothing undecided has left, "
            "all that was decided before is kept: free the disk and start again"
        )


def _outputs_of(path: Path) -> Iterator[Output]:
    """Of one segment, newest first."""
    said = RecentOutputs(sys.maxsize)
    for turn in read_segment(path)[0]:
        if turn.outputs:
            said.add(turn.epoch, turn.first_output, turn.outputs)
    return said.newest()
