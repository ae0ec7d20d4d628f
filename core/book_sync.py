"""How a book follows a venue's diffs from its snapshot on: what to keep, drop and apply, and when one is missing."""

from __future__ import annotations

import enum
from collections import deque
from typing import NamedTuple

from letrade.core.messages.market import BookDelta, BookSnapshot

BUFFER_MAX = 5_000
"""Diffs kept while no snapshot fits; the oldest go first, and a snapshot that would have needed them is refused."""


class Phase(enum.IntEnum):
    """Where a book stands."""

    WAITING = 0
    """There is no snapshot that fits the diffs; the book is not to be believed."""
    LOADED = 1
    """The snapshot is in; the first diff must straddle its last update."""
    FOLLOWING = 2
    """Each diff must follow the one before."""


class Verdict(enum.IntEnum):
    """What to do with a message."""

    APPLY = 0
    DROP = 1
    """Old: the book has it already, or a snapshot that nobody needs."""
    KEEP = 2
    """Buffered until a snapshot comes."""
    GAP = 3
    """An update before this one is missing: the book is invalid; the diff is buffered for the resync."""


class Missing(NamedTuple):
    """The update that was expected and the one that was found in its place."""

    expected: int
    found: int


class BookSync:
    """The rules of Binance spot (U, u) and, where a diff names the one before it, of USD-M futures (pu).

    Spot: drop u <= last; the first has U <= last + 1 <= u; then each U = u before + 1.
    Futures: drop u < last; the first has U <= last <= u; then each pu = u before.
    """

    def __init__(self) -> None:
        self.phase = Phase.WAITING
        self.last_update = 0
        self.buffer: deque[BookDelta] = deque(maxlen=BUFFER_MAX)
        self.missing = Missing(0, 0)

    @property
    def valid(self) -> bool:
        return self.phase != Phase.WAITING

    def judge(self, delta: BookDelta) -> Verdict:
        """What a diff is to this book; after APPLY call `applied`, after GAP see `missing`."""
        if self.phase == Phase.FOLLOWING:
            before = delta.previous_update
            if before == self.last_update or (not before and delta.first_update == self.last_update + 1):
                return Verdict.APPLY
        if self.phase == Phase.WAITING:
            self.buffer.append(delta)
            return Verdict.KEEP
        if self._is_old(delta):
            return Verdict.DROP
        if self.phase == Phase.LOADED and self._straddles(delta):
            return Verdict.APPLY
        self.missing = self._missing(delta)
        self.lose()
        self.buffer.append(delta)
        return Verdict.GAP

    def applied(self, delta: BookDelta) -> None:
        """The diff is in the book."""
        self.phase = Phase.FOLLOWING
        self.last_update = delta.last_update

    def judge_snapshot(self, snapshot: BookSnapshot) -> Verdict:
        """APPLY when the book needs this snapshot and no diff between it and the buffered ones is missing, or where it
        is newer than the book, of venues that send whole books."""
        if self.phase != Phase.WAITING and snapshot.last_update <= self.last_update:
            return Verdict.DROP
        self.last_update = snapshot.last_update
        following = next((delta for delta in self.buffer if not self._is_old(delta)), None)
        return Verdict.APPLY if following is None or self._straddles(following) else Verdict.DROP

    def loaded(self) -> list[BookDelta]:
        """The snapshot is in the book; the buffered diffs, each to be judged now."""
        self.phase = Phase.LOADED
        waiting = list(self.buffer)
        self.buffer.clear()
        return waiting

    def lose(self) -> None:
        """The book is not to be believed until the next snapshot."""
        self.phase = Phase.WAITING

    def _is_old(self, delta: BookDelta) -> bool:
        if delta.previous_update and self.phase != Phase.FOLLOWING:
            return delta.last_update < self.last_update
        return delta.last_update <= self.last_update

    def _straddles(self, delta: BookDelta) -> bool:
        needed = self.last_update if delta.previous_update else self.last_update + 1
        follows = delta.previous_update == self.last_update
        return follows or delta.first_update <= needed <= delta.last_update

    def _missing(self, delta: BookDelta) -> Missing:
        if delta.previous_update and self.phase == Phase.FOLLOWING:
            return Missing(self.last_update, delta.previous_update)
        return Missing(self.last_update + (0 if delta.previous_update else 1), delta.first_update)
