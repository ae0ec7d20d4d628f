"""From when on others are to be asked what they said: on disk, as one may be away until after our next restart."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import msgspec

from letrade.core.engine.supervisor import write_private
from letrade.core.errors import DataError


class Unheard:
    """ns UTC by process, until it has answered."""

    def __init__(self, folder: Path, partners: Collection[str], complain: Callable[[str, str], None]) -> None:
        self._path = folder / "unheard"
        self._complain = complain
        self._since = {name: since for name, since in self._read().items() if name in partners}

    def of(self, process: str) -> int | None:
        """None: nothing of it is missing."""
        return self._since.get(process)

    def add(self, process: str, since: int) -> None:
        """What it said from then on may be missing."""
        known = self._since.get(process)
        if known is None or since < known:
            self._since[process] = since
            self._write()

    def drop(self, process: str) -> None:
        """It has answered."""
        del self._since[process]
        self._write()

    def _read(self) -> dict[str, int]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, int])
        except FileNotFoundError:
            return {}
        except msgspec.DecodeError as error:
            text = f"{self._path}: expected from when on others are to be asked: {error}; start with --fresh"
            raise DataError(text) from error

    def _write(self) -> None:
        try:
            write_private(self._path, msgspec.json.encode(self._since))
        except OSError as error:  # we ask all the same, in this life
            self._complain("unheard", f"{self._path}: cannot be written: {error.strerror}; free the disk")
