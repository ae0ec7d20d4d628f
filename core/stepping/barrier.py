"""What a process of a stepped run knows of the others: who has settled which phase, do the counts balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from letrade.core.messages.base import Message
from letrade.core.messages.registry import tag
from letrade.core.stepping.plan import Phase
from letrade.core.stepping.signals import Closed, Settled, Step, StepSignal


class Barrier:
    """Pure bookkeeping; the process `name` takes only the kinds in `wanted` from others.

    `home` names the process that a message's source lives in; `taken` counts by (source, kind).
    """

    def __init__(
        self, name: str, leader: str, phases: tuple[Phase, ...], wanted: frozenset[str], home: Mapping[str, str]
    ) -> None:
        self.name = name
        self.leader = leader
        self.phases = phases
        self.wanted = wanted
        self.home = home
        self.members = frozenset(home.values()) | {leader}
        self.steps: dict[int, Step] = {}
        self.settled: dict[tuple[int, int], dict[str, Settled]] = {}
        self.closed: dict[int, dict[str, Closed]] = {}

    def note(self, signal: StepSignal) -> None:
        """Remember what another process said; repeats change nothing."""
        if isinstance(signal, Step):
            self.steps[signal.number] = signal
        elif isinstance(signal, Settled):
            self.settled.setdefault((signal.number, signal.phase), {})[signal.process] = signal
        elif isinstance(signal, Closed):
            self.closed.setdefault(signal.number, {})[signal.process] = signal

    def forget_before(self, number: int) -> None:
        """Windows that nobody can ask for any more."""
        self.steps = {key: value for key, value in self.steps.items() if key >= number}
        self.settled = {key: value for key, value in self.settled.items() if key[0] >= number}
        self.closed = {key: value for key, value in self.closed.items() if key >= number}

    def may_run(self, number: int, phase: int, taken: Mapping[tuple[str, str], int]) -> bool:
        """Whether everything that the earlier phases (and the feeds) sent in this window has come."""
        step = self.steps.get(number)
        if step is None:
            return False
        expected: dict[str, Counter[str]] = {}
        if self.leader != self.name:
            expected[self.leader] = self._wanted(step.sent)
        for earlier in self.phases[:phase]:
            told = self.settled.get((number, earlier.number), {})
            for process in earlier.processes - {self.name}:
                if process not in told:
                    return False
                expected.setdefault(process, Counter()).update(self._wanted(told[process].sent))
        return self._balanced(expected, taken)

    def all_closed(self, number: int) -> bool:
        """Whether every other process has ended this window."""
        return set(self.closed.get(number, {})) >= self.members - {self.name}

    def next_times(self, number: int) -> list[int | None]:
        return [closed.next_time for closed in self.closed.get(number, {}).values()]

    def waiting_for(self, number: int, phase: int) -> str:
        """For an operator who wonders why the run stands still."""
        if number not in self.steps:
            return f"step {number} of {self.leader}"
        for earlier in self.phases[:phase]:
            absent = earlier.processes - {self.name} - set(self.settled.get((number, earlier.number), {}))
            if absent:
                return f"phase {earlier.number} of window {number} from {', '.join(sorted(absent))}"
        absent = self.members - {self.name} - set(self.closed.get(number, {}))
        return f"messages of window {number}, or its end from {', '.join(sorted(absent))}"

    def _wanted(self, sent: Mapping[str, int]) -> Counter[str]:
        return Counter({kind: count for kind, count in sent.items() if kind in self.wanted})

    def _balanced(self, expected: Mapping[str, Counter[str]], taken: Mapping[tuple[str, str], int]) -> bool:
        found: dict[str, Counter[str]] = {}
        for (source, kind), count in taken.items():
            found.setdefault(self.home.get(source, self.leader), Counter())[kind] += count
        return all(
            found.get(process, Counter())[kind] >= count
            for process, counts in expected.items()
            for kind, count in counts.items()
        )


def counts_of(messages: Iterable[Message]) -> dict[str, int]:
    """How many of each kind."""
    return dict(Counter(tag(type(message)) for message in messages))

