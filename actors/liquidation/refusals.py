"""Pure: which refusals pass, and how fast liquidation comes nearer."""

from __future__ import annotations

PASSING_CODES = ("-1000", "-1001", "-1003", "-1007", "-1008", "-1015", "10006", "10016", "50011", "50013", "429", "503")
"""Of Binance, Bybit, OKX and HTTP: too many requests, an overloaded or disconnected engine."""
PASSING_WORDS = ("busy", "overload", "too many", "rate limit", "try again", "timeout", "unavailable", "late")


def passes(why: str) -> bool:
    """Whether the same may be taken a moment later: the venue turned it away unread."""
    words = why.lower()
    return any(code in words.split() for code in PASSING_CODES) or any(word in words for word in PASSING_WORDS)


def wait_of(refusals: int, first: int, most: int) -> int:
    """How long until it is tried again, doubled each time."""
    return min(most, first << min(refusals, 20))


def speed_of(distance_before: float, distance: float, elapsed_ns: int) -> float:
    """The distance that is lost in a second; 0 where none is."""
    if elapsed_ns <= 0:
        return 0.0
    return max(0.0, distance_before - distance) * 1e9 / elapsed_ns
