"""What books read from a tick ladder whose values are lots: depth, imbalance, a sweep, a hash, the words of a dump."""
cimport cython
from libc.stdint cimport int64_t, uint64_t

from letrade.hotpath.far_store cimport FarPlace, keys_of
from letrade.hotpath.hashing cimport hash_word
from letrade.hotpath.slot_bits cimport NO_SLOT, lowest_slot, slot_above
from letrade.hotpath.tick_ladder cimport TickLadder, Walk, far_value, key_at, step_down, walk
from letrade.hotpath.whole cimport whole


cdef inline int64_t best_of(const TickLadder* ladder, int64_t side) noexcept nogil:
    return side * key_at(ladder, ladder.best) if ladder.best != NO_SLOT else 0


cdef inline bint are_crossed(const TickLadder* bids, const TickLadder* asks) noexcept nogil:
    """Whether someone bids what another asks, or more."""
    return bids.count > 0 and asks.count > 0 and key_at(bids, bids.best) + key_at(asks, asks.best) >= 0


cdef inline Py_ssize_t write_depth(
    const TickLadder* ladder, int64_t side, int64_t* prices, int64_t* sizes, Py_ssize_t count
) noexcept nogil:
    """Best first; how many levels were written."""
    cdef Walk at = walk(ladder)
    cdef Py_ssize_t place = 0
    while place < count and step_down(ladder, &at):
        prices[place] = side * at.key
        sizes[place] = at.value
        place += 1
    return place


cdef inline list list_depth(const TickLadder* ladder, int64_t side, int64_t count):
    """The first (price, size), best first."""
    cdef Walk at = walk(ladder)
    cdef list prices = [], sizes = []  # no tuples yet: one that is made may run a collection, and that any code
    while count > 0 and step_down(ladder, &at):
        prices.append(side * at.key)
        sizes.append(at.value)
        count -= 1
    return list(zip(prices, sizes))


cdef inline double lots_of(const TickLadder* ladder, Py_ssize_t count) noexcept nogil:
    """The sum over the first levels, in doubles: exact to 2**53."""
    cdef Walk at = walk(ladder)
    cdef double lots = 0.0
    while count > 0 and step_down(ladder, &at):
        lots += <double>at.value
        count -= 1
    return lots


cdef inline list list_sweep(const TickLadder* ladder, int64_t taker_side, int64_t wanted, int64_t worst_key):
    """The (price, size) that a taker gets from this side while taker_side * price is worst_key or less."""
    cdef Walk at = walk(ladder)
    cdef int64_t taken
    cdef list prices = [], sizes = []  # as in list_depth
    while wanted > 0 and step_down(ladder, &at) and -at.key <= worst_key:
        taken = min(wanted, at.value)
        prices.append(-taker_side * at.key)
        sizes.append(taken)
        wanted -= taken
    return list(zip(prices, sizes))


cdef inline uint64_t hash_ladder(uint64_t state, const TickLadder* ladder) noexcept nogil:
    """The count, then the key and the value of each level, the worst first."""
    cdef FarPlace at
    cdef int64_t slot = lowest_slot(&ladder.bits)
    state = hash_word(state, ladder.count)
    for at.shelf in range(ladder.far.shelves_count):
        for at.place in range(ladder.far.shelves[at.shelf].count):
            state = hash_word(hash_word(state, keys_of(&ladder.far, at.shelf)[at.place]), far_value(ladder, at)[0])
    while slot != NO_SLOT:
        state = hash_word(hash_word(state, key_at(ladder, slot)), ladder.values[slot])
        slot = slot_above(&ladder.bits, slot)
    return state


cdef inline int64_t* write_words(const TickLadder* ladder, int64_t side, int64_t* words) noexcept nogil:
    """Price and size of each level, best first; where the next word goes."""
    cdef Walk at = walk(ladder)
    while step_down(ladder, &at):
        words[0], words[1] = side * at.key, at.value
        words += 2
    return words


cdef inline int64_t whole_count(object value) except -1:
    cdef int64_t count = whole(value)
    if count < 0:
        raise ValueError(f"the number of levels must be 0 or more, found {count}")
    return count
