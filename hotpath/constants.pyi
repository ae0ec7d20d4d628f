"""Sides, times in force, kinds of order and their outcomes as small C integers; Python sees the same numbers."""
from typing import Final

SELL: Final = -1
BUY: Final = 1

GTC: Final = 0  # good till cancelled: what does not trade rests
IOC: Final = 1  # immediate or cancel: what does not trade expires
FOK: Final = 2  # fill or kill: all at once, or nothing
GTD: Final = 3  # good till a date: what does not trade rests until then

UNKNOWN_ORDER: Final = 0  # no resting order has this id
RESTING: Final = 1  # what is left of the order is in the book
FILLED: Final = 2  # nothing is left
EXPIRED: Final = 3  # what was left found no price that it may trade at, and is gone
SELF_TRADE: Final = 4  # what was left would have met an order of the same owner, and is gone
WOULD_CROSS: Final = 5  # post-only, and it would have traded: refused, nothing changed
WAITING: Final = 6  # a conditional order waits for its trigger
TRIGGERED: Final = 7  # its price has come; what became of it follows
TIME_OVER: Final = 8  # the end of a GTD order
GROUP_DONE: Final = 9  # another order of its group traded or was triggered
NOTHING_TO_REDUCE: Final = 10  # reduce-only, without that much of a position: these lots are gone
DECREMENTED: Final = 11  # these lots would have met an order of the same owner, and are gone
FILLS_FULL: Final = 12  # refused, nothing changed: take the fills first
ENGINE_FULL: Final = 13  # refused, nothing changed: as many orders as there is room for, or no memory
BAD_TERMS: Final = 14  # refused, nothing changed: these terms make no sense

LIMIT_ORDER: Final = 0  # trades at its price or better
MARKET_ORDER: Final = 1  # trades at any price, never rests
STOP_MARKET: Final = 2  # becomes a market order when the price comes to its trigger against it: buy above, sell below
STOP_LIMIT: Final = 3  # the same, and becomes a limit order
TAKE_PROFIT_MARKET: Final = 4  # the other way round: buy below, sell above
TAKE_PROFIT_LIMIT: Final = 5
TRAILING_STOP: Final = 6  # a stop at the market whose trigger follows the best price at a distance

BY_LAST: Final = 0  # the price of the last trade
BY_MARK: Final = 1
BY_INDEX: Final = 2

CANCEL_NEWEST: Final = 0  # an order that would meet its owner's own loses what is left of it
CANCEL_OLDEST: Final = 1  # the one that rests goes, and the new one trades on
CANCEL_BOTH: Final = 2
DECREMENT: Final = 3  # both shrink by the smaller of the two, untraded

PLACE: Final = 0
CANCEL: Final = 1
AMEND: Final = 2
