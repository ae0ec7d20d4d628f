"""Sides, times in force and order outcomes as small C integers; Python sees the same numbers."""
from typing import Final

SELL: Final = -1
BUY: Final = 1

GTC: Final = 0  # good till cancelled: what does not trade rests
IOC: Final = 1  # immediate or cancel: what does not trade expires
FOK: Final = 2  # fill or kill: all at once, or nothing

UNKNOWN_ORDER: Final = 0  # no resting order has this id
RESTING: Final = 1  # what is left of the order is in the book
FILLED: Final = 2  # nothing is left
EXPIRED: Final = 3  # what was left found no price that it may trade at, and is gone
SELF_TRADE: Final = 4  # what was left would have met an order of the same owner, and is gone
WOULD_CROSS: Final = 5  # post-only, and it would have traded: refused, nothing changed
