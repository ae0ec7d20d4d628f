"""Wakes a loop when something is due: to some 50 µs where the system has timer descriptors, to 1 ms elsewhere."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable

from letrade.core.clock import SECOND

CLOCK_MONOTONIC = 1
TFD_NONBLOCK = os.O_NONBLOCK
EXPIRATIONS_BYTES = 8


class _TimeSpec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class _TimerSpec(ctypes.Structure):
    _fields_ = [("interval", _TimeSpec), ("first", _TimeSpec)]


class _Descriptor:
    """A timerfd of Linux: os.timerfd_create is new in Python 3.13."""

    def __init__(self) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        self.number: int = library.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | os.O_CLOEXEC)
        if self.number < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._set = library.timerfd_settime
        self._spec = _TimerSpec()
        self._reference = ctypes.byref(self._spec)

    def set(self, nanoseconds: int) -> None:
        """Readable so long from now; 0 takes it back."""
        first = self._spec.first
        first.seconds, first.nanoseconds = divmod(nanoseconds, SECOND)
        if self._set(self.number, 0, self._reference, None):
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def read(self) -> bool:
        """Whether it was due: it may have been set anew since the loop looked."""
        try:
            os.read(self.number, EXPIRATIONS_BYTES)
        except BlockingIOError:
            return False
        return True


class Alarm:
    """Calls `ring` once for each `set` that no other one has replaced; `close` it at the end."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._descriptor: _Descriptor | None = None
        self.is_set = False

    def set(self, seconds: float) -> None:
        """Ring after so many seconds, in the place of an earlier wish."""
        self.is_set = True
        if sys.platform != "linux":
            self._cancel_timer()
            self._timer = self._loop.call_later(seconds, self._on_timer)
            return
        if self._descriptor is None:
            self._descriptor = _Descriptor()
            self._loop.add_reader(self._descriptor.number, self._on_readable)
        self._descriptor.set(max(1, int(seconds * SECOND)))

    def cancel(self) -> None:
        """Do not ring."""
        self.is_set = False
        self._cancel_timer()
        if self._descriptor is not None:
            self._descriptor.set(0)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Ring no more, and give the descriptor back."""
        self.is_set = False
        self._cancel_timer()
        if self._descriptor is not None:
            number, self._descriptor = self._descriptor.number, None
            self._loop.remove_reader(number)
            os.close(number)

    def _on_timer(self) -> None:
        self._timer = None
        self.is_set = False
        self._ring()

    def _on_readable(self) -> None:
        if self._descriptor is not None and self._descriptor.read() and self.is_set:
            self.is_set = False
            self._ring()


class Nap:
    """`await nap.take(seconds)` sleeps as exactly as an alarm rings."""

    def __init__(self) -> None:
        self._alarm = Alarm(self._wake)
        self._sleeper: asyncio.Future[None] | None = None

    async def take(self, seconds: float) -> None:
        self._sleeper = asyncio.get_running_loop().create_future()
        self._alarm.set(seconds)
        await self._sleeper

    def close(self) -> None:
        self._alarm.close()

    def _wake(self) -> None:
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)
