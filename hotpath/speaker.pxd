"""The C side of what an actor is made of, for the dispatcher."""
from cpython.object cimport PyObject
from libc.stdint cimport int64_t


cdef struct Said:
    PyObject* message  # owned
    PyObject* cause  # owned; NULL: the message in hand
    int64_t at  # INT64_MIN: when the handler returns


cdef class Speaker:
    cdef public int64_t time
    cdef public object in_hand
    cdef list timers
    cdef Said* said
    cdef Py_ssize_t said_count
    cdef Py_ssize_t said_room

    cdef void clear_said(self) noexcept
    cdef int make_room(self) except -1
    cdef list take_timers(self)
