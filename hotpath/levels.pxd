"""Queues by price: a window of levels under a three-level bitmap, and a sorted store of the levels far below it.

A level's key is higher the better its price is, so asks are mirrored and one piece of code serves both sides. No level
of the store is better than one of the window: the window follows the best, and is empty only when the whole side is.
"""
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free

from letrade.hotpath.far_store cimport (
    FarPlace, FarStore, far_append, far_before, far_end, far_high_key, far_highest, far_holds, far_insert, far_pop,
    far_release, far_remove, far_reserve, far_search, far_start, keys_of, value_in,
)
from letrade.hotpath.slot_bits cimport NO_SLOT, SLOTS_MAX, SlotBits, lowest_slot, mark_slot, slot_above, slot_below

cdef extern from *:
    """
    #define LETRADE_KEY_MAX 4611686018427387903LL
    #define LETRADE_NO_KEY (-4611686018427387903LL - 1)
    """
    const int64_t KEY_MAX "LETRADE_KEY_MAX"  # 2**62 - 1: so that two keys can be added
    const int64_t NO_KEY "LETRADE_NO_KEY"  # below each key, and its sum with any key is below 0

cdef enum:
    WINDOW_AIM = 196608  # where in the window a level is put that it moves for: most movement is near the best
    PULLED_MAX = 128  # about so many levels come in at a time, lest a lone best that comes and goes moves all of them


cdef struct Level:
    int64_t shown_lots
    int32_t head  # first order of the queue, 0 without one
    int32_t tail


cdef struct Levels:
    Level* window  # of the keys from `base` on, SLOTS_MAX of them; NULL until levels_open
    SlotBits bits  # which of them have orders
    int64_t base
    int64_t best  # the highest key, NO_KEY without levels; always inside the window
    int64_t count
    FarStore far  # of keys below `base`


cdef inline bint levels_open(Levels* levels, int64_t capacity) noexcept nogil:
    """Takes the memory for a side of at most `capacity` levels; False, and none taken, without it."""
    far_start(&levels.far, sizeof(Level))
    levels.window = <Level*>calloc(SLOTS_MAX, sizeof(Level))
    levels.bits.words = <uint64_t*>calloc(SLOTS_MAX >> 6, sizeof(uint64_t))
    levels.best = NO_KEY
    if levels.window != NULL and levels.bits.words != NULL and levels_reserve(levels, capacity):
        return True
    levels_free(levels)
    return False


cdef inline void levels_free(Levels* levels) noexcept nogil:
    free(levels.window)
    free(levels.bits.words)
    far_release(&levels.far)
    levels.window = NULL
    levels.bits.words = NULL


cdef inline bint levels_reserve(Levels* levels, int64_t capacity) noexcept nogil:
    """Lets the far store hold every level of the side, so that no later step can fail."""
    return far_reserve(&levels.far, capacity - levels.far.count)


cdef inline Level* far_level(Levels* levels, FarPlace at) noexcept nogil:
    return <Level*>value_in(&levels.far, at.shelf, at.place)


cdef inline void move_window(Levels* levels, int64_t key) noexcept nogil:
    """Puts the window around a key that is to be the best, or that is; levels change places, none is lost."""
    cdef int64_t slot = lowest_slot(&levels.bits)
    while slot != NO_SLOT:
        (<Level*>far_append(&levels.far, levels.base + slot))[0] = levels.window[slot]
        levels.window[slot] = Level(0, 0, 0)
        mark_slot(&levels.bits, slot, False)
        slot = slot_above(&levels.bits, slot)
    levels.base = key - WINDOW_AIM
    if levels.far.count:
        levels.base = max(levels.base, far_high_key(&levels.far, PULLED_MAX))
    while levels.far.count and far_highest(&levels.far) >= levels.base:
        slot = far_highest(&levels.far) - levels.base
        levels.window[slot] = (<Level*>far_pop(&levels.far))[0]
        mark_slot(&levels.bits, slot, True)


cdef inline Level* far_level_to_join(Levels* levels, int64_t key) noexcept nogil:
    """The far level of a key below the window, made when it is not there."""
    cdef FarPlace at = far_search(&levels.far, key)
    cdef Level* level
    if far_holds(&levels.far, at, key):
        return far_level(levels, at)
    level = <Level*>far_insert(&levels.far, at, key)
    level[0] = Level(0, 0, 0)
    levels.count += 1
    return level


cdef inline Level* level_to_join(Levels* levels, int64_t key) noexcept nogil:
    """The level of a key, made when it is not there; an order must join it. Other levels may have moved."""
    cdef Level* level
    if levels.count == 0:
        levels.base = key - WINDOW_AIM
    elif key >= levels.base + SLOTS_MAX:
        move_window(levels, key)
    elif key < levels.base:
        return far_level_to_join(levels, key)
    level = &levels.window[key - levels.base]
    if level.head == 0:
        mark_slot(&levels.bits, key - levels.base, True)
        levels.count += 1
        if key > levels.best:
            levels.best = key
    return level


cdef inline Level* level_of(Levels* levels, int64_t key) noexcept nogil:
    """The level of a key that has orders."""
    if key >= levels.base:
        return &levels.window[key - levels.base]
    return far_level(levels, far_search(&levels.far, key))


cdef inline void remove_level(Levels* levels, int64_t key) noexcept nogil:
    """Forgets a level that has lost its last order."""
    cdef int64_t slot = key - levels.base
    levels.count -= 1
    if slot < 0:
        far_remove(&levels.far, far_search(&levels.far, key))
        return
    mark_slot(&levels.bits, slot, False)
    if key != levels.best:
        return
    slot = slot_below(&levels.bits, slot)
    if slot != NO_SLOT:
        levels.best = levels.base + slot
    elif levels.count == 0:
        levels.best = NO_KEY
    else:
        levels.best = far_highest(&levels.far)
        move_window(levels, levels.best)


cdef inline int64_t key_below(Levels* levels, int64_t key) noexcept nogil:
    """The next lower key that has orders, NO_KEY after the last."""
    cdef int64_t slot = NO_SLOT
    cdef FarPlace at
    if key >= levels.base:
        # The key may be far above the window: code that ran since it was read may have moved all levels.
        slot = slot_below(&levels.bits, min(key - levels.base, <int64_t>SLOTS_MAX - 1))
        at = far_end(&levels.far)
    else:
        at = far_search(&levels.far, key)
    if slot != NO_SLOT:
        return levels.base + slot
    return keys_of(&levels.far, at.shelf)[at.place] if far_before(&levels.far, &at) else NO_KEY
