"""The C side of the tape, for other compiled modules."""
from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.columns cimport Window
from letrade.hotpath.simulation.events cimport Event

cdef enum View:
    VENUE_VIEW = 1  # what the exchange did, at its time
    OUR_VIEW = 2  # what we saw, at ours
    BOTH_VIEWS = 3


cdef struct Head:  # where one view of one source stands
    int64_t time
    int64_t feed
    int64_t sequence
    int64_t reel
    int64_t view
    int64_t instrument
    int64_t counts  # whether events of this view are counted
    Py_ssize_t place  # in its window
    PyObject* window  # owned


cdef struct Spot:  # a head on the heap, by its time
    int64_t time
    Py_ssize_t head


cdef class Tape:
    cdef public int64_t until
    cdef readonly int64_t count
    cdef readonly int64_t rows
    cdef readonly int64_t last_time
    cdef Head* heads  # as they were started
    cdef Spot* spots  # a heap of those that have not ended
    cdef Py_ssize_t heads_count
    cdef Py_ssize_t spots_count
    cdef Py_ssize_t heads_room
    cdef list sources
    cdef list names
    cdef list retired

    cdef int64_t next_time(self) noexcept  # INT64_MAX at the end
    cdef Head* first(self) noexcept
    cdef int take(self, Event* event) except -1  # the view that it is told to, 0 at the end
    cdef int settle(self) except -1  # rows of events that were taken are not read any more
    cdef int start(self, int64_t feed, int64_t instrument, int64_t view, bint counts, Window first) except -1
    cdef int advance(self) except -1
    cdef Window load(self, int64_t reel, Window before)
    cdef void sink(self) noexcept
    cdef void push(self, Spot spot) noexcept
