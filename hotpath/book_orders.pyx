# cython: cdivision=True
"""An order-by-order (L3) book of one instrument: each order by its id, in the queue of its price."""
from cpython.buffer cimport PyBuffer_Release
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport INT64_MAX, int8_t, int64_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from letrade.hotpath.buffers cimport open_array
from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.hashing cimport HASH_START, hash_word
from letrade.hotpath.id_table cimport NO_PLACE, clear_ids, drop_id, find_id, put_id, reserve_id
from letrade.hotpath.ladder_reads cimport are_crossed, best_of, whole_count
from letrade.hotpath.level_rows cimport check_level, check_side
from letrade.hotpath.queue_pool cimport (
    Queue, append_order, claim_order, claim_queue, free_all, free_pool, release_order, release_queue, reserve_order,
    reserve_queue, take_order_out,
)
from letrade.hotpath.slot_bits cimport NO_SLOT
from letrade.hotpath.tick_ladder cimport (
    TickLadder, Walk, clear_ladder, ladder_release, ladder_start, set_key, step_down, value_at, walk,
)
from letrade.hotpath.whole cimport whole

cdef int64_t DUMP_MARK = 0x31304B4F4F334C54  # "TL3OOK01" as little-endian bytes
cdef int64_t ARRIVAL_MAX = 1 << 62  # more orders than ever arrive
cdef int64_t HEADER_WORDS = 3  # mark, next arrival, number of orders
cdef int64_t ORDER_WORDS = 5  # id, side, price, size, arrival


cdef int check_size(int64_t size) except -1:
    if size < 1:
        raise ValueError(f"the size of an order must be at least 1 lot, found {size}")
    return 0


cdef bint is_same_queue(const int64_t* words) noexcept nogil:
    """Whether this order of a dump waits in the queue of the one before."""
    return words[1] == words[1 - ORDER_WORDS] and words[2] == words[2 - ORDER_WORDS]


