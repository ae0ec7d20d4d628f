"""Sorted keys with a value each, for the levels far from the best: in blocks, so that no step moves more than one block.

What always holds: two neighbouring blocks have over MERGE_MAX keys between them, which bounds the blocks that a number
of keys can need. The memory is taken by far_reserve, before; no other step takes any, and none fails.
"""
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memmove

from letrade.hotpath.enlarging cimport enlarged

cdef enum:
    BLOCK = 128  # keys: an insertion moves half of them
    MERGE_MAX = 96  # neighbours with no more keys than that become one
    NO_BLOCK = -1


cdef struct Shelf:
    int64_t low  # the lowest key of its block
    int32_t block
    int32_t count  # of its keys, never 0


cdef struct FarStore:
    Shelf* shelves  # one for each block in use, ascending
    int64_t shelves_count
    char* blocks  # each BLOCK keys, then BLOCK values
    int64_t room  # how many blocks and shelves there is memory for
    int32_t blocks_used  # that were ever used
    int32_t free_block  # the block given back last, or NO_BLOCK; the first key of a free block is the next one
    int64_t value_bytes
    int64_t count  # of all keys


cdef struct FarPlace:
    int64_t shelf
    int64_t place  # in its block


cdef inline void far_start(FarStore* store, int64_t value_bytes) noexcept nogil:
    """An empty store without memory."""
    store.shelves, store.blocks, store.room = NULL, NULL, 0
    store.value_bytes = value_bytes
    far_clear(store)


cdef inline void far_clear(FarStore* store) noexcept nogil:
    """Forgets all keys and keeps the memory."""
    store.shelves_count = store.count = store.blocks_used = 0
    store.free_block = NO_BLOCK


cdef inline void far_release(FarStore* store) noexcept nogil:
    free(store.shelves)
    free(store.blocks)
    far_start(store, store.value_bytes)


