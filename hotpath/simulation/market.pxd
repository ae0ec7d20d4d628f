"""One instrument at the simulated exchange: our orders beside recorded data. What every kind of data shares."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.events cimport Event
from letrade.hotpath.simulation.orders cimport Said, SimulatedOrder
from letrade.hotpath.simulation.working cimport WorkingOrders

cdef enum QueueModel:
    QUEUE_NONE = 0  # nobody is before us: a trade at our price is ours
    QUEUE_PESSIMISTIC = 1  # what the level showed when we came is before us, and only trades take from it
    QUEUE_PROBABILISTIC = 2  # cancels take from it too, by a share
    QUEUE_LAST = 3  # all others are before us: only a trade through our price is ours


cdef struct MarketTerms:
    int64_t price_step, size_step  # the tick and the lot, in units
    int64_t queue  # a QueueModel
    double queue_power  # of QUEUE_PROBABILISTIC
    bint one_tick_beyond  # quotes: what is not shown at the top is to be had one tick worse
    double half_spread  # bars: what a taker pays, a share of the price
    double impact  # bars: shares of the last bar's range that an order as large as its volume moves the price by
    double volume_share  # bars: the most that we may trade of a bar's volume; below 0: any size
    bint contract  # reduce-only orders are fitted to the position, which the market counts from what trades here
    double price_scale  # 10**decimals of prices
    bint by_venue_time  # events happen here at their venue_time, not at their time
    bint asks_before_waiting  # orders that wait for the market are placed by place_waiting, not by themselves


cdef struct Offer:
    int64_t price, size


cdef class Market:
    """Hears the tape as the exchange did it (venue time), takes orders, and says what became of them, in order."""

    cdef Said* said  # the caller reads said[:said_count] after each call, and sets said_count to 0
    cdef Py_ssize_t said_count
    cdef Py_ssize_t said_room
    cdef int64_t time  # of what was heard or asked last

    cdef int hear(self, const Event* event) except -1
    cdef int submit(self, const SimulatedOrder* order, int64_t time) except -1
    cdef int cancel(self, int64_t number, int64_t time) except -1
    cdef int amend(self, int64_t number, int64_t price, int64_t size, int64_t time) except -1
    cdef int expire(self, int64_t time) except -1  # ends GTD orders that are due
    cdef int64_t next_expiry(self) noexcept  # nothing expires before; INT64_MAX: none
    cdef bint has_market(self) noexcept  # false while nothing is known that an order could trade against
    cdef int64_t best(self, int64_t side) noexcept  # the best price of a side in units; 0: not known
    cdef int64_t last(self) noexcept  # the price that trades were last made at, or bars last told; 0: none
    cdef int64_t left(self, int64_t number) noexcept  # of a working order; 0: it is not working

    # What a taker would get now, best first, into offers[:offers_count]; limit 0: at any price.
    cdef int preview(self, int64_t side, int64_t size, int64_t limit) except -1
    cdef Offer* offers
    cdef Py_ssize_t offers_count
    cdef Py_ssize_t offers_room

    # Where terms.asks_before_waiting is set: after hear(), while next_waiting() is not 0, judge that order and call
    # place_waiting with NO_REASON, or with the reason why it ends. Else hear() places what waits by itself.
    cdef int64_t next_waiting(self) noexcept
    cdef int place_waiting(self, int64_t number, int64_t reason) except -1
    cdef int hold(self, int64_t owner, int64_t position) except -1  # of a contract, where it is not 0 at the start
    cdef int drop(self, int64_t number, int64_t reason, int64_t time) except -1  # ends an order that works

    cdef MarketTerms terms
    cdef WorkingOrders working
    cdef int64_t arrivals
    cdef int64_t first_expiry
    cdef int64_t last_price
    cdef bint positions_moved

    # What the kinds of markets fill in.
    cdef int hear_data(self, const Event* event) except -1
    cdef int hear_value(self, int64_t source, double value) except -1  # a mark or index price, in quote units
    cdef int took(self, int64_t side, int64_t price, int64_t size) except -1  # a taker of ours has had it
    cdef int64_t queue_ahead(self, int64_t side, int64_t price) except? -2  # of an order that comes to rest
    cdef bint opens_later(self) noexcept  # orders wait for the market to open
    cdef int park(self, Py_ssize_t slot) except -1  # an order that awaits its trigger

    cdef int say(self, int64_t kind, const SimulatedOrder* order, int64_t reason) except -1
    cdef int offer(self, int64_t price, int64_t size) except -1
    cdef int64_t form(self, const SimulatedOrder* order) noexcept
    cdef Py_ssize_t admit(self, const SimulatedOrder* order) except -1
    cdef int enter(self, Py_ssize_t slot) except -1
    cdef int change(self, Py_ssize_t slot, const SimulatedOrder* wanted) except -1
    cdef int64_t own_price(self, const SimulatedOrder* order) noexcept
    cdef int rest(self, Py_ssize_t slot) except -1
    cdef int traded(self, Py_ssize_t slot, int64_t price, int64_t size, bint maker) except -1
    cdef int end(self, Py_ssize_t slot, int64_t reason) except -1
    cdef int shrink(self, Py_ssize_t slot, int64_t left, int64_t reason) except -1
    cdef int shrink_group(self, int64_t number, int64_t group, int64_t size) except -1
    cdef int settle(self) except -1
    cdef int fit_reducing(self) except -1
    cdef int64_t scaled(self, int64_t price, int64_t factor) except? -1
    cdef int scale_prices(self, int64_t factor) except -1  # prices are told so many times finer from now on
    cdef list state_of_orders(self)
    cdef int restore_orders(self, list state) except -1
