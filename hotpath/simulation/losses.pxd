"""Limits of losses: while none is near the compiled desk goes on; what a halt does is a matter for the actors."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.capital cimport Capital


cdef struct LossMarks:
    int64_t watched, seen
    int64_t day  # since 1970, UTC
    double daily_loss, drawdown  # limits; below 0: none
    double start, peak  # equity at the start of the day, and the highest ever


cdef class LossWatch(Capital):
    cdef LossMarks* marks  # by account
    cdef int64_t next_check

    cdef int check_losses(self, int64_t time) except -1  # at a price, once a second
    cdef int watch(self, int64_t account, int64_t time) except -1
