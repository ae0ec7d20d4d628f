"""The C side of the curve, for the engine and the exchange."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.grid cimport Grid


cdef struct Worth:  # of an account in the reporting currency; NaN: a price is missing
    double equity, unrealised, exposure


cdef class Curve:
    cdef Desk desk
    cdef list grids  # by account
    cdef Worth* last  # by account: what was told last
    cdef int64_t* told  # and when; below 0: nothing was
    cdef int64_t due  # when the next word on equity is due; below 0: at each entry, as after a drain
    cdef int64_t every
    cdef bint drained
    cdef public object hearer  # called with each account that is told of

    cdef int tell(self, int64_t time, int64_t account) except -1  # what the ledger says once it is due
    cdef int tell_one(self, int64_t time, int64_t account) except -1
    cdef int value(self, int64_t account, Worth* one) except -1
