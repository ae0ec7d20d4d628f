"""A process by the clock that dies behind a turn, or between a turn's early part and its rest, and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from letrade.core import codec
from letrade.core.journal.files import Journal
from letrade.core.journal.snapshots import SnapshotStore
from letrade.core.messages.base import Message
from letrade.core.process import LIVE_FLOW, Process
from tests.core.worlds import ACTORS, CONTEXT, RandomTrades, node_of


def bursts(chance: Random) -> Iterator[tuple[list[Message], int]]:
    """What is taken before each turn, and until when the turn goes."""
    trades = list(RandomTrades("feed", None, CONTEXT).messages())
    while trades:
        count = chance.choice((1, 1, 2, 5, 20))
        burst, trades = trades[:count], trades[count:]
        yield burst, burst[-1].time + chance.choice((0, 0, 5_000, 200_000))


def born(folder: Path) -> Process:
    """The process as it starts, or comes back."""
    journal = Journal(folder / "journal", fsync="never")
    process = Process("desk", node_of(list(ACTORS)), journal, SnapshotStore(folder / "snapshots"))
    process.recover()
    process.open_window(process.turn_number + 1, process.node.latest)
    if process.turn_number == 0:
        process.start(0)
    return process


def die(process: Process) -> bool:
    """Whether a part of its last turn was still to come."""
    assert process.journal is not None
    process.journal.close()
    (turn,) = process.journal.turns(process.turn_number - 1)
    return turn.resume != LIVE_FLOW


def live(folder: Path, seed: int, kill_one_in: int | None) -> tuple[Process, list[bytes], list[bool]]:
    """The last of the processes, all that they said, and of each death whether it was within a turn."""
    process, said, deaths, chance = born(folder), list[bytes](), list[bool](), Random(seed)
    for burst, until in bursts(Random(seed)):
        for message in burst:
            process.take(message)
        for part in process.turns_by_the_clock(until):
            said.extend(codec.encode(message) for message in part)
            if kill_one_in is not None and chance.randrange(kill_one_in) == 0:
                deaths.append(die(process))
                process = born(folder)
                rest = process.turns_by_the_clock(until)
                said.extend(codec.encode(message) for more in rest for message in more)
                break
        if kill_one_in is not None and chance.random() < 0.1:
            process.snapshot()
    die(process)
    return process, said, deaths


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_death_within_a_turn_changes_nothing_of_what_is_said_counted_and_taken(seed: int, tmp_path: Path) -> None:
    process, said, _ = live(tmp_path / "calm", seed, None)
    again, said_again, deaths = live(tmp_path / "killed", seed, 6)
    assert said_again == said
    assert (again.output_number, again.seen) == (process.output_number, process.seen)
    assert {True, False} == set(deaths)
