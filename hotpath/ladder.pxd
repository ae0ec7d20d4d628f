"""One side of a book: a sorted array of price levels whose best is the last, because most changes happen near it.

A level's key is side * price, so the higher key is the better price on both sides and one piece of code serves both.
"""
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.stdint cimport int64_t
from libc.string cimport memmove

cdef enum:
    NONE = -1  # no such order


cdef struct Level:
    int64_t key  # side * price in ticks
    int64_t size  # lots
    int64_t head  # first order of the queue, or NONE; a book of sizes alone leaves both unused
    int64_t tail


cdef struct Ladder:
    Level* levels
    Py_ssize_t count
    Py_ssize_t capacity


cdef inline int ladder_reserve(Ladder* ladder, Py_ssize_t extra) except -1:
    """Makes room for `extra` more levels, so that inserting them cannot fail."""
    cdef Py_ssize_t capacity = ladder.capacity
    cdef Level* levels
    if ladder.count + extra <= capacity:
        return 0
    capacity = max(ladder.count + extra, 2 * capacity, 64)
    levels = <Level*>PyMem_Realloc(ladder.levels, capacity * sizeof(Level))
    if levels == NULL:
        raise MemoryError(f"no memory for {capacity} price levels")
    ladder.levels = levels
    ladder.capacity = capacity
    return 0


cdef inline void ladder_free(Ladder* ladder) noexcept:
    """Gives the memory back and leaves an empty side."""
    PyMem_Free(ladder.levels)
    ladder.levels = NULL
    ladder.count = 0
    ladder.capacity = 0


cdef inline Py_ssize_t ladder_find(Ladder* ladder, int64_t key) noexcept nogil:
    """The place of the key, or the place where it belongs."""
    cdef Py_ssize_t low = 0, high = ladder.count, middle
    while low < high:
        middle = (low + high) >> 1
        if ladder.levels[middle].key < key:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline bint ladder_has(Ladder* ladder, Py_ssize_t place, int64_t key) noexcept nogil:
    """Whether ladder_find found the key itself."""
    return place < ladder.count and ladder.levels[place].key == key


cdef inline Level* ladder_insert(Ladder* ladder, Py_ssize_t place, int64_t key) noexcept nogil:
    """A new empty level at its place; ladder_reserve comes first."""
    cdef Level* level = &ladder.levels[place]
    memmove(level + 1, level, (ladder.count - place) * sizeof(Level))
    ladder.count += 1
    level.key = key
    level.size = 0
    level.head = NONE
    level.tail = NONE
    return level


cdef inline void ladder_remove(Ladder* ladder, Py_ssize_t place) noexcept nogil:
    """Closes the gap that a level leaves."""
    cdef Level* level = &ladder.levels[place]
    ladder.count -= 1
    memmove(level, level + 1, (ladder.count - place) * sizeof(Level))


cdef inline object ladder_best(Ladder* ladder, int64_t side):
    """(price, size) of the best level, None without levels."""
    if ladder.count == 0:
        return None
    return side * ladder.levels[ladder.count - 1].key, ladder.levels[ladder.count - 1].size


cdef inline list ladder_depth(Ladder* ladder, int64_t side, int64_t n):
    """The first n (price, size), best first."""
    cdef list levels = []
    cdef Py_ssize_t place = ladder.count
    if n < 0:
        raise ValueError(f"the number of levels must be 0 or more, found {n}")
    while place > 0 and n > 0:
        place -= 1
        n -= 1
        levels.append((side * ladder.levels[place].key, ladder.levels[place].size))
    return levels
