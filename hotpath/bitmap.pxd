"""Finds the highest or lowest set bit of a 64-bit word, on every compiler that builds us."""
cimport cython
from libc.stdint cimport uint64_t


cdef extern from *:
    """
    #include <stdint.h>
    #if defined(_MSC_VER) && !defined(__clang__)
    #include <intrin.h>
    static __inline int letrade_highest_bit(uint64_t word) {
        unsigned long place;
        _BitScanReverse64(&place, word);
        return (int)place;
    }
    static __inline int letrade_lowest_bit(uint64_t word) {
        unsigned long place;
        _BitScanForward64(&place, word);
        return (int)place;
    }
    #else
    static inline int letrade_highest_bit(uint64_t word) { return 63 - __builtin_clzll(word); }
    static inline int letrade_lowest_bit(uint64_t word) { return __builtin_ctzll(word); }
    #endif
    """
    # Both need a word with at least one bit set.
    int highest_bit "letrade_highest_bit"(uint64_t word) noexcept nogil
    int lowest_bit "letrade_lowest_bit"(uint64_t word) noexcept nogil


@cython.overflowcheck(False)
cdef inline uint64_t bit_at(uint64_t place) noexcept nogil:
    """A word with only this bit; the place is taken modulo 64."""
    return (<uint64_t>1) << (place & 63)


@cython.overflowcheck(False)
cdef inline uint64_t bits_below(uint64_t place) noexcept nogil:
    """A word with all the bits under this one."""
    return ((<uint64_t>1) << (place & 63)) - 1


@cython.overflowcheck(False)
cdef inline uint64_t bits_above(uint64_t place) noexcept nogil:
    """A word with all the bits over this one."""
    return ~(<uint64_t>0) << (place & 63) << 1
