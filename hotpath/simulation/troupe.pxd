"""The C side of the troupe, for the engine."""
from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from letrade.hotpath.book cimport Book
from letrade.hotpath.dispatch cimport Dispatcher, Kind
from letrade.hotpath.simulation.events cimport Event
from letrade.hotpath.simulation.telling cimport Teller
from letrade.hotpath.slots cimport MailSlot

cdef enum WishKind:
    TARGET_WISH = 1
    QUOTES_WISH = 2
    PROTECT_WISH = 3


cdef struct Wish:  # what a strategy wants from now on
    int64_t kind
    int64_t place  # of its slot: wishes of one time are heard in the order of the desk file
    int64_t count  # in the order in which they were said
    int64_t strategy, instrument, signal
    double position, limit  # of a Target; limit 0: none
    bint sized, post_only
    double stop, take_profit, size  # of a Protect; prices of 0 and sizes below 0: none
    double trail
    int64_t source  # a TriggerSource; below 0: one that nobody knows
    Py_ssize_t first, orders  # of Quotes: where they stand in sides, prices and sizes


cdef class Line:
    cdef Teller teller
    cdef Teller snapshots
    cdef tuple takers
    cdef tuple snapshot_takers
    cdef tuple readers  # pairs of a slot and what it calls when the book has changed
    cdef Book book
    cdef bint has_book  # a snapshot has come
    cdef object feed
    cdef int64_t rank


cdef class Troupe(Dispatcher):
    cdef bint chained
    cdef list lines
    cdef list strategies  # by the slot's index: the strategy's place, or None
    cdef list accounts  # by the slot's index
    cdef dict instruments
    cdef dict meanings  # message types to kinds of wishes
    cdef dict offsets
    cdef object order  # the type of an order of Quotes
    cdef tuple only_actors
    cdef int64_t resume_at
    cdef Wish* wishes
    cdef Py_ssize_t wishes_count
    cdef Py_ssize_t wishes_room
    cdef int64_t* sides
    cdef double* prices
    cdef double* sizes
    cdef Py_ssize_t orders_count
    cdef Py_ssize_t orders_room

    cdef int64_t next_due(self, int64_t latest) except -2
    cdef int wake(self, int64_t time) except -1  # timers that are due hear before data
    cdef int perform(self, const Event* events, Py_ssize_t count, int64_t time) except -1  # up to the data
    cdef int drain_due(self, int64_t time) except -1
    cdef int follow(self, int64_t time) except -1  # what comes after data: feedback and news, if they were put
    cdef int hear(self, const Event* event) except -1
    cdef int hear_book(self, Line line, const Event* event) except -1
    cdef int look(self, MailSlot slot, object changed, Line line, const Event* event) except -1
    cdef int post_event(self, const Event* event) except -1
    cdef int post_news(self, MailSlot slot, object message, int64_t time, int64_t rank) except -1
    cdef int send(self, MailSlot slot, object message, int64_t time, object cause) except -1
    cdef int check_quotes(self, PyObject* message) except -1
    cdef int wish(self, MailSlot slot, PyObject* message, int64_t kind) except -1
    cdef int wish_quotes(self, PyObject* message, tuple places, Wish* found) except -1
    cdef int make_room(self) except -1
    cdef int make_order_room(self, Py_ssize_t more) except -1
    cdef void sort_wishes(self) noexcept
