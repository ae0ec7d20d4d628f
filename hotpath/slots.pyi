"""Who is next: the mailbox and the timers of each actor, and all of them by what waits first."""
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from letrade.hotpath.speaker import Speaker

STALE_TIMERS_MAX: int

_Said = TypeVar("_Said")
_Actor = TypeVar("_Actor", bound=Speaker[Any])
_Slot = TypeVar("_Slot", bound=MailSlot[Any, Any])

class MailSlot(Generic[_Actor, _Said]):
    """One speaker with its mailbox, its timers and its counter of messages sent."""

    actor: _Actor
    name: str
    stage: int
    rank: int
    timer_rank: int
    feedback_rank: int
    """0: feedback has the rank of its sender, as anything else."""
    handlers: dict[type[_Said], Callable[[Any], None]]
    timers: dict[str, tuple[int, int, str]]
    """(time, sequence, cause) of the timers that are set, by key."""
    sequence: int
    failures: int
    stopped: bool
    index: int
    def __init__(
        self,
        actor: _Actor,
        name: str,
        stage: int,
        rank: int,
        timer_rank: int,
        handlers: dict[type[_Said], Callable[[Any], None]],
        feedback_rank: int = 0,
    ) -> None: ...
    def __class_getitem__(cls, item: Any, /) -> Any: ...
    @property
    def inbox(self) -> list[tuple[int, int, int, str, int, _Said]]:
        """(time, rank, sequence, source, count of deliveries, message) of what waits, in order."""
    def stop(self) -> None:
        """It handles nothing any more."""

class Agenda(Generic[_Slot, _Said]):
    """The slots of one process by what waits first in each; slots earlier in the list come first at the same time."""

    slots: list[_Slot]
    def __class_getitem__(cls, item: Any, /) -> Any: ...
    def place(self, slots: Iterable[_Slot]) -> None:
        """Take these slots, in their order, in the place of those before; nothing waits in any of them."""
    def give(self, slot: _Slot, entries: Iterable[tuple[int, int, int, str, int, _Said]]) -> None:
        """Put entries into a mailbox as they are (a restore); their counts are given anew, in their order."""
    def next_time(self) -> int | None:
        """The earliest time at which something here waits to be handled."""
