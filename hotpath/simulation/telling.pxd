"""The C side of telling: events as messages."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.events cimport Event

cdef enum:
    FIELDS_MAX = 6


cdef class Teller:
    cdef readonly int64_t kind
    cdef object kept
    cdef object copier
    cdef double price_one
    cdef double size_one
    cdef Py_ssize_t time
    cdef Py_ssize_t sequence
    cdef Py_ssize_t venue_time
    cdef Py_ssize_t fields[FIELDS_MAX]

    cdef object tell(self, const Event* event)
    cdef object fresh(self)
    cdef int fill_levels(self, const Event* event) except -1
    cdef bytes packed(self, const Event* event, int64_t side)
