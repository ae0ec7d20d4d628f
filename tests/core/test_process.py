"""A process that comes back is the one that died: same state, same words, nothing twice; and a replay is checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from letrade.core import codec, node_state
from letrade.core.actor import Actor
from letrade.core.errors import Inconsistent
from letrade.core.journal.files import Journal
from letrade.core.journal.snapshots import SnapshotStore
from letrade.core.messages.base import Message
from letrade.core.messages.events import Failure
from letrade.core.messages.market import Trade
from letrade.core.messages.orders import OrderRefused, Proposal
from letrade.core.messages.signals import Target
from letrade.core.node import Node, directory_of
from letrade.core.process import CLOSE_PHASE, LIVE_RESUME, LIVE_ROUNDS_MAX, Process
from letrade.core.stage import Stage
from letrade.core.stepping.reader import FeedReader
from letrade.core.stepping.window import Solo
from tests.core.worlds import ACTORS, CONTEXT, INSTRUMENT, RandomTrades, node_of

STEP_NS = 100_000


def process_in(folder: Path, node: Node | None = None, snapshots: bool = True) -> Process:
    store = SnapshotStore(folder / "snapshots") if snapshots else None
    return Process("desk", node or node_of(list(ACTORS)), Journal(folder / "journal", fsync="never"), store)


def solo_of(process: Process) -> Solo:
    return Solo(process, FeedReader([RandomTrades("feed", None, CONTEXT)]), STEP_NS)


def run(solo: Solo, windows: int = 10**9, snapshot_every: int = 0) -> list[bytes]:
    said: list[bytes] = []
    while windows and (window := solo.next_window()):
        said.extend(codec.encode(message) for message in solo.run(window)[1])
        windows -= 1
        if snapshot_every and window.number % snapshot_every == 0:
            solo.process.snapshot()
    return said


def state_of(process: Process) -> Any:
    return node_state.take(process.node), process.seen, process.turn_number, process.output_number, process.window


@pytest.fixture(scope="module")
def uninterrupted() -> list[bytes]:
    return run(solo_of(Process("desk", node_of(list(ACTORS)), None, None)))


@pytest.mark.parametrize("snapshot_every", [0, 1, 7, 50])
@pytest.mark.parametrize("stops", [(1,), (2, 3, 60), (150,)])
def test_a_run_that_stops_anywhere_goes_on_as_if_it_had_not(
    snapshot_every: int, stops: tuple[int, ...], tmp_path: Path, uninterrupted: list[bytes]
) -> None:
    said: list[bytes] = []
    for windows in (*stops, 10**9):
        solo = solo_of(process_in(tmp_path))
        assert solo.recover() == bool(said or windows != stops[0])
        said.extend(run(solo, windows, snapshot_every))
    assert said == uninterrupted


@pytest.mark.parametrize("damaged", [0, 1, 2])
def test_a_damaged_snapshot_costs_a_longer_replay_to_the_same_state(damaged: int, tmp_path: Path) -> None:
    solo = solo_of(process_in(tmp_path))
    run(solo, 100, snapshot_every=30)
    expected = state_of(solo.process)
    paths = sorted((tmp_path / "snapshots").iterdir())
    assert len(paths) == 2
    for path in paths[2 - damaged :]:
        path.write_bytes(path.read_bytes()[:-1])
    again = process_in(tmp_path)
    assert again.recover() == 100
    assert state_of(again) == expected


def test_what_a_closed_window_said_can_be_said_again_after_a_restart(tmp_path: Path) -> None:
    solo = solo_of(process_in(tmp_path))
    run(solo, 30)
    for snapshot in (False, True):
        if snapshot:
            solo.process.snapshot()
        again = process_in(tmp_path)
        again.recover()
        assert again.phases == solo.process.phases
        assert again.window_inputs == solo.process.window_inputs
        assert again.closing_time == solo.process.closing_time
        assert again.phase == CLOSE_PHASE


class Moody(Actor):
    """Says something else after a restart."""

    stage = Stage.STRATEGY
    mood = 1.0

    def on_trade(self, trade: Trade) -> None:
        for position in (1.0, self.mood) if self.mood else (1.0,):
            self.publish(Target(strategy=self.name, account="a", instrument=INSTRUMENT, signal=1, position=position))


@pytest.mark.parametrize(
    ("mood", "text"),
    [(2.0, r"turn 1, output 1: the journal has .*position=1\.0.*a replay gives .*position=2\.0"),
     (0.0, "the journal has 2 decisions, a replay gives 1")],
)  # fmt: skip
def test_a_replay_that_decides_otherwise_is_told(
    mood: float, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build() -> Process:
        node = Node(directory_of([("moody", Stage.STRATEGY)]))
        node.add(Moody("moody", None, CONTEXT))
        return process_in(tmp_path, node)

    process = build()
    process.take(trade(1))
    assert len(process.turn(0, 10, None)) == 2
    assert build().recover() == 1
    monkeypatch.setattr(Moody, "mood", mood)
    with pytest.raises(Inconsistent, match=text):
        build().recover()


def trade(sequence: int, time: int = 5) -> Trade:
    return Trade(instrument=INSTRUMENT, price=1.0, size=1.0, time=time, source="feed", epoch=1, sequence=sequence)


def test_each_input_is_taken_once_also_out_of_order_and_after_a_restart(tmp_path: Path) -> None:
    process = process_in(tmp_path)
    process.open_window(1, 0)
    process.start(0)
    assert [process.take(trade(number)) for number in (2, 1, 2, 1, 3)] == [True, True, False, False, True]
    process.turn(0, 99, 100, phase=CLOSE_PHASE)
    again = process_in(tmp_path)
    again.recover()
    for each in (process, again):
        each.open_window(2, 100)
        assert [each.take(trade(number)) for number in (3, 1, 4)] == [False, False, True]
    assert (process.duplicates, again.duplicates) == (4, 2)
    assert process.seen == again.seen == {"feed trade": 4}


def test_turns_that_do_not_follow_are_told(tmp_path: Path) -> None:
    run(solo_of(process_in(tmp_path)), 20, snapshot_every=10)
    for path in (tmp_path / "snapshots").iterdir():
        path.unlink()
    min((tmp_path / "journal").glob("*.journal")).unlink()
    with pytest.raises(Inconsistent, match="expected turn 1 in the journal, found 11"):
        process_in(tmp_path).recover()


def test_no_snapshot_is_taken_in_the_middle_of_a_window(tmp_path: Path) -> None:
    process = process_in(tmp_path)
    process.open_window(1, 0)
    process.take(trade(1))
    process.snapshot()
    process.turn(0, 99, None, (2, 2), phase=0)
    process.snapshot()
    assert list((tmp_path / "snapshots").iterdir()) == []
    process.turn(0, 99, 100, phase=CLOSE_PHASE)
    process.snapshot()
    assert len(list((tmp_path / "snapshots").iterdir())) == 1


class Asker(Actor):
    stage = Stage.STRATEGY

    def on_what(self, message: Trade | OrderRefused) -> None:
        self.publish(Target(strategy="s", account="a", instrument=INSTRUMENT, signal=1, position=1.0))


class Refuser(Actor):
    stage = Stage.CAPITAL

    def on_target(self, target: Target) -> None:
        self.publish(
            OrderRefused(
                strategy="s", account="a", instrument=INSTRUMENT, order_id="o", rule="r", limit="", value=""
            )
        )  # fmt: skip


class Bystander(Actor):
    stage = Stage.MONITOR
    heard = 0

    def on_what(self, message: Target | OrderRefused | Proposal) -> None:
        self.heard += 1


def test_actors_that_answer_each_other_for_ever_in_one_turn_are_stopped_and_told(tmp_path: Path) -> None:
    def build() -> Process:
        actors = [Asker("asker", None, CONTEXT), Refuser("refuser", None, CONTEXT), Bystander("by", None, CONTEXT)]
        node = Node(directory_of([(actor.name, actor.stage) for actor in actors]))
        for actor in actors:
            node.add(actor)
        return process_in(tmp_path, node)

    process = build()
    process.take(trade(1))
    said: list[Message] = process.turn(0, 10, LIVE_RESUME)
    failures = [message for message in said if type(message) is Failure]
    assert [(each.actor, each.stopped) for each in failures] == [("refuser", True)]
    assert LIVE_ROUNDS_MAX < len(said) < 3 * LIVE_ROUNDS_MAX
    assert not process.node.feedback
    again = build()
    assert again.recover() == 1
    assert node_state.take(again.node) == node_state.take(process.node)
