"""A planned schedule: bursts at fixed instants, sent when they are due or as soon after that as the sender can.

Latency counts from the planned instant, so that a sender which was held up does not hide what a message waited for it.
uvloop's timers have a resolution of 1 ms, so the ticks come from a timerfd where the system has it.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable

import msgspec

from letrade.core.clock import SECOND, monotonic_ns

Send = Callable[[int, int], None]
"""Takes the number of the first message that is due, and how many are."""
TICK_NS = 100_000
BACKLOG_MAX = 4_096
CLOCK_MONOTONIC = 1
TFD_TIMER_ABSTIME = 1
EXPIRATIONS_BYTES = 8


class Schedule(msgspec.Struct, frozen=True):
    """`rate` messages a second from `start_ns` (monotonic) on: bursts every 100 µs, or single ones where that is less.

    Message k belongs to burst k // burst, which is planned at start_ns + interval_ns × (k // burst).
    """

    start_ns: int
    rate: int
    count: int
    give_up_after_ns: int = SECOND
    """After the last planned instant: what has not been sent by then is not sent any more."""

    @property
    def burst(self) -> int:
        return max(1, self.rate * TICK_NS // SECOND)

    @property
    def interval_ns(self) -> int:
        return SECOND * self.burst // self.rate

    def planned_ns(self, number: int) -> int:
        """When a message shall be sent."""
        return self.start_ns + number // self.burst * self.interval_ns

    @property
    def give_up_ns(self) -> int:
        return self.start_ns + self.interval_ns * (self.count // self.burst) + self.give_up_after_ns


def pace(schedule: Schedule, send: Send) -> int:
    """Blocking: call send(first, count) when messages are due; returns how many were sent."""
    ticker = Ticker(schedule)
    try:
        sent = 0
        while not (sent >= schedule.count or monotonic_ns() > schedule.give_up_ns):
            ticker.wait()
            sent = ticker.send_due(send)
        return sent
    finally:
        ticker.close()


async def pace_async(schedule: Schedule, send: Send) -> int:
    """The same in an event loop."""
    loop = asyncio.get_running_loop()
    ticker = Ticker(schedule)
    done: asyncio.Future[int] = loop.create_future()

    def tick() -> None:
        try:
            ticker.wait()
            sent = ticker.send_due(send)
        except Exception as error:  # noqa: BLE001 - whoever awaits it raises it
            if not done.done():
                done.set_exception(error)
            return
        if not done.done() and (sent >= schedule.count or monotonic_ns() > schedule.give_up_ns):
            done.set_result(sent)
        elif ticker.descriptor < 0 and not done.done():
            loop.call_soon(tick)

    if ticker.descriptor >= 0:
        loop.add_reader(ticker.descriptor, tick)
    else:
        loop.call_soon(tick)
    try:
        return await done
    finally:
        if ticker.descriptor >= 0:
            loop.remove_reader(ticker.descriptor)
        ticker.close()


class Ticker:
    """Knows which bursts are due; waits for the next one on a timerfd, or by sleeping where there is none."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.descriptor = _timer(schedule.start_ns, schedule.interval_ns) if sys.platform == "linux" else -1
        self._sent = 0

    def wait(self) -> None:
        if self.descriptor >= 0:
            os.read(self.descriptor, EXPIRATIONS_BYTES)
        elif (early_ns := self.schedule.planned_ns(self._sent) - monotonic_ns()) > TICK_NS:
            time.sleep((early_ns - TICK_NS) / SECOND)

    def send_due(self, send: Send) -> int:
        """All bursts whose time has come, in one call: a sender that is late catches up with one write.

        Of a long backlog so much at once as lets the connection breathe.
        """
        schedule = self.schedule
        due_ns = monotonic_ns() - schedule.start_ns
        if due_ns < 0:
            return self._sent
        due = min(schedule.count, (due_ns // schedule.interval_ns + 1) * schedule.burst)
        count = min(due - self._sent, max(BACKLOG_MAX, schedule.burst))
        if count > 0:
            send(self._sent, count)
            self._sent += count
        return self._sent

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)


class _TimeSpec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class _TimerSpec(ctypes.Structure):
    _fields_ = [("interval", _TimeSpec), ("first", _TimeSpec)]


def _timer(first_ns: int, interval_ns: int) -> int:
    """A descriptor that becomes readable at first_ns and every interval after; os.timerfd_create is new in 3.13."""
    library = ctypes.CDLL(None, use_errno=True)
    descriptor: int = library.timerfd_create(CLOCK_MONOTONIC, os.O_CLOEXEC)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "timerfd_create")
    spec = _TimerSpec(_TimeSpec(*divmod(interval_ns, SECOND)), _TimeSpec(*divmod(first_ns, SECOND)))
    if library.timerfd_settime(descriptor, TFD_TIMER_ABSTIME, ctypes.byref(spec), None):
        os.close(descriptor)
        raise OSError(ctypes.get_errno(), "timerfd_settime")
    return descriptor
