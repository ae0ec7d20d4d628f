"""Bands, volatility, VWAP, order flow and extremes by their definitions, in fractions, the whole window anew."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

Values = Sequence[float]


def exact_sum(values: Values) -> Fraction:
    return sum(map(Fraction, values), Fraction(0))


def deviation(values: Values, divisor: int) -> float:
    """The root of the exact squared distances over the divisor."""
    mean = exact_sum(values) / len(values)
    return math.sqrt(sum(((Fraction(value) - mean) ** 2 for value in values), Fraction(0)) / divisor)


def bollinger(values: Values, period: int, width: float) -> tuple[float, float, float] | None:
    if len(values) < period:
        return None
    last = values[-period:]
    middle, distance = float(exact_sum(last) / period), width * deviation(last, period)
    return middle + distance, middle, middle - distance


def volatility(values: Values, period: int, periods_per_year: float | None) -> float | None:
    returns = [math.log(now / before) for before, now in itertools.pairwise(values)]
    if len(returns) < period:
        return None
    return deviation(returns[-period:], period - 1) * math.sqrt(periods_per_year or 1.0)


def vwap(trades: Sequence[tuple[float, float]], period: int) -> float | None:
    counted = trades[-period:] if period else trades
    volume = exact_sum([size for _, size in counted])
    if len(trades) < period or not volume:
        return None
    return float(sum((Fraction(price) * Fraction(size) for price, size in counted), Fraction(0)) / volume)


def flow(before: Values, now: Values) -> Fraction:
    bid, bid_size, ask, ask_size = map(Fraction, now)
    old_bid, old_bid_size, old_ask, old_ask_size = map(Fraction, before)
    demand = bid_size * (bid >= old_bid) - old_bid_size * (bid <= old_bid)
    supply = ask_size * (ask <= old_ask) - old_ask_size * (ask >= old_ask)
    return demand - supply


def order_flow(quotes: Sequence[Values], period: int) -> float | None:
    changes = [flow(before, now) for before, now in itertools.pairwise(quotes)]
    if len(changes) < max(period, 1):
        return None
    return float(sum(changes[-period:] if period else changes, Fraction(0)))


def extremes(values: Values, period: int) -> tuple[float, float] | None:
    last = values[-period:]
    return (min(last), max(last)) if len(values) >= period else None
