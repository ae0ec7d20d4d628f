"""Durations as people write them ("50ms", "1h") to integer nanoseconds, and back."""

from __future__ import annotations

import re
from decimal import Decimal

UNIT_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
DURATION_NS_MAX = 2**63 - 1

_FORM = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,9})?) ?(ns|us|ms|s|m|h|d)", re.ASCII)


def parse_duration(value: object) -> int:
    """'1.5s' is 1_500_000_000. ValueError without a unit, below a nanosecond, or beyond 64 bits (292 years)."""
    match = _FORM.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected a number and one of {', '.join(UNIT_NS)}")
    duration_ns = Decimal(match[1]) * UNIT_NS[match[2]]
    if duration_ns != int(duration_ns) or duration_ns > DURATION_NS_MAX:
        raise ValueError("expected whole nanoseconds, at most 292 years")
    return int(duration_ns)


def format_duration(duration_ns: int) -> str:
    """The shortest exact text: the largest unit that divides it."""
    if duration_ns == 0:
        return "0s"
    unit = max((unit for unit in UNIT_NS if duration_ns % UNIT_NS[unit] == 0), key=UNIT_NS.__getitem__)
    return f"{duration_ns // UNIT_NS[unit]}{unit}"
