"""The C side of a market that is known by each of its resting orders."""
from libc.stdint cimport int64_t

from letrade.hotpath.book_orders cimport OrdersBook
from letrade.hotpath.simulation.events cimport OrderRow
from letrade.hotpath.simulation.levels cimport LevelsMarket


cdef class IndividualMarket(LevelsMarket):
    cdef OrdersBook orders
    cdef bint heard_order_trade  # trades are told order by order: trades told besides move no maker

    cdef int hear_order(self, const OrderRow* row) except -1
    cdef int trade_order(self, const OrderRow* row) except -1
    cdef int64_t before(self, Py_ssize_t slot) noexcept
