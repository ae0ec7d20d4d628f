"""The actors of a compiled backtest: strategies and what they live on hear events and say what they want."""
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from letrade.hotpath.book import Book
from letrade.hotpath.dispatch import Dispatcher
from letrade.hotpath.simulation.telling import Teller
from letrade.hotpath.slots import MailSlot

WISHES: dict[str, tuple[int, tuple[str, ...]]]
"""Kinds of wishes by name, with the fields that are read."""
SOURCES: dict[str, int]
"""What may reach a stop or a take-profit, as a TriggerSource."""

_Said = TypeVar("_Said")
_Slot = TypeVar("_Slot", bound=MailSlot[Any, Any])

class Line:
    """What one source brings, and whom it is for.

    `takers` and `snapshot_takers` are slots; `readers` are pairs of a slot and what is called when `book`, of which no
    message is made for them, has changed.
    """

    def __init__(
        self,
        feed: str,
        rank: int,
        teller: Teller | None,
        takers: Iterable[MailSlot[Any, Any]] = (),
        snapshots: Teller | None = None,
        snapshot_takers: Iterable[MailSlot[Any, Any]] = (),
        book: Book | None = None,
        readers: Iterable[tuple[MailSlot[Any, Any], Callable[[], None]]] = (),
    ) -> None: ...
    @property
    def has_hearers(self) -> bool:
        """Whether anybody hears what the source brings."""

class Troupe(Dispatcher[_Slot, _Said]):
    """Dispatches as any node does; what strategies want goes to the desk, and a message is made only for who takes it.

    Where all actors are strategies, data goes to their handlers at once: no message of theirs reaches another of them
    before the next window. Else everything goes through mailboxes.
    """

    def learn(self, kinds: Mapping[str, type[Any]], order: type[Any], only_actors: Iterable[type[Any]]) -> None:
        """The types of wishes by name, the type of an order of Quotes, and types that raise Doubtful when said."""
    def cast(
        self, strategies: Mapping[str, int], accounts: Mapping[str, str], instruments: Mapping[str, int], chained: bool
    ) -> None:
        """Who is which strategy, on whose account; `chained` where others than strategies are among the actors."""
    def add_line(self, line: Line) -> None:
        """The next source of the tape."""
    @property
    def said(self) -> list[tuple[int, int, int, int]]:
        """(kind, strategy, instrument, signal) of what was wanted and not taken yet."""
