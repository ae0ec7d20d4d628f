"""A price board for who hears of prices before their time, as an observer of a desk does."""

from __future__ import annotations

import heapq

from letrade.core.valuation import PriceBoard, PriceMessage


class TimedBoard:
    """Tell it prices in any order; ask for the board as it was known at a time, which never falls.

    `keep_ns`: how far behind the newest price anyone may still ask or tell.
    """

    def __init__(self, keep_ns: int) -> None:
        self.keep_ns = keep_ns
        self._board = PriceBoard()
        self._ahead: list[tuple[int, int, PriceMessage]] = []
        self._count = 0

    def see(self, message: PriceMessage) -> None:
        self._count += 1
        heapq.heappush(self._ahead, (message.time, self._count, message))
        if self._ahead[0][0] < message.time - self.keep_ns:
            self.at(message.time - self.keep_ns - 1)

    def at(self, time: int) -> PriceBoard:
        """With all prices until this time and of it; of those of one time the one told last holds."""
        while self._ahead and self._ahead[0][0] <= time:
            self._board.see(heapq.heappop(self._ahead)[2])
        return self._board

    def latest(self) -> PriceBoard:
        """With all prices."""
        return self.at(max((time for time, _, _ in self._ahead), default=0))
