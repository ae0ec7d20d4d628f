"""A feed is an edge that brings market data in: an endless or finite sequence of messages in time order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from letrade.core.actor import ActorConfig, Context
from letrade.core.messages.base import Message
from letrade.core.messages.market import Instrument

if TYPE_CHECKING:
    from letrade.core.data.columns import Columns


class Feed(ABC):
    """Subclasses yield messages whose header they stamp: time (never falling), source = name, sequence from 1.

    The same configuration and seed give the same messages, so that a restart can go on at a count of messages.
    """

    Config: ClassVar[type[ActorConfig]] = ActorConfig
    live: ClassVar[bool] = False
    """True when the times are those of the wall clock at which the feed was started."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        self.name = name
        self.config = config
        self.context = context

    def instruments(self) -> tuple[Instrument, ...]:
        """The instruments that the data itself tells of, for those that the desk file does not define."""
        return ()

    def columns(self) -> tuple[Columns, ...] | None:
        """The same data as typed columns, for the compiled backtest; None where the feed can only tell messages.

        The rows carry the times and sequences of `messages`, so that both tell the same course of things.
        """
        return None

    @abstractmethod
    def messages(self) -> Iterator[Message]:
        """All messages, from the first. DataError where a file is not what its format promises."""
