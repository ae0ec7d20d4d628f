"""One side of a book as a window of ticks around its best price, with a sorted store for the levels far from it.

A level's key is side * price, so the higher key is the better price on both sides and one piece of code serves both.
A slot of the window is key - base. It holds the level's value (lots, or whatever a book counts by; 0: no level), and
three levels of bits tell which slots are taken, so that the next best is found in three steps whatever the gap.

What always holds: the best level lies in the window, each far level is worse than the whole window, and no level is
ever dropped. The window starts small, grows up to CAPACITY_MAX where the levels are dense enough to be worth it, and
moves when a price falls outside of it. Nothing here raises: -1 says that there was no memory, and nothing changed.
Slots and bits are counted modulo 2**64 on purpose, hence no overflow checks in here; prices are checked at the door.
"""
cimport cython
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memmove, memset

from letrade.hotpath.bitmap cimport bit_at, bits_above, bits_below, highest_bit, lowest_bit

cdef enum:
    NO_SLOT = -1
    CAPACITY_MIN = 512
    CAPACITY_MAX = 262144  # 64 ** 3, what three levels of bits can tell apart
    SLOTS_PER_LEVEL_MAX = 128  # a window wider than that for each of its levels would only cost memory
    FAR_ROOM_MIN = 64


cdef struct FarLevel:
    int64_t key
    int64_t value


cdef struct TickLadder:
    int64_t base  # the key of slot 0, a multiple of 64; beyond int64 it wraps, and no level is there
    uint64_t capacity  # slots, a power of two; 0 before the first level
    int64_t best  # the slot of the best level, or NO_SLOT
    int64_t count  # levels, far ones too
    int64_t* values  # by slot
    uint64_t* words  # a bit for each slot
    uint64_t[64] middle  # a bit for each word that is not 0
    uint64_t top  # a bit for each of `middle` that is not 0
    FarLevel* far  # by key, the best last
    int64_t far_count
    int64_t far_room


cdef struct Walk:
    int64_t slot  # of the level last seen, or NO_SLOT once they are far ones
    int64_t far  # how many far levels are still to come
    int64_t key
    int64_t value


@cython.overflowcheck(False)
cdef inline void ladder_start(TickLadder* ladder) noexcept nogil:
    memset(ladder, 0, sizeof(TickLadder))
    ladder.best = NO_SLOT


@cython.overflowcheck(False)
cdef inline void ladder_release(TickLadder* ladder) noexcept nogil:
    free(ladder.values)
    free(ladder.words)
    free(ladder.far)
    ladder_start(ladder)


@cython.overflowcheck(False)
cdef inline int64_t key_at(const TickLadder* ladder, int64_t slot) noexcept nogil:
    return <int64_t>(<uint64_t>ladder.base + <uint64_t>slot)


@cython.overflowcheck(False)
cdef inline uint64_t slot_of(const TickLadder* ladder, int64_t key) noexcept nogil:
    """Outside of the window it is at least its capacity."""
    return <uint64_t>key - <uint64_t>ladder.base


@cython.overflowcheck(False)
cdef inline int64_t slot_below(const TickLadder* ladder, int64_t slot) noexcept nogil:
    """The highest taken slot under this one, or NO_SLOT."""
    cdef uint64_t word = <uint64_t>slot >> 6, block = <uint64_t>slot >> 12
    cdef uint64_t rest = ladder.words[word] & bits_below(<uint64_t>slot)
    if rest == 0:
        rest = ladder.middle[block] & bits_below(word)
        if rest == 0:
            rest = ladder.top & bits_below(block)
            if rest == 0:
                return NO_SLOT
            block = highest_bit(rest)
            rest = ladder.middle[block]
        word = block << 6 | <uint64_t>highest_bit(rest)
        rest = ladder.words[word]
    return <int64_t>(word << 6 | <uint64_t>highest_bit(rest))


@cython.overflowcheck(False)
cdef inline int64_t slot_above(const TickLadder* ladder, int64_t slot) noexcept nogil:
    """The lowest taken slot over this one, or NO_SLOT."""
    cdef uint64_t word = <uint64_t>slot >> 6, block = <uint64_t>slot >> 12
    cdef uint64_t rest = ladder.words[word] & bits_above(<uint64_t>slot)
    if rest == 0:
        rest = ladder.middle[block] & bits_above(word)
        if rest == 0:
            rest = ladder.top & bits_above(block)
            if rest == 0:
                return NO_SLOT
            block = lowest_bit(rest)
            rest = ladder.middle[block]
        word = block << 6 | <uint64_t>lowest_bit(rest)
        rest = ladder.words[word]
    return <int64_t>(word << 6 | <uint64_t>lowest_bit(rest))


