"""A program that appends turns to a journal without end, and says each one once it is kept: to be killed."""

from __future__ import annotations

import sys
from pathlib import Path

from letrade.core.errors import ResourceError
from letrade.core.journal.files import Journal
from letrade.core.journal.records import Turn


def turn_of(number: int, size: int = 0) -> Turn:
    """Two outputs a turn; the bytes follow from the number."""
    payload = bytes([number % 251]) * (size or number % 97)
    return Turn(
        number=number, epoch=1, floor=number, until=number, resume=None, low=0, high=8, inputs=[payload],
        outputs=[b"%d a" % number, b"%d b" % number], first_output=2 * number - 1, window=number,
    )  # fmt: skip


def main(folder: str, fsync: str, rotate_every: int, size: int) -> None:
    """Prints each number that is kept; `full` when the reserve is in use; `refused` and ends when the disk is full."""
    journal = Journal(Path(folder), fsync)
    number = journal.last_turn
    while True:
        number += 1
        try:
            journal.append(turn_of(number, size))
        except ResourceError as error:
            print(f"refused {error}", flush=True)
            return
        print(f"full {number}" if journal.full else number, flush=True)
        if rotate_every and number % rotate_every == 0:
            journal.rotate()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
