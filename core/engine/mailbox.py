"""What has come over the network and waits for the next turn, with a limit and a policy for each kind."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from letrade.core.messages.base import MarketMessage, Message
from letrade.core.messages.features import Features
from letrade.core.messages.market import BookDelta, IndexPrice, MarkPrice, Quote, Trade, TradeGap

CONFLATE_BEYOND = 1_000
"""With more than this waiting, of a kind whose newest value is enough only that is kept."""
MARKET_DATA_MAX = 100_000
"""With more than this waiting, deltas and trades are dropped: the book is then invalid, the bar incomplete."""

# By the very type: isinstance of a message asks its metaclass, and takes ten times as long.
_NEWEST_IS_ENOUGH: frozenset[type[Message]] = frozenset({Quote, MarkPrice, IndexPrice, Features})
_MAY_OVERFLOW: frozenset[type[Message]] = frozenset({BookDelta, Trade})

Waiting = tuple[Message, bytes | None]


class Mailbox:
    """In order of arrival. Decisions, orders, fills and cash are never dropped."""

    def __init__(self) -> None:
        self.conflated: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self._waiting: deque[Waiting | None] = deque()
        self._taken = 0
        """How many were taken so far: what `_newest` counts from."""
        self._newest: dict[tuple[type[Message], str, str], int] = {}
        self._gaps: dict[str, TradeGap] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, message: Any, payload: bytes | None) -> None:
        """Keep it for the next turn, in the place of an older one where its kind allows."""
        kind = type(message)
        if kind in _NEWEST_IS_ENOUGH:
            key = (kind, message.instrument, getattr(message, "feature_set", ""))
            if len(self._waiting) > CONFLATE_BEYOND and self._newest.get(key, -1) >= self._taken:
                self._waiting[self._newest[key] - self._taken] = None
                self.conflated[kind.__name__] += 1
            self._newest[key] = self._taken + len(self._waiting)
        elif len(self._waiting) >= MARKET_DATA_MAX and kind in _MAY_OVERFLOW:
            self._drop(message)
            return
        self._waiting.append((message, payload))

    def messages(self) -> list[Message]:
        """What waits now; it is left where it is."""
        return [item[0] for item in self._waiting if item is not None]

    def take(self, limit: int) -> list[Waiting]:
        """The oldest that wait, so many at most; with the last of them what tells of dropped trades."""
        waiting = self._waiting
        count = min(limit, len(waiting))
        taken = [item for _ in range(count) if (item := waiting.popleft()) is not None]
        self._taken += count
        if not waiting and self._gaps:
            gaps, self._gaps = self._gaps, {}
            taken.extend((gap, None) for gap in gaps.values())
        return taken

    def _drop(self, message: MarketMessage) -> None:
        """A lost delta is seen by the gap in its update ids; of lost trades a TradeGap tells."""
        self.dropped[type(message).__name__] += 1
        if isinstance(message, Trade):
            earlier = self._gaps.get(message.instrument)
            self._gaps[message.instrument] = TradeGap(
                instrument=message.instrument, dropped=1 + (earlier.dropped if earlier else 0), time=message.time,
                source=message.source, epoch=message.epoch, sequence=message.sequence,
            )  # fmt: skip