cdef class OrdersBook:
    """Bids and asks, each price a queue in the order of arrival."""

    def __cinit__(self):
        ladder_start(&self.ladders[0])
        ladder_start(&self.ladders[1])
        memset(&self.ids, 0, sizeof(self.ids))
        memset(&self.pool, 0, sizeof(self.pool))
        free_all(&self.pool)
        self.next_arrival = 1

    def __dealloc__(self):
        ladder_release(&self.ladders[0])
        ladder_release(&self.ladders[1])
        free(self.ids.entries)
        free_pool(&self.pool)

    cdef int join_queue(self, int64_t place, int64_t key) noexcept nogil:
        """Puts an order that is in no queue at the end of this one; -1: no memory, and nothing changed."""
        cdef TickLadder* ladder = &self.ladders[key < 0]
        cdef int64_t at = value_at(ladder, key) - 1
        if at == NO_PLACE:
            if reserve_queue(&self.pool) < 0 or set_key(ladder, key, self.pool.free_queue + 1) < 0:
                return -1
            at = claim_queue(&self.pool, key)
        append_order(&self.pool, at, place)
        self.pool.orders[place].arrival = self.next_arrival
        self.next_arrival = self.next_arrival + 1  # in place, a checked build would ask for the GIL
        return 0

    cdef void leave_queue(self, int64_t place) noexcept nogil:
        """Takes an order out of its queue, and the level away with the last one."""
        cdef int64_t at = self.pool.orders[place].queue, key = self.pool.queues[at].key
        take_order_out(&self.pool, place)
        if self.pool.queues[at].orders == 0:
            set_key(&self.ladders[key < 0], key, 0)  # needs no memory
            release_queue(&self.pool, at)

    cdef void end_order(self, int64_t place) noexcept nogil:
        self.leave_queue(place)
        drop_id(&self.ids, self.pool.orders[place].id)
        release_order(&self.pool, place)

    cdef int add_order(self, int64_t id, int64_t side, int64_t price, int64_t size) except -1:
        cdef int64_t place
        check_side(side)
        check_level(price, size)
        check_size(size)
        if find_id(&self.ids, id) != NO_PLACE:
            raise ValueError(f"order {id} is in the book already")
        if self.size_at(side, price) > INT64_MAX - size:
            raise OverflowError(f"the lots at price {price} would not fit 64 bits with {size} more")
        if reserve_id(&self.ids) < 0 or reserve_order(&self.pool) < 0:
            raise MemoryError("no memory for another order")
        place = claim_order(&self.pool)
        self.pool.orders[place].id, self.pool.orders[place].size = id, size
        if self.join_queue(place, side * price) < 0:
            release_order(&self.pool, place)
            raise MemoryError("no memory for another price level")
        put_id(&self.ids, id, place)
        return 1

    cdef int change_order(self, int64_t id, int64_t price, int64_t size) except -1:
        cdef int64_t place = find_id(&self.ids, id), side
        cdef Queue* queue
        check_level(price, size)
        check_size(size)
        if place == NO_PLACE:
            return 0
        queue = &self.pool.queues[self.pool.orders[place].queue]
        side = SELL if queue.key < 0 else BUY
        if queue.key == side * price and size <= self.pool.orders[place].size:
            queue.lots -= self.pool.orders[place].size - size
            self.pool.orders[place].size = size
            return 1
        if self.size_at(side, price) - (self.pool.orders[place].size if queue.key == side * price else 0) > INT64_MAX - size:
            raise OverflowError(f"the lots at price {price} would not fit 64 bits with {size}")
        self.leave_queue(place)
        self.pool.orders[place].size = size
        if self.join_queue(place, side * price) < 0:
            drop_id(&self.ids, id)
            release_order(&self.pool, place)
            raise MemoryError(f"no memory for another price level: order {id} is no longer in the book")
        return 1

    cdef int remove_order(self, int64_t id) noexcept nogil:
        cdef int64_t place = find_id(&self.ids, id)
        if place == NO_PLACE:
            return 0
        self.end_order(place)
        return 1

    cdef int trade_order(self, int64_t id, int64_t size) except -1:
        cdef int64_t place = find_id(&self.ids, id)
        check_size(size)
        if place == NO_PLACE:
            return 0
        if size > self.pool.orders[place].size:
            raise ValueError(f"order {id} has {self.pool.orders[place].size} lots, a trade of {size} cannot be its")
        if size == self.pool.orders[place].size:
            self.end_order(place)
        else:
            self.pool.orders[place].size -= size
            self.pool.queues[self.pool.orders[place].queue].lots -= size
        return 1

    cdef int64_t lots_ahead_of(self, int64_t id) noexcept nogil:
        cdef int64_t place = find_id(&self.ids, id), lots = 0
        if place == NO_PLACE:
            return NO_PLACE
        place = self.pool.orders[place].previous
        while place != NO_PLACE:
            lots += self.pool.orders[place].size
            place = self.pool.orders[place].previous
        return lots

    cdef int64_t orders_ahead_of(self, int64_t id) noexcept nogil:
        cdef int64_t place = find_id(&self.ids, id), orders = 0
        if place == NO_PLACE:
            return NO_PLACE
        place = self.pool.orders[place].previous
        while place != NO_PLACE:
            orders += 1
            place = self.pool.orders[place].previous
        return orders

    cdef int64_t lots_before(self, int64_t side, int64_t price, int64_t arrival) noexcept nogil:
        cdef const Queue* queue = self.queue_at(side, price)
        cdef int64_t lots = 0, place = NO_PLACE if queue == NULL else queue.head
        while place != NO_PLACE and self.pool.orders[place].arrival < arrival:
            lots += self.pool.orders[place].size
            place = self.pool.orders[place].next
        return lots

    cdef const Queue* queue_at(self, int64_t side, int64_t price) noexcept nogil:
        cdef int64_t at = value_at(&self.ladders[side < 0], side * price) - 1
        return NULL if at == NO_PLACE else &self.pool.queues[at]

    cdef int64_t best_price(self, int64_t side) noexcept nogil:
        return best_of(&self.ladders[side < 0], side)

    cdef int64_t best_size(self, int64_t side) noexcept nogil:
        cdef TickLadder* ladder = &self.ladders[side < 0]
        return 0 if ladder.best == NO_SLOT else self.pool.queues[ladder.values[ladder.best] - 1].lots

    cdef int64_t size_at(self, int64_t side, int64_t price) noexcept nogil:
        cdef const Queue* queue = self.queue_at(side, price)
        return 0 if queue == NULL else queue.lots

    cdef Py_ssize_t depth_into(
        self, int64_t side, int64_t* prices, int64_t* sizes, Py_ssize_t count
    ) noexcept nogil:
        cdef TickLadder* ladder = &self.ladders[side < 0]
        cdef Walk at = walk(ladder)
        cdef Py_ssize_t place = 0
        while place < count and step_down(ladder, &at):
            prices[place] = side * at.key
            sizes[place] = self.pool.queues[at.value - 1].lots
            place += 1
        return place

    cdef void clear_orders(self) noexcept nogil:
        clear_ladder(&self.ladders[0])
        clear_ladder(&self.ladders[1])
        clear_ids(&self.ids)
        free_all(&self.pool)

    cdef int apply_event(self, int8_t event, int64_t id, int64_t side, int64_t price, int64_t size) except -1:
        if event == ADD:
            return self.add_order(id, side, price, size)
        if event == CHANGE:
            return self.change_order(id, price, size)
        if event == REMOVE:
            return self.remove_order(id)
        if event == TRADE:
            return self.trade_order(id, size)
        raise ValueError(f"an event must be add (0), change (1), remove (2) or trade (3), found {event}")

    def add(self, order_id, side, price, size):
        self.add_order(whole(order_id), whole(side), whole(price), whole(size))

    def change(self, order_id, price, size):
        return self.change_order(whole(order_id), whole(price), whole(size)) != 0

    def remove(self, order_id):
        return self.remove_order(whole(order_id)) != 0

    def trade(self, order_id, size):
        return self.trade_order(whole(order_id), whole(size)) != 0

    def apply_batch(self, events, ids, sides, prices, sizes):
        cdef Py_buffer[5] views
        cdef Py_ssize_t count = 0, found, row = 0
        cdef int64_t unknown = 0
        cdef int place
        cdef bint is_byte
        memset(views, 0, sizeof(views))  # releasing a view that was never opened does nothing
        try:
            for place, array in enumerate((events, ids, sides, prices, sizes)):
                is_byte = place == 0 or place == 2
                found = open_array(array, &views[place], b"bb" if is_byte else b"ql", 1 if is_byte else 8, False)
                count = count if place else found
                if found != count:
                    raise ValueError(f"the arrays of a batch must be of one length, found {count} and {found}")
            for row in range(count):
                unknown += 1 - self.apply_event(
                    (<int8_t*>views[0].buf)[row], (<int64_t*>views[1].buf)[row], (<int8_t*>views[2].buf)[row],
                    (<int64_t*>views[3].buf)[row], (<int64_t*>views[4].buf)[row],
                )
        except (ValueError, OverflowError) as error:
            error.add_note(f"in row {row} of the batch: the rows before it are in the book")
            raise
        finally:
            for place in range(5):
                PyBuffer_Release(&views[place])
        return unknown

    @property
    def order_count(self):
        return self.ids.count

    def order(self, order_id):
        cdef int64_t place = find_id(&self.ids, whole(order_id)), key
        if place == NO_PLACE:
            return None
        key = self.pool.queues[self.pool.orders[place].queue].key
        return (SELL, -key, self.pool.orders[place].size) if key < 0 else (BUY, key, self.pool.orders[place].size)

    def queue(self, side, price):
        cdef int64_t side_number = whole(side), place
        cdef list ids = [], sizes = []  # no tuples yet: one that is made may run a collection, and that any code
        cdef const Queue* queue
        check_side(side_number)
        queue = self.queue_at(side_number, whole(price))
        place = NO_PLACE if queue == NULL else queue.head
        while place != NO_PLACE:
            ids.append(self.pool.orders[place].id)
            sizes.append(self.pool.orders[place].size)
            place = self.pool.orders[place].next
        return list(zip(ids, sizes))

    def lots_ahead(self, order_id):
        cdef int64_t lots = self.lots_ahead_of(whole(order_id))
        return None if lots == NO_PLACE else lots

    def orders_ahead(self, order_id):
        cdef int64_t orders = self.orders_ahead_of(whole(order_id))
        return None if orders == NO_PLACE else orders

    def lots_queued(self, side, price, before=None):
        cdef int64_t side_number = whole(side), ticks = whole(price)
        check_side(side_number)
        return self.size_at(side_number, ticks) if before is None else self.lots_before(side_number, ticks, whole(before))

    def best_bid(self):
        return (self.best_price(BUY), self.best_size(BUY)) if self.ladders[0].count else None

    def best_ask(self):
        return (self.best_price(SELL), self.best_size(SELL)) if self.ladders[1].count else None

    def best(self):
        return self.best_bid(), self.best_ask()

    def depth(self, side, n):
        cdef int64_t side_number = whole(side), count = whole_count(n)
        cdef list prices = [], sizes = []  # as in queue
        cdef TickLadder* ladder = &self.ladders[side_number < 0]
        cdef Walk at = walk(ladder)
        check_side(side_number)
        while count > 0 and step_down(ladder, &at):
            prices.append(side_number * at.key)
            sizes.append(self.pool.queues[at.value - 1].lots)
            count -= 1
        return list(zip(prices, sizes))

    def levels(self, side):
        cdef int64_t side_number = whole(side)
        check_side(side_number)
        return self.ladders[side_number < 0].count

    def is_crossed(self):
        return are_crossed(&self.ladders[0], &self.ladders[1])

    def clear(self):
        self.clear_orders()

    def state_hash(self):
        cdef uint64_t state = HASH_START
        cdef Walk at
        cdef Queue* queue
        cdef int64_t place
        cdef int side
        for side in range(2):
            state = hash_word(state, self.ladders[side].count)
            at = walk(&self.ladders[side])
            while step_down(&self.ladders[side], &at):
                queue = &self.pool.queues[at.value - 1]
                state = hash_word(hash_word(state, queue.key), queue.orders)
                place = queue.head
                while place != NO_PLACE:
                    state = hash_word(hash_word(state, self.pool.orders[place].id), self.pool.orders[place].size)
                    place = self.pool.orders[place].next
        return state

    def dump(self):
        cdef bytes data = PyBytes_FromStringAndSize(NULL, 8 * (HEADER_WORDS + ORDER_WORDS * <int64_t>self.ids.count))
        cdef int64_t* words = <int64_t*>PyBytes_AS_STRING(data)
        cdef Walk at
        cdef int64_t place
        cdef int side
        words[0], words[1], words[2] = DUMP_MARK, self.next_arrival, <int64_t>self.ids.count
        words += HEADER_WORDS
        for side in range(2):
            at = walk(&self.ladders[side])
            while step_down(&self.ladders[side], &at):
                place = self.pool.queues[at.value - 1].head
                while place != NO_PLACE:
                    words[0], words[1], words[2] = self.pool.orders[place].id, SELL if side else BUY, -at.key if side else at.key
                    words[3], words[4] = self.pool.orders[place].size, self.pool.orders[place].arrival
                    words += ORDER_WORDS
                    place = self.pool.orders[place].next
        return data

    def load_bytes(self, bytes data):
        cdef const int64_t* words = <const int64_t*>PyBytes_AS_STRING(data)
        cdef int64_t count = len(data) // 8, row, before
        cdef OrdersBook fresh = OrdersBook()
        if len(data) % 8 or count < HEADER_WORDS or words[0] != DUMP_MARK or words[2] < 0 or (
            not 0 < words[1] < ARRIVAL_MAX
        ):
            raise ValueError("these bytes are not a dump of an order-by-order book")
        if (count - HEADER_WORDS) % ORDER_WORDS or (count - HEADER_WORDS) // ORDER_WORDS != words[2]:
            raise ValueError("these bytes are a cut off dump of an order-by-order book, or they have more than one")
        words += HEADER_WORDS
        for row in range((count - HEADER_WORDS) // ORDER_WORDS):
            # The order of a queue is the order of arrival: fresh.next_arrival follows the row before.
            before = fresh.next_arrival if row and is_same_queue(words + ORDER_WORDS * row) else 1
            if not before <= words[ORDER_WORDS * row + 4] < words[1 - HEADER_WORDS]:
                raise ValueError("an order of this dump joined its queue at no possible place")
            fresh.next_arrival = words[ORDER_WORDS * row + 4]
            fresh.add_order(
                words[ORDER_WORDS * row], words[ORDER_WORDS * row + 1], words[ORDER_WORDS * row + 2],
                words[ORDER_WORDS * row + 3],
            )
        fresh.next_arrival = words[1 - HEADER_WORDS]
        if fresh.dump() != data:
            raise ValueError("the orders of a dump must be in the order that dump gives them")
        self.take(fresh)

    cdef int take(self, OrdersBook fresh) except -1:
        """Swaps contents, so that a load that fails has changed nothing."""
        cdef int side
        for side in range(2):
            self.ladders[side], fresh.ladders[side] = fresh.ladders[side], self.ladders[side]
        self.ids, fresh.ids = fresh.ids, self.ids
        self.pool, fresh.pool = fresh.pool, self.pool
        self.next_arrival = fresh.next_arrival
        return 0
