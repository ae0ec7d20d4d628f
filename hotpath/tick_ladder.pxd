"""One side of a book as a window of ticks around its best price, with a sorted store for the levels far from it.

A level's key is side * price, so the higher key is the better price on both sides and one piece of code serves both.
A slot of the window is key - base. It holds the level's value (lots, or whatever a book counts by; 0: no level), and
three levels of bits tell which slots are taken, so that the next best is found in three steps whatever the gap.

What always holds: the best level lies in the window, each far level is worse than the whole window, and no level is
ever dropped. The window starts small, grows up to SLOTS_MAX where the levels are dense enough to be worth it, and
moves when a price falls outside of it. Nothing here raises: -1 says that there was no memory, and nothing changed.
Slots and bits are counted modulo 2**64 on purpose, hence no overflow checks in here; prices are checked at the door.
"""
cimport cython
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from letrade.hotpath.far_store cimport (
    FarPlace, FarStore, far_append, far_before, far_clear, far_end, far_high_key, far_highest, far_holds, far_insert,
    far_pop, far_release, far_remove, far_reserve, far_search, far_start, keys_of, value_in,
)
from letrade.hotpath.slot_bits cimport NO_SLOT, SLOTS_MAX, SlotBits, lowest_slot, mark_slot, slot_above, slot_below

cdef enum:
    CAPACITY_MIN = 512
    SLOTS_PER_LEVEL_MAX = 128  # a window wider than that for each of its levels would only cost memory
    PULLED_MAX = 128  # about so many levels come into an empty window
    LEVELS_PER_MISS = 4  # the window moves down when it missed a level for each four that move


cdef struct TickLadder:
    int64_t base  # the key of slot 0, a multiple of 64; beyond int64 it wraps, and no level is there
    uint64_t capacity  # slots, a power of two; 0 before the first level
    int64_t best  # the slot of the best level, or NO_SLOT
    int64_t count  # levels, far ones too
    int64_t* values  # by slot
    SlotBits bits
    FarStore far  # by key
    int64_t misses  # levels that were set below the window since it moved


cdef struct Walk:
    int64_t slot  # of the level last seen, or NO_SLOT once they are far ones
    FarPlace far  # the far levels before it are still to come
    int64_t key
    int64_t value


@cython.overflowcheck(False)
cdef inline void ladder_start(TickLadder* ladder) noexcept nogil:
    memset(ladder, 0, sizeof(TickLadder))
    far_start(&ladder.far, sizeof(int64_t))
    ladder.best = NO_SLOT


@cython.overflowcheck(False)
cdef inline void ladder_release(TickLadder* ladder) noexcept nogil:
    free(ladder.values)
    free(ladder.bits.words)
    far_release(&ladder.far)
    ladder_start(ladder)


@cython.overflowcheck(False)
cdef inline int64_t key_at(const TickLadder* ladder, int64_t slot) noexcept nogil:
    return <int64_t>(<uint64_t>ladder.base + <uint64_t>slot)


@cython.overflowcheck(False)
cdef inline uint64_t slot_of(const TickLadder* ladder, int64_t key) noexcept nogil:
    """Outside of the window it is at least its capacity."""
    return <uint64_t>key - <uint64_t>ladder.base


@cython.overflowcheck(False)
cdef inline void fill_slot(TickLadder* ladder, uint64_t slot, int64_t value) noexcept nogil:
    """Sets a level in the window, a value of 0 empties the slot; the best and the count are the caller's."""
    ladder.values[slot] = value
    mark_slot(&ladder.bits, slot, value != 0)


cdef inline int64_t* far_value(const TickLadder* ladder, FarPlace at) noexcept nogil:
    return <int64_t*>value_in(&ladder.far, at.shelf, at.place)


