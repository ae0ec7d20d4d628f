"""An order at the simulated exchange, and what the exchange has to say: plain structs, prices and sizes in units."""
from libc.stdint cimport int64_t

cdef enum OrderKind:
    LIMIT_ORDER = 0
    MARKET_ORDER = 1
    STOP_MARKET = 2  # becomes a market order when the trigger price is reached against the side: buy above, sell below
    STOP_LIMIT = 3
    TAKE_PROFIT_MARKET = 4  # the other way round: buy below, sell above
    TAKE_PROFIT_LIMIT = 5
    TRAILING_STOP = 6  # a stop whose trigger follows the best price at a distance


cdef enum TriggerSource:
    BY_LAST = 0
    BY_MARK = 1
    BY_INDEX = 2


cdef struct SimulatedOrder:
    int64_t number  # the caller's, above 0, never used twice at one market
    int64_t owner  # an account, above 0: its orders never trade with each other
    int64_t side
    int64_t kind
    int64_t price  # units; 0 for market kinds
    int64_t size  # units, filled part included
    int64_t filled
    int64_t time_in_force  # GTC, IOC, FOK, GTD
    int64_t expires  # ns; of GTD
    int64_t trigger  # units; of conditional kinds
    int64_t trigger_source
    int64_t trail  # units
    int64_t shown  # of an iceberg; 0: all of it
    int64_t group  # one-cancels-the-other; 0: none
    int64_t post_only
    int64_t reduce_only


cdef enum SaidKind:
    SAID_TRADED = 1  # a part of `order` traded: price, size, maker
    SAID_RESTS = 2  # `order` is working (what is left after it traded)
    SAID_ENDED = 3  # nothing of `order` is left at the exchange: reason
    SAID_TRIGGERED = 4
    SAID_AMENDED = 5
    SAID_REFUSED = 6  # the request changed nothing: reason
    SAID_STANDS = 7  # the answer to a query: size is what is left, 0 when it ended


cdef enum Reason:
    NO_REASON = 0
    WAS_FILLED = 1
    WAS_CANCELLED = 2
    NO_MORE_SIZE = 3  # IOC, FOK or market: nothing more at its price
    WOULD_TAKE = 4  # post-only
    OWN_ORDER = 5  # it would have traded with its owner
    TIME_OVER = 6  # GTD
    OTHER_OF_GROUP = 7  # one cancels the other
    NOTHING_TO_REDUCE = 8
    NO_MARKET = 9
    NOT_KNOWN = 10
    BAD_TERMS = 11
    WAS_TRIGGERED = 12  # nothing more is to be said of how an order stands
    CUT_ON_ENTRY = 13  # to what there was to reduce when it came: nothing that the answer tells
    BUSY = 14  # it turned the request away unread
    NO_MARK_PRICE = 15  # none was told that could trigger the order
    NO_INDEX_PRICE = 16
    TOO_LITTLE = 17  # free money; BAD_TERMS wherever but in the answer to a new order


cdef struct Said:
    int64_t kind
    int64_t order  # number
    int64_t time  # ns at the exchange
    int64_t price  # of SAID_TRADED; of an answer's SAID_ENDED: the Reason of what came before, where the end has none
    int64_t size  # of SAID_TRADED; of others what is left
    int64_t maker
    int64_t reason
    # of the exchange's answers; markets leave it alone
    int64_t whole  # of SAID_STANDS: the size with what was filled, as it was at the end
    int64_t verb  # the RequestKind that is answered; 0: it says so itself
