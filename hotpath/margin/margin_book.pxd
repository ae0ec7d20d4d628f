"""The C side of a margin book."""
from libc.stdint cimport int64_t

from letrade.hotpath.margin.bounded cimport Bounded
from letrade.hotpath.margin.rows cimport Book, Line, Sums
from letrade.hotpath.margin.walk cimport Work


cdef class MarginBook:
    cdef Book book
    cdef Py_ssize_t readers  # threads that are among its scenarios: nothing may change meanwhile

    cdef int writable(self) except -1
    cdef int instrument_at(self, object instrument) except -1
    cdef int coin_at(self, object coin, bint known) except -1
    cdef int account_at(self, object account) except -1
    cdef int64_t position_at(self, object position) except -1
    cdef Line* line_for(self, int account, int instrument) except NULL
    cdef int check_marks(self, int account) except -1
    cdef Sums value(self, int account, Bounded* held) except *
    cdef int open_work(self, int account, Work* work) except -1
    cdef tuple of_position(self, object position, bint maintained)
