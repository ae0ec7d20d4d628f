"""The last prices of one instrument, so that what was known at a time can be told a little later."""

from __future__ import annotations

import bisect
import heapq
import math
from collections.abc import Callable, Iterator

UNKNOWN = math.nan
ENTRIES_MAX = 65_536


class PriceHistory:
    """Quotes are believed before trades, trades before bars. `keep_ns`: how far back anyone may ask."""

    def __init__(self, keep_ns: int) -> None:
        self.keep_ns = keep_ns
        self.rank = 0
        """Of the best kind of price so far: 1 bars, 2 trades, 3 quotes."""
        self._times: list[int] = []
        self._prices: list[tuple[float, float, float]] = []
        self._waiting: list[tuple[int, int, Callable[[float], None]]] = []
        self._count = 0

    def see(self, time: int, rank: int, price: float, bid: float = UNKNOWN, ask: float = UNKNOWN) -> bool:
        """A price from `time` on; False where a better kind of price is known."""
        if rank < self.rank:
            return False
        self.rank = rank
        while self._waiting and self._waiting[0][0] < time:
            due, _, tell = heapq.heappop(self._waiting)
            tell(self.at(due))
        self._times.append(time)
        self._prices.append((price, bid, ask))
        if len(self._times) > 2 * ENTRIES_MAX or self._times[0] < time - 2 * self.keep_ns:
            self._forget(time - self.keep_ns)
        return True

    def at(self, time: int) -> float:
        """The price that was known at this time; NaN before the first."""
        place = bisect.bisect_right(self._times, time) - 1
        return self._prices[place][0] if place >= 0 else UNKNOWN

    def quote_before(self, time: int) -> tuple[float, float]:
        """Best bid and ask just before this time; NaN where they are not known."""
        place = bisect.bisect_left(self._times, time) - 1
        return self._prices[place][1:] if place >= 0 else (UNKNOWN, UNKNOWN)

    def when(self, due: int, tell: Callable[[float], None]) -> None:
        """Tell the price at a time to come, once a price after it was seen."""
        if self._times and self._times[-1] > due:
            tell(self.at(due))
            return
        self._count += 1
        heapq.heappush(self._waiting, (due, self._count, tell))

    def close(self, end: int) -> None:
        """The data ended at this time: what was due by then is told."""
        while self._waiting and self._waiting[0][0] <= end:
            due, _, tell = heapq.heappop(self._waiting)
            tell(self.at(due))

    def last(self) -> Iterator[tuple[int, float]]:
        """(time, price) of the last one, if it is known."""
        if self._times and not math.isnan(self._prices[-1][0]):
            yield self._times[-1], self._prices[-1][0]

    def _forget(self, before: int) -> None:
        """What nobody asks for any more, and what is too much; the last entry always stays."""
        place = max(bisect.bisect_right(self._times, before) - 1, len(self._times) - ENTRIES_MAX, 0)
        place = min(place, len(self._times) - 1)
        del self._times[:place]
        del self._prices[:place]
