"""A price-level (L2) order book of one instrument, in integer ticks and lots; no level is ever dropped."""
import struct

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport INT64_MAX, int8_t, int64_t, uint64_t

from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.hashing cimport HASH_START, hash_word
from letrade.hotpath.ladder cimport (
    Ladder, Level, ladder_best, ladder_depth, ladder_find, ladder_free, ladder_has, ladder_insert, ladder_remove,
    ladder_reserve,
)
from letrade.hotpath.whole cimport whole

cdef int64_t DUMP_MARK = 0x31304B4F4F42544C  # "LTBOOK01" as little-endian bytes


cdef int check_level(int64_t price, int64_t size) except -1:
    if price <= 0:
        raise ValueError(f"the price of a level must be at least 1 tick, found {price}")
    if size < 0:
        raise ValueError(f"the size of a level must be 0 lots or more, found {size} at price {price}")
    return 0


cdef class Book:
    """Bids and asks by price; BUY is the bid side and SELL the ask side."""

    def __dealloc__(self):
        ladder_free(&self.ladders[0])
        ladder_free(&self.ladders[1])

    cdef Ladder* ladder(self, int64_t side) except NULL:
        if side == BUY:
            return &self.ladders[0]
        if side == SELL:
            return &self.ladders[1]
        raise ValueError(f"side must be BUY (1) or SELL (-1), found {side}")

    cdef int set_level(self, int64_t side, int64_t price, int64_t size) except -1:
        """Sets one checked level."""
        cdef Ladder* ladder = self.ladder(side)
        cdef int64_t key = side * price
        cdef Py_ssize_t place = ladder_find(ladder, key)
        if ladder_has(ladder, place, key):
            if size == 0:
                ladder_remove(ladder, place)
            else:
                ladder.levels[place].size = size
        elif size > 0:
            ladder_reserve(ladder, 1)
            ladder_insert(ladder, place, key).size = size
        return 0

    cdef int apply_rows(
        self, const int8_t* sides, const int64_t* prices, const int64_t* sizes, Py_ssize_t count
    ) except -1:
        cdef Py_ssize_t row
        for row in range(count):
            self.ladder(sides[row])
            check_level(prices[row], sizes[row])
        ladder_reserve(&self.ladders[0], count)
        ladder_reserve(&self.ladders[1], count)
        for row in range(count):
            self.set_level(sides[row], prices[row], sizes[row])
        return 0

    cdef int64_t best_price(self, int64_t side) noexcept nogil:
        cdef Ladder* ladder = &self.ladders[0 if side == BUY else 1]
        return side * ladder.levels[ladder.count - 1].key if ladder.count else 0

    cdef int64_t best_size(self, int64_t side) noexcept nogil:
        cdef Ladder* ladder = &self.ladders[0 if side == BUY else 1]
        return ladder.levels[ladder.count - 1].size if ladder.count else 0

    cdef int64_t size_at(self, int64_t side, int64_t price) noexcept nogil:
        cdef Ladder* ladder = &self.ladders[0 if side == BUY else 1]
        cdef Py_ssize_t place = ladder_find(ladder, side * price)
        return ladder.levels[place].size if ladder_has(ladder, place, side * price) else 0

    cdef Py_ssize_t depth_into(
        self, int64_t side, int64_t* prices, int64_t* sizes, Py_ssize_t count
    ) noexcept nogil:
        cdef Ladder* ladder = &self.ladders[0 if side == BUY else 1]
        cdef Py_ssize_t place
        count = min(count, ladder.count)
        for place in range(count):
            prices[place] = side * ladder.levels[ladder.count - 1 - place].key
            sizes[place] = ladder.levels[ladder.count - 1 - place].size
        return count

    cdef void clear_levels(self) noexcept:
        self.ladders[0].count = 0
        self.ladders[1].count = 0

    def update(self, side, price, size):
        cdef int64_t ticks = whole(price), lots = whole(size)
        check_level(ticks, lots)
        self.set_level(whole(side), ticks, lots)

    def apply(self, side, prices, sizes):
        cdef Py_ssize_t count = len(prices), index
        cdef int64_t side_number = whole(side)
        cdef Ladder* ladder = self.ladder(side_number)
        cdef int64_t* pairs
        if len(sizes) != count:
            raise ValueError(f"prices and sizes must be of one length, found {count} and {len(sizes)}")
        ladder_reserve(ladder, count)
        pairs = <int64_t*>PyMem_Malloc(max(count, 1) * 2 * sizeof(int64_t))
        if pairs == NULL:
            raise MemoryError(f"no memory for {count} levels")
        try:
            # All of them are read and checked before the first is set: a bad one leaves the book as it was.
            for index in range(count):
                pairs[2 * index] = whole(prices[index])
                pairs[2 * index + 1] = whole(sizes[index])
                check_level(pairs[2 * index], pairs[2 * index + 1])
            for index in range(count):
                self.set_level(side_number, pairs[2 * index], pairs[2 * index + 1])
        finally:
            PyMem_Free(pairs)

    def clear(self):
        self.clear_levels()

    def load(self, bids, asks):
        cdef Book fresh = Book()
        fresh.fill_side(BUY, bids)
        fresh.fill_side(SELL, asks)
        self.take(fresh)

    cdef int fill_side(self, int64_t side, levels) except -1:
        cdef Ladder* ladder = self.ladder(side)
        cdef int64_t ticks, lots
        by_key = {}
        for price, size in levels:
            ticks, lots = whole(price), whole(size)
            check_level(ticks, lots)
            by_key[side * ticks] = lots
        ladder_reserve(ladder, len(by_key))
        for key in sorted(by_key):
            if by_key[key] > 0:
                ladder_insert(ladder, ladder.count, key).size = by_key[key]
        return 0

    cdef int take(self, Book fresh) except -1:
        """Swaps contents, so that a load that fails has changed nothing."""
        cdef int index
        cdef Ladder mine
        for index in range(2):
            mine = self.ladders[index]
            self.ladders[index] = fresh.ladders[index]
            fresh.ladders[index] = mine
        return 0

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

    def is_crossed(self):
        cdef Ladder* bids = &self.ladders[0]
        cdef Ladder* asks = &self.ladders[1]
        if bids.count == 0 or asks.count == 0:
            return False
        return bids.levels[bids.count - 1].key >= -asks.levels[asks.count - 1].key

    def sweep(self, side, size, limit=None):
        cdef int64_t side_number = whole(side), wanted = whole(size), taken, price, worst_key = INT64_MAX
        cdef Ladder* ladder = &self.ladders[1] if self.ladder(side_number) == &self.ladders[0] else &self.ladders[0]
        cdef Level* level
        cdef Py_ssize_t place = ladder.count
        if wanted < 0:
            raise ValueError(f"the size to take must be 0 lots or more, found {wanted}")
        if limit is not None:
            price = whole(limit)
            check_level(price, 0)
            worst_key = side_number * price
        fills = []
        while wanted > 0 and place > 0:
            place -= 1
            level = &ladder.levels[place]
            # Seen from the taker, side * price grows with a worse price, and it is the level's key mirrored.
            if -level.key > worst_key:
                break
            taken = min(wanted, level.size)
            fills.append((-side_number * level.key, taken))
            wanted -= taken
        return fills

    def state_hash(self):
        cdef uint64_t state = HASH_START
        cdef Py_ssize_t place
        cdef Ladder* ladder
        cdef int index
        for index in range(2):
            ladder = &self.ladders[index]
            state = hash_word(state, ladder.count)
            for place in range(ladder.count):
                state = hash_word(hash_word(state, ladder.levels[place].key), ladder.levels[place].size)
        return state

    def dump(self):
        words = [DUMP_MARK, self.ladders[0].count, self.ladders[1].count]
        for side in (BUY, SELL):
            for price, size in self.depth(side, self.levels(side)):
                words += (price, size)
        return struct.pack(f"<{len(words)}q", *words)

    def load_bytes(self, bytes data):
        cdef Book fresh = Book()
        if len(data) % 8 or len(data) < 24:
            raise ValueError(f"a book's dump has at least 3 whole words of 8 bytes, found {len(data)} bytes")
        mark, bids, asks, *words = struct.unpack(f"<{len(data) // 8}q", data)
        if mark != DUMP_MARK or bids < 0 or asks < 0 or len(words) != 2 * (bids + asks):
            raise ValueError("these bytes are not a dump of a book, or they are cut off")
        pairs = list(zip(words[::2], words[1::2]))
        fresh.load(pairs[:bids], pairs[bids:])
        if fresh.dump() != data:
            raise ValueError("the levels of a book's dump must be whole, each once, best first")
        self.take(fresh)
