"""The newest outputs of a journal in memory, turn by turn, as they were appended."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple


class Output(NamedTuple):
    """One journalled message: what the shipper copies to the stream."""

    epoch: int
    sequence: int
    payload: bytes


Said = tuple[int, int, list[bytes]]
"""(epoch, sequence of the first, payloads) of one turn that decided something."""


class RecentOutputs:
    """At least the last `kept` of those that were added; they are numbered without a gap."""

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self.count = 0
        self.last = 0
        """The sequence of the newest."""
        self._turns: list[Said] = []
        self._start = 0
        """How many turns at the beginning are out of date: they go when they are the half of all."""

    def add(self, epoch: int, first: int, payloads: list[bytes]) -> int:
        """What one turn decided; one that does not follow on the last takes the place of all before. Returns the
        sequence of the newest."""
        turns = self._turns
        if first != self.last + 1:
            turns.clear()
            self._start = self.count = 0
        turns.append((epoch, first, payloads))
        self.count += len(payloads)
        self.last = first + len(payloads) - 1
        if self.count > self.kept:
            self._forget()
        return self.last

    def _forget(self) -> None:
        turns = self._turns
        while self.count - len(turns[self._start][2]) >= self.kept:
            self.count -= len(turns[self._start][2])
            self._start += 1
        if self._start > len(turns) // 2:
            del turns[: self._start]
            self._start = 0

    def holds(self, sequence: int) -> bool:
        return self.count > 0 and self._turns[self._start][1] <= sequence <= self.last

    def after(self, sequence: int, limit: int) -> list[Output]:
        """Up to `limit` of those that follow on one; none when what follows on it is not here."""
        if not self.holds(sequence + 1):
            return []
        found: list[Output] = []
        place = bisect_right(self._turns, sequence + 1, lo=self._start, key=_first) - 1
        for epoch, first, payloads in self._turns[place:]:
            skipped = max(0, sequence + 1 - first)
            numbers = range(first + skipped, first + min(len(payloads), skipped + limit - len(found)))
            found.extend(Output(epoch, number, payloads[number - first]) for number in numbers)
            if len(found) == limit:
                break
        return found

    def newest(self) -> Iterator[Output]:
        """All, the newest first."""
        for epoch, first, payloads in reversed(self._turns[self._start :]):
            for place in range(len(payloads) - 1, -1, -1):
                yield Output(epoch, first + place, payloads[place])


def _first(said: Said) -> int:
    return said[1]
