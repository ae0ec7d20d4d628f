"""The price that a position is watched at: the mark, and when that is old the worst of what else is known."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import msgspec

from letrade.core.messages.market import Bar, IndexPrice, MarkPrice, Middle, Quote, Trade

MARK, INDEX, BOOK = "mark", "index", "book"
STEPS = 10
"""So many marks of the time that the speed is taken over are remembered."""


class Seen(msgspec.Struct, array_like=True):
    """The newest prices of one instrument and their times; 0: none yet."""

    mark: float = 0.0
    mark_time: int = 0
    index: float = 0.0
    index_time: int = 0
    basis: float = 0.0
    """mark − index, at the last mark."""
    bid: float = 0.0
    ask: float = 0.0
    book_time: int = 0
    quoted: bool = False
    """Trades and bars tell a price only where no quote does."""


class Marks:
    """All instruments' prices."""

    def __init__(self, stale_after: int, speed_over: int, coins: Set[str] = frozenset()) -> None:
        self.coins = coins
        """Instruments whose index is the price of a coin that backs an account."""
        self.stale_after, self.speed_over = stale_after, speed_over
        self.seen: dict[str, Seen] = {}
        self.past: dict[str, list[tuple[int, float]]] = {}
        """Marks by time: the newest that is older than `speed_over`, and those after it."""

    def take(self, message: MarkPrice | IndexPrice | Quote | Middle | Trade | Bar) -> None:
        seen = self.seen.setdefault(message.instrument, Seen())
        if isinstance(message, MarkPrice):
            seen.mark, seen.mark_time = message.price, message.time
            seen.basis = message.price - seen.index if seen.index_time else 0.0
            self._remember(message.instrument, message.time, message.price)
        elif isinstance(message, IndexPrice):
            seen.index, seen.index_time = message.price, message.time
            if message.instrument in self.coins:
                self._remember(_index_of(message.instrument), message.time, message.price)
        elif isinstance(message, Middle):
            seen.bid = seen.ask = message.price
            seen.book_time, seen.quoted = message.time, True
        elif isinstance(message, (Trade, Bar)):
            if not seen.quoted:
                seen.bid = seen.ask = message.price if isinstance(message, Trade) else message.close
                seen.book_time = message.time
        elif message.bid > 0 and message.ask > 0:
            seen.bid, seen.ask, seen.book_time, seen.quoted = message.bid, message.ask, message.time, True

    def _remember(self, instrument: str, time: int, price: float) -> None:
        past = self.past.setdefault(instrument, [])
        if not past or time - past[-1][0] >= self.speed_over // STEPS:
            past.append((time, price))
        while len(past) > 1 and past[1][0] <= time - self.speed_over:
            del past[0]

    def before(self, instrument: str) -> tuple[int, float] | None:
        """(time, mark) of `speed_over` ago, or as long ago as is known."""
        past = self.past.get(instrument)
        return past[0] if past else None

    def index_before(self, instrument: str) -> tuple[int, float] | None:
        """The same of the index of a coin."""
        return self.before(_index_of(instrument))

    def index(self, instrument: str) -> float | None:
        """The last one; None where none was told."""
        seen = self.seen.get(instrument)
        return seen.index if seen is not None and seen.index_time else None

    def is_stale(self, instrument: str, now: int) -> bool:
        seen = self.seen.get(instrument)
        return seen is None or not seen.mark_time or now - seen.mark_time > self.stale_after

    def price(self, instrument: str, side: int, now: int) -> tuple[float, str] | None:
        """(price, what it was taken from) for a position of that side; None when nothing is known."""
        seen = self.seen.get(instrument)
        if seen is None:
            return None
        if not self.is_stale(instrument, now):
            return seen.mark, MARK
        found = [(seen.mark, MARK)] if seen.mark_time else []
        if seen.index_time > seen.mark_time and seen.index + seen.basis > 0:
            found.append((seen.index + seen.basis, INDEX))
        if seen.book_time > seen.mark_time:
            found.append((seen.bid if side > 0 else seen.ask, BOOK))
        return min(found, key=lambda each: side * each[0], default=None)

    def state(self) -> Any:
        return [list(self.seen.items()), list(self.past.items())]

    def restore(self, state: Any) -> None:
        seen, past = state
        self.seen = {name: msgspec.convert(each, Seen) for name, each in seen}
        self.past = {name: [(time, price) for time, price in each] for name, each in past}


def _index_of(instrument: str) -> str:
    """The name that its index is remembered by."""
    return f"{instrument} {INDEX}"
