"""The C side of grids of samples."""
from libc.stdint cimport int64_t


cdef class Grid:
    cdef readonly int64_t step
    cdef readonly int64_t next  # a sample from then on starts a new step
    cdef int64_t rows_max
    cdef Py_ssize_t width  # of a row, in doubles
    cdef Py_ssize_t count, room
    cdef int64_t* times
    cdef double* values

    cdef double* add(self, int64_t time) except NULL  # where the values of the sample of this time go
    cdef void coarsen(self) noexcept
    cdef int make_room(self) except -1
