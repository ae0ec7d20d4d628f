"""Doubles to whole units of 10**-decimals and the decimals that they need; noise in the last bits is rounded away."""

from __future__ import annotations

import numpy as np

from letrade.core.data.columns import UNITS_MAX, FloatArray, IntArray
from letrade.core.errors import DataError

DECIMALS_MAX = 12
NOISE_ULPS = 4.0
"""A sum or a product of a few decimals is so many steps of a double away from the decimal that it means."""


def decimals_needed(values: FloatArray, where: str, first_row: int = 0) -> int:
    """The fewest places at which every value is a decimal, up to noise; `first_row` is the row of the first value.

    DataError when that takes more than 15 significant digits or 12 places.
    """
    fitting = decimals_fitting(values)
    for decimals in range(fitting + 1):
        if _rounds(values, decimals).all():
            return decimals
    place, largest = int(np.argmin(_rounds(values, fitting))), int(np.argmax(np.abs(values)))
    expected = f"expected at most 15 significant digits and {DECIMALS_MAX} decimals"
    beside = f" beside {_named(values, largest, first_row)}" if place != largest and fitting < DECIMALS_MAX else ""
    raise DataError(f"{where}: {expected}, found {_named(values, place, first_row)}{beside}")


def _named(values: FloatArray, place: int, first_row: int) -> str:
    return f"{float(values[place])!r}" + (f" in row {first_row + place}" if first_row else "")


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
    with np.errstate(invalid="ignore", over="ignore"):
        return np.abs(np.rint(values * power) / power - values) <= NOISE_ULPS * np.spacing(np.abs(values))


def to_units(values: FloatArray, decimals: int, where: str, first_row: int = 0) -> IntArray:
    """The nearest whole units; `first_row` is the row of the first value.

    DataError for a value that is not finite or has more than 15 digits.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.rint(values * 10.0**decimals)
    bad = ~(np.abs(scaled) <= UNITS_MAX)
    if bad.any():
        found = _named(values, int(np.argmax(bad)), first_row)
        raise DataError(f"{where}: expected finite numbers of at most 15 digits ({decimals} decimals), found {found}")
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
