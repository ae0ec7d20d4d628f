"""What an actor has said and asked for, in lists: the twin of hotpath/speaker."""

from __future__ import annotations

from typing import Any


class SlowSpeaker:
    """Holds what was said until it is taken back."""

    def __init__(self) -> None:
        self.outgoing: list[tuple[Any, int | None, str | None]] = []
        self.timers_set: list[tuple[str, int | None, str | None]] = []

    def publish(self, message: Any, *, at: int | None = None, cause: str | None = None) -> None:
        self.outgoing.append((message, at, cause))

    def set_timer(self, at: int, key: str, *, cause: str | None = None) -> None:
        self.timers_set.append((key, at, cause))

    def cancel_timer(self, key: str) -> None:
        self.timers_set.append((key, None, None))

    def take_back(self) -> None:
        self.outgoing, self.timers_set = [], []
