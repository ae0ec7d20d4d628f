"""The meaning of each small number of the hot path, as enumerations."""

from enum import IntEnum


class Side(IntEnum):
    SELL = -1
    BUY = 1


class TimeInForce(IntEnum):
    GTC = 0
    IOC = 1
    FOK = 2
    GTD = 3


class Status(IntEnum):
    UNKNOWN_ORDER = 0
    RESTING = 1
    FILLED = 2
    EXPIRED = 3
    SELF_TRADE = 4
    WOULD_CROSS = 5
    WAITING = 6
    TRIGGERED = 7
    TIME_OVER = 8
    GROUP_DONE = 9
    NOTHING_TO_REDUCE = 10
    DECREMENTED = 11
    FILLS_FULL = 12
    ENGINE_FULL = 13
    BAD_TERMS = 14


class OrderKind(IntEnum):
    LIMIT_ORDER = 0
    MARKET_ORDER = 1
    STOP_MARKET = 2
    STOP_LIMIT = 3
    TAKE_PROFIT_MARKET = 4
    TAKE_PROFIT_LIMIT = 5
    TRAILING_STOP = 6


class TriggerSource(IntEnum):
    BY_LAST = 0
    BY_MARK = 1
    BY_INDEX = 2


class SelfTrade(IntEnum):
    CANCEL_NEWEST = 0
    CANCEL_OLDEST = 1
    CANCEL_BOTH = 2
    DECREMENT = 3


class Action(IntEnum):
    PLACE = 0
    CANCEL = 1
    AMEND = 2
