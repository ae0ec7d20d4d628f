"""A table from int64 keys to int32 places above 0, in two arrays; it takes no memory of its own while it is used."""
cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free


cdef struct IntTable:
    int64_t* keys
    int32_t* values  # 0: nothing here
    uint64_t mask  # one less than the number of places, a power of two
    int shift  # 64 minus the bits of a place
    int64_t count


cdef inline void table_free(IntTable* table) noexcept nogil:
    free(table.keys)
    free(table.values)
    table.keys = NULL
    table.values = NULL
    table.mask = 0
    table.count = 0


@cython.overflowcheck(False)
cdef inline uint64_t home_of(const IntTable* table, int64_t key) noexcept nogil:
    """By the product's upper bits, which all bits of a key change: keys may differ in their upper half alone."""
    return (<uint64_t>key * <uint64_t>0x9E3779B97F4A7C15) >> table.shift


@cython.overflowcheck(False)
cdef inline uint64_t table_place(IntTable* table, int64_t key) noexcept nogil:
    """Where the key is, or the empty place where it belongs; there always is one."""
    cdef uint64_t place = home_of(table, key)
    while table.values[place] != 0 and table.keys[place] != key:
        place = (place + 1) & table.mask
    return place


cdef inline int32_t table_get(IntTable* table, int64_t key) noexcept nogil:
    """The value of a key, 0 without it."""
    return table.values[table_place(table, key)] if table.count else 0


cdef inline void table_put(IntTable* table, int64_t key, int32_t value) noexcept nogil:
    """Sets a key; table_reserve has made room."""
    cdef uint64_t place = table_place(table, key)
    if table.values[place] == 0:
        table.count += 1
        table.keys[place] = key
    table.values[place] = value


@cython.overflowcheck(False)
cdef inline void table_remove(IntTable* table, int64_t key) noexcept nogil:
    """Forgets a key that is there; those behind it move up, so that no empty place cuts a search short."""
    cdef uint64_t hole = table_place(table, key), place = hole, home
    table.count -= 1
    while True:
        place = (place + 1) & table.mask
        if table.values[place] == 0:
            break
        home = home_of(table, table.keys[place])
        if ((place - home) & table.mask) >= ((place - hole) & table.mask):
            table.keys[hole] = table.keys[place]
            table.values[hole] = table.values[place]
            hole = place
    table.values[hole] = 0


cdef inline bint table_reserve(IntTable* table, int64_t count) noexcept nogil:
    """Room for `count` keys with half of the places empty; False, and all as it was, without memory for it."""
    cdef IntTable old = table[0]
    cdef IntTable fresh
    cdef uint64_t places = 64, place
    fresh.shift = 58
    while places < <uint64_t>(2 * count):
        places *= 2
        fresh.shift -= 1
    if old.keys != NULL and places <= old.mask + 1:
        return True
    fresh.keys = <int64_t*>calloc(places, sizeof(int64_t))
    fresh.values = <int32_t*>calloc(places, sizeof(int32_t))
    fresh.mask = places - 1
    fresh.count = 0
    if fresh.keys == NULL or fresh.values == NULL:
        table_free(&fresh)
        return False
    if old.keys != NULL:
        for place in range(old.mask + 1):
            if old.values[place] != 0:
                table_put(&fresh, old.keys[place], old.values[place])
    table_free(&old)
    table[0] = fresh
    return True
