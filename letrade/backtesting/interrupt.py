"""Ctrl-C during a backtest: the first asks for a good end, the second is what it always is."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

from letrade.core.errors import ExitCode, LetradeError


class Interrupted(LetradeError):
    """Ctrl-C came before there was anything to tell."""

    exit_code = ExitCode.FORCED


INTERRUPTED = "interrupted"
NOT_COMPARED = "not compared: interrupted"


@contextmanager
def interrupted_as(text: str) -> Iterator[None]:
    """A Ctrl-C that nobody asked to wait (before a run, after it, the second) ends in Interrupted with these words."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(text) from error


class Interrupt:
    """`came` turns true at the first Ctrl-C; outside the main thread nothing is changed. Within another Interrupt both
    hear of it, whichever was there when it came."""

    def __init__(self) -> None:
        self.came = False
        self._before: Any = None
        self._is_set = False
        self._outer: Interrupt | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
            self._is_set = True
            owner = getattr(self._before, "__self__", None)
            if isinstance(owner, Interrupt):
                self._outer = owner
                self.came = self.came or owner.came
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_set:
            signal.signal(signal.SIGINT, self._before)
        if self._outer is not None:
            self._outer.came = self._outer.came or self.came

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True
