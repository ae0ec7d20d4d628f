"""Units that are liquidated once, addressed by handles that a unit of the same place cannot be mistaken by.

A handle is generation * 2**32 + place. The generation of a place goes up when its unit is removed; a place that has
used up its generations is not used again, so a handle means one unit for ever. Units that were crossed when their
caller had no room for them wait in a queue, in the order in which they were crossed.
"""
cimport cython
from libc.stdint cimport int32_t, int64_t, uint32_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from letrade.hotpath.liquidation.large_memory cimport cache_aligned, large_memory

cdef enum:
    GENERATIONS = 536870911  # of a place: what the tag has bits for
    GENERATION_SHIFT = 3
    SHORT_BIT = 4
    STATE_BITS = 3
    PLACES_MAX = 1073741824
    PLACES_MIN = 1024

cdef enum UnitState:
    NO_UNIT = 0
    ARMED = 1  # a value may cross it
    WAITING = 2  # crossed, and not told yet
    FIRED = 3  # crossed and told; it sleeps until its caller changes it


cdef struct Link:
    int32_t next  # in the queue of those that wait, 0: none; it also links the free places
    int32_t previous


cdef struct UnitPool:
    uint32_t* tags  # generation, side and state of each place, as small as can be; place 0 is nobody's
    Link* links
    void* tags_memory
    int32_t used  # places that were ever used
    int32_t capacity
    int32_t free  # the place given back last, 0 without one
    int32_t first  # of those that wait, 0 without one
    int32_t last
    int64_t live
    int64_t waiting


cdef inline void units_start(UnitPool* pool) noexcept nogil:
    memset(pool, 0, sizeof(UnitPool))
    pool.used = 1


cdef inline void units_release(UnitPool* pool) noexcept nogil:
    free(pool.tags_memory)
    free(pool.links)
    units_start(pool)


@cython.overflowcheck(False)
cdef inline int units_reserve(UnitPool* pool, int64_t extra) noexcept nogil:
    """Room for so many more; -1, and all as it was, without memory or places for it."""
    cdef int64_t room = max(<int64_t>PLACES_MIN, <int64_t>pool.capacity), needed = pool.used + extra
    cdef void* memory
    cdef Link* links
    if needed <= pool.capacity:
        return 0
    if needed > PLACES_MAX:
        return -1
    while room < needed:
        room *= 2
    memory, links = large_memory(room * sizeof(uint32_t)), <Link*>large_memory(room * sizeof(Link))
    if memory == NULL or links == NULL:
        free(memory)
        free(links)
        return -1
    if pool.capacity:
        memcpy(cache_aligned(memory), pool.tags, pool.used * sizeof(uint32_t))
        memcpy(links, pool.links, pool.used * sizeof(Link))
    free(pool.tags_memory)
    free(pool.links)
    pool.tags_memory, pool.tags, pool.links = memory, <uint32_t*>cache_aligned(memory), links
    pool.tags[0] = 0
    pool.capacity = <int32_t>room
    return 0


@cython.overflowcheck(False)
cdef inline uint32_t state_of(const UnitPool* pool, int32_t place) noexcept nogil:
    return pool.tags[place] & STATE_BITS


@cython.overflowcheck(False)
cdef inline int side_of(const UnitPool* pool, int32_t place) noexcept nogil:
    """1 or -1."""
    return -1 if pool.tags[place] & SHORT_BIT else 1


@cython.overflowcheck(False)
cdef inline void write_state(UnitPool* pool, int32_t place, uint32_t state) noexcept nogil:
    pool.tags[place] = (pool.tags[place] & ~<uint32_t>STATE_BITS) | state


@cython.overflowcheck(False)
cdef inline int32_t claim_unit(UnitPool* pool, int64_t side) noexcept nogil:
    """A place for a unit, the one given back last because it is still in the cache; units_reserve comes first."""
    cdef int32_t place = pool.free
    if place:
        pool.free = pool.links[place].next
    else:
        place = pool.used
        pool.used += 1
        pool.tags[place] = 1 << GENERATION_SHIFT
    pool.tags[place] = (pool.tags[place] & ~<uint32_t>SHORT_BIT) | (SHORT_BIT if side < 0 else 0)
    write_state(pool, place, ARMED)
    pool.live += 1
    return place


@cython.overflowcheck(False)
cdef inline void queue_unit(UnitPool* pool, int32_t place) noexcept nogil:
    """The unit was crossed, and waits until its caller has room for it."""
    write_state(pool, place, WAITING)
    pool.links[place] = Link(0, pool.last)
    if pool.last:
        pool.links[pool.last].next = place
    else:
        pool.first = place
    pool.last = place
    pool.waiting += 1


@cython.overflowcheck(False)
cdef inline void leave_queue(UnitPool* pool, int32_t place) noexcept nogil:
    cdef Link link = pool.links[place]
    if link.previous:
        pool.links[link.previous].next = link.next
    else:
        pool.first = link.next
    if link.next:
        pool.links[link.next].previous = link.previous
    else:
        pool.last = link.previous
    pool.waiting -= 1


@cython.overflowcheck(False)
cdef inline void set_state(UnitPool* pool, int32_t place, UnitState state) noexcept nogil:
    """Any but WAITING; the unit leaves the queue when it is there."""
    if state_of(pool, place) == WAITING:
        leave_queue(pool, place)
    write_state(pool, place, state)


@cython.overflowcheck(False)
cdef inline void release_unit(UnitPool* pool, int32_t place) noexcept nogil:
    """Ends a unit: from here on its handle finds nothing."""
    set_state(pool, place, NO_UNIT)
    pool.live -= 1
    if pool.tags[place] >> GENERATION_SHIFT == GENERATIONS:
        return
    pool.tags[place] += 1 << GENERATION_SHIFT
    pool.links[place].next = pool.free
    pool.free = place


@cython.overflowcheck(False)
cdef inline int64_t handle_of(const UnitPool* pool, int32_t place) noexcept nogil:
    return (<int64_t>(pool.tags[place] >> GENERATION_SHIFT) << 32) | place


@cython.overflowcheck(False)
cdef inline int32_t place_of(const UnitPool* pool, int64_t handle) noexcept nogil:
    """The place of a unit, 0 when the handle's was removed or never was."""
    cdef int64_t place = <uint32_t>handle
    if not 0 < place < pool.used:
        return 0
    if pool.tags[place] >> GENERATION_SHIFT != handle >> 32 or state_of(pool, <int32_t>place) == NO_UNIT:
        return 0
    return <int32_t>place


@cython.overflowcheck(False)
cdef inline int64_t tell_waiting(UnitPool* pool, int64_t* handles, int64_t room) noexcept nogil:
    """Writes the handles of those that waited longest; how many were written."""
    cdef int64_t count = 0
    cdef int32_t place
    while pool.first and count < room:
        place = pool.first
        set_state(pool, place, FIRED)
        handles[count] = handle_of(pool, place)
        count += 1
    return count


@cython.overflowcheck(False)
cdef inline int64_t tell_or_queue(
    UnitPool* pool, int32_t place, int64_t* handles, int64_t count, int64_t room
) noexcept nogil:
    """The unit was crossed: its handle is the next one where there is room, else it waits; the new count."""
    if count >= room:
        queue_unit(pool, place)
        return count
    write_state(pool, place, FIRED)
    handles[count] = handle_of(pool, place)
    return count + 1
