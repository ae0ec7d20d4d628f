"""An order as the desk's rooms know it, from its approval on, and a fill: plain structs, prices and sizes in units."""
from libc.stdint cimport int8_t, int32_t, int64_t

from letrade.hotpath.simulation.money cimport int128

cdef enum OrderState:
    ORDER_PENDING = 0
    ORDER_SENT = 1
    ORDER_OPEN = 2
    ORDER_PARTLY_FILLED = 3
    ORDER_CANCEL_SENT = 4
    ORDER_UNKNOWN = 5  # whether it works: an answer is late, or a cancel was turned away
    ORDER_FILLED = 6  # this one and those after it are ends
    ORDER_CANCELLED = 7
    ORDER_REJECTED = 8
    ORDER_EXPIRED = 9


cdef enum UpdateReason:
    NOTHING_SAID = 0
    BY_SIGNAL = 1  # cancelled by the strategy's newest signal
    WAS_AMENDED = 2
    AMEND_WAS_REFUSED = 3
    BEFORE_IT_WAS_SENT = 4
    DESK_STOPS = 5
    BY_VENUE = 6  # plus a Reason of the exchange
    ANOTHER_POSITION = 32  # a protection gives way to one that fits
    HELD_BACK = 33  # a protection gives way to a sale
    NO_ANSWER = 40  # in time


cdef enum Refused:
    ORDER_WAS_REFUSED = 0
    AMEND_OF_IT_WAS_REFUSED = 1


cdef enum Rule:
    NO_RULE = 0
    CAPITAL_RULE = 1
    NO_PRICE_RULE = 2
    SPOT_SHORT_RULE = 3
    TICK_RULE = 4
    GRID_RULE = 5
    AMEND_RULE = 6
    STALE_RULE = 7
    RATE_RULE = 8
    BAND_RULE = 9
    ORDER_RATE_RULE = 10
    SIZE_MIN_RULE = 11
    NOTIONAL_MIN_RULE = 12
    ORDER_SIZE_RULE = 13
    ORDER_NOTIONAL_RULE = 14
    POSITION_NOTIONAL_RULE = 15
    GROSS_RULE = 16
    OWN_ORDER_RULE = 17
    VENUE_RULE = 18  # the exchange rejected it
    SIGNAL_RULE = 19  # a protection bears the number of a position, or the reverse
    TRIGGER_BY_RULE = 20
    RULES_COUNT = 21


cdef struct View:  # what one room believes of an order
    int64_t size, filled, price
    int64_t amending, amend_size, amend_price  # an amend is on its way
    int64_t asked_by  # the signal that asked for it
    int64_t working
    int64_t previous, next  # numbers in its list of working orders; 0: the end


cdef struct OrderRecord:
    int64_t number, strategy, account, instrument, key, signal, leg
    int64_t side, limit, post_only, reduce_only, opening
    int64_t first_price, first_size  # as it was sent
    # execution's
    int64_t state, size, filled, price
    int64_t amending, amend_size, amend_price
    int64_t questions, early  # asked of it and not answered; of those, before the amend under way
    int64_t asked_size  # as it was sent or last changed in place; of `size` the exchange may have taken some off
    int64_t replaced  # how often it was changed in place
    int64_t cancel_wanted
    int64_t due, attempts  # when an answer is overdue, 0: none is awaited; how often one was
    int64_t decided, sent, ended  # ns; 0: not yet
    double mid  # of the desk's last price when it was decided
    # capital's
    View capital
    int64_t acknowledged, cancelling
    double basis
    # risk's
    View risk
    int64_t rests
    # of a protection
    int64_t protects  # the OrderKind that it has at the exchange; 0: an order of a target or of quotes
    int64_t trigger_source, trail  # a TriggerSource; units, 0: none
    int64_t trigger, group  # units, 0: none; the number of the first order of which one cancels the other
    int64_t guards  # capital has not heard of its end


cdef struct FillRecord:
    int128 realised  # of the account's position, without fees, in units of the settlement currency's own scale
    int128 cost_after  # of the account's position
    int64_t quantity_after, price_decimals_after
    int64_t order, time, venue_time, price, size, fee, maker
    double own_realised  # of the strategy's share
    double rate  # of what it is settled in, in the reporting currency; 0: not known


cdef packed struct OrderRow:  # of an order that is over: what is ever asked of it again
    int64_t signal, first_price, first_size, asked_size, price, filled, decided, sent, ended
    double mid
    int32_t strategy, account, instrument, leg, replaced
    int8_t side, limit, post_only, reduce_only, opening, state, protects


cdef packed struct FillRow:  # of a fill that everybody has heard of
    int64_t order, time, venue_time, price, size, fee
    double own_realised, rate
    int8_t maker


cdef enum:
    PAGE_BITS = 8  # records are kept by pages of so many
    PAGE = 256


cdef struct OrderPage:  # either of both
    OrderRecord* records
    OrderRow* rows
    int64_t held  # the round of recycling for which something of it was under way
    int64_t pin  # the place of an order that was not over when last looked at


cdef struct FillPage:  # either of both
    FillRecord* records
    FillRow* rows


cdef inline bint is_over(const OrderRecord* order) noexcept nogil:
    """Whether no room looks at it any more."""
    return order.state >= ORDER_FILLED and not (order.capital.working or order.risk.working or order.guards)


cdef struct CashRecord:
    int64_t time, account, instrument, amount  # units of 1e-8 of the settlement currency; negative is paid
    int64_t due  # the funding time


cdef inline int64_t remaining(const View* view) noexcept nogil:
    """The most that an order may still trade, as far as a room knows."""
    cdef int64_t size = view.size
    if view.amending and view.amend_size > size:
        size = view.amend_size
    return size - view.filled if size > view.filled else 0
