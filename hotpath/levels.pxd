"""Queues by price: a window of levels under a three-level bitmap, and a sorted store of the levels far below it.

A level's key is higher the better its price is, so asks are mirrored and one piece of code serves both sides. No level
of the store is better than one of the window: the window follows the best, and is empty only when the whole side is.
"""
cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memmove

cdef extern from *:
    """
    #ifdef _MSC_VER
    #include <intrin.h>
    static __inline int letrade_highest_bit(unsigned long long word) {
        unsigned long place;
        _BitScanReverse64(&place, word);
        return (int)place;
    }
    #else
    static inline int letrade_highest_bit(unsigned long long word) { return 63 - __builtin_clzll(word); }
    #endif
    #define LETRADE_KEY_MAX 4611686018427387903LL
    #define LETRADE_NO_KEY (-4611686018427387903LL - 1)
    """
    const int64_t KEY_MAX "LETRADE_KEY_MAX"  # 2**62 - 1: so that two keys can be added
    const int64_t NO_KEY "LETRADE_NO_KEY"  # below each key, and its sum with any key is below 0
    int letrade_highest_bit(uint64_t word) noexcept nogil  # of a word that is not 0

cdef enum:
    WINDOW = 262144  # 64 ** 3 levels: as many as three levels of 64-bit words can mark
    WINDOW_AIM = 196608  # where in the window a level is put that it moves for: most movement is near the best


cdef struct Level:
    int64_t shown_lots
    int32_t head  # first order of the queue, 0 without one
    int32_t tail


cdef struct FarLevel:
    int64_t key
    Level level


cdef struct Levels:
    Level* window  # of the keys from `base` on; NULL until levels_open
    uint64_t* words  # a bit for each level with orders
    uint64_t summary[64]  # a bit for each word that is not 0
    uint64_t top  # a bit for each word of the summary that is not 0
    int64_t base
    int64_t best  # the highest key, NO_KEY without levels; always inside the window
    int64_t count
    FarLevel* far  # ascending, all below `base`
    int64_t far_count


cdef inline bint levels_open(Levels* levels, int64_t capacity) noexcept nogil:
    """Takes the memory for a side of at most `capacity` levels; False, and none taken, without it."""
    levels.window = <Level*>calloc(WINDOW, sizeof(Level))
    levels.words = <uint64_t*>calloc(WINDOW >> 6, sizeof(uint64_t))
    levels.best = NO_KEY
    if levels.window != NULL and levels.words != NULL and levels_reserve(levels, capacity):
        return True
    levels_free(levels)
    return False


cdef inline void levels_free(Levels* levels) noexcept nogil:
    free(levels.window)
    free(levels.words)
    free(levels.far)
    levels.window = NULL
    levels.words = NULL
    levels.far = NULL


cdef inline bint levels_reserve(Levels* levels, int64_t capacity) noexcept nogil:
    """Lets the far store hold every level of the side, so that no later step can fail."""
    cdef FarLevel* far = <FarLevel*>realloc(levels.far, capacity * sizeof(FarLevel))
    if far == NULL:
        return False
    levels.far = far
    return True


cdef inline void mark_level(Levels* levels, uint64_t slot) noexcept nogil:
    levels.words[slot >> 6] |= <uint64_t>1 << (slot & 63)
    levels.summary[slot >> 12] |= <uint64_t>1 << ((slot >> 6) & 63)
    levels.top |= <uint64_t>1 << (slot >> 12)


cdef inline void unmark_level(Levels* levels, uint64_t slot) noexcept nogil:
    levels.words[slot >> 6] &= ~(<uint64_t>1 << (slot & 63))
    if levels.words[slot >> 6] == 0:
        levels.summary[slot >> 12] &= ~(<uint64_t>1 << ((slot >> 6) & 63))
        if levels.summary[slot >> 12] == 0:
            levels.top &= ~(<uint64_t>1 << (slot >> 12))