@cython.overflowcheck(False)
cdef inline void empty_window(TickLadder* ladder, bint keep) noexcept nogil:
    """Empties each taken slot; with `keep`, its level is then the best far one, for which there is room."""
    cdef int64_t slot = lowest_slot(&ladder.bits), above
    while slot != NO_SLOT:
        above = slot_above(&ladder.bits, slot)
        if keep:
            (<int64_t*>far_append(&ladder.far, key_at(ladder, slot)))[0] = ladder.values[slot]
        fill_slot(ladder, slot, 0)
        slot = above
    ladder.best = NO_SLOT


@cython.overflowcheck(False)
cdef inline int move_window(TickLadder* ladder, int64_t key, uint64_t capacity, bint pull_few) noexcept nogil:
    """Puts the window so that `key`, the best of all to come, lies a quarter below its better end; levels follow.

    Where only few of the far ones are to come in, the window ends below them.
    """
    cdef uint64_t below = capacity - (capacity >> 2), slot
    cdef int64_t* values = NULL
    cdef uint64_t* words = NULL
    if not far_reserve(&ladder.far, ladder.count - ladder.far.count):
        return -1
    if capacity != ladder.capacity:
        values = <int64_t*>calloc(capacity, sizeof(int64_t))
        words = <uint64_t*>calloc(capacity >> 6, sizeof(uint64_t))
        if values == NULL or words == NULL:
            free(values)
            free(words)
            return -1
    empty_window(ladder, True)
    if values != NULL:
        free(ladder.values)
        free(ladder.bits.words)
        ladder.values, ladder.bits.words, ladder.capacity = values, words, capacity
    if pull_few:
        below = min(below, <uint64_t>key - <uint64_t>far_high_key(&ladder.far, PULLED_MAX))
    ladder.base = <int64_t>((<uint64_t>key - below) & ~<uint64_t>63)
    ladder.misses = 0
    if ladder.far.count:
        ladder.best = <int64_t>slot_of(ladder, far_highest(&ladder.far))
        if <uint64_t>ladder.best >= capacity:
            ladder.best = NO_SLOT
    while ladder.far.count:
        slot = slot_of(ladder, far_highest(&ladder.far))
        if slot >= capacity:
            break
        fill_slot(ladder, slot, (<int64_t*>far_pop(&ladder.far))[0])
    return 0


@cython.overflowcheck(False)
cdef inline uint64_t wider(const TickLadder* ladder, uint64_t reach) noexcept nogil:
    """The capacity for a level so far below the best, where that is worth its memory; else the present one."""
    cdef uint64_t capacity = max(ladder.capacity, <uint64_t>CAPACITY_MIN)
    if reach >= <uint64_t>SLOTS_MAX - (SLOTS_MAX >> 2):
        return capacity
    while capacity - (capacity >> 2) <= reach:
        capacity <<= 1
    if capacity > <uint64_t>ladder.count * SLOTS_PER_LEVEL_MAX:
        return max(ladder.capacity, <uint64_t>CAPACITY_MIN)
    return capacity


@cython.overflowcheck(False)
cdef inline int set_far(TickLadder* ladder, int64_t key, int64_t value) noexcept nogil:
    """Sets a level that is worse than the whole window."""
    cdef FarPlace at = far_search(&ladder.far, key)
    if far_holds(&ladder.far, at, key):
        if value:
            far_value(ladder, at)[0] = value
        else:
            far_remove(&ladder.far, at)
            ladder.count -= 1
    elif value:
        if not far_reserve(&ladder.far, 1):
            return -1
        (<int64_t*>far_insert(&ladder.far, at, key))[0] = value
        ladder.count += 1
    return 0


