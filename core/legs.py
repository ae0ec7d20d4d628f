"""Names of positions: an instrument's only one, or in hedge mode its long and its short leg, each a position."""

from __future__ import annotations

LONG, SHORT = "long", "short"
SIDES = {LONG: 1, SHORT: -1}


def name_of(instrument: str, leg: str) -> str:
    """The key of a position; with leg "" the instrument itself."""
    return f"{instrument} {leg}" if leg else instrument


def split(name: str) -> tuple[str, str]:
    """(instrument, leg)."""
    instrument, _, leg = name.partition(" ")
    return instrument, leg


def instrument_of(name: str) -> str:
    return name.partition(" ")[0]


def leg_of_side(side: int) -> str:
    return LONG if side > 0 else SHORT
