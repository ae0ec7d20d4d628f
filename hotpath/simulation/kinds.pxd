"""Which events tell the prices of which market, and what reasons mean outside of an answer to a new order."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.market cimport Market
from letrade.hotpath.simulation.orders cimport BAD_TERMS, TOO_LITTLE

cdef int64_t kinds_of(Market market) except -1


cdef inline int64_t in_general(int64_t reason) noexcept:
    return BAD_TERMS if reason == TOO_LITTLE else reason
