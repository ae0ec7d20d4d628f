"""Finds an order's place by its id: open addressing with linear probing, at most half full."""
cimport cython
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

cdef enum:
    NO_PLACE = -1
    TABLE_ROOM_MIN = 64


cdef struct IdEntry:
    int64_t id
    int64_t place_and_one  # 0: free


cdef struct IdTable:
    IdEntry* entries
    uint64_t room  # a power of two; 0 before the first id
    uint64_t count
    int shift  # 64 minus the bits of room


@cython.overflowcheck(False)
cdef inline uint64_t home_of(const IdTable* table, int64_t id) noexcept nogil:
    """Fibonacci hashing: ids that count up spread evenly."""
    return (<uint64_t>id * <uint64_t>0x9E3779B97F4A7C15) >> table.shift


cdef inline uint64_t entry_of(const IdTable* table, int64_t id) noexcept nogil:
    """The entry that holds the id, or the free one where it belongs."""
    cdef uint64_t at = home_of(table, id)
    while table.entries[at].place_and_one and table.entries[at].id != id:
        at = (at + 1) & (table.room - 1)
    return at


cdef inline int64_t find_id(const IdTable* table, int64_t id) noexcept nogil:
    """The place of the id, or NO_PLACE."""
    if table.room == 0:
        return NO_PLACE
    return table.entries[entry_of(table, id)].place_and_one - 1


@cython.overflowcheck(False)
cdef inline int reserve_id(IdTable* table) noexcept nogil:
    """Room for one more id; -1: no memory, and nothing changed."""
    cdef IdTable larger
    cdef uint64_t at
    if 2 * (table.count + 1) <= table.room:
        return 0
    larger.room = max(2 * table.room, <uint64_t>TABLE_ROOM_MIN)
    larger.count = table.count
    larger.shift = table.shift - 1 if table.room else 58
    larger.entries = <IdEntry*>calloc(larger.room, sizeof(IdEntry))
    if larger.entries == NULL:
        return -1
    for at in range(table.room):
        if table.entries[at].place_and_one:
            larger.entries[entry_of(&larger, table.entries[at].id)] = table.entries[at]
    free(table.entries)
    table[0] = larger
    return 0


cdef inline void put_id(IdTable* table, int64_t id, int64_t place) noexcept nogil:
    """The id is not there yet; reserve_id comes first."""
    cdef uint64_t at = entry_of(table, id)
    table.entries[at].id = id
    table.entries[at].place_and_one = place + 1
    table.count += 1


@cython.overflowcheck(False)
cdef inline void drop_id(IdTable* table, int64_t id) noexcept nogil:
    """The id is there. Those behind it move up, so that no search meets a gap."""
    cdef uint64_t gap = entry_of(table, id), at = gap, mask = table.room - 1
    while True:
        at = (at + 1) & mask
        if table.entries[at].place_and_one == 0:
            break
        if ((at - home_of(table, table.entries[at].id)) & mask) >= ((at - gap) & mask):
            table.entries[gap] = table.entries[at]
            gap = at
    table.entries[gap].place_and_one = 0
    table.count -= 1


cdef inline void clear_ids(IdTable* table) noexcept nogil:
    if table.room:
        memset(table.entries, 0, table.room * sizeof(IdEntry))
    table.count = 0
