"""Reads several feeds as one sequence of messages in time order, from any count onwards."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence

from letrade.core import codec
from letrade.core.clock import LATEST
from letrade.core.errors import DataError
from letrade.core.feed import Feed
from letrade.core.messages.base import MarketMessage, Message

Item = tuple[int, int, int, Message, Iterator[Message]]
"""(time, the feed's place, count, message, the rest of its feed)."""


class FeedReader:
    """Messages of all feeds, ordered by (time, the feed's place); `until` cuts off later ones.

    A message with a number that its field cannot have, a price of 0 or NaN, say, goes no further: `refuse` is told, and
    where there is none to be told, that is a DataError.
    """

    def __init__(
        self, feeds: Sequence[Feed], until: int | None = None, refuse: Callable[[str], object] | None = None
    ) -> None:
        self.until = until
        self.refuse = refuse
        self.last_time = 0
        self.count = 0
        self._heap: list[Item] = []
        for place, feed in enumerate(feeds):
            self._advance(place, iter(feed.messages()), 0)

    def peek_time(self) -> int | None:
        """The time of the next message; None at the end."""
        return self._heap[0][0] if self._heap else None

    def take(self, before: int, limit: int | None = None) -> list[Message]:
        """All messages with a time before `before`, at most `limit`."""
        taken: list[Message] = []
        while self._heap and self._heap[0][0] < before and (limit is None or len(taken) < limit):
            time, place, count, message, rest = heapq.heappop(self._heap)
            taken.append(message)
            self.last_time = time
            self._advance(place, rest, count)
        self.count += len(taken)
        return taken

    def close(self) -> None:
        """Nothing more comes."""
        self._heap = []

    def skip(self, seen: Mapping[str, int]) -> None:
        """Pass over what was taken before: sequences up to the last one seen of each feed."""
        last: dict[str, int] = {}
        for key, sequence in seen.items():
            source = key.partition(" ")[0]
            last[source] = max(last.get(source, 0), sequence)
        moved = [self._skipped(item, last.get(item[3].source, 0)) for item in self._heap]
        self._heap = [item for item in moved if item is not None]
        heapq.heapify(self._heap)

    def _skipped(self, item: Item, last: int) -> Item | None:
        time, place, count, message, rest = item
        while message.sequence <= last:
            self.last_time = max(self.last_time, message.time)
            self.count += 1
            following = self._next(rest)
            if following is None or (self.until is not None and following.time >= self.until):
                return None
            time, count, message = following.time, count + 1, following
        return (time, place, count, message, rest)

    def _next(self, rest: Iterator[Message]) -> Message | None:
        for message in rest:
            try:
                codec.check(message)
                if not 0 <= message.time < LATEST:
                    raise DataError(f"expected a time from 1970 to 2261, found {message.time} ns")
            except DataError as error:
                text = f"{message.source}, message {message.sequence}: {_about(message)}{error}"
                if self.refuse is None:
                    raise DataError(text) from error
                self.refuse(text)
            else:
                return message
        return None

    def _advance(self, place: int, rest: Iterator[Message], count: int) -> None:
        message = self._next(rest)
        if message is None or (self.until is not None and message.time >= self.until):
            return
        if count and message.time < self.last_time:
            raise DataError(f"{message.source}: time runs backwards at message {message.sequence}")
        heapq.heappush(self._heap, (message.time, place, count + 1, message, rest))


def _about(message: Message) -> str:
    return f"{message.instrument}: " if isinstance(message, MarketMessage) else ""
