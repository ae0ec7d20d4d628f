"""How long requests and answers take between the desk and the simulated exchange: constant, jittered or recorded."""
cimport cython
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport int64_t, uint64_t

from letrade.hotpath.simulation.money cimport int128
from letrade.hotpath.whole cimport whole

cdef enum:
    REQUEST = 1
    RESPONSE = 2
    REJECT = 3


cdef class Latency:
    """A function of the seed and the time alone, the same whoever asks and how often, of which nothing that leaves later
    arrives earlier: so it needs no memory of what is under way."""

    def __init__(self, order_latency, response_latency, jitter=0, seed=1, double reject=0.0, rows=()):
        cdef Py_ssize_t place
        self.order_latency, self.response_latency = whole(order_latency), whole(response_latency)
        self.jitter, self.seed, self.reject = whole(jitter), <uint64_t>whole(seed), reject
        if self.order_latency < 0 or self.response_latency < 0 or self.jitter < 0 or not 0 <= reject <= 1:
            raise ValueError("expected latencies of at least 0 ns and a probability")
        rows = sorted(tuple(row) for row in rows)
        if any(len(row) != 3 for row in rows):
            raise ValueError("expected time, request and response in each recorded row")
        rows = list({row[0]: row for row in rows}.values())  # of one time the last, by what stands in them
        PyMem_Free(self.rows)
        self.rows_count = 0
        self.rows = <Recorded*>PyMem_Malloc(max(1, len(rows)) * sizeof(Recorded))
        if self.rows == NULL:
            raise MemoryError(f"no memory for {len(rows)} latencies")
        for place, row in enumerate(rows):
            self.rows[place].time, self.rows[place].ways[0], self.rows[place].ways[1] = row
        self.rows_count = len(rows)
        for place in range(self.rows_count):
            self.find_latest(place, 0)
            self.find_latest(place, 1)

    def __dealloc__(self):
        PyMem_Free(self.rows)

    cdef int find_latest(self, Py_ssize_t place, int which) except -1:
        """When the latest arrives of all that left up to this row's time: between two rows that is one of both ends."""
        cdef Recorded* row = &self.rows[place]
        cdef int64_t latest = row.time + self.least(abs(row.ways[which]), which), before
        if place:
            before = row.time - 1 + self.least(abs(self.recorded(row.time - 1, which, place)), which)
            latest = max(latest, before, self.rows[place - 1].latest[which])
        row.latest[which] = latest
        return 0

    cdef int64_t least(self, int64_t way, int which) noexcept:
        return max(way, self.response_latency if which else self.order_latency)

    @cython.overflowcheck(False)
    cdef uint64_t draw(self, int64_t time, uint64_t which) noexcept:
        """splitmix64 of seed, time and what for; the overflows are meant."""
        cdef uint64_t mixed = <uint64_t>time + (self.seed * 4 + which) * <uint64_t>0x9E3779B97F4A7C15
        mixed = (mixed ^ (mixed >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
        mixed = (mixed ^ (mixed >> 27)) * <uint64_t>0x94D049BB133111EB
        return mixed ^ (mixed >> 31)

    cdef Py_ssize_t rows_until(self, int64_t time) noexcept:
        cdef Py_ssize_t low = 0, high = self.rows_count, middle
        while low < high:
            middle = (low + high) // 2
            if self.rows[middle].time <= time:
                low = middle + 1
            else:
                high = middle
        return low

    @cython.overflowcheck(False)
    cdef int64_t recorded(self, int64_t time, int which, Py_ssize_t place) noexcept:
        """Before the row at `place`, behind the one before it: between the two in proportion to the time, while a row
        that was turned away holds until the next."""
        cdef int64_t before, after
        cdef int128 part
        if place == 0:
            return self.rows[0].ways[which]
        before = self.rows[place - 1].ways[which]
        if place == self.rows_count or before < 0 or self.rows[place].ways[which] < 0:
            return before
        after = self.rows[place].ways[which]
        part = <int128>(after - before) * (time - self.rows[place - 1].time)
        return before + <int64_t>(part // (self.rows[place].time - self.rows[place - 1].time))

    cdef int64_t drawn(self, int64_t slot, uint64_t which) noexcept:
        return <int64_t>(self.draw(slot, which) % <uint64_t>(self.jitter + 1))

    cdef int64_t arrival(self, int64_t time, int which, bint* refused) noexcept:
        """The jitter is drawn anew for each slot as long as itself: only the slot before may still hold one up."""
        cdef int64_t latest = time + self.least(0, which), way, slot
        cdef uint64_t drawing = RESPONSE if which else REQUEST
        cdef Py_ssize_t place
        if self.rows_count:
            place = self.rows_until(time)
            way = self.recorded(time, which, place)
            refused[0] = way < 0
            latest = time + self.least(abs(way), which)
            if place:
                latest = max(latest, self.rows[place - 1].latest[which])
        if self.jitter:
            slot = latest // self.jitter
            latest = max(latest + self.drawn(slot, drawing), slot * self.jitter - 1 + self.drawn(slot - 1, drawing))
        return latest

    cdef int64_t request(self, int64_t time) noexcept:
        cdef bint refused = False
        cdef int64_t latency = self.arrival(time, 0, &refused) - time
        if self.reject > 0 and <double>(self.draw(time, REJECT) >> 11) * 2.0**-53 < self.reject:
            refused = True
        return -latency if refused else latency

    cdef int64_t response(self, int64_t time) noexcept:
        cdef bint refused = False
        return self.arrival(time, 1, &refused) - time

    def request_latency(self, time):
        return self.request(whole(time))

    def answer_latency(self, time):
        return self.response(whole(time))

    def longest(self):
        cdef Py_ssize_t place
        cdef int64_t request = self.order_latency, response = self.response_latency
        for place in range(self.rows_count):
            request = max(request, self.rows[place].latest[0] - self.rows[place].time)
            response = max(response, self.rows[place].latest[1] - self.rows[place].time)
        return request + self.jitter, response + self.jitter

    def state(self):
        return []

    def restore(self, state):
        if state and len(state) != 2:  # two numbers were remembered once
            raise ValueError(f"expected the state of a latency, which is nothing, found {state!r}")
