"""The C side of a price-level book, for other compiled modules."""
from libc.stdint cimport int8_t, int64_t

from letrade.hotpath.level_rows cimport Rows
from letrade.hotpath.tick_ladder cimport TickLadder
from letrade.hotpath.update_sequence cimport UpdateSequence


cdef class Book:
    cdef TickLadder[2] ladders  # bids, asks; the values are lots
    cdef UpdateSequence sequence
    cdef readonly bint heal_crossed

    # The price and size are right already; 1: the best level of this side changed, 0: it did not.
    cdef int set_level(self, int64_t side, int64_t price, int64_t size) except -1
    # Checks every row before it applies the first, so that a wrong row changes nothing; 1: a best level changed.
    cdef int apply_rows(
        self, const int8_t* sides, const int64_t* prices, const int64_t* sizes, Py_ssize_t count
    ) except -1
    cdef int64_t best_price(self, int64_t side) noexcept nogil  # 0: the side is empty
    cdef int64_t best_size(self, int64_t side) noexcept nogil  # 0: the side is empty
    cdef int64_t size_at(self, int64_t side, int64_t price) noexcept nogil  # 0: no such level
    cdef Py_ssize_t depth_into(
        self, int64_t side, int64_t* prices, int64_t* sizes, Py_ssize_t count
    ) noexcept nogil  # best first; how many were written
    cdef double imbalance_of(self, Py_ssize_t count) noexcept nogil
    cdef void clear_levels(self) noexcept
    cdef int follow_update(self, int64_t first, int64_t last, int64_t previous) noexcept nogil  # a Verdict
    cdef void restart_at(self, int64_t last_update) noexcept nogil
    cdef void lose_sequence(self) noexcept nogil

    cdef TickLadder* ladder(self, int64_t side) except NULL
    cdef int apply_columns(
        self, const int8_t* sides, const int64_t* prices, const int64_t* sizes, Py_ssize_t count,
        int64_t* out_bid, int64_t* out_ask,
    ) except -1
    cdef int apply_staged(self, const Rows* rows) except -1
    cdef int load_staged(self, const Rows* bids, const Rows* asks) except -1
    cdef int out_of_memory(self) except -1
