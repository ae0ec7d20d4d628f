"""Columns of a record batch as numpy: times in ns UTC, numbers, sides, flags and whole ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from letrade.actors.feeds.stamps import EPOCH_UNITS, stamp_ns
from letrade.core.clock import LATEST, MICROSECOND
from letrade.core.data.columns import FloatArray, IntArray, SideArray
from letrade.core.errors import DataError

SIDES: Mapping[str, int] = {
    "buy": 1, "b": 1, "bid": 1, "1": 1, "buyer": 1, "long": 1, "bids": 1,
    "sell": -1, "s": -1, "a": -1, "ask": -1, "-1": -1, "seller": -1, "short": -1, "asks": -1,
    "unknown": 0, "": 0, "0": 0, "none": 0, "n": 0,
}  # fmt: skip
FLAGS: Mapping[str, int] = {"true": 1, "t": 1, "1": 1, "snap": 1, "false": 0, "f": 0, "0": 0, "set": 0, "": 0}


def numbers(column: Any, where: str) -> FloatArray:
    """float64; what is missing is NaN. A single-precision 99.9 is taken as 99.9, not as the double next to it."""
    import pyarrow

    try:
        if column.type == pyarrow.float32():
            column = column.cast(pyarrow.string())
        cast_column = column.cast(pyarrow.float64())
    except pyarrow.ArrowException as error:
        raise DataError(f"{where}: expected numbers: {error}") from error
    return cast(FloatArray, np.asarray(cast_column).astype(np.float64))


def whole(column: Any, where: str) -> IntArray:
    """int64; what is missing, or is an id of other characters, is 0."""
    import pyarrow
    from pyarrow import compute

    try:
        filled = compute.fill_null(column.cast(pyarrow.int64()), 0)
    except pyarrow.ArrowException:
        return np.zeros(len(column), dtype=np.int64)
    return cast(IntArray, filled.to_numpy(zero_copy_only=False))


def coded(column: Any, codes: Mapping[str, int], where: str) -> SideArray:
    """Words by a table, in small letters. DataError that names a word which is not in it."""
    import pyarrow

    encoded = column.cast(pyarrow.string()).dictionary_encode()
    table = np.zeros(len(encoded.dictionary) + 1, dtype=np.int8)
    for place, word in enumerate(encoded.dictionary.to_pylist()):
        code = codes.get(word.strip().lower())
        if code is None:
            raise DataError(f"{where}: expected one of {', '.join(filter(None, codes))}; found {word!r}")
        table[place] = code
    # What is missing has the last place.
    places = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    return cast(SideArray, table[places])


def times_ns(column: Any, where: str) -> IntArray:
    """ns UTC of timestamps, epoch numbers in s, ms, us or ns by their size, or ISO text."""
    from pyarrow import types

    if column.null_count:
        raise DataError(f"{where}: expected a time in each row, found {column.null_count} without one")
    if types.is_timestamp(column.type) or types.is_date(column.type):
        return _of_timestamps(column, where)
    if types.is_string(column.type) or types.is_large_string(column.type):
        return _of_texts(column, where)
    if types.is_integer(column.type):
        return _of_epochs(column.to_numpy(zero_copy_only=False).astype(np.int64), where)
    return _of_seconds(numbers(column, where), where)


def _of_timestamps(column: Any, where: str) -> IntArray:
    import pyarrow

    zone = getattr(column.type, "tz", None)
    try:
        stamps = column.cast(pyarrow.timestamp("ns", tz=zone)).cast(pyarrow.int64())
    except pyarrow.ArrowException as error:
        raise DataError(f"{where}: expected times between 1678 and 2262: {error}") from error
    return cast(IntArray, np.asarray(stamps).astype(np.int64))


def _of_texts(column: Any, where: str) -> IntArray:
    import pyarrow

    readers: tuple[tuple[Any, Callable[[Any], IntArray]], ...] = (
        (pyarrow.int64(), lambda found: _of_epochs(found.to_numpy(zero_copy_only=False), where)),
        (pyarrow.float64(), lambda found: _of_seconds(found.to_numpy(zero_copy_only=False), where)),
        (pyarrow.timestamp("ns"), lambda found: _of_timestamps(found, where)),
        (pyarrow.timestamp("ns", tz="UTC"), lambda found: _of_timestamps(found, where)),
    )
    for kind, read in readers:
        try:
            converted = column.cast(kind)
        except pyarrow.ArrowException:
            continue
        return read(converted)
    found = np.empty(len(column), dtype=np.int64)
    for row, text in enumerate(column.to_pylist()):
        try:
            found[row] = stamp_ns(text)
        except (ValueError, TypeError, OverflowError) as error:
            raise DataError(f"{where}: expected a time, found {text!r}: {error}") from error
    return found


def _unit(largest: float) -> int:
    return next(unit for limit, unit in EPOCH_UNITS if largest < limit)


def _of_epochs(stamps: IntArray, where: str) -> IntArray:
    if not len(stamps):
        return stamps
    unit = _unit(float(stamps.max()))
    if int(stamps.min()) < 0 or unit != _unit(float(stamps.min())):
        raise DataError(f"{where}: expected times of one unit, found {int(stamps.min())} and {int(stamps.max())}")
    if int(stamps.max()) >= LATEST // unit:
        raise DataError(f"{where}: expected times before 2262, found {int(stamps.max())}")
    return stamps * unit


def _of_seconds(stamps: FloatArray, where: str) -> IntArray:
    """Epochs with a fraction, which a double holds to the microsecond."""
    if not len(stamps):
        return np.zeros(0, dtype=np.int64)
    if not (np.isfinite(stamps).all() and float(stamps.min()) >= 0):
        raise DataError(f"{where}: expected epoch times, found {stamps[int(np.argmin(stamps))]}")
    unit = _unit(float(stamps.max()))
    if float(stamps.max()) >= LATEST / unit:
        raise DataError(f"{where}: expected times before 2262, found {stamps.max()}")
    micros = stamps * (unit // MICROSECOND) if unit > 1 else stamps / MICROSECOND
    return cast(IntArray, np.rint(micros).astype(np.int64) * MICROSECOND)
