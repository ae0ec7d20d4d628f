"""A slow, obvious latency: each single time is asked for, and nothing arrives before what left earlier."""

from __future__ import annotations


class LatencyModel:
    """Rows of (time, request, response); nothing is faster than the least. Times from 0 on, as few as they are."""

    def __init__(self, order_latency: int, response_latency: int, rows: list[tuple[int, int, int]]) -> None:
        self.least = (order_latency, response_latency)
        self.rows = list({row[0]: row for row in sorted(rows)}.values())

    def recorded(self, time: int, column: int) -> int:
        before = [row for row in self.rows if row[0] <= time]
        after = [row for row in self.rows if row[0] > time]
        if not before:
            return after[0][column]
        if not after or before[-1][column] < 0 or after[0][column] < 0:
            return before[-1][column]
        (start, end), (low, high) = (before[-1][0], after[0][0]), (before[-1][column], after[0][column])
        return low + (high - low) * (time - start) // (end - start)

    def told(self, time: int, which: int) -> int:
        arrivals = [each + max(abs(self.way(each, which)), self.least[which]) for each in range(time + 1)]
        latency = max(arrivals) - time
        return -latency if which == 0 and self.way(time, which) < 0 else latency

    def way(self, time: int, which: int) -> int:
        return self.recorded(time, which + 1) if self.rows else self.least[which]
