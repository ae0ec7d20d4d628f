"""The slow, obvious twin of a window: its rows as tuples, checked one by one."""

from __future__ import annotations


def bars(rows: list[tuple[int, int, int, int, int, int, int]]) -> str:
    """What is wrong with bars of (end, start, open, high, low, close, volume), '' when nothing is."""
    before = 0
    for row, (end, start, open_, high, low, close, volume) in enumerate(rows):
        if end < before:
            return f"row {row}: time runs backwards"
        before = end
        if min(open_, high, low, close, volume) < 0:
            return "of 0 or more"
        if start >= end:
            return f"row {row}: expected a bar that starts before its end"
        if low <= 0 or low > min(open_, close) or high < max(open_, close):
            return f"row {row}: expected low <= open, close <= high"
    return ""