@cython.overflowcheck(False)
cdef inline int64_t highest_marked_below(Levels* levels, int64_t limit) noexcept nogil:
    """The highest marked slot below `limit` (1 to WINDOW), -1 without one."""
    cdef uint64_t slot = <uint64_t>(limit - 1), one = 1, bits, word, group
    bits = levels.words[slot >> 6] & ~(~one << (slot & 63))
    if bits != 0:
        return (slot & ~<uint64_t>63) | letrade_highest_bit(bits)
    word = slot >> 6
    bits = levels.summary[word >> 6] & ((one << (word & 63)) - 1)
    if bits == 0:
        group = word >> 6
        bits = levels.top & ((one << group) - 1)
        if bits == 0:
            return -1
        group = letrade_highest_bit(bits)
        bits = levels.summary[group]
        word = group << 6
    word = (word & ~<uint64_t>63) | letrade_highest_bit(bits)
    return (word << 6) | letrade_highest_bit(levels.words[word])


cdef inline int64_t far_place(Levels* levels, int64_t key) noexcept nogil:
    """The place of the first far level that is not below the key."""
    cdef int64_t low = 0, high = levels.far_count, middle
    while low < high:
        middle = (low + high) >> 1
        if levels.far[middle].key < key:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline void move_window(Levels* levels, int64_t key) noexcept nogil:
    """Puts the window around a key that is to be the best, or that is; levels change places, none is lost."""
    cdef int64_t slot = levels.far_count, kept
    cdef int64_t marked = highest_marked_below(levels, WINDOW)
    kept = levels.count - levels.far_count
    # Downwards, so that they come to lie ascending above those that are there.
    while marked >= 0:
        kept -= 1
        levels.far[slot + kept].key = levels.base + marked
        levels.far[slot + kept].level = levels.window[marked]
        levels.window[marked] = Level(0, 0, 0)
        unmark_level(levels, marked)
        marked = highest_marked_below(levels, marked) if marked else -1
    levels.far_count = levels.count
    levels.base = key - WINDOW_AIM
    while levels.far_count and levels.far[levels.far_count - 1].key >= levels.base:
        levels.far_count -= 1
        slot = levels.far[levels.far_count].key - levels.base
        levels.window[slot] = levels.far[levels.far_count].level
        mark_level(levels, slot)


cdef inline Level* far_level(Levels* levels, int64_t key) noexcept nogil:
    """The far level of a key below the window, made when it is not there."""
    cdef int64_t place = far_place(levels, key)
    cdef FarLevel* far = levels.far + place
    if place == levels.far_count or far.key != key:
        memmove(far + 1, far, (levels.far_count - place) * sizeof(FarLevel))
        far[0] = FarLevel(key, Level(0, 0, 0))
        levels.far_count += 1
        levels.count += 1
    return &far.level


cdef inline Level* level_to_join(Levels* levels, int64_t key) noexcept nogil:
    """The level of a key, made when it is not there; an order must join it. Other levels may have moved."""
    cdef Level* level
    if levels.count == 0:
        levels.base = key - WINDOW_AIM
    elif key >= levels.base + WINDOW:
        move_window(levels, key)
    elif key < levels.base:
        return far_level(levels, key)
    level = &levels.window[key - levels.base]
    if level.head == 0:
        mark_level(levels, key - levels.base)
        levels.count += 1
        if key > levels.best:
            levels.best = key
    return level


cdef inline Level* level_of(Levels* levels, int64_t key) noexcept nogil:
    """The level of a key that has orders."""
    if key >= levels.base:
        return &levels.window[key - levels.base]
    return &levels.far[far_place(levels, key)].level


cdef inline void remove_level(Levels* levels, int64_t key) noexcept nogil:
    """Forgets a level that has lost its last order."""
    cdef int64_t place
    levels.count -= 1
    if key < levels.base:
        place = far_place(levels, key)
        levels.far_count -= 1
        memmove(levels.far + place, levels.far + place + 1, (levels.far_count - place) * sizeof(FarLevel))
        return
    unmark_level(levels, key - levels.base)
    if key != levels.best:
        return
    place = highest_marked_below(levels, key - levels.base + 1)
    if place >= 0:
        levels.best = levels.base + place
    elif levels.count == 0:
        levels.best = NO_KEY
    else:
        levels.best = levels.far[levels.far_count - 1].key
        move_window(levels, levels.best)


cdef inline int64_t key_below(Levels* levels, int64_t key) noexcept nogil:
    """The next lower key that has orders, NO_KEY after the last."""
    cdef int64_t place = -1
    if key > levels.base:
        place = highest_marked_below(levels, min(key - levels.base, <int64_t>WINDOW))
        if place >= 0:
            return levels.base + place
    place = far_place(levels, key)
    return levels.far[place - 1].key if place else NO_KEY
