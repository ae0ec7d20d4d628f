"""Indicators over rolling windows at constant cost, by sums that never drift: bands, volatility, VWAP, flow, extremes.

`add`, `batch`, `state` and `restore` are as in letrade.hotpath.indicators.
"""
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from letrade.hotpath.indicators import Indicator, OfWindow

_Column = np.ndarray[Any, np.dtype[np.float64]]

class Bollinger(OfWindow):
    """(upper, middle, lower): the mean of the last `period` values, and `width` population deviations to both sides."""

    def __new__(cls, period: int = 20, width: float = 2.0) -> Self: ...
    @property
    def width(self) -> float: ...
    def add(self, value: float) -> tuple[float, float, float] | None: ...
    def batch(self, values: ArrayLike) -> tuple[_Column, _Column, _Column]: ...
    def restore(self, state: Sequence[Any]) -> None: ...

class Volatility(OfWindow):
    """The sample standard deviation of the last `period` logarithmic returns, of period + 1 prices.

    With `periods_per_year` it is times the root of that: a year's. The sum of squared distances from the mean is taken
    at twice a double's precision, so that small returns lose nothing. Prices are at least 1e-100.
    """

    def __new__(cls, period: int = 20, periods_per_year: float | None = None) -> Self: ...
    @property
    def scale(self) -> float:
        """What the deviation is multiplied by."""
    def add(self, value: float) -> float | None: ...
    def batch(self, values: ArrayLike) -> _Column: ...
    def state(self) -> list[Any]:
        """[count, last price, the last returns]."""
    def restore(self, state: Sequence[Any]) -> None: ...

class Vwap(Indicator):
    """The mean price weighted by volume: of the last `period` trades, or, with 0, of all since the last `reset`.

    None while nothing was traded. Volumes are 0 or more.
    """

    def __new__(cls, period: int = 0) -> Self: ...
    @property
    def period(self) -> int: ...
    def add(self, price: float, volume: float) -> float | None: ...
    def batch(self, prices: ArrayLike, volumes: ArrayLike) -> _Column: ...
    def reset(self) -> None:
        """Forgets everything: a new session begins."""
    def state(self) -> list[Any]:
        """[count, partial sums of price × volume, of volume, the last prices, the last volumes]."""
    def restore(self, state: Sequence[Any]) -> None: ...

class OrderFlow(Indicator):
    """Order-flow imbalance at the best prices: summed over the last `period` changes, or, with 0, since `reset`.

    A change adds the new bid size unless the bid fell, takes away the old one unless it rose, and the same of asks the
    other way round. Cont, Kukanov, Stoikov, The Price Impact of Order Book Events, 2014. The first prices only begin.
    """

    def __new__(cls, period: int = 0) -> Self: ...
    @property
    def period(self) -> int: ...
    def add(self, bid: float, bid_size: float, ask: float, ask_size: float) -> float | None: ...
    def batch(self, bid: ArrayLike, bid_size: ArrayLike, ask: ArrayLike, ask_size: ArrayLike) -> _Column: ...
    @property
    def sum(self) -> float:
        """Of the changes so far, warm or not."""
    def reset(self) -> None:
        """Begins a new sum; the last best prices stay known."""
    def part(self) -> None:
        """The next best prices only begin, as the first did; the sum stays."""
    def state(self) -> list[Any]:
        """[count, [bid, bid size, ask, ask size], partial sums, the last changes]."""
    def restore(self, state: Sequence[Any]) -> None: ...

class Extremes(OfWindow):
    """(lowest, highest) of the last `period` values."""

    def __new__(cls, period: int) -> Self: ...
    def add(self, value: float) -> tuple[float, float] | None: ...
    def batch(self, values: ArrayLike) -> tuple[_Column, _Column]: ...
    def restore(self, state: Sequence[Any]) -> None: ...
