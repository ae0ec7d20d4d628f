"""The C side of the hash over what a compiled desk did."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.desk_orders cimport FillRow, OrderRow


cdef class Writer:
    cdef Desk desk
    cdef list strategies, accounts, instruments, currencies, decimals
    cdef char* text  # the digest so far, and the line behind it

    cdef int write(self, int64_t what) except -1
    cdef char* put_order(self, char* end, const OrderRow* order) except NULL
    cdef char* put_sent(self, char* end, const OrderRow* order) except NULL
    cdef char* put_fill(self, char* end, const OrderRow* order, const FillRow* fill) except NULL
