"""How far a process with feeds and no journal has come, so that a restart goes on there and repeats no ids."""

from __future__ import annotations

from pathlib import Path

import msgspec

from letrade.core.clock import MICROSECOND, wall_ns
from letrade.core.engine.supervisor import write_private
from letrade.core.errors import DataError


class FeedCursor(msgspec.Struct):
    """`offset` is added to the feeds' own sequences: feeds that begin anew are not taken for a repetition."""

    offset: int
    seen: dict[str, int] = {}
    """The last sequence sent of each feed, its own."""

    def keys(self) -> dict[str, int]:
        """As FeedReader.skip takes it."""
        return {f"{feed} sent": sequence for feed, sequence in self.seen.items()}

    def save(self, folder: Path) -> None:
        write_private(folder / "cursor", msgspec.json.encode(self))


def cursor_in(folder: Path) -> FeedCursor:
    """Where the last run was, or a new beginning. DataError when the file is no cursor."""
    try:
        return msgspec.json.decode((folder / "cursor").read_bytes(), type=FeedCursor)
    except FileNotFoundError:
        return FeedCursor(wall_ns() // MICROSECOND)
    except msgspec.DecodeError as error:
        raise DataError(f"{folder / 'cursor'}: expected where the feeds are: {error}; delete it") from error
