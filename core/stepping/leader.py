"""The process that reads the feeds of a stepped run: it begins each window, and ends the run."""

from __future__ import annotations

from letrade.core.messages.base import Message
from letrade.core.process import Process
from letrade.core.stepping.barrier import Barrier, counts_of
from letrade.core.stepping.member import Member, Outlet
from letrade.core.stepping.reader import FeedReader
from letrade.core.stepping.signals import Step
from letrade.core.stepping.window import Window, earliest, window_at


class Leader(Member):
    """A member that also brings the feeds' messages, and says which window comes next."""

    def __init__(
        self,
        process: Process,
        barrier: Barrier,
        outlet: Outlet,
        reader: FeedReader,
        step_ns: int,
        feeds: frozenset[str],
    ) -> None:
        super().__init__(process, barrier, outlet)
        self.reader = reader
        self.step_ns = step_ns
        self.feeds = feeds
        self.step: Step | None = None

    def recover(self) -> bool:
        """Go on where the last run ended; False when there was none."""
        if not self.process.recover():
            return False
        self.reader.skip(self.process.seen)
        process = self.process
        if process.window:
            start = process.node.floor
            self.step = Step(process.name, process.window, start, start + self.step_ns, counts_of(self._fed()))
            self.barrier.note(self.step)
        return True

    async def next_window(self) -> Window | None:
        """The next window in which anything happens anywhere; None when nothing ever will."""
        number = self.process.window
        if number:
            await self._until(lambda: self.barrier.all_closed(number), number, len(self.barrier.phases))
        times = self.barrier.next_times(number) if number else []
        time = earliest(self.reader.peek_time(), self.process.node.next_time(), *times)
        return None if time is None else window_at(number + 1, time, self.step_ns)

    async def run_window(self, window: Window, *commands: Message) -> list[Message]:
        """Begin a window, take part in it, and return what the feeds brought."""
        inputs = [*commands, *self.reader.take(window.end)]
        step = Step(self.process.name, window.number, window.start, window.end, counts_of(inputs))
        self.step = step
        self.barrier.note(step)
        self.enter(step, inputs)
        self.process.begin_window(step.start)
        self.outlet.messages(inputs)
        self.outlet.signal(step)
        await self.run_phases(step)
        return inputs

    async def finish_window(self) -> None:
        """After a recovery in the middle of a window."""
        if self.in_window and self.step is not None:
            await self.run_phases(self.step)

    def end(self) -> None:
        """Tell the others that the run is over."""
        window = self.process.window + 1
        self.step = Step(self.process.name, window, 0, 0, {}, last=True)
        self.outlet.signal(self.step)

    def send_again(self, number: int) -> None:
        self.outlet.messages(self._fed())
        if self.step is not None:
            self.outlet.signal(self.step)
        super().send_again(number)

    def _fed(self) -> list[Message]:
        return [message for message in self.process.window_inputs if message.source in self.feeds]
