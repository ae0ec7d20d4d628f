"""The tick and lot of recorded data: the finest decimals that it shows, or the step that all its prices share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np

from letrade.core.errors import DataError

DECIMALS_MAX = 12
UNITS_MAX = 1e15
"""A double tells decimals of up to 15 significant digits apart."""
DISTINCT_MIN = 1_000
"""So many different prices do not share a step by chance."""

LOTS = {"spot": "0.00001", "linear": "0.001"}
"""Where the data does not show it."""

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def shortest(value: float) -> Decimal:
    """The decimal that a double stands for, of up to 15 digits, without trailing zeros: 61800.2 has one place."""
    return Decimal(repr(value)).normalize()


def places(values: Iterable[float]) -> int:
    """The most decimal places of all."""
    return max((max(0, -int(shortest(value).as_tuple().exponent)) for value in values), default=0)


def step_text(units: int, decimals: int) -> str:
    """5 units at 2 decimals is '0.05', in plain digits."""
    return f"{Decimal(units).scaleb(-decimals):f}"


def tick_of(prices: set[float]) -> str:
    """The step of all these prices; one unit of the finest decimal place while they are few."""
    decimals = places(prices)
    if len(prices) < DISTINCT_MIN:
        return step_text(1, decimals)
    return step_text(math.gcd(*(int(shortest(price).scaleb(decimals)) for price in prices)), decimals)


def lot_of(sizes: set[float]) -> str:
    """One unit of the finest decimal place: few sizes may share a larger step by chance."""
    return step_text(1, places(sizes))


def lot_shown(kind: str, size_decimals: int) -> str:
    """The usual lot, or a finer one that the sizes show: whole sizes alone do not say that there are no others."""
    return min(LOTS[kind], step_text(1, size_decimals), key=Decimal)


def decimals_of_floats(values: FloatArray, where: str) -> int:
    """The fewest decimal places at which every value is the nearest double of a decimal.

    DataError when they have more than 15 significant digits, or more than 12 decimals.
    """
    largest = float(np.max(np.abs(values)))
    for decimals in range(DECIMALS_MAX + 1):
        power = float(10**decimals)
        if largest * power > UNITS_MAX:
            break
        if bool(np.all(np.round(values * power) / power == values)):
            return decimals
    raise DataError(
        f"{where}: prices have more than 15 significant digits or {DECIMALS_MAX} decimals; "
        "give the instrument's tick in an [[instrument]]"
    )
