"""What a tape tells, one row an event: numbers only, prices and sizes in whole units of the instrument."""
from libc.stdint cimport int8_t, int64_t

cdef enum EventKind:
    QUOTE_EVENT = 1  # the best bid and ask
    TRADE_EVENT = 2
    LEVELS_EVENT = 3  # one venue event of changed price levels (L2); a size of 0 removes the level
    SNAPSHOT_EVENT = 4  # all levels: the book is cleared first
    BAR_OPEN_EVENT = 5  # told to the exchange alone, at the bar's start
    BAR_EVENT = 6  # a whole bar, at its end
    MARK_EVENT = 7
    INDEX_EVENT = 8
    FUNDING_EVENT = 9
    ORDERS_EVENT = 10  # one change of a single resting order (L3)


cdef struct QuoteRow:
    int64_t bid, bid_size, ask, ask_size  # 0, 0: the side is empty


cdef struct TradeRow:
    int64_t price, size
    int64_t side  # +1 the buyer took, -1 the seller took, 0 unknown
    int64_t trade_id  # 0: not told


cdef struct LevelRows:
    const int8_t* sides  # BUY or SELL
    const int64_t* prices
    const int64_t* sizes
    int64_t count
    const int64_t* first_update  # NULL: the venue does not say
    const int64_t* last_update
    const int64_t* previous_update


cdef struct BarRow:
    int64_t start  # ns; the event's time is the end
    int64_t open, high, low, close, volume


cdef struct OrderRow:  # L3
    int64_t action  # 1 added, 2 size changed, 3 removed, 4 traded
    int64_t order_id, side, price, size


cdef struct FundingRow:
    double rate
    int64_t due  # ns: when it is paid


cdef union EventRow:
    QuoteRow quote
    TradeRow trade
    LevelRows levels
    BarRow bar
    OrderRow order
    FundingRow funding
    double value  # MARK, INDEX: the price in quote units, on no grid; FUNDING: the rate


cdef struct Event:
    int64_t time  # ns UTC: when we saw it
    int64_t venue_time  # ns UTC: when the exchange did it; never after `time`
    int64_t kind
    int64_t instrument  # its place among the run's instruments
    int64_t sequence  # of its feed, from 1
    int64_t feed  # its feed's place
    EventRow row
    int64_t venue_time_told  # as messages say it: 0 where the exchange's time is not known
    int64_t reel  # the source's place on the tape
    double middle  # LEVELS, SNAPSHOT: of the book as the desk sees it after them; 0 while a side is empty
    bint is_told  # whether that middle is told as a price: nobody has quoted the instrument yet