@cython.overflowcheck(False)
cdef inline int64_t lowest_slot(const TickLadder* ladder) noexcept nogil:
    """NO_SLOT when the window is empty."""
    if ladder.capacity == 0:
        return NO_SLOT
    return 0 if ladder.words[0] & 1 else slot_above(ladder, 0)


@cython.overflowcheck(False)
cdef inline void mark_word(TickLadder* ladder, uint64_t word, bint taken) noexcept nogil:
    """Tells the two upper levels of bits whether any slot of this word is taken."""
    cdef uint64_t block = word >> 6
    if taken:
        ladder.middle[block] |= bit_at(word)
        ladder.top |= bit_at(block)
    else:
        ladder.middle[block] &= ~bit_at(word)
        if ladder.middle[block] == 0:
            ladder.top &= ~bit_at(block)


@cython.overflowcheck(False)
cdef inline void fill_slot(TickLadder* ladder, uint64_t slot, int64_t value) noexcept nogil:
    """Sets a level in the window, a value of 0 empties the slot; the best and the count are the caller's."""
    cdef uint64_t word = slot >> 6, old = ladder.words[word]
    cdef uint64_t new = (old & ~bit_at(slot)) | <uint64_t>(value != 0) << (slot & 63)
    ladder.values[slot] = value
    ladder.words[word] = new
    if (old == 0) != (new == 0):
        mark_word(ladder, word, new != 0)


@cython.overflowcheck(False)
cdef inline int reserve_far(TickLadder* ladder, int64_t extra) noexcept nogil:
    cdef int64_t room = ladder.far_room
    cdef FarLevel* far
    if ladder.far_count + extra <= room:
        return 0
    room = max(ladder.far_count + extra, 2 * room, <int64_t>FAR_ROOM_MIN)
    far = <FarLevel*>realloc(ladder.far, room * sizeof(FarLevel))
    if far == NULL:
        return -1
    ladder.far = far
    ladder.far_room = room
    return 0


@cython.overflowcheck(False)
cdef inline int64_t far_place(const TickLadder* ladder, int64_t key) noexcept nogil:
    """Where the key is among the far levels, or where it belongs."""
    cdef int64_t low = 0, high = ladder.far_count, middle
    while low < high:
        middle = (low + high) >> 1
        if ladder.far[middle].key < key:
            low = middle + 1
        else:
            high = middle
    return low


@cython.overflowcheck(False)
cdef inline bint is_far(const TickLadder* ladder, int64_t place, int64_t key) noexcept nogil:
    return place < ladder.far_count and ladder.far[place].key == key


@cython.overflowcheck(False)
cdef inline void append_far(TickLadder* ladder, int64_t key, int64_t value) noexcept nogil:
    """The key is better than all far ones; reserve_far comes first."""
    ladder.far[ladder.far_count].key = key
    ladder.far[ladder.far_count].value = value
    ladder.far_count += 1


@cython.overflowcheck(False)
cdef inline void empty_window(TickLadder* ladder, bint keep) noexcept nogil:
    """Empties each taken slot; with `keep`, its level is then the best far one."""
    cdef int64_t slot = lowest_slot(ladder), above
    while slot != NO_SLOT:
        above = slot_above(ladder, slot)
        if keep:
            append_far(ladder, key_at(ladder, slot), ladder.values[slot])
        fill_slot(ladder, slot, 0)
        slot = above
    ladder.best = NO_SLOT


@cython.overflowcheck(False)
cdef inline int move_window(TickLadder* ladder, int64_t key, uint64_t capacity) noexcept nogil:
    """Puts the window so that `key`, the best of all to come, lies a quarter below its better end; levels follow."""
    cdef int64_t* values = NULL
    cdef uint64_t* words = NULL
    cdef FarLevel* level
    if reserve_far(ladder, ladder.count - ladder.far_count) < 0:
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
        free(ladder.words)
        ladder.values, ladder.words, ladder.capacity = values, words, capacity
    ladder.base = <int64_t>((<uint64_t>key - (capacity - (capacity >> 2))) & ~<uint64_t>63)
    if ladder.far_count:
        ladder.best = <int64_t>slot_of(ladder, ladder.far[ladder.far_count - 1].key)
        if <uint64_t>ladder.best >= capacity:
            ladder.best = NO_SLOT
    while ladder.far_count:
        level = &ladder.far[ladder.far_count - 1]
        if slot_of(ladder, level.key) >= capacity:
            break
        fill_slot(ladder, slot_of(ladder, level.key), level.value)
        ladder.far_count -= 1
    return 0


