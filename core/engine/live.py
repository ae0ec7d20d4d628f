"""Runs a process by the clock: inputs as they come, feeds at their pace, timers when they are due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from letrade.core.clock import Clock
from letrade.core.engine.alarm import Alarm
from letrade.core.engine.mailbox import Mailbox
from letrade.core.engine.shifting import shift_times
from letrade.core.messages.base import Message
from letrade.core.process import Process
from letrade.core.stepping.reader import FeedReader

FEED_BURST_MAX = 2_000
"""Feed messages handled in one turn: what came over the network gets its share."""
NEAR_SECONDS = 30e-6
"""What is due sooner is waited for by looking at the clock: setting an alarm and waking up take longer."""
INPUTS_MAX = 64
"""Messages from the network handled in one turn: what it decides leaves before the next ones are looked at."""


class LiveRun:
    """A turn handles all that is due: it is written down in one piece, and then sent.

    Turns are callbacks of the event loop, at once after news and otherwise when the next thing is due.
    """

    def __init__(
        self, process: Process, reader: FeedReader, clock: Clock, send: Callable[[list[Message]], None], shift: int = 0
    ) -> None:
        self.process = process
        self.reader = reader
        self.clock = clock
        self.send = send
        self.shift = shift
        """What is added to the feeds' times to make them the desk's."""
        self._loop = asyncio.get_running_loop()
        self.failed: asyncio.Future[None] = self._loop.create_future()
        self.messages = 0
        self.mailbox = Mailbox()
        self.late: list[tuple[Message, bytes]] = []
        """Messages that were lost on the way and have been sent again."""
        self._alarm = Alarm(self._turn)
        self._alarm_time = 0
        """When the alarm rings, by the desk's clock."""
        self._turn_is_coming = False
        self._running = False
        self._stopped = False

    def start(self) -> None:
        """Begin to turn."""
        self._running = True
        process = self.process
        process.open_window(process.turn_number + 1, process.node.latest)
        if process.turn_number == 0:
            process.start(self.clock.now())
        self._soon()

    def stop(self) -> None:
        """Turn no more; what was not taken is left."""
        self._running, self._stopped = False, True
        self._alarm.close()

    def receive(self, message: Message, payload: bytes | None = None) -> None:
        """An input from another process, or an operator's word; before the start it waits."""
        if not self._stopped:
            self.mailbox.add(message, payload)
            self._soon()

    def receive_late(self, message: Message, payload: bytes) -> None:
        """An input that was lost on the way; newer ones of its source may have been taken."""
        if not self._stopped:
            self.late.append((message, payload))
            self._soon()

    def _soon(self) -> None:
        if self._running and not self._turn_is_coming:
            self._turn_is_coming = True
            self._loop.call_soon(self._news)

    def _news(self) -> None:
        self._turn_is_coming = False
        self._turn()

    def _turn(self) -> None:
        if not self._running:
            return
        try:
            self._run_due()
        except Exception as error:  # noqa: BLE001 - whoever waits for this run raises it
            self.stop()
            if not self.failed.done():
                self.failed.set_exception(error)
            return
        self._schedule_next()

    def _run_due(self) -> None:
        process = self.process
        now = self.clock.now()
        fed = self._feed(now)
        if self.mailbox:
            for message, payload in self.mailbox.take(INPUTS_MAX):
                process.take(message, payload)
        if self.late:
            late, self.late = self.late, []
            for message, encoded in late:
                process.take(message, encoded, late=True)
        node_time = process.node.next_time()
        if not fed and not process.node.has_feedback and (node_time is None or node_time > now):
            return
        for outputs in process.turns_by_the_clock(now):
            self.messages += len(fed) + len(outputs)
            if fed or outputs:
                self.send([*fed, *outputs] if fed else outputs)
                fed = []

    def _feed(self, now: int) -> list[Message]:
        due = self.reader.peek_time()
        if due is None or due + self.shift > now:
            return []
        fed = self.reader.take(now - self.shift + 1, FEED_BURST_MAX)
        for message in fed:
            if self.shift:
                shift_times(message, self.shift)
            self.process.take(message)
        return fed

    def _schedule_next(self) -> None:
        if self.mailbox:
            self._soon()
        if self._turn_is_coming:
            return
        due = self.process.node.next_time()
        feed_time = self.reader.peek_time()
        if feed_time is not None and (due is None or feed_time + self.shift < due):
            due = feed_time + self.shift
        # An alarm that rings too early costs less than setting it anew after each turn.
        if due is None or (self._alarm.is_set and self._alarm_time <= due):
            return
        delay = self.clock.seconds_until(due)
        if delay > NEAR_SECONDS:
            self._alarm_time = due
            self._alarm.set(delay)
        else:
            self._soon()
