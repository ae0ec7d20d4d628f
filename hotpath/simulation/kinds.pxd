"""Which events tell the prices of which market."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.market cimport Market

cdef int64_t kinds_of(Market market) except -1