cdef inline bint far_reserve(FarStore* store, int64_t extra) noexcept nogil:
    """Room for so many more keys, whichever they are; False, and nothing changed, without memory for it."""
    # Each two neighbours hold MERGE_MAX + 1 keys or more, one block may be without a partner, one comes with a split.
    cdef int64_t room = 2 * (store.count + extra) // (MERGE_MAX + 1) + 2
    cdef int64_t block = BLOCK * (<int64_t>sizeof(int64_t) + store.value_bytes)
    cdef Shelf* shelves
    cdef char* blocks
    if room <= store.room:
        return True
    room = max(room, store.room + store.room // 2)
    shelves = <Shelf*>enlarged(store.shelves, store.shelves_count * sizeof(Shelf), room * sizeof(Shelf))
    if shelves == NULL:
        return False
    store.shelves = shelves
    blocks = <char*>enlarged(store.blocks, store.blocks_used * block, room * block)
    if blocks == NULL:
        return False
    store.blocks = blocks
    store.room = room
    return True


cdef inline int64_t* keys_of(const FarStore* store, int64_t shelf) noexcept nogil:
    return <int64_t*>(
        store.blocks + store.shelves[shelf].block * (BLOCK * (<int64_t>sizeof(int64_t) + store.value_bytes))
    )


cdef inline char* value_in(const FarStore* store, int64_t shelf, int64_t place) noexcept nogil:
    """Where the value of a key lies, until the store changes."""
    return <char*>(keys_of(store, shelf) + BLOCK) + place * store.value_bytes


cdef inline FarPlace far_search(const FarStore* store, int64_t key) noexcept nogil:
    """Where the key is, or where it belongs."""
    cdef FarPlace at = FarPlace(0, 0)
    cdef int64_t low = 0, high = store.shelves_count, middle
    cdef const int64_t* keys
    if high == 0:
        return at
    while low < high:
        middle = (low + high) >> 1
        if store.shelves[middle].low <= key:
            low = middle + 1
        else:
            high = middle
    at.shelf = low - 1 if low else 0
    keys = keys_of(store, at.shelf)
    low, high = 0, store.shelves[at.shelf].count
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    at.place = low
    return at


cdef inline bint far_holds(const FarStore* store, FarPlace at, int64_t key) noexcept nogil:
    """Whether the search for the key has found it."""
    if at.shelf >= store.shelves_count or at.place >= store.shelves[at.shelf].count:
        return False
    return keys_of(store, at.shelf)[at.place] == key


cdef inline FarPlace far_end(const FarStore* store) noexcept nogil:
    """Behind the highest key; far_before then goes through all of them, the highest first."""
    cdef int64_t last = store.shelves_count - 1
    return FarPlace(last, store.shelves[last].count) if store.count else FarPlace(0, 0)


cdef inline bint far_before(const FarStore* store, FarPlace* at) noexcept nogil:
    """Goes to the next lower key; False without one."""
    if at.place == 0:
        if at.shelf == 0:
            return False
        at.shelf -= 1
        at.place = store.shelves[at.shelf].count
    at.place -= 1
    return True


cdef inline int64_t far_highest(const FarStore* store) noexcept nogil:
    """The highest key; there is one."""
    cdef int64_t last = store.shelves_count - 1
    return keys_of(store, last)[store.shelves[last].count - 1]


cdef inline int64_t far_high_key(const FarStore* store, int64_t count) noexcept nogil:
    """A key below which all are but so many or a few more of the highest; there is one."""
    cdef int64_t shelf = store.shelves_count - 1
    while shelf and count > store.shelves[shelf].count:
        count -= store.shelves[shelf].count
        shelf -= 1
    return store.shelves[shelf].low


cdef inline void add_shelf(FarStore* store, int64_t shelf) noexcept nogil:
    """Puts a shelf with an empty block here."""
    cdef Shelf* at = &store.shelves[shelf]
    cdef int32_t block = store.free_block
    memmove(at + 1, at, (store.shelves_count - shelf) * sizeof(Shelf))
    store.shelves_count += 1
    at.count = 0
    if block == NO_BLOCK:
        at.block = store.blocks_used
        store.blocks_used += 1
    else:
        at.block = block
        store.free_block = <int32_t>keys_of(store, shelf)[0]


cdef inline void drop_shelf(FarStore* store, int64_t shelf) noexcept nogil:
    cdef Shelf* at = &store.shelves[shelf]
    keys_of(store, shelf)[0] = store.free_block
    store.free_block = at.block
    store.shelves_count -= 1
    memmove(at, at + 1, (store.shelves_count - shelf) * sizeof(Shelf))


cdef inline void move_keys(FarStore* store, int64_t shelf, int64_t start, int64_t target) noexcept nogil:
    """Puts the keys of a shelf from this place on behind those of another one."""
    cdef Shelf* source = &store.shelves[shelf]
    cdef Shelf* goal = &store.shelves[target]
    cdef int64_t count = source.count - start
    memcpy(keys_of(store, target) + goal.count, keys_of(store, shelf) + start, count * sizeof(int64_t))
    memcpy(value_in(store, target, goal.count), value_in(store, shelf, start), count * store.value_bytes)
    source.count -= <int32_t>count
    goal.count += <int32_t>count
    goal.low = keys_of(store, target)[0]


cdef inline bint join_shelves(FarStore* store, int64_t shelf) noexcept nogil:
    """Makes one of this shelf and the next where they have few enough keys."""
    if shelf < 0 or shelf + 1 >= store.shelves_count:
        return False
    if store.shelves[shelf].count + store.shelves[shelf + 1].count > MERGE_MAX:
        return False
    move_keys(store, shelf + 1, 0, shelf)
    drop_shelf(store, shelf + 1)
    return True


cdef inline FarPlace make_way(FarStore* store, FarPlace at) noexcept nogil:
    """Where a key goes that belongs into a full block: an end is made longer, any other block becomes two halves."""
    cdef int64_t half = BLOCK // 2, before
    if at.place == BLOCK and at.shelf == store.shelves_count - 1:
        add_shelf(store, at.shelf + 1)
        return FarPlace(at.shelf + 1, 0)
    if at.place == 0 and at.shelf == 0:
        add_shelf(store, 0)
        return at
    add_shelf(store, at.shelf + 1)
    move_keys(store, at.shelf, half, at.shelf + 1)
    join_shelves(store, at.shelf + 1)
    if at.place > half:
        at = FarPlace(at.shelf + 1, at.place - half)
        if join_shelves(store, at.shelf - 2):
            at.shelf -= 1
        return at
    before = store.shelves[at.shelf - 1].count if at.shelf else 0
    return FarPlace(at.shelf - 1, at.place + before) if join_shelves(store, at.shelf - 1) else at


cdef inline char* far_insert(FarStore* store, FarPlace at, int64_t key) noexcept nogil:
    """Adds a key where the search has found that it belongs; where its value must be written."""
    cdef Shelf* shelf
    cdef int64_t* keys
    cdef char* value
    cdef int64_t behind
    if store.count == 0:
        add_shelf(store, 0)
    elif store.shelves[at.shelf].count == BLOCK:
        at = make_way(store, at)
    shelf = &store.shelves[at.shelf]
    keys = keys_of(store, at.shelf)
    value = value_in(store, at.shelf, at.place)
    behind = shelf.count - at.place
    memmove(keys + at.place + 1, keys + at.place, behind * sizeof(int64_t))
    memmove(value + store.value_bytes, value, behind * store.value_bytes)
    keys[at.place] = key
    shelf.low = keys[0]
    shelf.count += 1
    store.count += 1
    return value


cdef inline void far_remove(FarStore* store, FarPlace at) noexcept nogil:
    """Takes away the key at a place."""
    cdef Shelf* shelf = &store.shelves[at.shelf]
    cdef int64_t* keys = keys_of(store, at.shelf)
    cdef char* value = value_in(store, at.shelf, at.place)
    cdef int64_t behind = shelf.count - at.place - 1
    memmove(keys + at.place, keys + at.place + 1, behind * sizeof(int64_t))
    memmove(value, value + store.value_bytes, behind * store.value_bytes)
    shelf.count -= 1
    store.count -= 1
    if shelf.count == 0:
        drop_shelf(store, at.shelf)
        return
    shelf.low = keys[0]
    if not join_shelves(store, at.shelf - 1):
        join_shelves(store, at.shelf)


cdef inline char* far_append(FarStore* store, int64_t key) noexcept nogil:
    """Adds a key above all others; where its value must be written."""
    cdef int64_t last = store.shelves_count - 1
    cdef Shelf* shelf
    if store.count == 0 or store.shelves[last].count == BLOCK:
        last += 1
        add_shelf(store, last)
        store.shelves[last].low = key
    shelf = &store.shelves[last]
    keys_of(store, last)[shelf.count] = key
    shelf.count += 1
    store.count += 1
    return value_in(store, last, shelf.count - 1)


cdef inline char* far_pop(FarStore* store) noexcept nogil:
    """Takes the highest key away; its value can be read until the next key is added."""
    cdef int64_t last = store.shelves_count - 1
    cdef Shelf* shelf = &store.shelves[last]
    cdef char* value = value_in(store, last, shelf.count - 1)
    shelf.count -= 1
    store.count -= 1
    if shelf.count == 0:
        drop_shelf(store, last)
    else:
        join_shelves(store, last - 1)
    return value
