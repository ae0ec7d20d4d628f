"""How much memory this process holds more after many turns of something than after its first."""

from __future__ import annotations

import gc
from collections.abc import Callable

import psutil


def grown_bytes(turn: Callable[[int], object], warm_up: int, turns: int) -> int:
    """The resident memory that `turns` turns after `warm_up` of them have added."""
    for number in range(warm_up):
        turn(number)
    gc.collect()
    before = psutil.Process().memory_info().rss
    for number in range(turns):
        turn(number)
    gc.collect()
    return int(psutil.Process().memory_info().rss - before)
