"""The one way that data flows: an actor's stage says whom its messages reach at once, and who hears of them next."""

from __future__ import annotations

import enum


class Stage(enum.IntEnum):
    """Messages reach higher stages in the same pass, and the same or lower stages (feedback) in the next window."""

    FEED = -1
    VENUE = 0
    MARKET = 1
    FEATURE = 2
    STRATEGY = 3
    CAPITAL = 4
    RISK = 5
    EXECUTION = 6
    LEDGER = 7
    MONITOR = 8


SKIPS_BAD_MESSAGES = frozenset({Stage.MARKET, Stage.FEATURE, Stage.STRATEGY, Stage.MONITOR})
"""Stages whose actors go on after a message that made them raise; the others stop and halt opening."""
