"""How long requests and answers take between the desk and the simulated exchange: constant, jittered or recorded."""
cimport cython
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport INT64_MIN, int64_t, uint64_t

from letrade.hotpath.whole cimport whole

cdef enum:
    REQUEST = 1
    RESPONSE = 2
    REJECT = 3


cdef class Latency:
    """What is drawn depends on the seed and the time alone, so that it is the same whoever asks, and how often."""

    def __cinit__(self):
        self.last_arrival = self.last_answer = INT64_MIN

    def __init__(self, order_latency, response_latency, jitter=0, seed=1, double reject=0.0, rows=()):
        cdef Py_ssize_t place
        self.order_latency, self.response_latency = whole(order_latency), whole(response_latency)
        self.jitter, self.seed, self.reject = whole(jitter), <uint64_t>whole(seed), reject
        if self.order_latency < 0 or self.response_latency < 0 or self.jitter < 0 or not 0 <= reject <= 1:
            raise ValueError("expected latencies of at least 0 ns and a probability")
        rows = sorted(tuple(row) for row in rows)
        if any(len(row) != 3 for row in rows):
            raise ValueError("expected time, request and response in each recorded row")
        PyMem_Free(self.rows)
        self.rows_count = 0
        self.rows = <int64_t*>PyMem_Malloc(max(1, 3 * len(rows)) * sizeof(int64_t))
        if self.rows == NULL:
            raise MemoryError(f"no memory for {len(rows)} latencies")
        for place, row in enumerate(rows):
            self.rows[3 * place], self.rows[3 * place + 1], self.rows[3 * place + 2] = row
        self.rows_count = len(rows)

    def __dealloc__(self):
        PyMem_Free(self.rows)

    @cython.overflowcheck(False)
    cdef uint64_t draw(self, int64_t time, uint64_t which) noexcept:
        """splitmix64 of seed, time and what for; the overflows are meant."""
        cdef uint64_t mixed = <uint64_t>time + (self.seed * 4 + which) * <uint64_t>0x9E3779B97F4A7C15
        mixed = (mixed ^ (mixed >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
        mixed = (mixed ^ (mixed >> 27)) * <uint64_t>0x94D049BB133111EB
        return mixed ^ (mixed >> 31)

    cdef int64_t recorded(self, int64_t time, Py_ssize_t column) noexcept:
        """Between two rows in proportion to the time; a row that was turned away holds until the next."""
        cdef Py_ssize_t low = 0, high = self.rows_count, middle
        cdef int64_t before, after, start, end
        while low < high:
            middle = (low + high) // 2
            if self.rows[3 * middle] <= time:
                low = middle + 1
            else:
                high = middle
        if low == 0:
            return self.rows[column]
        before = self.rows[3 * (low - 1) + column]
        if low == self.rows_count or before < 0:
            return before
        after, start, end = self.rows[3 * low + column], self.rows[3 * (low - 1)], self.rows[3 * low]
        if after < 0:
            return before
        return before + <int64_t>(<double>(after - before) * (<double>(time - start) / <double>(end - start)))

    cdef int64_t request(self, int64_t time) noexcept:
        cdef int64_t latency = self.order_latency
        cdef bint refused = False
        if self.rows_count:
            latency = self.recorded(time, 1)
            refused = latency < 0
            latency = max(abs(latency), self.order_latency)
        if self.jitter:
            latency += <int64_t>(self.draw(time, REQUEST) % <uint64_t>(self.jitter + 1))
        if self.reject > 0 and <double>(self.draw(time, REJECT) >> 11) * 2.0**-53 < self.reject:
            refused = True
        latency = max(latency, self.last_arrival - time) if self.last_arrival != INT64_MIN else latency
        self.last_arrival = time + latency
        return -latency if refused else latency

    cdef int64_t response(self, int64_t time) noexcept:
        cdef int64_t latency = self.response_latency
        if self.rows_count:
            latency = max(abs(self.recorded(time, 2)), latency)
        if self.jitter:
            latency += <int64_t>(self.draw(time, RESPONSE) % <uint64_t>(self.jitter + 1))
        latency = max(latency, self.last_answer - time) if self.last_answer != INT64_MIN else latency
        self.last_answer = time + latency
        return latency

    def request_latency(self, time):
        return self.request(whole(time))

    def answer_latency(self, time):
        return self.response(whole(time))

    def state(self):
        return [self.last_arrival, self.last_answer]

    def restore(self, state):
        self.last_arrival, self.last_answer = state
