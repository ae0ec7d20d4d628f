"""The C side of the matching engine, for other compiled modules."""
from libc.stdint cimport int64_t

from letrade.hotpath.ladder cimport Ladder


cdef struct Order:
    int64_t id
    int64_t owner
    int64_t price
    int64_t size  # lots still open
    int64_t previous  # neighbours in the queue of a price, as places in the pool, or NONE
    int64_t next
    int64_t side
    bint post_only


cdef class MatchingEngine:
    cdef Ladder ladders[2]  # bids, asks
    cdef int64_t resting_lots[2]
    cdef Order* pool  # places are used again: next links the free ones, from first_free
    cdef int64_t pool_count
    cdef int64_t pool_capacity
    cdef int64_t first_free
    cdef dict places  # order id -> place in the pool

    cdef tuple place_limit(
        self, int64_t order_id, int64_t owner, int64_t side, int64_t price, int64_t size, int64_t time_in_force,
        bint post_only,
    )
    cdef tuple place_market(self, int64_t order_id, int64_t owner, int64_t side, int64_t size)
    cdef tuple amend_order(self, int64_t order_id, int64_t price, int64_t size)
    cdef Ladder* ladder(self, int64_t side) except NULL
    cdef int check_order(self, int64_t side, int64_t price, int64_t size, int64_t leaving) except -1
    cdef int check_new_id(self, int64_t order_id) except -1
    cdef bint would_cross(self, int64_t side, int64_t price) noexcept
    cdef bint can_fill(self, int64_t owner, int64_t side, int64_t worst_key, int64_t size) noexcept
    cdef bint match(
        self, int64_t order_id, int64_t owner, int64_t side, int64_t worst_key, int64_t* open_lots, list trades
    ) except -1
    cdef int64_t claim_place(self) except -1
    cdef int rest(self, int64_t order_id, int64_t owner, int64_t side, int64_t price, int64_t size, bint post_only) except -1
    cdef int unlink(self, int64_t place) except -1
    cdef int take(self, MatchingEngine fresh) except -1
    cdef list words_of_side(self, int64_t side)
