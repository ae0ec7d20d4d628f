"""Orders in one block of memory, addressed by handles that an order of the same place cannot be mistaken by.

A handle is generation * 2**32 + place. The generation of a place goes up when its order ends; a place that has used up
its generations is not used again, so a handle means one order for ever.
"""
from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport free

from letrade.hotpath.enlarging cimport enlarged

cdef enum:
    GENERATIONS = 2147483647  # of a place
    PLACES_MAX = 1073741824

cdef enum OrderFlag:
    POST_ONLY = 1
    REDUCE_ONLY = 2
    HAS_TERMS = 4  # Terms of the same place belong to the order
    SELF_TRADE_SHIFT = 3  # two bits: what happens when it would meet its owner's own


cdef struct Order:  # 48 bytes: all that matching a plain order touches
    int64_t id  # the caller's
    int64_t price
    int64_t size  # open lots, without an iceberg's hidden ones
    int32_t next  # neighbours in the queue of its price, 0: none; `next` also links the free places
    int32_t previous
    int32_t owner  # place among the owners, 0: nobody
    uint32_t generation
    int8_t side
    int8_t kind  # LIMIT_ORDER when it rests, a conditional kind while it waits
    uint8_t flags
    int8_t time_in_force


cdef struct Terms:  # what only some orders have
    int64_t hidden  # lots of an iceberg that are not shown
    int64_t shown  # lots that it shows at a time; 0: it is no iceberg
    int64_t parts  # how many such showings it was counted as
    int64_t expires  # ns; 0: never
    int64_t group  # 0: none
    int64_t trigger  # 0: it does not wait
    int64_t trail
    int64_t sequence  # of its arrival
    int32_t due_place  # in the heap of those that expire
    int32_t group_next  # ring of its group
    int32_t group_previous
    int32_t trail_next  # ring of its class of trailing stops
    int32_t trail_previous
    int32_t class_child  # the heap of classes, of the first order of a class
    int32_t class_next
    int32_t class_before
    int8_t source  # of its trigger; IN_TURN: triggered, in the queue of those that are next


cdef struct Pool:
    Order* orders  # place 0 is nobody's
    Terms* terms
    int32_t used  # places that were ever used
    int32_t terms_used  # one more than the last of those that ever had terms
    int32_t capacity
    int32_t free  # the place given back last, 0 without one
    int64_t live


cdef inline void pool_free(Pool* pool) noexcept nogil:
    free(pool.orders)
    free(pool.terms)


cdef inline bint pool_reserve(Pool* pool, int32_t capacity) noexcept nogil:
    """Makes room for `capacity` places; False, and all as it was, without memory for it."""
    cdef Order* orders = <Order*>enlarged(pool.orders, pool.used * sizeof(Order), capacity * sizeof(Order))
    cdef Terms* terms
    if orders == NULL:
        return False
    pool.orders = orders
    terms = <Terms*>enlarged(pool.terms, pool.terms_used * sizeof(Terms), capacity * sizeof(Terms))
    if terms == NULL:
        return False
    pool.terms = terms
    pool.capacity = capacity
    pool.used = max(pool.used, 1)
    return True


cdef inline bint pool_is_full(Pool* pool) noexcept nogil:
    return pool.free == 0 and pool.used == pool.capacity


cdef inline int32_t claim_place(Pool* pool) noexcept nogil:
    """A place for an order, the one given back last because it is still in the cache; there must be one."""
    cdef int32_t place = pool.free
    if place:
        pool.free = pool.orders[place].next
    else:
        place = pool.used
        pool.used += 1
        pool.orders[place].generation = 1
    pool.live += 1
    return place


cdef inline void release_place(Pool* pool, int32_t place) noexcept nogil:
    """Ends an order: from here on its handle finds nothing."""
    cdef Order* order = &pool.orders[place]
    pool.live -= 1
    order.side = 0  # so that a guessed handle of a free place finds nothing either
    if order.generation == GENERATIONS:
        return
    order.generation += 1
    order.next = pool.free
    pool.free = place


cdef inline int64_t handle_of(Pool* pool, int32_t place) noexcept nogil:
    return (<int64_t>pool.orders[place].generation << 32) | place


cdef inline int32_t place_of(Pool* pool, int64_t handle) noexcept nogil:
    """The place of a live order, 0 when the handle's order has ended or never was."""
    cdef int64_t place = <uint32_t>handle
    if not 0 < place < pool.used or pool.orders[place].generation != handle >> 32 or pool.orders[place].side == 0:
        return 0
    return <int32_t>place
