"""One process of a desk: a node with its journal; every turn is on disk before anything of it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from letrade.core import codec, node_state
from letrade.core.errors import Inconsistent
from letrade.core.intake import Intake
from letrade.core.journal.files import Journal
from letrade.core.journal.records import Turn
from letrade.core.journal.snapshots import Snapshot, SnapshotStore
from letrade.core.messages.base import Message
from letrade.core.messages.registry import JOURNALLED_TYPES
from letrade.core.node import Node
from letrade.core.stage import Stage

LIVE_RESUME = -1
LIVE_FLOW = -2
"""As LIVE_RESUME, after a pass over the stages that decide, and then one over those that only note what was decided."""
OPEN_PHASE = -1
CLOSE_PHASE = 99
LIVE_ROUNDS_MAX = 1_000
ALL_STAGES = (int(Stage.VENUE), int(Stage.MONITOR))
DECIDING_STAGES = (int(Stage.VENUE), int(Stage.EXECUTION))


class Process:
    """Runs turns. No input is taken twice, also when it comes out of order within one window."""

    def __init__(self, name: str, node: Node, journal: Journal | None, snapshots: SnapshotStore | None) -> None:
        self.name = name
        self.node = node
        self.journal = journal
        self.snapshots = snapshots
        self.turn_number = 0
        self.output_number = 0
        self.duplicates = 0
        self.handled_before = 0
        """Messages handled by earlier runs, as far as they were recovered: not this run's work."""
        self.window = 0
        self.phase = CLOSE_PHASE
        self.phases: dict[int, list[Message]] = {}
        """What each phase of the present window published."""
        self.window_inputs: list[Message] = []
        """What was taken in the present window."""
        self._inputs: list[bytes] = []
        self._starting = False
        self._intake = Intake()
        self.closing_time: int | None = None
        """What waited next when the last window was closed."""

    @property
    def seen(self) -> dict[str, int]:
        """The last sequence taken of each 'source kind'."""
        return self._intake.seen

    @property
    def window_counts(self) -> Counter[tuple[str, str]]:
        """How much was taken in the present window, by source and kind."""
        return self._intake.window_counts

    def take(self, message: Message, payload: bytes | None = None, late: bool = False) -> bool:
        """Accept an input for the next turn; False when it came before. `payload` saves encoding it again; `late` is
        for journalled kinds that were lost on the way: others of the same source have come since."""
        if not (self._intake.take_late(message) if late else self._intake.take(message)):
            self.duplicates += 1
            return False
        self.window_inputs.append(message)
        if self.journal is not None:
            self._inputs.append(codec.encode(message) if payload is None else payload)
        self.node.post(message)
        return True

    def has_taken(self, message: Message) -> bool:
        """Whether a message of a journalled kind came before, or is too old to tell."""
        return self._intake.has(message)

    def start(self, time: int) -> None:
        """Let the actors of a desk that starts from nothing speak; the next turn brings out what they said."""
        self.node.start(time)
        self._starting = True

    def open_window(self, number: int, start: int) -> None:
        """Inputs taken from now on belong to this window and enter at its start or later."""
        if number != self.window:
            self.window = number
            self.phase = CLOSE_PHASE
            self.phases = {}
            self.window_inputs = []
            self._intake.close_window()
        self.node.floor = start

    def begin_window(self, start: int) -> None:
        """Write down what was taken before anybody hears that the window has begun; no actor runs yet."""
        self.turn_number += 1
        if self.journal is not None:
            self._write_down(start, start - 1, None, ALL_STAGES, OPEN_PHASE, [])
        self.phase = OPEN_PHASE

    def turn(
        self, floor: int, until: int, resume: int | None, stages: tuple[int, int] = ALL_STAGES, phase: int = 0
    ) -> list[Message]:
        """Run one pass over what was taken, write it down, and return what may now be sent."""
        outputs = self._pass(until, resume, stages)
        self._end_turn(floor, until, resume, stages, phase, outputs)
        return outputs

    def turns_by_the_clock(self, until: int) -> Iterator[list[Message]]:
        """Handle all that is due; yields what may now be sent, as soon as it may.

        What was decided does not wait for those who only note it, nor for what it brings back: where there is more to
        do, it is a turn of its own.
        """
        node = self.node
        said = node.run(until, DECIDING_STAGES)
        if said and any(type(message) in JOURNALLED_TYPES for message in said) and self._has_more(until):
            self._end_turn(node.floor, until, None, DECIDING_STAGES, 0, said)
            self.open_window(self.turn_number + 1, node.latest)
            yield said
            said = []
        self._follow(until, said)
        self._end_turn(node.floor, until, LIVE_FLOW, ALL_STAGES, 0, said)
        self.open_window(self.turn_number + 1, node.latest)
        yield said

    def _has_more(self, until: int) -> bool:
        next_time = self.node.next_time()
        return self.node.has_feedback or (next_time is not None and next_time <= until)

    def _end_turn(
        self, floor: int, until: int, resume: int | None, stages: tuple[int, int], phase: int, outputs: list[Message]
    ) -> None:
        self.turn_number += 1
        if self.journal is not None:
            self._write_down(floor, until, resume, stages, phase, outputs)
        self._remember(phase, outputs)

    def _remember(self, phase: int, outputs: list[Message]) -> None:
        self.phase = phase
        self.phases[phase] = outputs
        if phase == CLOSE_PHASE:
            self.closing_time = self.node.next_time()

    def _pass(self, until: int, resume: int | None, stages: tuple[int, int]) -> list[Message]:
        if resume == LIVE_FLOW:
            outputs = self.node.run(until, DECIDING_STAGES)
            self._follow(until, outputs)
            return outputs
        outputs = self.node.run(until, stages)
        if resume == LIVE_RESUME:
            self._settle(until, outputs)
        elif resume is not None:
            self.node.resume(resume)
        return outputs

    def _follow(self, until: int, outputs: list[Message]) -> None:
        """What is left after the stages that decide."""
        outputs.extend(self.node.run(until, ALL_STAGES))
        self._settle(until, outputs)

    def _settle(self, until: int, outputs: list[Message]) -> None:
        """Let feedback enter until there is no more."""
        node, rounds = self.node, 0
        while node.resume(node.latest):
            outputs.extend(node.run(until, ALL_STAGES))
            rounds += 1
            if rounds % LIVE_ROUNDS_MAX == 0 and not node.stop_feedback():
                break

    def _write_down(
        self, floor: int, until: int, resume: int | None, stages: tuple[int, int], phase: int, outputs: list[Message]
    ) -> None:
        assert self.journal is not None
        inputs, self._inputs = self._inputs, []
        decided = self._journalled(outputs)
        self.journal.append(
            Turn(
                number=self.turn_number, epoch=self.node.epoch, floor=floor, until=until, resume=resume, low=stages[0],
                high=stages[1], inputs=inputs, outputs=decided, first_output=self.output_number + 1,
                window=self.window, phase=phase, starts=self._starting,
            )
        )  # fmt: skip
        self.output_number += len(decided)
        self._starting = False

    @staticmethod
    def _journalled(outputs: Sequence[Message]) -> list[bytes]:
        return [codec.encode(message) for message in outputs if type(message) in JOURNALLED_TYPES]

    def snapshot(self) -> bool:
        """Write the state down; False in the middle of a window, or with inputs that no turn has seen."""
        if self.snapshots is None or self.journal is None or self._inputs or self.phase != CLOSE_PHASE:
            return False
        self.snapshots.write(
            Snapshot(
                turn=self.turn_number, last_output=self.output_number, window=self.window, time=self.node.floor,
                node=node_state.take(self.node), seen=self.seen,
                inputs=[codec.encode(message) for message in self.window_inputs],
                phases={phase: [codec.encode(message) for message in said] for phase, said in self.phases.items()},
                taken=self._intake.taken, forgotten=self._intake.forgotten,
            )
        )  # fmt: skip
        self.journal.rotate()
        return True

    def recover(self) -> int:
        """Load the newest snapshot and run the journal after it; nothing of it is sent.

        Returns the number of the last turn, 0 when there was nothing to recover. Inconsistent when a turn now decides
        otherwise than it did.
        """
        if self.snapshots is None or self.journal is None:
            return 0
        snapshot = self.snapshots.newest()
        if snapshot is not None:
            self._restore(snapshot)
        epoch = self.node.epoch
        for turn in self.journal.turns(self.turn_number):
            self._replay(turn)
        self.node.epoch = epoch
        self.handled_before = self.node.handled
        return self.turn_number

    @property
    def handled_now(self) -> int:
        """Messages handled since this process started or recovered."""
        return self.node.handled - self.handled_before

    def _restore(self, snapshot: Snapshot) -> None:
        node_state.give_back(self.node, snapshot.node)
        self._intake.restore(snapshot.seen, snapshot.taken, snapshot.forgotten)
        self.turn_number, self.output_number = snapshot.turn, snapshot.last_output
        self.window, self.phase = snapshot.window, CLOSE_PHASE
        self.window_inputs = [codec.decode(payload) for payload in snapshot.inputs]
        self.phases = {phase: [codec.decode(payload) for payload in said] for phase, said in snapshot.phases.items()}
        self.closing_time = self.node.next_time()

    def _replay(self, turn: Turn) -> None:
        if turn.number != self.turn_number + 1:
            raise Inconsistent(f"{self.name}: expected turn {self.turn_number + 1} in the journal, found {turn.number}")
        self.node.epoch = turn.epoch
        self.open_window(turn.window, turn.floor)
        if turn.starts:
            self.node.start(turn.floor)
        for payload in turn.inputs:
            message = codec.decode(payload)
            self.window_inputs.append(message)
            self._intake.note(message)
            self.node.post(message)
        self.turn_number = turn.number
        if turn.phase == OPEN_PHASE:
            self.phase = OPEN_PHASE
            return
        outputs = self._pass(turn.until, turn.resume, (turn.low, turn.high))
        self._compare(turn, self._journalled(outputs))
        self.output_number = turn.first_output + len(turn.outputs) - 1
        self._remember(turn.phase, outputs)

    def _compare(self, turn: Turn, decided: list[bytes]) -> None:
        for place, (now, then) in enumerate(zip(decided, turn.outputs, strict=False)):
            if now != then:
                raise Inconsistent(
                    f"{self.name}, turn {turn.number}, output {place}: the journal has {codec.decode(then)}, "
                    f"a replay gives {codec.decode(now)}"
                )
        if len(decided) != len(turn.outputs):
            raise Inconsistent(
                f"{self.name}, turn {turn.number}: the journal has {len(turn.outputs)} decisions, "
                f"a replay gives {len(decided)}"
            )
