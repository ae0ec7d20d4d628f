"""Times as files write them, to ns UTC: ISO text, or epoch numbers whose size tells their unit."""

from __future__ import annotations

import datetime
import math

from letrade.core.clock import LATEST, MICROSECOND, MILLISECOND, SECOND
from letrade.core.config.values import parse_instant

EPOCH_UNITS = ((1e11, SECOND), (1e14, MILLISECOND), (1e17, MICROSECOND), (float("inf"), 1))
"""Epoch numbers below the limit are in this unit: seconds until the year 5138, and so on."""


def stamp_ns(value: object) -> int:
    """ns UTC of ISO text (UTC where it names no zone), or of an epoch number in s, ms, us or ns by its size."""
    if isinstance(value, datetime.datetime):
        return parse_instant(value if value.tzinfo else value.replace(tzinfo=datetime.UTC))
    if isinstance(value, str) and not is_number(value):
        return parse_instant(_with_zone(value.strip()))
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        raise ValueError("a finite number of seconds or parts of them is needed")
    unit = next(unit for limit, unit in EPOCH_UNITS if abs(number) < limit)
    if number * unit >= LATEST:
        raise ValueError("a time before 2262 is needed")
    if number == int(number):
        # Not by way of the float, which cannot tell nanoseconds apart.
        return (int(value) if not isinstance(value, str) or value.strip().isdigit() else int(number)) * unit  # type: ignore[call-overload]
    return round(number * unit)


def _with_zone(text: str) -> datetime.date:
    moment = datetime.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def is_number(text: str) -> bool:
    """Whether it reads as a number; an empty text is one that is missing."""
    try:
        number_of(text)
    except ValueError:
        return False
    return True


def number_of(text: str) -> float:
    """As any program reads it: what Python alone takes for a number (1_000, digits of other scripts) is a ValueError.
    An empty text is NaN."""
    if not text.isascii() or "_" in text:
        raise ValueError(f"expected a number, found {text!r}")
    return float(text or "nan")
