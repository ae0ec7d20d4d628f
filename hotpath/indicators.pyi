"""Indicators one value at a time, in float64 and at a cost that does not grow with the window: means, RSI, ATR, MACD.

Each takes one value after the other with `add`, which gives None until it is warm, or whole columns with `batch`, which
gives NaN there; both go on from where it is. ValueError, and no change, for what is not finite or beyond NUMBER_MAX.
`state` gives what every encoder can carry, and `restore` takes it back into an indicator of the same periods.
"""
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

NUMBER_MAX: float

_Column = np.ndarray[Any, np.dtype[np.float64]]

class Indicator:
    """What all share."""

    def __new__(cls, *arguments: Any, **named: Any) -> Self: ...
    @property
    def count(self) -> int:
        """Values so far."""

class OfNumbers(Indicator):
    """What those share that take one number at a time."""

    def add(self, value: float) -> Any:
        """A number, or as many as the indicator gives; None while it is not warm."""
    def batch(self, values: ArrayLike) -> Any: ...

class OfWindow(OfNumbers):
    """What those share that keep the last `period` numbers."""

    @property
    def period(self) -> int: ...
    def state(self) -> list[Any]:
        """[count, the last values]."""

class Sma(OfWindow):
    """The mean of the last `period` values: their correctly rounded sum over period, so nothing drifts."""

    def __new__(cls, period: int) -> Self: ...
    def add(self, value: float) -> float | None: ...
    def batch(self, values: ArrayLike) -> _Column: ...
    def restore(self, state: Sequence[Any]) -> None: ...

class Ema(OfNumbers):
    """The exponential mean that starts at the first value, with weight 2 / (period + 1) for each new one.

    mean + weight × (value - mean), in this order of operations; warm from the period-th value on.
    """

    def __new__(cls, period: int) -> Self: ...
    @property
    def period(self) -> int: ...
    def add(self, value: float) -> float | None: ...
    def batch(self, values: ArrayLike) -> _Column: ...
    def state(self) -> list[Any]:
        """[count, mean]."""
    def restore(self, state: Sequence[Any]) -> None: ...

class Rsi(OfNumbers):
    """Wilder's relative strength index, 0 to 100: 100 × gains / (gains + losses), by his smoothed means of both.

    The first means are those of the first `period` changes; 50 where nothing moved at all.
    Wilder, New Concepts in Technical Trading Systems, 1978.
    """

    def __new__(cls, period: int = 14) -> Self: ...
    @property
    def period(self) -> int: ...
    def add(self, value: float) -> float | None: ...
    def batch(self, values: ArrayLike) -> _Column: ...
    def state(self) -> list[Any]:
        """[count, last, gain, loss]."""
    def restore(self, state: Sequence[Any]) -> None: ...

class Atr(Indicator):
    """Wilder's average true range of bars, in price units; the first is the mean of the first `period` true ranges.

    The true range: the greatest of high - low, |high - close before| and |low - close before|; the first bar has none.
    """

    def __new__(cls, period: int = 14) -> Self: ...
    @property
    def period(self) -> int: ...
    def add(self, high: float, low: float, close: float) -> float | None:
        """ValueError also when the high is below the low."""
    def batch(self, high: ArrayLike, low: ArrayLike, close: ArrayLike) -> _Column: ...
    def state(self) -> list[Any]:
        """[count, close, average]."""
    def restore(self, state: Sequence[Any]) -> None: ...

class Macd(OfNumbers):
    """(macd, signal, histogram): fast mean - slow mean, the exponential mean of that, and the difference of both.

    The means start at the first value, the signal at the slow-th; warm from value slow + signal - 1 on.
    """

    def __new__(cls, fast: int = 12, slow: int = 26, signal: int = 9) -> Self: ...
    @property
    def slow_period(self) -> int: ...
    @property
    def signal_period(self) -> int: ...
    def add(self, value: float) -> tuple[float, float, float] | None: ...
    def batch(self, values: ArrayLike) -> tuple[_Column, _Column, _Column]: ...
    def state(self) -> list[Any]:
        """[count, fast, slow, signal]."""
    def restore(self, state: Sequence[Any]) -> None: ...
