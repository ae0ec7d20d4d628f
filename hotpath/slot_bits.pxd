"""Which slots of a window are taken: three levels of bits, so that the next one is found in three steps whatever the gap."""
cimport cython
from libc.stdint cimport int64_t, uint64_t

from letrade.hotpath.bitmap cimport bit_at, bits_above, bits_below, highest_bit, lowest_bit

cdef enum:
    NO_SLOT = -1
    SLOTS_MAX = 262144  # 64 ** 3, what three levels of bits can tell apart


cdef struct SlotBits:
    uint64_t* words  # a bit for each slot
    uint64_t[64] middle  # a bit for each word that is not 0
    uint64_t top  # a bit for each of `middle` that is not 0


@cython.overflowcheck(False)
cdef inline int64_t slot_below(const SlotBits* bits, int64_t slot) noexcept nogil:
    """The highest taken slot under this one, or NO_SLOT."""
    cdef uint64_t word = <uint64_t>slot >> 6, block = <uint64_t>slot >> 12
    cdef uint64_t rest = bits.words[word] & bits_below(<uint64_t>slot)
    if rest == 0:
        rest = bits.middle[block] & bits_below(word)
        if rest == 0:
            rest = bits.top & bits_below(block)
            if rest == 0:
                return NO_SLOT
            block = highest_bit(rest)
            rest = bits.middle[block]
        word = block << 6 | <uint64_t>highest_bit(rest)
        rest = bits.words[word]
    return <int64_t>(word << 6 | <uint64_t>highest_bit(rest))


@cython.overflowcheck(False)
cdef inline int64_t slot_above(const SlotBits* bits, int64_t slot) noexcept nogil:
    """The lowest taken slot over this one, or NO_SLOT."""
    cdef uint64_t word = <uint64_t>slot >> 6, block = <uint64_t>slot >> 12
    cdef uint64_t rest = bits.words[word] & bits_above(<uint64_t>slot)
    if rest == 0:
        rest = bits.middle[block] & bits_above(word)
        if rest == 0:
            rest = bits.top & bits_above(block)
            if rest == 0:
                return NO_SLOT
            block = lowest_bit(rest)
            rest = bits.middle[block]
        word = block << 6 | <uint64_t>lowest_bit(rest)
        rest = bits.words[word]
    return <int64_t>(word << 6 | <uint64_t>lowest_bit(rest))


@cython.overflowcheck(False)
cdef inline int64_t lowest_slot(const SlotBits* bits) noexcept nogil:
    """NO_SLOT when none is taken."""
    if bits.top == 0:
        return NO_SLOT
    return 0 if bits.words[0] & 1 else slot_above(bits, 0)


@cython.overflowcheck(False)
cdef inline void mark_word(SlotBits* bits, uint64_t word, bint taken) noexcept nogil:
    """Tells the two upper levels whether any slot of this word is taken."""
    cdef uint64_t block = word >> 6
    if taken:
        bits.middle[block] |= bit_at(word)
        bits.top |= bit_at(block)
    else:
        bits.middle[block] &= ~bit_at(word)
        if bits.middle[block] == 0:
            bits.top &= ~bit_at(block)


@cython.overflowcheck(False)
cdef inline void mark_slot(SlotBits* bits, uint64_t slot, bint taken) noexcept nogil:
    # Written whether it changes or not: a branch that cannot be foreseen costs more than all of this.
    cdef uint64_t word = slot >> 6, old = bits.words[word]
    cdef uint64_t new = (old & ~bit_at(slot)) | <uint64_t>taken << (slot & 63)
    bits.words[word] = new
    if (old == 0) != (new == 0):
        mark_word(bits, word, new != 0)