@cython.overflowcheck(False)
cdef inline int set_outside(TickLadder* ladder, int64_t key, int64_t value) noexcept nogil:
    """Sets a level that the window does not hold, after moving or widening it where that helps."""
    cdef int64_t best
    cdef bint is_worth_it
    cdef uint64_t capacity = max(ladder.capacity, <uint64_t>CAPACITY_MIN)
    if value == 0:
        return 0 if ladder.best == NO_SLOT else set_far(ladder, key, 0)
    if ladder.best == NO_SLOT or key > key_at(ladder, ladder.best):
        if move_window(ladder, key, capacity, False) < 0:
            return -1
    else:
        best = key_at(ladder, ladder.best)
        capacity = wider(ladder, <uint64_t>best - <uint64_t>key)
        ladder.misses += 1
        is_worth_it = <uint64_t>ladder.best < capacity >> 1 and LEVELS_PER_MISS * ladder.misses >= ladder.count
        if capacity != ladder.capacity or is_worth_it:
            if move_window(ladder, best, capacity, False) < 0:
                return -1
        if slot_of(ladder, key) >= ladder.capacity:
            return set_far(ladder, key, value)
    ladder.count += ladder.values[slot_of(ladder, key)] == 0  # a far level may have come in with the move
    fill_slot(ladder, slot_of(ladder, key), value)
    if <int64_t>slot_of(ladder, key) <= ladder.best:
        return 0
    ladder.best = <int64_t>slot_of(ladder, key)
    return 1


@cython.overflowcheck(False)
cdef inline int next_best(TickLadder* ladder) noexcept nogil:
    """The best level is gone: finds the one after it, and moves the window to it when it is a far one."""
    ladder.best = slot_below(&ladder.bits, ladder.best)
    if ladder.best == NO_SLOT and ladder.far.count:
        # Needs no memory, and little time: a lone best that comes and goes must not move all levels each time.
        move_window(ladder, far_highest(&ladder.far), ladder.capacity, True)
    return 1


@cython.overflowcheck(False)
cdef inline int set_key(TickLadder* ladder, int64_t key, int64_t value) noexcept nogil:
    """Sets the value of a level, 0 takes it away; 1: the best level or its value changed, 0: it did not."""
    cdef uint64_t slot = slot_of(ladder, key)
    cdef int64_t before
    if slot >= ladder.capacity:
        return set_outside(ladder, key, value)
    before = ladder.values[slot]
    ladder.count += <int64_t>(value != 0) - <int64_t>(before != 0)
    fill_slot(ladder, slot, value)
    if <int64_t>slot < ladder.best:
        return 0
    if value:
        ladder.best = <int64_t>slot
        return value != before
    return next_best(ladder) if <int64_t>slot == ladder.best else 0


@cython.overflowcheck(False)
cdef inline int64_t value_at(const TickLadder* ladder, int64_t key) noexcept nogil:
    """0 when there is no such level."""
    cdef uint64_t slot = slot_of(ladder, key)
    cdef FarPlace at
    if slot < ladder.capacity:
        return ladder.values[slot]
    at = far_search(&ladder.far, key)
    return far_value(ladder, at)[0] if far_holds(&ladder.far, at, key) else 0


@cython.overflowcheck(False)
cdef inline Walk walk(const TickLadder* ladder) noexcept nogil:
    """Before the best level; step_down then goes through all of them, best first."""
    cdef Walk start
    start.slot = <int64_t>ladder.capacity
    start.far = far_end(&ladder.far)
    start.key = start.value = 0
    return start


@cython.overflowcheck(False)
cdef inline bint step_down(const TickLadder* ladder, Walk* at) noexcept nogil:
    """The next level that is worse; False after the last. The ladder must not change meanwhile."""
    if at.slot != NO_SLOT:
        at.slot = ladder.best if <uint64_t>at.slot == ladder.capacity else slot_below(&ladder.bits, at.slot)
        if at.slot != NO_SLOT:
            at.key, at.value = key_at(ladder, at.slot), ladder.values[at.slot]
            return True
    if not far_before(&ladder.far, &at.far):
        return False
    at.key, at.value = keys_of(&ladder.far, at.far.shelf)[at.far.place], far_value(ladder, at.far)[0]
    return True


@cython.overflowcheck(False)
cdef inline void clear_ladder(TickLadder* ladder) noexcept nogil:
    """Takes every level away and keeps the memory."""
    empty_window(ladder, False)
    far_clear(&ladder.far)
    ladder.count = 0
