"""Memory of an order-by-order book: orders and the queues of prices, in pools whose places are used again."""
from libc.stdint cimport int64_t
from libc.stdlib cimport free, realloc

from letrade.hotpath.id_table cimport NO_PLACE

cdef enum:
    POOL_ROOM_MIN = 64


cdef struct QueuedOrder:
    int64_t id
    int64_t size  # lots
    int64_t previous  # neighbours in the queue, or NO_PLACE
    int64_t next  # in a free place: the next free one
    int64_t queue
    int64_t arrival  # counts up with each order that joins the end of a queue


cdef struct Queue:
    int64_t key  # side * price
    int64_t lots
    int64_t orders
    int64_t head
    int64_t tail  # in a free place: the next free one


cdef struct QueuePool:
    QueuedOrder* orders
    Queue* queues
    int64_t orders_room
    int64_t queues_room
    int64_t free_order
    int64_t free_queue


cdef inline void free_all(QueuePool* pool) noexcept nogil:
    """Every place is free again, the lowest first."""
    cdef int64_t place
    pool.free_order = pool.free_queue = NO_PLACE
    for place in range(pool.orders_room - 1, -1, -1):
        pool.orders[place].next = pool.free_order
        pool.free_order = place
    for place in range(pool.queues_room - 1, -1, -1):
        pool.queues[place].tail = pool.free_queue
        pool.free_queue = place


cdef inline int reserve_order(QueuePool* pool) noexcept nogil:
    """At least one place for an order is free; -1: no memory, and nothing changed."""
    cdef int64_t room = max(2 * pool.orders_room, <int64_t>POOL_ROOM_MIN), place
    cdef QueuedOrder* orders
    if pool.free_order != NO_PLACE:
        return 0
    orders = <QueuedOrder*>realloc(pool.orders, room * sizeof(QueuedOrder))
    if orders == NULL:
        return -1
    pool.orders = orders
    for place in range(room - 1, pool.orders_room - 1, -1):
        orders[place].next = pool.free_order
        pool.free_order = place
    pool.orders_room = room
    return 0


cdef inline int reserve_queue(QueuePool* pool) noexcept nogil:
    """At least one place for a queue is free; -1: no memory, and nothing changed."""
    cdef int64_t room = max(2 * pool.queues_room, <int64_t>POOL_ROOM_MIN), place
    cdef Queue* queues
    if pool.free_queue != NO_PLACE:
        return 0
    queues = <Queue*>realloc(pool.queues, room * sizeof(Queue))
    if queues == NULL:
        return -1
    pool.queues = queues
    for place in range(room - 1, pool.queues_room - 1, -1):
        queues[place].tail = pool.free_queue
        pool.free_queue = place
    pool.queues_room = room
    return 0


cdef inline int64_t claim_order(QueuePool* pool) noexcept nogil:
    """A free place; reserve_order comes first."""
    cdef int64_t place = pool.free_order
    pool.free_order = pool.orders[place].next
    return place


cdef inline void release_order(QueuePool* pool, int64_t place) noexcept nogil:
    pool.orders[place].next = pool.free_order
    pool.free_order = place


cdef inline int64_t claim_queue(QueuePool* pool, int64_t key) noexcept nogil:
    """An empty queue; reserve_queue comes first."""
    cdef int64_t place = pool.free_queue
    cdef Queue* queue = &pool.queues[place]
    pool.free_queue = queue.tail
    queue.key, queue.lots, queue.orders, queue.head, queue.tail = key, 0, 0, NO_PLACE, NO_PLACE
    return place


cdef inline void release_queue(QueuePool* pool, int64_t place) noexcept nogil:
    pool.queues[place].tail = pool.free_queue
    pool.free_queue = place


cdef inline void append_order(QueuePool* pool, int64_t at, int64_t place) noexcept nogil:
    """Puts an order at the end of a queue."""
    cdef Queue* queue = &pool.queues[at]
    pool.orders[place].queue = at
    pool.orders[place].previous, pool.orders[place].next = queue.tail, NO_PLACE
    if queue.tail == NO_PLACE:
        queue.head = place
    else:
        pool.orders[queue.tail].next = place
    queue.tail = place
    queue.lots += pool.orders[place].size
    queue.orders += 1


cdef inline void take_order_out(QueuePool* pool, int64_t place) noexcept nogil:
    """Closes the gap that an order leaves in its queue, which may then be empty."""
    cdef QueuedOrder* order = &pool.orders[place]
    cdef Queue* queue = &pool.queues[order.queue]
    if order.previous == NO_PLACE:
        queue.head = order.next
    else:
        pool.orders[order.previous].next = order.next
    if order.next == NO_PLACE:
        queue.tail = order.previous
    else:
        pool.orders[order.next].previous = order.previous
    queue.lots -= order.size
    queue.orders -= 1


cdef inline void free_pool(QueuePool* pool) noexcept nogil:
    free(pool.orders)
    free(pool.queues)
