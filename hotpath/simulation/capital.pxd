"""Capital in the compiled desk: what strategies want becomes orders, amends and cancels."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk_orders cimport OrderRecord
from letrade.hotpath.simulation.desk_told cimport Told
from letrade.hotpath.simulation.protections cimport Protections


cdef struct WantedQuote:
    int64_t side, price, size
    int64_t order  # that stands for it; 0: none yet; below 0: it was refused


cdef struct Desire:  # the newest signal of one strategy for one instrument
    int64_t signal, legs, waiting
    int64_t wanted, price, limit, post_only
    int64_t quoting
    WantedQuote* quotes
    Py_ssize_t quotes_count
    Py_ssize_t quotes_room


cdef struct Change:  # an amend: the new price, and the new size with the filled part
    int64_t order, price, size


cdef class Capital(Protections):
    """Never more on its way than wanted − held: what a cancel has not ended yet still counts."""

    cdef Desire* desires  # by key
    cdef int64_t desires_count
    cdef int64_t* signals  # the newest of each strategy: an older one is a repeat
    cdef int64_t* fresh  # numbers of the orders that are proposed now
    cdef Py_ssize_t fresh_count
    cdef Py_ssize_t fresh_room
    cdef Change* changes
    cdef Py_ssize_t changes_count
    cdef Py_ssize_t changes_room

    cdef Desire* desire(self, int64_t strategy, int64_t instrument, int64_t signal, int64_t time) except? NULL
    cdef int refuse(self, int64_t key, int64_t rule, int64_t time, int64_t order) except -1
    cdef int pursue(self, int64_t key, int64_t time) except -1
    cdef int follow(self, int64_t key, int64_t side, int64_t need, int64_t time) except -1
    cdef int64_t cancel_all(self, int64_t key, int64_t side, int64_t but_price) except -1
    cdef int note_fresh(self, int64_t number) except -1
    cdef int64_t closing(self, int64_t key, int64_t side, int64_t size) except -1
    cdef int place_quotes(self, int64_t key, int64_t time) except -1
    cdef int match_quotes(self, int64_t key) except -1
    cdef int new_order_of(self, int64_t key, int64_t side, int64_t size, int64_t closing, int64_t time) except -1
    cdef int split(self, int64_t key, int64_t side, int64_t size, int64_t ahead, int64_t time) except -1
    cdef bint is_dust(self, int64_t key, int64_t side, int64_t size) except -1
    cdef int change(self, int64_t order, int64_t price, int64_t size) except -1
    cdef int send(self, int64_t key, int64_t time) except -1
    cdef bint amend(self, const Change* change, int64_t key, int64_t time) except -1
    cdef int cancel(self, OrderRecord* order) except -1
    cdef int go_on(self, int64_t key, int64_t time) except -1
    cdef int64_t aim(self, int64_t key) noexcept  # the position that a protection may run ahead of
    cdef int guard_hears(self, OrderRecord* order, int64_t key, const Told* told, int64_t time) except -1
    cdef int capital_hears(self, const Told* told, int64_t time) except -1
