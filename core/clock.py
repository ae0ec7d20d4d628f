"""The only module that reads a clock: wall time in int64 nanoseconds UTC, or a desk's own time derived from it."""

from __future__ import annotations

import time
from functools import partial
from typing import Protocol

NANOSECOND = 1
MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
LATEST = 9_214_646_400_000_000_000
"""2262-01-01: all data are from before it, so that latencies, windows and timers after them still are int64 ns."""


def wall_ns() -> int:
    """Nanoseconds since 1970-01-01 UTC, as the machine believes; may jump."""
    return time.time_ns()


def monotonic_ns() -> int:
    """Nanoseconds that only grow; comparable within one boot of one machine, also between its processes."""
    return time.monotonic_ns()


# Linux's monotonic clock stands still while the machine sleeps; elsewhere it goes on.
elapsed_ns = partial(time.clock_gettime_ns, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
"""As `monotonic_ns`, but it also grows while the machine is suspended: for what others forget meanwhile."""


def process_cpu_ns() -> int:
    """CPU time of this process, in nanoseconds."""
    return time.process_time_ns()


def sleep(seconds: float) -> None:
    """Block this thread; for commands and supervisors, never for an actor."""
    time.sleep(seconds)


class Clock(Protocol):
    """A desk's time, in nanoseconds UTC, which runs `speed` times as fast as the wall's."""

    @property
    def speed(self) -> float: ...

    def now(self) -> int: ...

    def seconds_until(self, desk_time: int) -> float:
        """How long to wait, in real seconds, until the desk's time is `desk_time`; 0 when it has passed."""
        ...


class WallClock:
    """The desk's time is the wall's, but never steps back."""

    speed = 1.0

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> int:
        self._last = max(self._last, wall_ns())
        return self._last

    def seconds_until(self, desk_time: int) -> float:
        return max(0.0, (desk_time - self.now()) / SECOND)


class PacedClock:
    """Recorded time replayed at `speed` times the real one: the desk's time is `origin` at wall time `wall_origin`."""

    def __init__(self, origin: int, wall_origin: int, speed: float) -> None:
        if not speed > 0:
            raise ValueError(f"expected a speed above 0, found {speed}")
        self._origin = origin
        self._wall_origin = wall_origin
        self._speed = speed
        self._last = 0

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def origins(self) -> tuple[int, int, float]:
        """(origin, wall_origin, speed): another process makes the same clock of them."""
        return self._origin, self._wall_origin, self._speed

    def now(self) -> int:
        elapsed = wall_ns() - self._wall_origin
        self._last = max(self._last, self._origin + int(elapsed * self._speed))
        return self._last

    def seconds_until(self, desk_time: int) -> float:
        return max(0.0, (desk_time - self.now()) / SECOND / self._speed)


class VirtualClock:
    """Time that moves only when told; the clock of backtests and stepped runs."""

    speed = 1.0

    def __init__(self, start: int = 0) -> None:
        self._now = start

    def now(self) -> int:
        return self._now

    def seconds_until(self, desk_time: int) -> float:
        return 0.0

    def advance(self, desk_time: int) -> None:
        if desk_time < self._now:
            raise ValueError(f"time would run backwards: from {self._now} to {desk_time}")
        self._now = desk_time
