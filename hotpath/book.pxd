"""The C side of a price-level book, for other compiled modules."""
from libc.stdint cimport int64_t

from letrade.hotpath.ladder cimport Ladder


cdef class Book:
    cdef Ladder ladders[2]  # bids, asks

    cdef Ladder* ladder(self, int64_t side) except NULL
    cdef int set_level(self, int64_t side, int64_t price, int64_t size) except -1  # the price and size are right already
    cdef int fill_side(self, int64_t side, levels) except -1
    cdef int take(self, Book fresh) except -1
