"""Moving averages one value at a time: what a whole recomputation would give, without one."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable


class Sma:
    """The mean of the last `window` values: their correctly rounded sum over `window`, so nothing drifts."""

    def __init__(self, window: int, values: Iterable[float] = ()) -> None:
        self.window = window
        self.values: deque[float] = deque(values, maxlen=window)

    def add(self, value: float) -> float | None:
        """The mean, None until there are `window` values."""
        self.values.append(value)
        return math.fsum(self.values) / self.window if len(self.values) == self.window else None


class Ema:
    """The exponential mean that starts at the first value, with weight 2 / (window + 1) for each new one."""

    def __init__(self, window: int, mean: float | None = None, count: int = 0) -> None:
        self.window = window
        self.weight = 2.0 / (window + 1)
        self.mean = mean
        self.count = count

    def add(self, value: float) -> float | None:
        """The mean, None until there were `window` values."""
        self.mean = value if self.mean is None else self.mean + self.weight * (value - self.mean)
        self.count += 1
        return self.mean if self.count >= self.window else None
