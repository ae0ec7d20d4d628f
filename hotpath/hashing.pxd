"""Mixes int64 words into one 64-bit number, so that two books can be compared at a glance."""
cimport cython
from libc.stdint cimport int64_t, uint64_t

cdef enum:
    HASH_START = 0x1B873593


@cython.overflowcheck(False)
cdef inline uint64_t hash_word(uint64_t state, int64_t word) noexcept nogil:
    """The state after one more word; it is a multiplication modulo 2**64, so the overflow is meant."""
    state = (state ^ <uint64_t>word) * <uint64_t>0x9E3779B97F4A7C15
    return state ^ (state >> 32)
