"""The C side of matching by handles, for other compiled modules."""
from libc.stdint cimport int32_t, int64_t

from letrade.hotpath.matching_state cimport Command, MatchState


cdef class Matching:
    cdef MatchState state

    cdef int64_t execute(self, const Command* command) noexcept nogil  # as one row of a batch
    cdef object fail(self, int64_t order_id, int64_t side, int64_t owner, int64_t price, int64_t size)
    cdef list take_tuples(self)


cdef class Matcher(Matching):
    cdef int32_t place_of(self, object handle) except -1
    cdef int64_t answer(self, const Command* command) except? -1
