"""The C side of orders beside recorded data: trades fill makers, prices trigger what waits for them."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.market cimport Market
from letrade.hotpath.simulation.orders cimport SimulatedOrder

cdef enum Which:
    ALL_KINDS = 0
    STOPS = 1
    PROFITS = 2


cdef class RecordedMarket(Market):
    cdef bint heard_trade
    cdef double up[3]  # by source: no order fires from below this price up
    cdef double down[3]  # nor from above this one down
    cdef double values[3]  # by source: the newest mark and index price, in quote units; 0: none was told
    cdef int64_t following  # how many trailing stops may wait

    # `for_sells` is the price that sell orders are triggered by, `for_buys` that of buy orders, in units.
    cdef int hear_price(self, int64_t source, double for_sells, double for_buys) except -1
    cdef int fire(self, int64_t source, double for_sells, double for_buys, int64_t which) except -1
    cdef int follow(self, int64_t source, double for_sells, double for_buys) except -1
    cdef int watch(self, const SimulatedOrder* order) except -1
    cdef int watch_all(self) except -1
    cdef int triggered(self, const SimulatedOrder* order) except -1  # it is about to enter
    cdef int reference(self, int64_t source, double* for_sells, double* for_buys) except -1  # 0: not known
    cdef bint knows(self, int64_t source) noexcept  # whether orders may await a price of this TriggerSource
    cdef double units_of(self, double value) noexcept
    cdef int meet_trade(self, int64_t price, int64_t size, int64_t taker) except -1
    cdef int64_t share_at_price(self, Py_ssize_t slot, int64_t size, int64_t taken) noexcept
    cdef int64_t meet_offer(self, int64_t side, int64_t price, int64_t size) except -1
    cdef int64_t fill_maker(self, Py_ssize_t slot, int64_t size) except -1  # how much traded
    cdef int level_changed(self, int64_t side, int64_t price, int64_t before, int64_t after) except -1
    cdef Py_ssize_t list_reached(self, int64_t side, int64_t key) except -1
    cdef list state_of_record(self)
    cdef int restore_record(self, list state) except -1
