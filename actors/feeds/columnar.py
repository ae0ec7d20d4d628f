"""A feed whose data are columns: its messages are told from the same rows that the compiled backtest reads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from letrade.core.data.columns import Columns
from letrade.core.data.messages import Teller
from letrade.core.feed import Feed
from letrade.core.messages.base import Message


class ColumnarFeed(Feed):
    """Subclasses say what their one source is; both engines hear the same."""

    @abstractmethod
    def source(self) -> Columns:
        """The rows of the feed. DataError where they cannot be read."""

    def columns(self) -> tuple[Columns, ...]:
        return (self.source(),)

    def messages(self) -> Iterator[Message]:
        return Teller(self.source(), self.name).messages()
