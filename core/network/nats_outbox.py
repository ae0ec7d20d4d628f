"""Commands that wait for the end of the loop's turn, or for the connection, on their way to NATS."""

from __future__ import annotations

import enum


class Kind(enum.Enum):
    """What becomes of a command when the connection breaks before it is written."""

    PROMPT = "dropped: a message that must not be late"
    LATE_OK = "kept: a message that may be late"
    PROTOCOL = "kept: no message"


class CommandQueue:
    """Commands in their order, and their size."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._commands: list[bytes] = []
        self._kinds: list[Kind] = []

    def __bool__(self) -> bool:
        return bool(self._commands)

    def add(self, command: bytes, kind: Kind) -> None:
        self._commands.append(command)
        self._kinds.append(kind)
        self.size_bytes += len(command)

    def take(self) -> bytes:
        """All commands, which leave."""
        data = b"".join(self._commands)
        self._commands.clear()
        self._kinds.clear()
        self.size_bytes = 0
        return data

    def drop_prompt(self) -> int:
        """Forget the messages that must not be late, and return how many they were."""
        count = self._kinds.count(Kind.PROMPT)
        if count:
            kept = [pair for pair in zip(self._commands, self._kinds, strict=True) if pair[1] is not Kind.PROMPT]
            self._commands = [command for command, _ in kept]
            self._kinds = [kind for _, kind in kept]
            self.size_bytes = sum(map(len, self._commands))
        return count

    def drop_all(self) -> int:
        """Forget all, and return how many messages that were."""
        count = len(self._kinds) - self._kinds.count(Kind.PROTOCOL)
        self.take()
        return count
