"""The orders that work at one market: found by number, and side by side in priority."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.orders cimport SimulatedOrder

cdef enum:
    NO_SLOT = -1
    NOT_SHOWN = -1  # of `ahead`: the level of the order has never been shown, so nobody knows

cdef enum Place:
    FREE_SLOT = 0
    AWAITS_TRIGGER = 1
    AWAITS_MARKET = 2  # until it opens
    RESTS_IN_BOOK = 3


cdef struct Working:
    SimulatedOrder order
    int64_t place
    int64_t arrival  # counts what came to rest: priority within a price
    int64_t ahead  # units before it in the queue of its price; or NOT_SHOWN
    int64_t traded  # at its price since that level was last told
    int64_t visible  # what of it is shown
    int64_t joined  # where a market knows each order: the count of arrivals when it came to rest


cdef struct Listed:
    Py_ssize_t* slots
    Py_ssize_t count
    Py_ssize_t room
    int64_t worst, best  # side * price of a side of the book: INT64_MAX, INT64_MIN without orders


cdef struct Holding:
    int64_t owner
    int64_t position  # units, signed
    int64_t closed  # the side of orders that closed it since orders were last fitted, or 0


cdef inline int64_t left_of(const SimulatedOrder* order) noexcept nogil:
    return order.size - order.filled


cdef void* more_room(void* items, Py_ssize_t* room, size_t item_size) except NULL


cdef class WorkingOrders:
    cdef Working* pool
    cdef Py_ssize_t room
    cdef Py_ssize_t count  # of orders that work
    cdef Py_ssize_t free  # the first free slot; each free slot's `arrival` names the next
    cdef Py_ssize_t* buckets  # open addressing: slots by number
    cdef Py_ssize_t buckets_count  # a power of two
    cdef Listed sides[2]  # bids, asks in the book, worst first, so that the best is the last
    cdef Listed triggers  # what awaits its trigger, oldest first
    cdef Listed waiting  # what waits for the market, oldest first

    cdef int64_t reducing  # how many reduce-only orders work
    cdef Holding* holdings
    cdef Py_ssize_t holdings_count
    cdef int64_t* hits  # numbers of orders to look at: some may end meanwhile
    cdef Py_ssize_t hits_room

    cdef Py_ssize_t find(self, int64_t number) noexcept
    cdef Py_ssize_t add(self, const SimulatedOrder* order) except -1  # in no list yet
    cdef int enlist(self, Py_ssize_t slot, int64_t place) except -1  # into the list of its place
    cdef void note_edges(self, Listed* listed) noexcept  # once the first or last order of a side changed
    cdef void note_sides(self) noexcept  # once prices changed
    cdef void unlist(self, Py_ssize_t slot) noexcept  # out of its list; it stays known
    cdef void remove(self, Py_ssize_t slot) noexcept
    cdef Listed* list_of(self, int64_t place, int64_t side) noexcept
    cdef Listed* side(self, int64_t side) noexcept
    cdef int64_t best_key(self, int64_t side) noexcept  # side * price of the best in the book; INT64_MIN: none
    cdef int64_t worst_key(self, int64_t side) noexcept  # INT64_MAX: none
    cdef Py_ssize_t lower(self, Listed* listed, int64_t key) noexcept  # the first place of a side with at least the key
    cdef int grow(self) except -1
    cdef int grow_buckets(self) except -1
    cdef void bucket_insert(self, Py_ssize_t slot) noexcept
    cdef Holding* holding(self, int64_t owner) except NULL
    cdef int64_t reducible(self, const SimulatedOrder* order) except -1
    cdef Py_ssize_t next_due(self) noexcept
    cdef int note_hit(self, Py_ssize_t place, int64_t number) except -1
    cdef Py_ssize_t list_reducing(self) except -1
    cdef void forget_closed(self) noexcept
    cdef Py_ssize_t next_of_group(self, int64_t group, int64_t after) noexcept  # the lowest number above `after`
    cdef list state(self)
    cdef int restore(self, list state) except -1
