"""One instrument at the simulated exchange: our orders beside recorded data. What every kind of data shares."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.events cimport Event
from letrade.hotpath.simulation.orders cimport Said, SimulatedOrder


cdef class Market:
    """Hears the tape as the exchange did it (venue time), takes orders, and says what became of them, in order."""

    cdef Said* said  # the caller reads said[:said_count] after each call, and sets said_count to 0
    cdef Py_ssize_t said_count
    cdef Py_ssize_t said_room
    cdef int64_t time  # of what was heard or asked last

    cdef int hear(self, const Event* event) except -1
    cdef int submit(self, const SimulatedOrder* order, int64_t time) except -1
    cdef int cancel(self, int64_t number, int64_t time) except -1
    cdef int amend(self, int64_t number, int64_t price, int64_t size, int64_t time) except -1
    cdef int expire(self, int64_t time) except -1  # ends GTD orders that are due
    cdef int64_t next_expiry(self) noexcept  # INT64_MAX: none
    cdef bint has_market(self) noexcept  # false while nothing is known that an order could trade against
    cdef int64_t best(self, int64_t side) noexcept  # the best price of a side in units; 0: not known
    cdef int64_t last(self) noexcept  # the price that trades were last made at, or bars last told; 0: none
    cdef int64_t left(self, int64_t number) noexcept  # of a working order; 0: it is not working
