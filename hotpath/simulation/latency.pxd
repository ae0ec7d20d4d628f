"""The C side of how long requests and answers take between the desk and the simulated exchange."""
from libc.stdint cimport int64_t, uint64_t


cdef struct Recorded:
    int64_t time
    int64_t ways[2]  # of a request, negative when it was turned away, and of an answer
    int64_t latest[2]  # when the latest arrives of what left up to that time


cdef class Latency:
    cdef int64_t order_latency, response_latency  # ns, the least
    cdef int64_t jitter  # ns, the most that is added
    cdef uint64_t seed
    cdef double reject  # probability
    cdef Recorded* rows
    cdef Py_ssize_t rows_count

    # How long the request that leaves at `time` is under way, ns. Negative: so long until it is turned away.
    cdef int64_t request(self, int64_t time) noexcept
    cdef int64_t response(self, int64_t time) noexcept  # how long the answer that is given at `time` is under way
    cdef int64_t arrival(self, int64_t time, int which, bint* refused) noexcept
    cdef int64_t least(self, int64_t way, int which) noexcept
    cdef int64_t drawn(self, int64_t slot, uint64_t which) noexcept
    cdef uint64_t draw(self, int64_t time, uint64_t which) noexcept
    cdef Py_ssize_t rows_until(self, int64_t time) noexcept
    cdef int64_t recorded(self, int64_t time, int which, Py_ssize_t place) noexcept
    cdef int find_latest(self, Py_ssize_t place, int which) except -1
