"""Dispatch among the actors of one process: mailboxes, timers, routes, stamps, and a loop over what is due."""
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, final

from letrade.hotpath.ranges import Ranges
from letrade.hotpath.slots import Agenda, MailSlot

STEP_MESSAGES_MAX: int
INPUT_FANOUT_MAX: int
"""So many more messages may follow from each delivery of an input before we take it for a loop: a backlog is none."""
ROUTES_MAX: int
NO_STRATEGY: str

_Said = TypeVar("_Said")
_Slot = TypeVar("_Slot", bound=MailSlot[Any, Any])

@final
class Kind:
    """A message type: where the fields of its header lie, its ranges, and who takes it."""

    def __init__(self, kind: type[Any], ranges: Ranges | None) -> None: ...

class Dispatcher(Agenda[_Slot, _Said]):
    """Mailboxes in the order of what waits in them; a subclass says who takes what, and what becomes of failures.

    Messages are objects with slots for time, source, epoch, sequence and cause; most have an instrument, some a
    strategy. `senders` gives (stage, rank) by the name of a source, `outside` for any other; `timer` is copied for
    each timer that is set, and has a key too.
    """

    epoch: int
    floor: int
    """No input enters before this time: the start of the window, or the time of the last turn."""
    latest: int
    """When the last message was handled."""
    handled: int
    observers: list[Callable[[_Said], object]]
    def __init__(
        self, senders: Mapping[str, tuple[int, int]], outside: tuple[int, int], timer: _Said, epoch: int = 1
    ) -> None: ...
    def forget_routes(self) -> None:
        """Ask again who takes what."""
    def post(self, message: _Said) -> None:
        """An input from outside: a feed, another process, an operator."""
    def run(self, until: int, stages: tuple[int, int] = (0, 8)) -> list[_Said]:
        """Handle everything up to and including `until` in these stages; the messages published, in order."""
    def resume(self, at: int) -> bool:
        """Let feedback enter at `at` (or later, where it was sent for later). False when there was none."""
    @property
    def feedback(self) -> list[tuple[_Slot, tuple[int, int, int, str, int, _Said]]]:
        """What waits for `resume`, with the slot of each that it is for."""
    @property
    def has_feedback(self) -> bool: ...
    def drop_feedback(self) -> None:
        """Forget what waits for `resume`."""
    def give_feedback(self, slot: _Slot, given: tuple[int, int, int, str, int, _Said]) -> None:
        """Let an entry wait for `resume` (a restore)."""
    def check(self, slot: _Slot) -> None:
        """Refuse what the slot's actor said when it could not be sent."""
    def let_out(self, slot: _Slot, cause: str) -> None:
        """Set the timers and publish the messages that wait in the slot's actor."""
