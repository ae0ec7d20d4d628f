"""Takes arrays as a program hands them over, in copies: DataError names the argument, and the lengths or the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from letrade.core.clock import LATEST
from letrade.core.data.checks import Checker
from letrade.core.data.columns import BarRows, Chunk, IntArray, Kind, LevelRows, SideArray
from letrade.core.errors import DataError

UNITS_MAX = 1e15
INT64_MAX = 2**63 - 1
NO_NUMBERS = "bcmM"
"""Kinds of numpy's arrays that it would make floats of: booleans, complex numbers, differences and dates."""
AnyArray: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def flat(values: Any, what: str) -> AnyArray:
    """Values as an array of one dimension, none of them masked: numpy would forget the mask."""
    if np.ma.is_masked(values):
        raise DataError(f"{what}: expected a value in each row, found {int(np.sum(values.mask)):,} masked")
    try:
        found = np.asarray(values)
    except ValueError as error:
        raise DataError(f"{what}: expected an array of numbers: {error}") from error
    if found.ndim != 1:
        raise DataError(f"{what}: expected an array of one dimension, found {found.ndim}")
    return found


def whole_numbers(values: Any, what: str) -> IntArray:
    """Times and offsets: floats would round them, so they are refused."""
    found = flat(values, what)
    if len(found) and found.dtype.kind not in "iu":
        raise DataError(f"{what}: expected integers (times are int64 ns UTC), found {found.dtype}")
    if found.dtype.kind == "u":
        _refuse(what, found, found > INT64_MAX, "a whole number below 2**63")
    return np.array(found, dtype=np.int64, order="C")


def choices(values: Any, what: str, allowed: Sequence[int]) -> SideArray:
    """Numbers of a few."""
    found = flat(values, what)
    if len(found) and found.dtype.kind in NO_NUMBERS and (found.dtype.kind != "b" or -1 in allowed):
        raise DataError(f"{what}: expected integers, found {found.dtype}")
    _refuse(what, found, ~np.isin(found, allowed), f"one of {', '.join(map(str, allowed))}")
    return np.array(found, dtype=np.int8, order="C")


def units(values: Any, decimals: int, what: str, step: int = 1) -> IntArray:
    """Values as whole units of 10**-decimals, each a multiple of `step`. DataError for what is not a number of at most
    15 digits, or lies off the grid."""
    shown = flat(values, what)
    if len(shown) and shown.dtype.kind in NO_NUMBERS:
        raise DataError(f"{what}: expected numbers, found {shown.dtype}")
    try:
        told = shown.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what}: expected numbers, found {shown.dtype}") from error
    with np.errstate(invalid="ignore", over="ignore"):
        found = told * 10.0**decimals
        whole = np.rint(found)
        bad = ~np.isfinite(found) | (np.abs(found) > UNITS_MAX)
        bad |= np.abs(found - whole) > 1e-6 * np.maximum(1.0, np.abs(found) * 1e-6)
    _refuse(what, shown, bad, f"a number of at most {decimals} decimals and 15 digits")
    counted = np.ascontiguousarray(whole.astype(np.int64))
    if step > 1:
        _refuse(what, shown, counted % step != 0, f"a multiple of {step / 10**decimals:g}")
    return counted


def same_length(rows: int, of: str, **columns: AnyArray) -> None:
    """As many rows in each of the columns as there are in the argument `of`."""
    for name, column in columns.items():
        if len(column) != rows:
            raise DataError(f"{name}: expected {rows:,} values, as many as {of}, found {len(column):,}")


def check_offsets(offset: IntArray, events: int, levels: int) -> None:
    """Event k has the levels offset[k] to offset[k + 1]: from 0 to all of them, never falling."""
    if len(offset) != events + 1:
        raise DataError(f"offset: expected {events + 1:,} values, one more than time has, found {len(offset):,}")
    if offset[0] != 0 or offset[-1] != levels:
        raise DataError(f"offset: expected 0 to {levels:,}, the count of levels, found {offset[0]} to {offset[-1]}")
    _refuse("offset", offset[1:], offset[1:] < offset[:-1], "no less than the row above")


def check_chunk(where: str, chunk: Chunk, price_decimals: int, size_decimals: int) -> None:
    """What either engine would stumble over later, and what only one of them would."""
    if not chunk.count:
        return
    of = "end" if chunk.kind == Kind.BARS else "time"
    _refuse(f"{where}: {of}", chunk.time, chunk.time < 0, "a time from 1970 on")
    _refuse(f"{where}: {of}", chunk.time, chunk.time >= LATEST, "a time before 2262 in ns")
    Checker(where, price_decimals, size_decimals).check(chunk)
    if chunk.venue_time is not None:
        late = (chunk.venue_time > chunk.time) | (chunk.venue_time < 0)
        _refuse(f"{where}: venue_time", chunk.venue_time, late, "a time from 1970 on and not after time")
    if isinstance(chunk.rows, LevelRows):
        whole = chunk.rows.snapshot[:1]
        _refuse(f"{where}: snapshot", whole, whole == 0, "1 of the first event, the whole book")
    if isinstance(chunk.rows, BarRows):
        start = chunk.rows.start
        _refuse(f"{where}: start", start, start < 0, "a time from 1970 on")
        overlaps = np.concatenate(([False], start[1:] < chunk.time[:-1]))
        _refuse(f"{where}: start", start, overlaps, "a bar that starts at or after the end of the one above")


def _refuse(what: str, shown: AnyArray, bad: AnyArray, expected: str) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(f"{what}: row {row}: expected {expected}, found {shown[row].item()!r}")
