"""One process of a stepped run over several: runs its phases when the others have settled theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from letrade.core import clock
from letrade.core.errors import TimeoutExpired
from letrade.core.messages.base import Message
from letrade.core.process import CLOSE_PHASE, OPEN_PHASE, Process
from letrade.core.stepping.barrier import Barrier, counts_of
from letrade.core.stepping.signals import Closed, Missing, Settled, Step, StepSignal

ASK_AGAIN_SECONDS = 0.5
GIVE_UP_SECONDS = 120.0
NO_STAGES = (CLOSE_PHASE, CLOSE_PHASE)


class Outlet(NamedTuple):
    """What a member needs of the network; neither call may block."""

    messages: Callable[[list[Message]], None]
    signal: Callable[[StepSignal], None]


class Member:
    """Runs the windows that the leader begins. What was lost on the way is asked for again; nothing is run twice."""

    def __init__(self, process: Process, barrier: Barrier, outlet: Outlet) -> None:
        self.process = process
        self.barrier = barrier
        self.outlet = outlet
        self.finished = False
        self.asked_again = 0
        self._early: dict[tuple[str, int], tuple[Message, bytes]] = {}
        """What came between two windows, once each."""
        self._news = asyncio.Event()

    @property
    def in_window(self) -> bool:
        return self.process.phase != CLOSE_PHASE

    def receive(self, message: Message, payload: bytes) -> None:
        """A message of another process. It belongs to the window that we are in, or, between two, to the next:
        nobody can be further, for a window begins only when all have closed the one before."""
        if self.in_window:
            self.process.take(message, payload)
        else:
            self._early.setdefault((message.source, message.sequence), (message, payload))
        self._news.set()

    def hear(self, signal: StepSignal) -> None:
        """A signal of another process."""
        if isinstance(signal, Missing):
            self.send_again(signal.number)
        else:
            self.barrier.note(signal)
        self._news.set()

    async def follow(self) -> None:
        """Run until the leader says that it is over. TimeoutExpired when nothing comes for too long."""
        self.rejoin()
        while not self.finished:
            if not self.in_window:
                number = self.process.window + 1
                await self._until(lambda number=number: number in self.barrier.steps, number, 0)  # type: ignore[misc]
                step = self.barrier.steps[number]
                if step.last:
                    self.finished = True
                    return
                self.enter(step)
            number = self.process.window
            await self._until(lambda number=number: number in self.barrier.steps, number, 0)  # type: ignore[misc]
            await self.run_phases(self.barrier.steps[number])

    def enter(self, step: Step, inputs: list[Message] | None = None) -> None:
        """Begin a window: with what the feeds brought (the leader), and what came early."""
        process = self.process
        process.open_window(step.number, step.start)
        process.phase = OPEN_PHASE
        if process.turn_number == 0:
            process.start(step.start)
        for message in inputs or ():
            process.take(message)
        early, self._early = self._early, {}
        for message, payload in early.values():
            process.take(message, payload)
        self.barrier.forget_before(step.number - 1)

    async def run_phases(self, step: Step) -> None:
        """What is left of a window: our phases in turn, then its end."""
        process, barrier = self.process, self.barrier
        for phase in barrier.phases:
            if process.name in phase.processes and phase.number > process.phase:
                await self._until_complete(step.number, phase.number)
                outputs = process.turn(step.start, step.end - 1, None, (phase.low, phase.high), phase.number)
                self.outlet.messages(outputs)
                self.outlet.signal(Settled(process.name, step.number, phase.number, counts_of(outputs)))
        await self._until_complete(step.number, len(barrier.phases))
        process.turn(step.start, step.end - 1, step.end, NO_STAGES, CLOSE_PHASE)
        self.outlet.signal(Closed(process.name, step.number, process.closing_time))

    def rejoin(self) -> None:
        """After a recovery: what we may have decided without sending goes out, and what we missed is asked for."""
        number = self.process.window
        if number:
            self.send_again(number)
        self.outlet.signal(Missing(self.process.name, max(number, 1)))

    def published(self) -> list[Message]:
        """All that this process sent in the present window."""
        phases = self.process.phases
        return [message for number in sorted(phases) for message in phases[number]]

    def send_again(self, number: int) -> None:
        """Repeat all that we sent in the present window. Nobody can need more: it began when all had closed the one
        before, and what is closed is on disk."""
        process = self.process
        self.outlet.messages(self.published())
        for phase, outputs in sorted(process.phases.items()):
            if phase != CLOSE_PHASE:
                self.outlet.signal(Settled(process.name, process.window, phase, counts_of(outputs)))
        closed = process.window - 1 if self.in_window else process.window
        if closed:
            self.outlet.signal(Closed(process.name, closed, process.closing_time))

    async def _until_complete(self, number: int, phase: int) -> None:
        process, barrier = self.process, self.barrier
        await self._until(lambda: barrier.may_run(number, phase, process.window_counts), number, phase)

    async def _until(self, ready: Callable[[], bool], number: int, phase: int) -> None:
        """Wait; ask for what is missing every half second; give up after two minutes without any news."""
        deadline = clock.monotonic_ns() + int(GIVE_UP_SECONDS * clock.SECOND)
        while not ready():
            self._news.clear()
            try:
                async with asyncio.timeout(ASK_AGAIN_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                self.asked_again += 1
                self.outlet.signal(Missing(self.process.name, number))
                if clock.monotonic_ns() > deadline:
                    waiting = self.barrier.waiting_for(number, phase)
                    raise TimeoutExpired(
                        f"{self.process.name} has waited {GIVE_UP_SECONDS:.0f} s for {waiting}: does it run?"
                    ) from None
