"""Where a stepped run ends: after the last message and the answers under way, then a drain, then no more."""

from __future__ import annotations

from letrade.core.clock import SECOND
from letrade.core.config.desk import DeskConfig
from letrade.core.messages.base import Message
from letrade.core.messages.events import Drain
from letrade.core.process import Process
from letrade.core.stepping.reader import FeedReader
from letrade.core.stepping.window import Window, window_at

FUNDING_WAIT_NS = SECOND
"""The price of a funding's instant may come so much after it: so long a venue waits with what it pays."""
OPERATOR = "operator"
"""The source of commands: a person, or the engine on a person's behalf."""
DRAIN_KEY = "operator drain"


def settle_ns(config: DeskConfig) -> int:
    """How long after the last message an answer may still be under way, in the desk's time."""
    round_trips = [
        venue.order_latency + venue.response_latency + 2 * venue.latency.jitter + (venue.data_latency or 0)
        for venue in config.venues
    ]
    waits = FUNDING_WAIT_NS if any(venue.funding for venue in config.venues) else 0
    return 4 * max(round_trips, default=0) + 4 * config.desk.step + waits


class Course:
    """Says of each window whether it is still run, and with which words of the operator.

    Timers that would go on for ever do not keep a run alive; what the feeds brought, and its answers, do.
    """

    def __init__(self, process: Process, reader: FeedReader, config: DeskConfig) -> None:
        self.process = process
        self.reader = reader
        self.step_ns = config.desk.step
        self.settle_ns = settle_ns(config)
        self.on_stop = config.desk.on_stop
        self.stop_asked = False

    @property
    def drained_at(self) -> int | None:
        """When the drain began; None before."""
        return self.process.seen.get(DRAIN_KEY)

    def stop(self) -> None:
        """End early: what the feeds have left is not read."""
        self.stop_asked = True
        self.reader.close()

    def next(self, window: Window | None) -> tuple[Window, list[Message]] | None:
        """The window to run and the commands in it; None when the run is over."""
        drained = self.drained_at
        if drained is not None:
            if window is None or window.start > drained + self.settle_ns:
                return None
            return window, []
        horizon = self.reader.last_time + (0 if self.stop_asked else self.settle_ns)
        if self.reader.peek_time() is not None or (window is not None and window.start <= horizon):
            return (window, []) if window is not None else None
        # The window after the horizon's, whatever timers still ran in that one, so that none of them moves the drain.
        last = max(horizon, self.process.node.floor) + self.step_ns
        drain = window_at(self.process.window + 1, last, self.step_ns)
        return drain, [self._drain(drain.start)]

    def _drain(self, time: int) -> Message:
        """Its sequence is its time, so that `seen` tells when the drain began, also after a restart."""
        return Drain(on_stop=self.on_stop, time=time, source=OPERATOR, epoch=1, sequence=time)
