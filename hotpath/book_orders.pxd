"""The C side of an order-by-order (L3) book, for other compiled modules."""
from libc.stdint cimport int8_t, int64_t

from letrade.hotpath.id_table cimport IdTable
from letrade.hotpath.queue_pool cimport Queue, QueuePool
from letrade.hotpath.tick_ladder cimport TickLadder

cdef enum OrderEvent:
    ADD = 0
    CHANGE = 1
    REMOVE = 2
    TRADE = 3


cdef class OrdersBook:
    cdef TickLadder[2] ladders  # bids, asks; the values are places of queues, plus one
    cdef IdTable ids  # the places of orders
    cdef QueuePool pool
    cdef readonly int64_t next_arrival

    cdef int add_order(self, int64_t id, int64_t side, int64_t price, int64_t size) except -1
    # 1: done, 0: no such order. A smaller size at the same price keeps the place in the queue.
    cdef int change_order(self, int64_t id, int64_t price, int64_t size) except -1
    cdef int remove_order(self, int64_t id) noexcept nogil
    cdef int trade_order(self, int64_t id, int64_t size) except -1
    cdef int64_t lots_ahead_of(self, int64_t id) noexcept nogil  # NO_PLACE: no such order
    cdef int64_t orders_ahead_of(self, int64_t id) noexcept nogil
    # The lots of a price whose orders joined before this arrival: what is ahead of one that would have joined then.
    cdef int64_t lots_before(self, int64_t side, int64_t price, int64_t arrival) noexcept nogil
    cdef int64_t best_price(self, int64_t side) noexcept nogil  # 0: the side is empty
    cdef int64_t best_size(self, int64_t side) noexcept nogil
    cdef int64_t size_at(self, int64_t side, int64_t price) noexcept nogil
    cdef Py_ssize_t depth_into(
        self, int64_t side, int64_t* prices, int64_t* sizes, Py_ssize_t count
    ) noexcept nogil
    cdef void clear_orders(self) noexcept nogil

    cdef const Queue* queue_at(self, int64_t side, int64_t price) noexcept nogil  # NULL: no such level
    cdef int join_queue(self, int64_t place, int64_t key) noexcept nogil
    cdef void leave_queue(self, int64_t place) noexcept nogil
    cdef void end_order(self, int64_t place) noexcept nogil
    cdef int take(self, OrdersBook fresh) except -1
    cdef int apply_event(self, int8_t event, int64_t id, int64_t side, int64_t price, int64_t size) except -1
