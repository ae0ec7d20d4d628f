"""What an actor is made of: it says messages and sets timers, which leave when its handler has returned."""
from typing import Any, Generic, TypeVar

_Words = TypeVar("_Words")

class Speaker(Generic[_Words]):
    """Holds what was said until it is let go, or taken back; `_Words` is the family of its messages."""

    in_hand: _Words | None
    """The message that it handles, or handled last."""
    time: int
    """When: ns UTC."""
    def __class_getitem__(cls, item: Any, /) -> Any: ...
    def now(self) -> int:
        """The time of the message in hand, ns UTC."""
    def publish(self, message: _Words, *, at: int | None = None, cause: str | None = None) -> None:
        """Send a message when the handler returns; `at` delivers it later, `cause` names another cause than the
        message in hand."""
    def set_timer(self, at: int, key: str, *, cause: str | None = None) -> None:
        """Ask for `on_timer` at `at`; the same key again replaces."""
    def cancel_timer(self, key: str) -> None:
        """Ask for it no more."""
    @property
    def outgoing(self) -> list[tuple[_Words, int | None, str | None]]:
        """(message, at, cause) of what waits for the handler to return."""
    @property
    def timers_set(self) -> list[tuple[str, int | None, str | None]]:
        """(key, at, cause) of timers that wait for the handler to return; `at` None cancels."""
    def take_back(self) -> None:
        """Nothing of what waits leaves."""
