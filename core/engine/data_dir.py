"""The data directory of a desk: its uid, what it ran last, and where it can be reached while it runs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from letrade.core import clock, ids
from letrade.core.config.desk import DESK_PROCESS, DeskConfig
from letrade.core.config.show import show
from letrade.core.engine.access import Access
from letrade.core.engine.folder import Folder
from letrade.core.engine.supervisor import write_private
from letrade.core.errors import DataError, ResourceError


class DeskRecord(msgspec.Struct):
    """What `<data>/desk.json` remembers between runs."""

    uid: str
    fingerprint: str = ""
    """Of the configuration of the last run: another desk does not go on where this one stopped."""
    finished: bool = False
    """The feeds of the last run came to their end."""
    arguments: dict[str, Any] = {}
    """What the configuration was made from, so that a command can make it again and replay the journal."""


class RunRecord(Access, frozen=True, kw_only=True):
    """What `<data>/run.json` tells commands while the desk runs; readable by its owner alone."""

    desk: str
    pid: int
    operator_user: str | None = None
    operator_password: str | None = None
    system_user: str | None = None
    """Sees the server itself: `nats server report`, `nats events`. None where the server is not the desk's own."""
    system_password: str | None = None
    started: int = 0

    @property
    def is_private(self) -> bool:
        """Whether the desk started its server, which then knows a viewer without a login, and an operator."""
        return self.system_user is not None


def fingerprint_of(config: DeskConfig) -> str:
    """The same for configurations that run the same desk."""
    return hashlib.sha256(msgspec.json.encode(show(config), order="sorted", enc_hook=str)).hexdigest()[:16]


class DataDirectory:
    """Opened by the desk's own process, which holds its lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = Folder(path / DESK_PROCESS)

    @property
    def nats(self) -> Path:
        return self.path / "nats"

    @property
    def launches(self) -> Path:
        return self.path / "launch"

    @property
    def run_file(self) -> Path:
        return self.path / "run.json"

    def open(self, config: DeskConfig, fresh: bool, stepped: bool) -> DeskRecord:
        """The record of the desk to be run. What another, or a finished, recorded run left is put aside, not lost."""
        fingerprint = fingerprint_of(config)
        # A record that cannot be read is not read where it is not wanted: --fresh is the way out.
        record = None if fresh else self._read()
        ended = record is not None and stepped and (record.finished or record.fingerprint != fingerprint)
        if ended or (fresh and (self.path / "desk.json").exists()):
            self._put_aside()
            record = None
        if record is None:
            record = DeskRecord(uid=ids.fresh_token())
        record.fingerprint, record.finished = fingerprint, False
        self.write(record)
        return record

    def write(self, record: DeskRecord) -> None:
        try:
            write_private(self.path / "desk.json", msgspec.json.encode(record))
        except OSError as error:
            raise ResourceError(f"{self.path}: cannot be written: {error.strerror}; free the disk") from error

    def announce(self, record: RunRecord) -> None:
        write_private(self.run_file, msgspec.json.encode(record))

    def withdraw(self) -> None:
        self.run_file.unlink(missing_ok=True)

    def _read(self) -> DeskRecord | None:
        path = self.path / "desk.json"
        if not path.exists():
            return None
        try:
            return msgspec.json.decode(path.read_bytes(), type=DeskRecord)
        except msgspec.DecodeError as error:
            raise DataError(f"{path}: expected the record of a desk: {error}; start with --fresh") from error

    def _put_aside(self) -> None:
        """Everything of the last run but its lock goes to `<data>/old/<time>`."""
        target = self.path / "old" / str(clock.wall_ns())
        try:
            target.mkdir(parents=True)
            for item in list(self.path.iterdir()):
                if item.name not in ("old", DESK_PROCESS):
                    item.rename(target / item.name)
            (target / DESK_PROCESS).mkdir()
            for item in list((self.path / DESK_PROCESS).iterdir()):
                if item.name != "lock":
                    item.rename(target / DESK_PROCESS / item.name)
        except OSError as error:
            raise ResourceError(f"{self.path}: the last run cannot be put aside: {error.strerror}") from error


def read_record(path: Path) -> DeskRecord | None:
    """What a data directory remembers of its desk, running or not; None when it is no data directory."""
    return DataDirectory(path)._read()


def read_run(path: Path) -> RunRecord | None:
    """Where the desk of a data directory can be reached; None when none runs."""
    file = path / "run.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=RunRecord)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise DataError(f"{file}: expected the address of a desk: {error}; letrade run writes it anew") from error
