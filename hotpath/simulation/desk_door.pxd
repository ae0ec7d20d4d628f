"""The C side of the door to the compiled desk."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk cimport Desk


cdef class DeskDoor:
    cdef readonly Desk desk

    cdef int check(self, int64_t instrument, int64_t strategy) except -1
