"""The C side of how long requests and answers take between the desk and the simulated exchange."""
from libc.stdint cimport int64_t, uint64_t


cdef class Latency:
    cdef int64_t order_latency, response_latency  # ns, the least
    cdef int64_t jitter  # ns, the most that is added
    cdef uint64_t seed
    cdef double reject  # probability
    cdef int64_t* rows  # (time, request, response) of what was recorded
    cdef Py_ssize_t rows_count
    cdef int64_t last_arrival, last_answer  # neither requests nor answers overtake each other

    # How long the request that leaves at `time` is under way, ns. Negative: so long until it is turned away.
    cdef int64_t request(self, int64_t time) noexcept
    cdef int64_t response(self, int64_t time) noexcept  # how long the answer that is given at `time` is under way
    cdef uint64_t draw(self, int64_t time, uint64_t which) noexcept
    cdef int64_t recorded(self, int64_t time, Py_ssize_t column) noexcept
