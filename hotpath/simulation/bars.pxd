"""The C side of a market that is known by its bars."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.events cimport BarRow
from letrade.hotpath.simulation.recorded cimport RecordedMarket


cdef class BarsMarket(RecordedMarket):
    cdef int64_t start  # of the bar that runs, or ran last
    cdef int64_t open_price  # of the bar that runs; 0 between bars
    cdef int64_t price_now  # that a taker trades around
    cdef int64_t feed  # the feed with the shortest bars, by which orders fill
    cdef int64_t length  # of its bars, ns; the most there is: not known yet
    cdef int64_t volume  # of its last whole bar
    cdef int64_t high, low  # of its last whole bar
    cdef bint heard_volume
    cdef int64_t taken  # by us, of the bar that runs
    cdef bint within  # a bar is being told: orders fire at their own triggers

    cdef int open_bar(self, const BarRow* bar, int64_t feed) except -1
    cdef int close_bar(self, const BarRow* bar, int64_t feed, int64_t end) except -1
    cdef int go_through(self, int64_t side, int64_t price) except -1
    cdef int64_t share_left(self) noexcept
    cdef int64_t cost(self, int64_t size) noexcept
