"""The C side of the watch, for the engine."""
from libc.stdint cimport int64_t

cdef enum:
    HORIZONS = 3


cdef struct Trade:  # one of ours, as the exchange made it
    int64_t time, instrument, following  # the next of the same instrument; -1: none
    double bid, ask
    double after[HORIZONS]  # the middle so long after it; NaN: the data ended


cdef struct Awaited:  # of one instrument
    int64_t due  # when the first middle is to be written down; INT64_MAX: none
    int64_t last  # the newest trade; -1: none
    int64_t heads[HORIZONS]  # the first trade that waits, by horizon; -1: none


cdef class Watch:
    cdef Trade* trades
    cdef readonly Py_ssize_t trades_count
    cdef Py_ssize_t trades_room
    cdef Awaited* awaited
    cdef Py_ssize_t instruments
    cdef Py_ssize_t accounts
    cdef int64_t[HORIZONS] horizons
    cdef double* positions  # by account and instrument, times the multiplier
    cdef double* costs  # what they were bought for
    cdef double* cash
    cdef double* marks  # by instrument: the last price that was known
    cdef int64_t sample_at
    cdef readonly int64_t step
    cdef int64_t rows_max
    cdef int64_t* times  # of samples
    cdef double* samples_values  # by sample: equity, unrealised and exposure of each account, then the marks
    cdef Py_ssize_t width  # of a sample, in doubles
    cdef Py_ssize_t samples_count
    cdef Py_ssize_t samples_room

    cdef int64_t trade(self, int64_t instrument, int64_t time, double bid, double ask) except -1
    cdef int resolve(self, int64_t instrument, int64_t time, double middle) except -1
    cdef int hold(self, int64_t account, int64_t instrument, double change, double price, double fee) except -1
    cdef int pay(self, int64_t account, double amount) except -1
    cdef int sample(self, int64_t time) except -1
    cdef int make_sample_room(self) except -1
    cdef int coarsen(self) except -1
    cdef Py_ssize_t checked(self, instrument) except -1
