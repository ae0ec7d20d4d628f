"""The price of an exchange that is known by bars, of one feed or several: of those of two the shorter count."""

from __future__ import annotations

import math
import sys

from letrade.core.messages.market import Bar, BarOpen


class BarPath:
    """Tell it the bars of one instrument, in order; each answer is the price from then on. NaN: none is known yet."""

    def __init__(self) -> None:
        self.price = math.nan
        self._feed = ""
        self._start = -1
        self._length = sys.maxsize

    def opened(self, bar: BarOpen) -> float:
        if self._start < 0 or bar.source == self._feed:
            self._feed, self._start, self.price = bar.source, bar.start, bar.open
        return self.price

    def closed(self, bar: Bar) -> float:
        length = bar.end - bar.start
        counts = bar.source == self._feed or length < self._length or bar.start > self._start
        if self._start >= 0 and counts:
            self._feed, self._length = bar.source, length
            if bar.start >= self._start:
                self.price = bar.close
        return self.price
