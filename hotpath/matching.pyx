"""Price-time matching of one instrument, in integer ticks and lots; an owner never trades with itself."""
import struct

from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.stdint cimport INT64_MAX, int64_t, uint64_t

from letrade.hotpath.constants cimport (
    BUY, EXPIRED, FILLED, FOK, GTC, IOC, RESTING, SELF_TRADE, SELL, UNKNOWN_ORDER, WOULD_CROSS,
)
from letrade.hotpath.hashing cimport HASH_START, hash_word
from letrade.hotpath.ladder cimport (
    NONE, Ladder, Level, ladder_best, ladder_depth, ladder_find, ladder_free, ladder_has, ladder_insert, ladder_remove,
    ladder_reserve,
)
from letrade.hotpath.whole cimport whole

cdef int64_t DUMP_MARK = 0x31484354414D544C  # "LTMATCH1" as little-endian bytes
cdef str HEADER = "<2q"  # mark, number of orders
cdef str ORDER = "<6q"  # id, owner, side, price, open lots, post-only


cdef class MatchingEngine:
    """Resting orders in price-time priority, and what happens to them when others arrive."""

    def __cinit__(self):
        self.places = {}
        self.first_free = NONE

    def __dealloc__(self):
        ladder_free(&self.ladders[0])
        ladder_free(&self.ladders[1])
        PyMem_Free(self.pool)

    def limit(self, order_id, owner, side, price, size, time_in_force=GTC, bint post_only=False):
        return self.place_limit(
            whole(order_id), whole(owner), whole(side), whole(price), whole(size), whole(time_in_force), post_only
        )

    cdef tuple place_limit(
        self, int64_t order_id, int64_t owner, int64_t side, int64_t price, int64_t size, int64_t time_in_force,
        bint post_only,
    ):
        cdef list trades = []
        cdef int64_t open_lots = size
        cdef bint met_itself
        self.check_order(side, price, size, 0)
        self.check_new_id(order_id)
        if time_in_force != GTC and time_in_force != IOC and time_in_force != FOK:
            raise ValueError(f"time in force must be GTC (0), IOC (1) or FOK (2), found {time_in_force}")
        if post_only and time_in_force != GTC:
            raise ValueError("a post-only order must be GTC: IOC and FOK never rest")
        if post_only and self.would_cross(side, price):
            return WOULD_CROSS, size, trades
        if time_in_force == FOK and not self.can_fill(owner, side, side * price, size):
            return EXPIRED, size, trades
        met_itself = self.match(order_id, owner, side, side * price, &open_lots, trades)
        if open_lots == 0:
            return FILLED, 0, trades
        if met_itself:
            return SELF_TRADE, open_lots, trades
        if time_in_force != GTC:
            return EXPIRED, open_lots, trades
        self.rest(order_id, owner, side, price, open_lots, post_only)
        return RESTING, open_lots, trades

    def market(self, order_id, owner, side, size):
        return self.place_market(whole(order_id), whole(owner), whole(side), whole(size))

    cdef tuple place_market(self, int64_t order_id, int64_t owner, int64_t side, int64_t size):
        cdef list trades = []
        cdef int64_t open_lots = size
        cdef bint met_itself
        self.check_order(side, 1, size, 0)
        self.check_new_id(order_id)
        met_itself = self.match(order_id, owner, side, INT64_MAX, &open_lots, trades)
        if open_lots == 0:
            return FILLED, 0, trades
        return SELF_TRADE if met_itself else EXPIRED, open_lots, trades

    def cancel(self, order_id):
        cdef int64_t place, size
        found = self.places.get(whole(order_id))
        if found is None:
            return 0
        place = found
        size = self.pool[place].size
        self.unlink(place)
        return size

    def amend(self, order_id, price, size):
        return self.amend_order(whole(order_id), whole(price), whole(size))

    cdef tuple amend_order(self, int64_t order_id, int64_t price, int64_t size):
        cdef list trades = []
        cdef int64_t place, open_lots = size
        cdef Order old
        cdef Ladder* ladder
        cdef bint met_itself
        found = self.places.get(order_id)
        if found is None:
            return UNKNOWN_ORDER, 0, trades
        place = found
        old = self.pool[place]
        self.check_order(old.side, price, size, old.size)
        if price == old.price and size <= old.size:
            ladder = self.ladder(old.side)
            ladder.levels[ladder_find(ladder, old.side * price)].size -= old.size - size
            self.resting_lots[0 if old.side == BUY else 1] -= old.size - size
            self.pool[place].size = size
            return RESTING, size, trades
        if old.post_only and self.would_cross(old.side, price):
            return WOULD_CROSS, old.size, trades
        self.unlink(place)
        met_itself = self.match(order_id, old.owner, old.side, old.side * price, &open_lots, trades)
        if open_lots == 0:
            return FILLED, 0, trades
        if met_itself:
            return SELF_TRADE, open_lots, trades
        self.rest(order_id, old.owner, old.side, price, open_lots, old.post_only)
        return RESTING, open_lots, trades

    def order(self, order_id):
        cdef Order* order
        found = self.places.get(whole(order_id))
        if found is None:
            return None
        order = &self.pool[<int64_t>found]
        return order.owner, order.side, order.price, order.size, order.post_only

    def order_count(self):
        return len(self.places)

    def best_bid(self):
        return ladder_best(&self.ladders[0], BUY)

    def best_ask(self):
        return ladder_best(&self.ladders[1], SELL)

    def best(self):
        return ladder_best(&self.ladders[0], BUY), ladder_best(&self.ladders[1], SELL)

    def depth(self, side, n):
        cdef int64_t side_number = whole(side)
        return ladder_depth(self.ladder(side_number), side_number, whole(n))

    def levels(self, side):
        return self.ladder(whole(side)).count

    def state_hash(self):
        cdef uint64_t state = HASH_START
        for side in (BUY, SELL):
            words = self.words_of_side(side)
            state = hash_word(state, len(words))
            for word in words:
                state = hash_word(state, word)
        return state

    def dump(self):
        words = [DUMP_MARK, len(self.places), *self.words_of_side(BUY), *self.words_of_side(SELL)]
        return struct.pack(f"<{len(words)}q", *words)

    def load_bytes(self, bytes data):
        cdef MatchingEngine fresh = MatchingEngine()
        if len(data) < struct.calcsize(HEADER):
            raise ValueError(f"an engine's dump has at least {struct.calcsize(HEADER)} bytes, found {len(data)}")
        mark, count = struct.unpack_from(HEADER, data)
        if mark != DUMP_MARK or len(data) != struct.calcsize(HEADER) + count * struct.calcsize(ORDER):
            raise ValueError("these bytes are not a dump of a matching engine, or they are cut off")
        for order_id, owner, side, price, size, post_only in struct.iter_unpack(ORDER, data[struct.calcsize(HEADER):]):
            if side not in (BUY, SELL):
                raise ValueError(f"order {order_id} of an engine's dump has side {side}, expected BUY (1) or SELL (-1)")
            fresh.check_order(side, price, size, 0)
            fresh.check_new_id(order_id)
            if fresh.would_cross(side, price):
                raise ValueError(f"order {order_id} of an engine's dump crosses the other side at price {price}")
            fresh.rest(order_id, owner, side, price, size, post_only)
        if fresh.dump() != data:
            raise ValueError("the orders of an engine's dump must be bids then asks, in price-time priority")
        self.take(fresh)

    cdef Ladder* ladder(self, int64_t side) except NULL:
        if side == BUY:
            return &self.ladders[0]
        if side == SELL:
            return &self.ladders[1]
        raise ValueError(f"side must be BUY (1) or SELL (-1), found {side}")

    cdef int check_order(self, int64_t side, int64_t price, int64_t size, int64_t leaving) except -1:
        """Refuses nonsense; `leaving` lots of the same side go when this order comes."""
        cdef int64_t resting
        self.ladder(side)
        if price <= 0:
            raise ValueError(f"the price of an order must be at least 1 tick, found {price}")
        if size <= 0:
            raise ValueError(f"the size of an order must be at least 1 lot, found {size}")
        resting = self.resting_lots[0 if side == BUY else 1] - leaving
        if size > INT64_MAX - resting:
            raise ValueError(f"a side holds at most {INT64_MAX} lots, found {resting} resting and {size} more")
        return 0

    cdef int check_new_id(self, int64_t order_id) except -1:
        if order_id in self.places:
            raise ValueError(f"order {order_id} is resting already: ids are used once")
        return 0

    cdef bint would_cross(self, int64_t side, int64_t price) noexcept:
        """Whether an order at this price meets the other side. Keys are mirrored: the best of it costs -key."""
        cdef Ladder* other = &self.ladders[1 if side == BUY else 0]
        return other.count > 0 and -other.levels[other.count - 1].key <= side * price

    cdef bint can_fill(self, int64_t owner, int64_t side, int64_t worst_key, int64_t size) noexcept:
        """Whether all of the size trades before the price limit and before an order of the same owner."""
        cdef Ladder* other = &self.ladders[1 if side == BUY else 0]
        cdef Py_ssize_t index = other.count
        cdef int64_t place
        while index > 0:
            index -= 1
            if -other.levels[index].key > worst_key:
                return False
            place = other.levels[index].head
            while place != NONE:
                if owner != 0 and self.pool[place].owner == owner:
                    return False
                if size <= self.pool[place].size:
                    return True
                size -= self.pool[place].size
                place = self.pool[place].next
        return False

    cdef bint match(
        self, int64_t order_id, int64_t owner, int64_t side, int64_t worst_key, int64_t* open_lots, list trades
    ) except -1:
        """Trades until the size, the price limit or the other side ends; True when stopped by the owner's own order."""
        cdef int other_index = 1 if side == BUY else 0
        cdef Ladder* other = &self.ladders[other_index]
        cdef Level* level
        cdef Order* maker
        cdef int64_t traded
        while open_lots[0] > 0 and other.count > 0:
            level = &other.levels[other.count - 1]
            if -level.key > worst_key:
                return False
            maker = &self.pool[level.head]
            if owner != 0 and maker.owner == owner:
                return True
            traded = min(open_lots[0], maker.size)
            trades.append((maker.id, order_id, maker.price, traded))
            open_lots[0] -= traded
            if traded == maker.size:
                self.unlink(level.head)
            else:
                maker.size -= traded
                level.size -= traded
                self.resting_lots[other_index] -= traded
        return False

    cdef int64_t claim_place(self) except -1:
        """A free place in the pool; the caller writes the order there."""
        cdef int64_t place = self.first_free, capacity
        cdef Order* pool
        if place != NONE:
            self.first_free = self.pool[place].next
            return place
        if self.pool_count == self.pool_capacity:
            capacity = max(2 * self.pool_capacity, 64)
            pool = <Order*>PyMem_Realloc(self.pool, capacity * sizeof(Order))
            if pool == NULL:
                raise MemoryError(f"no memory for {capacity} orders")
            self.pool = pool
            self.pool_capacity = capacity
        self.pool_count += 1
        return self.pool_count - 1

    cdef int rest(self, int64_t order_id, int64_t owner, int64_t side, int64_t price, int64_t size, bint post_only) except -1:
        """Puts an order at the end of its price's queue."""
        cdef Ladder* ladder = self.ladder(side)
        cdef int64_t place = self.claim_place()
        cdef Py_ssize_t index = ladder_find(ladder, side * price)
        cdef Level* level
        if ladder_has(ladder, index, side * price):
            level = &ladder.levels[index]
        else:
            ladder_reserve(ladder, 1)
            level = ladder_insert(ladder, index, side * price)
        self.pool[place] = Order(order_id, owner, price, size, level.tail, NONE, side, post_only)
        if level.tail == NONE:
            level.head = place
        else:
            self.pool[level.tail].next = place
        level.tail = place
        level.size += size
        self.resting_lots[0 if side == BUY else 1] += size
        self.places[order_id] = place
        return 0

    cdef int unlink(self, int64_t place) except -1:
        """Takes an order out of its queue, and the level with it when it was the last."""
        cdef Order* order = &self.pool[place]
        cdef Ladder* ladder = self.ladder(order.side)
        cdef Py_ssize_t index = ladder_find(ladder, order.side * order.price)
        cdef Level* level = &ladder.levels[index]
        if order.previous == NONE:
            level.head = order.next
        else:
            self.pool[order.previous].next = order.next
        if order.next == NONE:
            level.tail = order.previous
        else:
            self.pool[order.next].previous = order.previous
        level.size -= order.size
        self.resting_lots[0 if order.side == BUY else 1] -= order.size
        if level.head == NONE:
            ladder_remove(ladder, index)
        del self.places[order.id]
        order.next = self.first_free
        self.first_free = place
        return 0

    cdef int take(self, MatchingEngine fresh) except -1:
        """Swaps contents, so that a load that fails has changed nothing."""
        cdef int index
        for index in range(2):
            self.ladders[index], fresh.ladders[index] = fresh.ladders[index], self.ladders[index]
            self.resting_lots[index] = fresh.resting_lots[index]
        self.pool, fresh.pool = fresh.pool, self.pool
        self.pool_count = fresh.pool_count
        self.pool_capacity = fresh.pool_capacity
        self.first_free = fresh.first_free
        self.places = fresh.places
        return 0

    cdef list words_of_side(self, int64_t side):
        """Every order of a side in price-time priority, six words each."""
        cdef Ladder* ladder = self.ladder(side)
        cdef list words = []
        cdef Py_ssize_t index
        cdef int64_t place
        cdef Order* order
        for index in range(ladder.count - 1, -1, -1):
            place = ladder.levels[index].head
            while place != NONE:
                order = &self.pool[place]
                words += (order.id, order.owner, order.side, order.price, order.size, <int64_t>order.post_only)
                place = order.next
        return words
