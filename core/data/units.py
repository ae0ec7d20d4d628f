"""Doubles to whole units of 10**-decimals and the decimals that they need; noise in the last bits is rounded away."""

from __future__ import annotations

import numpy as np

from letrade.core.data.columns import UNITS_MAX, FloatArray, IntArray
from letrade.core.errors import DataError

DECIMALS_MAX = 12
NOISE_ULPS = 4.0
"""A sum or a product of a few decimals is so many steps of a double away from the decimal that it means."""


def decimals_needed(values: FloatArray, where: str) -> int:
    """The fewest places at which every value is a decimal, up to noise.

    DataError when that takes more than 15 significant digits or 12 places.
    """
    for decimals in range(decimals_fitting(values) + 1):
        if _rounds(values, decimals).all():
            return decimals
    bad = values[int(np.argmin(_rounds(values, decimals_fitting(values))))]
    raise DataError(
        f"{where}: expected at most 15 significant digits and {DECIMALS_MAX} decimals, found {float(bad)!r}"
    )


def decimals_or_fitting(values: FloatArray) -> int:
    """The decimals that the values need; as many as fit where they are no decimals of up to 15 digits."""
    try:
        return decimals_needed(values, "")
    except DataError:
        return decimals_fitting(values)


def decimals_fitting(values: FloatArray) -> int:
    """The most places at which the largest value has at most 15 digits."""
    largest = float(np.max(np.abs(values), initial=0.0))
    return max((places for places in range(DECIMALS_MAX + 1) if largest * 10.0**places <= UNITS_MAX), default=0)


def _rounds(values: FloatArray, decimals: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    power = 10.0**decimals
    return np.abs(np.rint(values * power) / power - values) <= NOISE_ULPS * np.spacing(np.abs(values))


def to_units(values: FloatArray, decimals: int, where: str) -> IntArray:
    """The nearest whole units. DataError for a value that is not finite or has more than 15 digits."""
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.rint(values * 10.0**decimals)
    bad = ~(np.abs(scaled) <= UNITS_MAX)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"{where}: expected finite numbers of at most 15 digits, found {float(values[row])!r} at place {row}"
        )
    return scaled.astype(np.int64)


def rescaled(units: IntArray, decimals: int, wanted: int) -> IntArray:
    """The same values at more places. DataError beyond 15 digits."""
    if decimals == wanted:
        return units
    factor = int(10 ** (wanted - decimals))
    if len(units) and int(np.max(np.abs(units))) > UNITS_MAX // factor:
        raise DataError(
            f"expected at most 15 digits at {wanted} decimals, found {int(np.max(np.abs(units)))}e-{decimals}"
        )
    return units * factor
