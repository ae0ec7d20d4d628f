"""The C side of matching by the caller's ids, for other compiled modules."""
from libc.stdint cimport int32_t

from letrade.hotpath.matcher cimport Matching
from letrade.hotpath.matching_state cimport Command


cdef class MatchingEngine(Matching):
    cdef int32_t place_of_id(self, object order_id) except -1
    cdef tuple answer(self, const Command* command)
