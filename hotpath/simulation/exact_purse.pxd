"""Capital's money in fractions, for the few orders that doubles cannot be sure of."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk_orders cimport OrderRecord
from letrade.hotpath.simulation.headroom cimport Headroom


cdef class ExactPurse(Headroom):
    cdef object price_of(self, int64_t instrument)
    cdef object rate_of(self, int64_t currency)
    cdef tuple costs_of(self, int64_t instrument)
    cdef object margin_of(self, int64_t key)
    cdef object beyond_of(self, int64_t key, int64_t without, added)
    cdef object equity_of(self, int64_t account)
    cdef object allowed_of(self, int64_t strategy)
    cdef object used_of(self, int64_t strategy, int64_t key, own)
