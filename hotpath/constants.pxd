"""Sides, times in force and order outcomes as small C integers; Python sees the same numbers."""

cpdef enum:
    SELL = -1
    BUY = 1

cpdef enum:
    GTC = 0  # good till cancelled: what does not trade rests
    IOC = 1  # immediate or cancel: what does not trade expires
    FOK = 2  # fill or kill: all at once, or nothing

cpdef enum:
    UNKNOWN_ORDER = 0  # no resting order has this id
    RESTING = 1  # what is left of the order is in the book
    FILLED = 2  # nothing is left
    EXPIRED = 3  # what was left found no price that it may trade at, and is gone
    SELF_TRADE = 4  # what was left would have met an order of the same owner, and is gone
    WOULD_CROSS = 5  # post-only, and it would have traded: refused, nothing changed
