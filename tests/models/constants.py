"""The meaning of each small number of the hot path, as enumerations."""

from enum import IntEnum


class Side(IntEnum):
    SELL = -1
    BUY = 1


class TimeInForce(IntEnum):
    GTC = 0
    IOC = 1
    FOK = 2


class Status(IntEnum):
    UNKNOWN_ORDER = 0
    RESTING = 1
    FILLED = 2
    EXPIRED = 3
    SELF_TRADE = 4
    WOULD_CROSS = 5
