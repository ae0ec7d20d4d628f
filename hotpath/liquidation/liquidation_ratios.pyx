# cython: cdivision=True
"""Margin ratios and slacks of all positions of one instrument at one price: columns in, a column out."""
from cpython.buffer cimport PyBuffer_Release
from libc.math cimport INFINITY, isfinite
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from letrade.hotpath.buffers cimport open_array, share_memory
from letrade.hotpath.liquidation.liquidation_ratios cimport Columns, Tiers, all_rows

cdef enum:
    COLUMNS = 4
    TIERS_MAX = 10_000


cdef int check_tiers(const double* floors, const double* rates, const double* amounts, int64_t count) except -1:
    cdef int64_t tier
    if not 1 <= count <= TIERS_MAX:
        raise ValueError(f"expected 1 to {TIERS_MAX} tiers, found {count}")
    if floors[0] != 0.0:
        raise ValueError(f"the first tier begins at 0, found {floors[0]}")
    for tier in range(count):
        if not (isfinite(floors[tier]) and isfinite(rates[tier]) and isfinite(amounts[tier])):
            raise ValueError(f"floors, rates and amounts must be finite numbers, found others in tier {tier}")
        if tier and floors[tier] <= floors[tier - 1]:
            raise ValueError(f"the floors of tiers must rise, found {floors[tier]} after {floors[tier - 1]}")
    return 0


cdef class PositionRatios:
    """The maintenance tiers of one instrument."""

    def __cinit__(self, floors, rates, amounts):
        cdef Py_buffer[3] views
        cdef Py_ssize_t count
        cdef int place
        memset(views, 0, sizeof(views))  # releasing a view that was never opened does nothing
        try:
            count = open_array(floors, &views[0], b"dd", 8, False)
            if open_array(rates, &views[1], b"dd", 8, False) != count or (
                open_array(amounts, &views[2], b"dd", 8, False) != count
            ):
                raise ValueError("floors, rates and amounts must be of one length")
            check_tiers(<const double*>views[0].buf, <const double*>views[1].buf, <const double*>views[2].buf, count)
            self.numbers = <double*>calloc(3 * count, sizeof(double))
            if self.numbers == NULL:
                raise MemoryError(f"no memory for {count} tiers")
            self.tiers = Tiers(self.numbers, self.numbers + count, self.numbers + 2 * count, count)
            for place in range(3):
                memcpy(self.numbers + place * count, views[place].buf, count * sizeof(double))
        finally:
            for place in range(3):
                PyBuffer_Release(&views[place])

    def __dealloc__(self):
        free(self.numbers)

    cdef object answer(self, double value, tuple arrays, bint slack):
        cdef Py_buffer[COLUMNS] views
        cdef Columns columns
        cdef Py_ssize_t count = 0, found
        cdef int place
        if not (value > 0.0 and value < INFINITY):
            raise ValueError(f"a value must be a number above 0, found {value}")
        memset(views, 0, sizeof(views))
        try:
            for place in range(COLUMNS):
                found = open_array(arrays[place], &views[place], b"dd", 8, place == COLUMNS - 1)
                count = found if place == 0 else count
                if found != count:
                    raise ValueError(f"the columns must be of one length, found {count} and {found}")
            for place in range(COLUMNS - 1):
                if share_memory(&views[place], &views[COLUMNS - 1]):
                    raise ValueError("the column for the answers must not share memory with another")
            columns = Columns(
                <const double*>views[0].buf, <const double*>views[1].buf, <const double*>views[2].buf,
                <double*>views[3].buf, count,
            )
            all_rows(&self.tiers, &columns, value, slack)
        finally:
            for place in range(COLUMNS):
                PyBuffer_Release(&views[place])

    def ratios(self, double value, quantities, entries, margins, answers):
        self.answer(value, (quantities, entries, margins, answers), False)

    def slacks(self, double value, quantities, entries, margins, answers):
        self.answer(value, (quantities, entries, margins, answers), True)
