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
    int64_t sample_at  # when the next sample of its price is due; 0: there is none yet
    int64_t news  # when its market last told a price
    double middle  # where nobody else keeps it


cdef class Watch:
    cdef Trade* trades
    cdef readonly Py_ssize_t trades_count
    cdef Py_ssize_t trades_room
    cdef Awaited* awaited
    cdef list grids
    cdef Py_ssize_t instruments
    cdef int64_t[HORIZONS] horizons

    cdef int64_t trade(self, int64_t instrument, int64_t time, double bid, double ask) except -1
    cdef int resolve(self, int64_t instrument, int64_t time, double middle) except -1
    cdef int sample(self, int64_t instrument, int64_t time, double price) except -1  # where one is due
    cdef Py_ssize_t checked(self, instrument) except -1
