"""Windows on a grid: which comes next, and what the one process of a backtest does in it."""

from __future__ import annotations

from typing import NamedTuple

from letrade.core.messages.base import Message
from letrade.core.process import CLOSE_PHASE, Process
from letrade.core.stepping.reader import FeedReader


class Window(NamedTuple):
    """Everything at start <= time < end happens in it; feedback enters the next one."""

    number: int
    start: int
    end: int


def window_at(number: int, time: int, step_ns: int) -> Window:
    """The window of the grid that holds `time`. Empty windows are passed over, so numbers do not follow from times."""
    start = time - time % step_ns
    return Window(number, start, start + step_ns)


def earliest(*times: int | None) -> int | None:
    """The least of the times that are known; None when none is."""
    return min((time for time in times if time is not None), default=None)


class Solo:
    """Steps a desk whose actors all live in this process: a backtest, or `run` without workers."""

    def __init__(self, process: Process, reader: FeedReader, step_ns: int) -> None:
        self.process = process
        self.reader = reader
        self.step_ns = step_ns

    def recover(self) -> bool:
        """Go on where the last run ended; False when there was none."""
        if not self.process.recover():
            return False
        self.reader.skip(self.process.seen)
        return True

    def next_window(self) -> Window | None:
        """The next window in which something happens; None when nothing ever will."""
        time = earliest(self.reader.peek_time(), self.process.node.next_time())
        return None if time is None else window_at(self.process.window + 1, time, self.step_ns)

    def run(self, window: Window, *commands: Message) -> tuple[list[Message], list[Message]]:
        """(what the feeds brought, what the actors published); commands are an operator's words."""
        process = self.process
        process.open_window(window.number, window.start)
        if process.turn_number == 0:
            process.start(window.start)
        inputs = [*commands, *self.reader.take(window.end)]
        for message in inputs:
            process.take(message)
        return inputs, process.turn(window.start, window.end - 1, window.end, phase=CLOSE_PHASE)
