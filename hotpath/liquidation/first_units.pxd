"""Which armed units are the first of their places: a bit each, so small that it stays in the cache.

The tag of a unit tells as much and more, but a million tags are four million bytes, and to read one of them is to wait
for the memory. Most units are the first of their places; of the others the tags tell.
"""
cimport cython
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from letrade.hotpath.bitmap cimport bit_at

cdef enum:
    FIRST_GENERATION = 1


cdef struct FirstUnits:
    uint64_t* words  # a bit for each place
    int64_t room  # places


cdef inline void firsts_start(FirstUnits* firsts) noexcept nogil:
    memset(firsts, 0, sizeof(FirstUnits))


cdef inline void firsts_release(FirstUnits* firsts) noexcept nogil:
    free(firsts.words)
    firsts_start(firsts)


@cython.overflowcheck(False)
cdef inline int firsts_reserve(FirstUnits* firsts, int64_t room) noexcept nogil:
    """Room for the places below this one; -1, and no change, without memory for it."""
    cdef int64_t count = (room + 63) >> 6
    cdef uint64_t* words
    if room <= firsts.room:
        return 0
    words = <uint64_t*>calloc(count, sizeof(uint64_t))
    if words == NULL:
        return -1
    if firsts.room:
        memcpy(words, firsts.words, (firsts.room >> 6) * sizeof(uint64_t))
    free(firsts.words)
    firsts.words, firsts.room = words, count << 6
    return 0


@cython.overflowcheck(False)
cdef inline void first_armed(FirstUnits* firsts, int64_t handle) noexcept nogil:
    """The unit of this handle lives and is armed."""
    cdef uint32_t place = <uint32_t>handle
    if handle >> 32 == FIRST_GENERATION:
        firsts.words[place >> 6] |= bit_at(place)


@cython.overflowcheck(False)
cdef inline void first_ended(FirstUnits* firsts, uint32_t place) noexcept nogil:
    """No unit of this place is armed."""
    firsts.words[place >> 6] &= ~bit_at(place)


@cython.overflowcheck(False)
cdef inline bint is_armed_first(const FirstUnits* firsts, int64_t handle) noexcept nogil:
    """The handle, which may be any number, means an armed unit; 0 also where only the tag can tell."""
    cdef int64_t place = <uint32_t>handle
    if handle >> 32 != FIRST_GENERATION or place >= firsts.room:
        return 0
    return firsts.words[place >> 6] & bit_at(place) != 0
