"""A slow, obvious latency: constant or recorded, in plain integers and one interpolation."""

from __future__ import annotations


class LatencyModel:
    """Rows of (time, request, response); nothing is faster than the least, and nothing overtakes."""

    def __init__(self, order_latency: int, response_latency: int, rows: list[tuple[int, int, int]]) -> None:
        self.least = (order_latency, response_latency)
        self.rows = sorted(rows)
        self.last = [0, 0]

    def recorded(self, time: int, column: int) -> int:
        before = [row for row in self.rows if row[0] <= time]
        after = [row for row in self.rows if row[0] > time]
        if not before:
            return after[0][column]
        if not after or before[-1][column] < 0 or after[0][column] < 0:
            return before[-1][column]
        (start, end), (low, high) = (before[-1][0], after[0][0]), (before[-1][column], after[0][column])
        return low + int((high - low) * ((time - start) / (end - start)))

    def told(self, time: int, which: int) -> int:
        value = self.recorded(time, which + 1) if self.rows else self.least[which]
        latency = max(abs(value), self.least[which], self.last[which] - time)
        self.last[which] = time + latency
        return -latency if value < 0 and which == 0 else latency
