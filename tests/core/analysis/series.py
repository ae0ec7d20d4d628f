"""Fixed series that the reference values are of: made by arithmetic alone, the same on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BEGIN = "2023-01-01"
COUNT = 500


def uniform(seed: int, count: int) -> list[float]:
    """Numbers in [0, 1) of a linear congruential generator (Numerical Recipes)."""
    found, state = [], seed
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        found.append(state / 2**32)
    return found


def bell(seed: int, count: int) -> NDArray[np.float64]:
    """Sums of twelve: nearly normal, mean 0, deviation 1."""
    raw = np.array(uniform(seed, 12 * count)).reshape(count, 12)
    return np.asarray(raw.sum(axis=1) - 6.0)


def market_returns() -> NDArray[np.float64]:
    return np.round(0.0008 + 0.02 * bell(2, COUNT), 6)


def strategy_returns() -> NDArray[np.float64]:
    """Correlated with the market, and with the day before."""
    own = 0.001 + 0.012 * bell(1, COUNT) + 0.4 * market_returns()
    own[1:] += 0.2 * own[:-1]
    own[::17] = 0.0
    return np.round(own, 6)


def trade_profits() -> NDArray[np.float64]:
    """In money, on a start of 10,000."""
    return np.round(1.5 + 40.0 * bell(3, 120) + 10.0, 2)
