"""The C side of the ranges of a message type, for other compiled modules."""
from cpython.object cimport PyObject


cdef struct Range:
    Py_ssize_t offset
    double low
    double high
    bint above  # low itself is outside


cdef class Ranges:
    cdef readonly object kind
    cdef Range* ranges
    cdef Py_ssize_t count
    cdef object rest
    cdef object slowly

    cdef bint all_hold(self, PyObject* message) except -1  # the message is of this kind