@cython.overflowcheck(False)
cdef inline uint64_t wider(const TickLadder* ladder, uint64_t reach) noexcept nogil:
    """The capacity for a level so far below the best, where that is worth its memory; else the present one."""
    cdef uint64_t capacity = max(ladder.capacity, <uint64_t>CAPACITY_MIN)
    if reach >= <uint64_t>CAPACITY_MAX - (CAPACITY_MAX >> 2):
        return capacity
    while capacity - (capacity >> 2) <= reach:
        capacity <<= 1
    if capacity > <uint64_t>ladder.count * SLOTS_PER_LEVEL_MAX:
        return max(ladder.capacity, <uint64_t>CAPACITY_MIN)
    return capacity


@cython.overflowcheck(False)
cdef inline int set_far(TickLadder* ladder, int64_t key, int64_t value) noexcept nogil:
    """Sets a level that is worse than the whole window."""
    cdef int64_t place = far_place(ladder, key)
    cdef bint found = is_far(ladder, place, key)
    cdef FarLevel* level
    if found and value:
        ladder.far[place].value = value
        return 0
    if not found and (value == 0 or reserve_far(ladder, 1) < 0):
        return -1 if value else 0
    level = &ladder.far[place]
    if found:
        memmove(level, level + 1, (ladder.far_count - place - 1) * sizeof(FarLevel))
        ladder.far_count -= 1
        ladder.count -= 1
        return 0
    memmove(level + 1, level, (ladder.far_count - place) * sizeof(FarLevel))
    level.key, level.value = key, value
    ladder.far_count += 1
    ladder.count += 1
    return 0


@cython.overflowcheck(False)
cdef inline int set_outside(TickLadder* ladder, int64_t key, int64_t value) noexcept nogil:
    """Sets a level that the window does not hold, after moving or widening it where that helps."""
    cdef int64_t best
    cdef uint64_t capacity = max(ladder.capacity, <uint64_t>CAPACITY_MIN)
    if value == 0:
        return 0 if ladder.best == NO_SLOT else set_far(ladder, key, 0)
    if ladder.best == NO_SLOT or key > key_at(ladder, ladder.best):
        if move_window(ladder, key, capacity) < 0:
            return -1
    else:
        best = key_at(ladder, ladder.best)
        capacity = wider(ladder, <uint64_t>best - <uint64_t>key)
        if capacity != ladder.capacity or <uint64_t>ladder.best < capacity >> 1:
            if move_window(ladder, best, capacity) < 0:
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
    ladder.best = slot_below(ladder, ladder.best)
    if ladder.best == NO_SLOT and ladder.far_count:
        move_window(ladder, ladder.far[ladder.far_count - 1].key, ladder.capacity)  # needs no memory
    return 1


@cython.overflowcheck(False)
cdef inline int set_key(TickLadder* ladder, int64_t key, int64_t value) noexcept nogil:
    """Sets the value of a level, 0 takes it away; 1: the best level or its value changed, 0: it did not."""
    cdef uint64_t slot = slot_of(ladder, key), old, new, word = slot >> 6
    cdef int64_t before
    if slot >= ladder.capacity:
        return set_outside(ladder, key, value)
    # Written whether it changes or not: a branch that cannot be foreseen costs more than all of this.
    old = ladder.words[word]
    new = (old & ~bit_at(slot)) | <uint64_t>(value != 0) << (slot & 63)
    before = ladder.values[slot]
    ladder.values[slot] = value
    ladder.words[word] = new
    ladder.count += <int64_t>(value != 0) - <int64_t>(before != 0)
    if (old == 0) != (new == 0):
        mark_word(ladder, word, new != 0)
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
    cdef int64_t place
    if slot < ladder.capacity:
        return ladder.values[slot]
    place = far_place(ladder, key)
    return ladder.far[place].value if is_far(ladder, place, key) else 0


@cython.overflowcheck(False)
cdef inline Walk walk(const TickLadder* ladder) noexcept nogil:
    """Before the best level; step_down then goes through all of them, best first."""
    cdef Walk start
    start.slot = <int64_t>ladder.capacity
    start.far = ladder.far_count
    start.key = start.value = 0
    return start


@cython.overflowcheck(False)
cdef inline bint step_down(const TickLadder* ladder, Walk* at) noexcept nogil:
    """The next level that is worse; False after the last. The ladder must not change meanwhile."""
    if at.slot != NO_SLOT:
        at.slot = ladder.best if <uint64_t>at.slot == ladder.capacity else slot_below(ladder, at.slot)
        if at.slot != NO_SLOT:
            at.key, at.value = key_at(ladder, at.slot), ladder.values[at.slot]
            return True
    if at.far == 0:
        return False
    at.far -= 1
    at.key, at.value = ladder.far[at.far].key, ladder.far[at.far].value
    return True


@cython.overflowcheck(False)
cdef inline void clear_ladder(TickLadder* ladder) noexcept nogil:
    """Takes every level away and keeps the memory."""
    empty_window(ladder, False)
    ladder.far_count = 0
    ladder.count = 0
