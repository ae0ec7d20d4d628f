"""Margin ratios and slacks of positions one by one, in Python's floats."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

Tiers = tuple[Sequence[float], Sequence[float], Sequence[float]]
"""Floors, rates, amounts."""
Position = tuple[float, float, float]
"""Quantity, entry, margin."""


def parts(tiers: Tiers, position: Position, value: float) -> tuple[float, float]:
    """Equity and maintenance."""
    floors, rates, amounts = tiers
    quantity, entry, margin = position
    worth = abs(quantity) * value
    tier = bisect.bisect_right(floors, worth) - 1
    return margin + quantity * (value - entry), rates[tier] * worth - amounts[tier]


def ratio(tiers: Tiers, position: Position, value: float) -> float:
    equity, maintenance = parts(tiers, position, value)
    return math.inf if equity <= 0.0 else maintenance / equity


def slack(tiers: Tiers, position: Position, value: float) -> float:
    equity, maintenance = parts(tiers, position, value)
    return equity - maintenance
