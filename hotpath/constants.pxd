"""Sides, times in force, kinds of order and their outcomes as small C integers; Python sees the same numbers."""

cpdef enum:
    SELL = -1
    BUY = 1

cpdef enum:
    GTC = 0  # good till cancelled: what does not trade rests
    IOC = 1  # immediate or cancel: what does not trade expires
    FOK = 2  # fill or kill: all at once, or nothing
    GTD = 3  # good till a date: what does not trade rests until then

cpdef enum:
    UNKNOWN_ORDER = 0  # no resting order has this id
    RESTING = 1  # what is left of the order is in the book
    FILLED = 2  # nothing is left
    EXPIRED = 3  # what was left found no price that it may trade at, and is gone
    SELF_TRADE = 4  # what was left would have met an order of the same owner, and is gone
    WOULD_CROSS = 5  # post-only, and it would have traded: refused, nothing changed
    WAITING = 6  # a conditional order waits for its trigger
    TRIGGERED = 7  # its price has come; what became of it follows
    TIME_OVER = 8  # the end of a GTD order
    GROUP_DONE = 9  # another order of its group traded or was triggered
    NOTHING_TO_REDUCE = 10  # reduce-only, without that much of a position: these lots are gone
    DECREMENTED = 11  # these lots would have met an order of the same owner, and are gone
    FILLS_FULL = 12  # refused, nothing changed: take the fills first
    ENGINE_FULL = 13  # refused, nothing changed: as many orders as there is room for, or no memory
    BAD_TERMS = 14  # refused, nothing changed: these terms make no sense

cpdef enum:
    LIMIT_ORDER = 0  # trades at its price or better
    MARKET_ORDER = 1  # trades at any price, never rests
    STOP_MARKET = 2  # becomes a market order when the price comes to its trigger against it: buy above, sell below
    STOP_LIMIT = 3  # the same, and becomes a limit order
    TAKE_PROFIT_MARKET = 4  # the other way round: buy below, sell above
    TAKE_PROFIT_LIMIT = 5
    TRAILING_STOP = 6  # a stop at the market whose trigger follows the best price at a distance

cpdef enum:
    BY_LAST = 0  # the price of the last trade
    BY_MARK = 1
    BY_INDEX = 2

cpdef enum:
    CANCEL_NEWEST = 0  # an order that would meet its owner's own loses what is left of it
    CANCEL_OLDEST = 1  # the one that rests goes, and the new one trades on
    CANCEL_BOTH = 2
    DECREMENT = 3  # both shrink by the smaller of the two, untraded

cpdef enum:
    PLACE = 0
    CANCEL = 1
    AMEND = 2
