"""The C side of a price-level book, for other compiled modules."""
from libc.stdint cimport int8_t, int64_t

from letrade.hotpath.ladder cimport Ladder


cdef class Book:
    cdef Ladder ladders[2]  # bids, asks

    cdef Ladder* ladder(self, int64_t side) except NULL
    cdef int set_level(self, int64_t side, int64_t price, int64_t size) except -1  # the price and size are right already
    # Checks every row before it applies the first, so that a wrong row changes nothing.
    cdef int apply_rows(
        self, const int8_t* sides, const int64_t* prices, const int64_t* sizes, Py_ssize_t count
    ) except -1
    cdef int64_t best_price(self, int64_t side) noexcept nogil  # 0: the side is empty
    cdef int64_t best_size(self, int64_t side) noexcept nogil  # 0: the side is empty
    cdef int64_t size_at(self, int64_t side, int64_t price) noexcept nogil  # 0: no such level
    cdef Py_ssize_t depth_into(
        self, int64_t side, int64_t* prices, int64_t* sizes, Py_ssize_t count
    ) noexcept nogil  # best first; how many were written
    cdef void clear_levels(self) noexcept
    cdef int fill_side(self, int64_t side, levels) except -1
    cdef int take(self, Book fresh) except -1
