"""What accounts have traded, by currency and day (UTC): exact, and no more days than fees ask for."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.money cimport int128

cdef enum:
    DAYS = 30
    DAYS_KEPT = 31  # and today


cdef struct Days:  # of one account in one currency, each at the day's number by DAYS_KEPT
    int64_t numbers[31]  # since 1970; 0: nothing was traded then
    int128 traded[31]
    int64_t known  # the day that `before` is the sum for; 0: none
    int128 before


cdef class Volume:
    cdef Days* kept
    cdef int64_t count

    cdef int check(self, int64_t place) except -1
    cdef int128 before(self, int64_t place, int64_t time) except? -1
    cdef int add(self, int64_t place, int64_t time, int128 amount) except -1
