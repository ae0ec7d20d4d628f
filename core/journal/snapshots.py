"""Snapshots: the state of a node at a settled turn, in a checksummed file that is whole or not there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from letrade.core.errors import DataError, ResourceError
from letrade.core.journal.records import MAGIC, frame, whole_frames

KEEP = 2


class Snapshot(msgspec.Struct, array_like=True):
    """Everything that a process needs to go on after `turn`."""

    turn: int
    last_output: int
    window: int
    time: int
    node: Any
    seen: dict[str, int]
    """The last sequence taken of each 'source kind'."""
    inputs: list[bytes] = []
    """What was taken in `window`, and what each phase of it published: others may still ask for it."""
    phases: dict[int, list[bytes]] = {}
    taken: dict[str, list[int]] = {}
    """The sequences of journalled kinds taken lately, and the greatest that is no longer known, by 'source kind'."""
    forgotten: dict[str, int] = {}


def _decoded(path: Path, payload: bytes) -> Snapshot:
    try:
        return msgspec.msgpack.decode(payload, type=Snapshot)
    except (msgspec.DecodeError, ValueError) as error:
        raise DataError(f"{path}: expected a snapshot of this version, found {error}: start with --fresh") from error


class SnapshotStore:
    """The snapshots of one process; keeps the last two, so that a damaged one costs a longer replay and no data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, snapshot: Snapshot) -> Path:
        """ResourceError when the disk refuses; older snapshots stay then."""
        path = self.folder / f"{snapshot.turn:020d}.snapshot"
        temporary = path.with_suffix(".new")
        try:
            with temporary.open("wb") as file:
                file.write(MAGIC + frame(msgspec.msgpack.encode(snapshot)))
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise ResourceError(f"{path}: the snapshot cannot be written: {error.strerror}; free the disk") from error
        for old in self._paths()[:-KEEP]:
            old.unlink()
        return path

    def newest(self) -> Snapshot | None:
        """The newest snapshot that is whole; None when there is none."""
        for path in reversed(self._paths()):
            data = path.read_bytes()
            if not data.startswith(MAGIC):
                continue
            for _, payload in whole_frames(data, len(MAGIC)):
                return _decoded(path, payload)
        return None

    def oldest_turn(self) -> int:
        """The journal must keep every turn after this one; 0 when there is no snapshot."""
        return min((int(path.stem) for path in self._paths()), default=0)

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.snapshot"))
