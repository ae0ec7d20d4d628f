# cython: boundscheck=False, wraparound=False, cdivision=True
"""Samples of values, at most one in each step of time; when they are too many the step doubles."""
import array

from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.stdint cimport int64_t
from libc.string cimport memcpy

STEP_NS = 1_000_000_000
ROWS_MAX = 20_000


cdef class Grid:
    """Within one step the last sample holds. Of a doubled step its last sample stays, and the very first of all."""

    def __init__(self, Py_ssize_t width, *, int64_t step=STEP_NS, int64_t rows_max=ROWS_MAX):
        if width < 1 or step < 1 or rows_max < 2:
            raise ValueError(f"expected a width, a step and rows to keep, found {width}, {step}, {rows_max}")
        self.width, self.step, self.rows_max = width, step, rows_max

    def __dealloc__(self):
        PyMem_Free(self.times)
        PyMem_Free(self.values)

    def note(self, int64_t time, *values):
        cdef Py_ssize_t place
        cdef double* row
        if len(values) != self.width:
            raise ValueError(f"expected {self.width} values, found {len(values)}")
        checked = array.array("d", values)
        row = self.add(time)
        for place in range(self.width):
            row[place] = checked[place]

    def rows(self):
        cdef Py_ssize_t place
        times, values = array.array("q", bytes(8 * self.count)), array.array("d", bytes(8 * self.count * self.width))
        cdef int64_t[::1] told = times
        cdef double[::1] view = values
        for place in range(self.count):
            told[place] = self.times[place]
        for place in range(self.count * self.width):
            view[place] = self.values[place]
        return times, values

    cdef double* add(self, int64_t time) except NULL:
        if time < self.next and self.count:
            self.times[self.count - 1] = time
            return self.values + (self.count - 1) * self.width
        if self.count == self.room:
            self.make_room()
        self.times[self.count] = time
        self.count += 1
        while self.count > self.rows_max:
            self.coarsen()
        self.next = (time // self.step + 1) * self.step
        return self.values + (self.count - 1) * self.width

    cdef int make_room(self) except -1:
        cdef Py_ssize_t room = max(2 * self.room, 64)
        cdef int64_t* times = <int64_t*>PyMem_Realloc(self.times, room * sizeof(int64_t))
        if times != NULL:
            self.times = times
        cdef double* values = <double*>PyMem_Realloc(self.values, room * self.width * sizeof(double))
        if values != NULL:
            self.values = values
        if times == NULL or values == NULL:
            raise MemoryError(f"no memory for {room} samples")
        self.room = room
        return 0

    cdef void coarsen(self) noexcept:
        cdef Py_ssize_t place, kept = 1
        self.step *= 2
        for place in range(1, self.count):
            if kept == 1 or self.times[kept - 1] // self.step != self.times[place] // self.step:
                kept += 1
            if kept - 1 != place:
                self.times[kept - 1] = self.times[place]
                memcpy(self.values + (kept - 1) * self.width, self.values + place * self.width,
                       self.width * sizeof(double))  # fmt: skip
        self.count = kept
