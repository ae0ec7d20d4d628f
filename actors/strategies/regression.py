"""The slope of one market's returns on another's, over the last bars that both have."""

from __future__ import annotations

from collections import deque
from typing import Any


class RegressionBeta:
    """Ordinary least squares over `window` returns, computed anew from them each time, so that nothing drifts.

    A bar that one of the two markets lacks is left out of both, and so are bars of other lengths that end with a pair.
    """

    def __init__(self, window: int) -> None:
        self.window = window
        self._waiting: tuple[int, bool, float] | None = None
        """(end, whether it is the dependent market's, close) of the bar whose twin has not come."""
        self._last: tuple[float, float] | None = None
        self._end = -1
        """Of the last pair."""
        self._returns: deque[tuple[float, float]] = deque(maxlen=window)

    def add(self, end: int, close: float, *, dependent: bool) -> None:
        """The close of a bar of one of the markets: the one whose returns are explained, or the one that explains."""
        if end == self._end:
            return
        waiting, self._waiting = self._waiting, (end, dependent, close)
        if waiting is None or waiting[0] != end or waiting[1] == dependent:
            return
        self._waiting, self._end = None, end
        pair = (close, waiting[2]) if dependent else (waiting[2], close)
        if self._last is not None:
            self._returns.append((pair[0] / self._last[0] - 1.0, pair[1] / self._last[1] - 1.0))
        self._last = pair

    @property
    def slope(self) -> float | None:
        """None before `window` returns, and where the explaining market did not move."""
        count = len(self._returns)
        if count < self.window:
            return None
        mean = sum(explained for explained, _ in self._returns) / count
        mean_of = sum(by for _, by in self._returns) / count
        moved = sum((by - mean_of) ** 2 for _, by in self._returns)
        together = sum((explained - mean) * (by - mean_of) for explained, by in self._returns)
        return together / moved if moved > 0.0 else None

    def state(self) -> Any:
        return [self._waiting, self._last, list(self._returns), self._end]

    def restore(self, state: Any) -> None:
        waiting, last, returns, self._end = state
        self._waiting = None if waiting is None else (waiting[0], waiting[1], waiting[2])
        self._last = None if last is None else (last[0], last[1])
        self._returns = deque(((each[0], each[1]) for each in returns), self.window)
