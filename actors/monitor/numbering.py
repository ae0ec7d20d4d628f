"""Counts what is missing and what came twice in a numbered sequence that may arrive out of order."""

from __future__ import annotations

import msgspec

MISSING_MAX = 10_000
"""So many missing numbers are known one by one; what is missing beyond them stays counted as lost."""


class Numbering(msgspec.Struct):
    """Numbers from 1 of one account's fills at its venue."""

    last: int = 0
    missing: dict[str, bool] = {}
    """The numbers below `last` that have not come, as text: the key of a snapshot's table."""
    beyond: int = 0
    doubled: int = 0

    @property
    def lost(self) -> int:
        return len(self.missing) + self.beyond

    def take(self, number: int) -> None:
        if number > self.last:
            for skipped in range(self.last + 1, number):
                if len(self.missing) < MISSING_MAX:
                    self.missing[str(skipped)] = True
                else:
                    self.beyond += 1
            self.last = number
        elif self.missing.pop(str(number), None) is None:
            self.doubled += 1
