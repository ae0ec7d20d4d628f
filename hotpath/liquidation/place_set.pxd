"""A set of places as bits under bits, gone through in ascending order at the cost of its members."""
cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from letrade.hotpath.bitmap cimport bit_at, bits_above, lowest_bit

cdef enum:
    NO_PLACE = -1


cdef struct PlaceSet:
    uint64_t* words  # a bit for each place
    uint64_t* summary  # a bit for each word that is not 0
    int64_t summaries
    int64_t count


cdef inline void places_start(PlaceSet* places) noexcept nogil:
    memset(places, 0, sizeof(PlaceSet))


cdef inline void places_release(PlaceSet* places) noexcept nogil:
    free(places.words)
    free(places.summary)
    places_start(places)


@cython.overflowcheck(False)
cdef inline int places_reserve(PlaceSet* places, int64_t capacity) noexcept nogil:
    """Room for the places below this one; -1, and no change, without memory for it."""
    cdef int64_t summaries = (capacity >> 12) + 1
    cdef uint64_t* words
    cdef uint64_t* summary
    if summaries <= places.summaries:
        return 0
    words = <uint64_t*>calloc(summaries << 6, sizeof(uint64_t))
    summary = <uint64_t*>calloc(summaries, sizeof(uint64_t))
    if words == NULL or summary == NULL:
        free(words)
        free(summary)
        return -1
    if places.summaries:
        memcpy(words, places.words, (places.summaries << 6) * sizeof(uint64_t))
        memcpy(summary, places.summary, places.summaries * sizeof(uint64_t))
    free(places.words)
    free(places.summary)
    places.words, places.summary, places.summaries = words, summary, summaries
    return 0


@cython.overflowcheck(False)
cdef inline void place_add(PlaceSet* places, int32_t place) noexcept nogil:
    cdef uint64_t* word = &places.words[place >> 6]
    places.count += (word[0] & bit_at(place)) == 0
    word[0] |= bit_at(place)
    places.summary[place >> 12] |= bit_at(place >> 6)


@cython.overflowcheck(False)
cdef inline void place_drop(PlaceSet* places, int32_t place) noexcept nogil:
    cdef uint64_t* word = &places.words[place >> 6]
    places.count -= (word[0] & bit_at(place)) != 0
    word[0] &= ~bit_at(place)
    if word[0] == 0:
        places.summary[place >> 12] &= ~bit_at(place >> 6)


@cython.overflowcheck(False)
cdef inline int64_t place_after(const PlaceSet* places, int64_t place) noexcept nogil:
    """The next member above this place (-1: the first), or NO_PLACE."""
    cdef uint64_t rest
    cdef int64_t word = place >> 6, block = place >> 12
    if place < 0:
        word, block, rest = -1, 0, places.summary[0] if places.summaries else 0
    else:
        rest = places.words[word] & bits_above(place)
        if rest:
            return word << 6 | lowest_bit(rest)
        rest = places.summary[block] & bits_above(word)
    while rest == 0:
        block += 1
        if block >= places.summaries:
            return NO_PLACE
        rest = places.summary[block]
    word = block << 6 | lowest_bit(rest)
    return word << 6 | lowest_bit(places.words[word])
