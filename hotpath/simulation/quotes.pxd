"""The C side of a market that is known by its best bid and ask."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.recorded cimport RecordedMarket


cdef struct Top:
    int64_t price, size  # as last shown; 0, 0: the side is empty
    int64_t left  # what we have not taken of it


cdef class QuotesMarket(RecordedMarket):
    cdef Top tops[2]  # bid, ask

    cdef int show(self, int64_t side, int64_t price, int64_t size) except -1
    cdef int meet_top(self, int64_t side) except -1
