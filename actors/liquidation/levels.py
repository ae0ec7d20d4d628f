"""Pure: how near liquidation is, in words that do not flutter."""

from __future__ import annotations

from collections.abc import Sequence

LEVELS = ("clear", "watch", "warn", "act", "liquidated")
ACT, LIQUIDATED = 3, 4


def level_of(distance: float, thresholds: Sequence[float], before: int, hysteresis: float) -> int:
    """The place in LEVELS: nearer at a threshold, and back only when it is exceeded by the share `hysteresis`.

    `thresholds` are those of watch, warn and act.
    """
    nearer = sum(distance <= threshold for threshold in thresholds)
    back = sum(distance <= threshold * (1 + hysteresis) for threshold in thresholds)
    return max(nearer, min(before, back))
