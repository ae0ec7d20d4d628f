"""What an actor's own error was, and where: what a backtest says of a strategy that raises."""

from __future__ import annotations

import sys
import traceback
from typing import Any, NamedTuple

from letrade.actors.strategies.base import BaseStrategy
from letrade.core.actor import Actor
from letrade.core.errors import ExitCode, LetradeError
from letrade.core.messages.registry import tag
from letrade.core.node import Slot
from letrade.hotpath.simulation.doubt import Doubtful

TOLD_MAX = 20
"""So many errors that are unlike are told apart."""
ERROR_TEXT_MAX = 2_000


class ActorFailed(LetradeError):
    """An actor of the desk raised: a bug of whoever wrote it."""

    exit_code = ExitCode.BUG


class Failing(Doubtful):
    """An actor raised in a compiled run: only the desk's actors go on after that."""


class Fault(NamedTuple):
    """One error of one actor, as often as it came."""

    actor: str
    handler: str
    error: str
    """Its type and its text."""
    where: str
    """File and line of the actor's own code, where the error went through that."""

    def __str__(self) -> str:
        at = f" at {self.where}" if self.where else ""
        return f"{self.actor} failed in {self.handler}{at}: {self.error}"


def fault_of(actor: Actor, error: Exception) -> Fault:
    """The deepest line in the files of the actor's own classes, and the first function there; else the last line."""
    files = {getattr(sys.modules.get(each.__module__), "__file__", None) for each in type(actor).__mro__}
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename in files - {_BASE}]
    users = [frame for frame in own if frame.filename != _STRATEGIES]
    deepest = (users or own or list(frames))[-1:]
    where = "".join(f"{frame.filename}:{frame.lineno}" for frame in deepest)
    message = actor.in_hand
    handler = own[0].name if own else "start" if message is None else f"on_{tag(type(message))}"
    text = f"{type(error).__name__}: {error}"[:ERROR_TEXT_MAX].encode("utf-8", "replace").decode()
    return Fault(actor.name, handler, text, where)


_BASE = sys.modules[Actor.__module__].__file__
_STRATEGIES = sys.modules[BaseStrategy.__module__].__file__


class Faults:
    """Counts the errors of a run. Call it as a node does when a handler raised."""

    def __init__(self) -> None:
        self._counts: dict[Fault, int] = {}
        self._stopped: dict[str, None] = {}

    def __call__(self, slot: Slot, error: Exception) -> None:
        fault = fault_of(slot.actor, error)
        if fault in self._counts or len(self._counts) < TOLD_MAX:
            self._counts[fault] = self._counts.get(fault, 0) + 1
        if slot.stopped:
            self._stopped[slot.name] = None

    def told(self) -> list[dict[str, Any]]:
        """For the summary."""
        return [
            {**fault._asdict(), "count": count, "stopped": fault.actor in self._stopped}
            for fault, count in self._counts.items()
        ]


def in_words(told: dict[str, Any]) -> str:
    """A line for each entry of `Faults.told`."""
    fault = Fault(told["actor"], told["handler"], told["error"], told["where"])
    times = "once" if told["count"] == 1 else f"{told['count']} times"
    return f"{fault} ({times}{', and was stopped' if told['stopped'] else ''})"
