"""Whether the numbers of a message are in their ranges, field by field: the twin of hotpath/ranges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def hold(limits: Sequence[tuple[str, float, bool, float]], message: Any) -> bool:
    """`limits` are (field, lowest, whether that itself is outside, highest)."""
    for name, low, above, high in limits:
        number = getattr(message, name)
        if not (low < number <= high if above else low <= number <= high):
            return False
    return True
