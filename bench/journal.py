"""How many records a second does a process write to its own journal, with and without forcing them to the disk?"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Goal, Result, at_least
from letrade.bench.framework.stream import CYCLE, Stream
from letrade.core.clock import MICROSECOND, SECOND, monotonic_ns, process_cpu_ns
from letrade.core.journal.files import Journal
from letrade.core.journal.records import Turn

SECONDS = 1.0
TOGETHER = 64
"""Records of one turn: what a busy process decides between two looks at the network."""
FORCED = {"always": "each turn forced to the disk", "never": "left to the system to write"}
CHECKED = "every record as it is read back, in order"


class Written(NamedTuple):
    """What one way of writing came to."""

    per_second: float
    cpu_us: float
    floor: float
    checked: bool
    records: int


def answer(run: Run) -> Iterator[Result]:
    """The floor is the same number of bytes written to a file by one system call a turn, and forced as often."""
    payloads = Stream(run.seed).payloads
    measures: tuple[tuple[str, str, int, tuple[Goal, ...]], ...] = (
        ("journal.append", "never", TOGETHER, (at_least(1e6, "records/s"),)),
        ("journal.append.single", "never", 1, ()),
        ("journal.append.on_disk", "always", TOGETHER, ()),
        ("journal.append.single_on_disk", "always", 1, ()),
    )
    for name, fsync, together, goals in measures:
        run.say(name)
        written = _measure(run.seconds(SECONDS), payloads, fsync, together)
        yield Result(
            name=name, value=round(written.per_second), unit="records/s", floor=round(written.floor),
            checked=written.checked, what_was_checked=CHECKED, cpu_us_per_message=round(written.cpu_us, 3),
            count=written.records, seed=run.seed,
            note=f"{together} of 128 bytes in a turn; {FORCED[fsync]}",
        ).judge(goals)  # fmt: skip


def _measure(seconds: float, payloads: Sequence[bytes], fsync: str, together: int) -> Written:
    with tempfile.TemporaryDirectory(prefix="letrade-bench-") as folder:
        path = Path(folder)
        journal = Journal(path / "journal", fsync, 1 << 34)
        start, cpu = monotonic_ns(), process_cpu_ns()
        until = start + int(seconds * SECOND)
        count = number = 0
        while monotonic_ns() < until:
            first = count % CYCLE
            number += 1
            journal.append(_turn(number, list(payloads[first : first + together]), count + 1))
            count += together
        elapsed_ns, cpu_ns = monotonic_ns() - start, process_cpu_ns() - cpu
        size = journal.bytes_written // number
        journal.close()
        right = _is_right(path / "journal", payloads, count)
        floor = _floor(path / "floor", bytes(size), fsync, seconds) * together
    return Written(count * SECOND / elapsed_ns, cpu_ns / count / MICROSECOND, floor, right, count)


def _turn(number: int, outputs: list[bytes], first_output: int) -> Turn:
    return Turn(
        number=number, epoch=1, floor=0, until=0, resume=-1, low=0, high=8, inputs=[], outputs=outputs,
        first_output=first_output,
    )  # fmt: skip


def _is_right(folder: Path, payloads: Sequence[bytes], count: int) -> bool:
    found = expected = read = 0
    for turn in Journal(folder, "never", 1 << 34).turns():
        for payload in turn.outputs:
            found = zlib.crc32(payload, found)
            expected = zlib.crc32(payloads[read % CYCLE], expected)
            read += 1
    return read == count and found == expected


def _floor(path: Path, data: bytes, fsync: str, seconds: float) -> float:
    """Bare writes a second."""
    file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        start = monotonic_ns()
        until, writes = start + int(seconds / 2 * SECOND), 0
        while monotonic_ns() < until:
            os.write(file, data)
            if fsync == "always":
                os.fsync(file)
            writes += 1
        return writes * SECOND / (monotonic_ns() - start)
    finally:
        os.close(file)


QUESTION = Question(
    "journal", "How many records a second does a process write to its own journal, forced to the disk or not?", answer
)
