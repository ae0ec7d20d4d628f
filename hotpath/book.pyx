# cython: cdivision=True
"""A price-level (L2) order book of one instrument, in integer ticks and lots; no level is ever dropped."""
from cpython.buffer cimport PyBuffer_Release
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport INT64_MAX, int8_t, int64_t
from libc.string cimport memset

from letrade.hotpath.buffers cimport open_array, open_bytes, share_memory
from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.hashing cimport HASH_START
from letrade.hotpath.ladder_reads cimport (
    are_crossed, best_of, hash_ladder, list_depth, list_sweep, lots_of, whole_count, write_depth, write_words,
)
from letrade.hotpath.level_decimals cimport stage_decimals
from letrade.hotpath.level_rows cimport (
    Row, Rows, add_row, best_first, check_level, check_side, free_rows, is_dumped, is_right, packed_row,
)
from letrade.hotpath.small_int cimport read_whole
from letrade.hotpath.slot_bits cimport NO_SLOT
from letrade.hotpath.tick_ladder cimport (
    TickLadder, clear_ladder, key_at, ladder_release, ladder_start, set_key, value_at,
)
from letrade.hotpath.update_sequence cimport LOADED, WAITING, follow, update_id
from letrade.hotpath.whole cimport whole

cdef int64_t DUMP_MARK = 0x31304B4F4F42544C  # "LTBOOK01" as little-endian bytes
cdef Py_ssize_t ROW_BYTES = sizeof(Row)


cdef inline TickLadder* side_of(Book book, int64_t side) noexcept nogil:
    return &book.ladders[side < 0]

cdef int heal(TickLadder* other, int64_t key) noexcept nogil:
    """Takes away the levels of the other side that a newer one at `key` crosses or touches; 2: there were some."""
    cdef int healed = 0
    while other.best != NO_SLOT and -key_at(other, other.best) <= key:
        healed = 2
        if set_key(other, key_at(other, other.best), 0) < 0:
            return -1
    return healed


cdef inline int set_in(Book book, int64_t side, int64_t price, int64_t size) noexcept nogil:
    """Sets one checked level; bit 1: the best of its side changed, bit 2: that of the other side, -1: no memory."""
    cdef int changed = set_key(side_of(book, side), side * price, size)
    if book.heal_crossed and size and changed >= 0:
        changed |= heal(side_of(book, -side), side * price)
    return changed


cdef int check_apart(Py_buffer* views, int place) except -1:
    """An array that is written, from the fourth on, shares no memory with one before it: rows are checked only once."""
    cdef int before
    for before in range(place if place > 2 else 0):
        if share_memory(&views[before], &views[place]):
            raise ValueError("the arrays that a batch writes must not share memory with its others")
    return 0


cdef class Book:
    """Bids and asks by price; BUY is the bid side and SELL the ask side."""

    def __cinit__(self, *, bint heal_crossed=False):
        self.heal_crossed = heal_crossed
        ladder_start(&self.ladders[0])
        ladder_start(&self.ladders[1])
        memset(&self.sequence, 0, sizeof(self.sequence))

    def __dealloc__(self):
        ladder_release(&self.ladders[0])
        ladder_release(&self.ladders[1])

    cdef TickLadder* ladder(self, int64_t side) except NULL:
        check_side(side)
        return side_of(self, side)

    cdef int out_of_memory(self) except -1:
        """The book holds what was applied before, so it is not to be believed."""
        self.lose_sequence()
        raise MemoryError("no memory for another price level: the book holds only a part of the last message")

    cdef int set_level(self, int64_t side, int64_t price, int64_t size) except -1:
        cdef int changed
        check_side(side)
        changed = set_in(self, side, price, size)
        return self.out_of_memory() if changed < 0 else changed & 1

    cdef int apply_rows(
        self, const int8_t* sides, const int64_t* prices, const int64_t* sizes, Py_ssize_t count
    ) except -1:
        return self.apply_columns(sides, prices, sizes, count, NULL, NULL)

    cdef int apply_columns(
        self, const int8_t* sides, const int64_t* prices, const int64_t* sizes, Py_ssize_t count,
        int64_t* out_bid, int64_t* out_ask,
    ) except -1:
        cdef Py_ssize_t row
        cdef bint right = True
        cdef int changed = 0, done
        for row in range(count):
            right &= is_right(sides[row], prices[row], sizes[row])
        if not right:
            for row in range(count):
                check_side(sides[row])
                check_level(prices[row], sizes[row])
        for row in range(count):
            done = set_in(self, sides[row], prices[row], sizes[row])
            if done < 0:
                return self.out_of_memory()
            changed |= done
            if out_bid != NULL:
                out_bid[row] = best_of(&self.ladders[0], BUY)
            if out_ask != NULL:
                out_ask[row] = best_of(&self.ladders[1], SELL)
        return changed != 0

    cdef int apply_staged(self, const Rows* rows) except -1:
        """The rows are right already."""
        cdef Py_ssize_t place
        cdef int changed = 0, done
        for place in range(rows.count):
            done = set_in(self, rows.rows[place].side, rows.rows[place].price, rows.rows[place].size)
            if done < 0:
                return self.out_of_memory()
            changed |= done
        return changed

    def update(self, side, price, size):
        cdef int64_t side_number = 0, ticks = 0, lots = 0
        cdef int changed
        read_whole(side, &side_number)
        read_whole(price, &ticks)
        read_whole(size, &lots)
        if not is_right(side_number, ticks, lots):
            check_side(side_number)
            check_level(ticks, lots)
        changed = set_in(self, side_number, ticks, lots)
        return (self.out_of_memory() if changed < 0 else changed & 1) != 0

    def apply(self, side, prices, sizes):
        cdef Py_ssize_t count = len(prices), index
        cdef int64_t side_number = whole(side)
        cdef Rows rows = Rows(NULL, 0, 0)
        check_side(side_number)
        if len(sizes) != count:
            raise ValueError(f"prices and sizes must be of one length, found {count} and {len(sizes)}")
        try:
            # All of them are read and checked before the first is set: a bad one leaves the book as it was.
            for index in range(count):
                add_row(&rows, side_number, prices[index], sizes[index])
            return self.apply_staged(&rows) != 0
        finally:
            free_rows(&rows)

    def apply_packed(self, data):
        cdef Py_buffer view
        cdef Py_ssize_t length = open_bytes(data, &view), place
        cdef bint right = True
        cdef int changed = 0, done
        cdef Row row
        try:
            if length % ROW_BYTES:
                raise ValueError(f"packed rows are {ROW_BYTES} bytes each (side, price, size), found {length} bytes")
            for place in range(length // ROW_BYTES):
                row = packed_row(<const char*>view.buf, place)
                right &= is_right(row.side, row.price, row.size)
            for place in range(length // ROW_BYTES):
                row = packed_row(<const char*>view.buf, place)
                if not right:
                    check_side(row.side)
                    check_level(row.price, row.size)
                    continue
                done = set_in(self, row.side, row.price, row.size)
                if done < 0:
                    self.out_of_memory()
                changed |= done
        finally:
            PyBuffer_Release(&view)
        return changed != 0

    def apply_decimals(self, bytes bids, bytes asks, price_decimals, size_decimals, tick_units=1, lot_units=1):
        cdef int64_t tick = whole(tick_units), lot = whole(lot_units)
        cdef Rows rows = Rows(NULL, 0, 0)
        try:
            stage_decimals(&rows, BUY, bids, price_decimals, size_decimals, tick, lot)
            stage_decimals(&rows, SELL, asks, price_decimals, size_decimals, tick, lot)
            return self.apply_staged(&rows) != 0
        finally:
            free_rows(&rows)

    def load_decimals(self, bytes bids, bytes asks, price_decimals, size_decimals, tick_units=1, lot_units=1):
        cdef int64_t tick = whole(tick_units), lot = whole(lot_units)
        cdef Rows bid_rows = Rows(NULL, 0, 0), ask_rows = Rows(NULL, 0, 0)
        try:
            stage_decimals(&bid_rows, BUY, bids, price_decimals, size_decimals, tick, lot)
            stage_decimals(&ask_rows, SELL, asks, price_decimals, size_decimals, tick, lot)
            self.load_staged(&bid_rows, &ask_rows)
        finally:
            free_rows(&bid_rows)
            free_rows(&ask_rows)

    def apply_batch(self, sides, prices, sizes, out_bid=None, out_ask=None):
        cdef Py_buffer[5] views
        cdef Py_ssize_t count = 0, found
        cdef int place
        memset(views, 0, sizeof(views))  # releasing a view that was never opened does nothing
        try:
            for place, array in enumerate((sides, prices, sizes, out_bid, out_ask)):
                if array is not None or place < 3:
                    found = open_array(array, &views[place], b"ql" if place else b"bb", 8 if place else 1, place > 2)
                    count = count if place else found
                    if found != count:
                        raise ValueError(f"the arrays of a batch must be of one length, found {count} and {found}")
                    check_apart(views, place)
            return self.apply_columns(
                <const int8_t*>views[0].buf, <const int64_t*>views[1].buf, <const int64_t*>views[2].buf, count,
                <int64_t*>views[3].buf, <int64_t*>views[4].buf,
            ) != 0
        finally:
            for place in range(5):
                PyBuffer_Release(&views[place])

    def clear(self):
        self.clear_levels()

    cdef void clear_levels(self) noexcept:
        clear_ladder(&self.ladders[0])
        clear_ladder(&self.ladders[1])

    def load(self, bids, asks):
        cdef Rows bid_rows = Rows(NULL, 0, 0), ask_rows = Rows(NULL, 0, 0)
        try:
            for price, size in bids:
                add_row(&bid_rows, BUY, price, size)
            for price, size in asks:
                add_row(&ask_rows, SELL, price, size)
            self.load_staged(&bid_rows, &ask_rows)
        finally:
            free_rows(&bid_rows)
            free_rows(&ask_rows)

    cdef int load_staged(self, const Rows* bids, const Rows* asks) except -1:
        """Replaces the levels by rows that are right already; nothing heals, a snapshot is all of one time."""
        cdef const Rows* rows
        cdef const Row* row
        cdef Py_ssize_t place
        cdef int side
        cdef bint falls
        self.clear_levels()
        for side in range(2):
            rows = asks if side else bids
            # Best first is how venues send them, and from the worst to the best is how they are set at least cost.
            falls = best_first(rows)
            for place in range(rows.count):
                row = &rows.rows[rows.count - 1 - place if falls else place]
                if set_key(&self.ladders[side], row.side * row.price, row.size) < 0:
                    return self.out_of_memory()
        return 0

    cdef int64_t best_price(self, int64_t side) noexcept nogil:
        return best_of(side_of(self, side), side)

    cdef int64_t best_size(self, int64_t side) noexcept nogil:
        cdef TickLadder* ladder = side_of(self, side)
        return ladder.values[ladder.best] if ladder.best != NO_SLOT else 0

    cdef int64_t size_at(self, int64_t side, int64_t price) noexcept nogil:
        return value_at(side_of(self, side), side * price)

    cdef Py_ssize_t depth_into(
        self, int64_t side, int64_t* prices, int64_t* sizes, Py_ssize_t count
    ) noexcept nogil:
        return write_depth(side_of(self, side), side, prices, sizes, count)

    cdef double imbalance_of(self, Py_ssize_t count) noexcept nogil:
        cdef double bids = lots_of(&self.ladders[0], count), asks = lots_of(&self.ladders[1], count)
        return (bids - asks) / (bids + asks) if bids + asks > 0.0 else 0.0

    def read_depth(self, side, prices, sizes):
        cdef int64_t side_number = whole(side)
        cdef Py_buffer[2] views
        cdef Py_ssize_t count
        check_side(side_number)
        memset(views, 0, sizeof(views))
        try:
            count = open_array(prices, &views[0], b"ql", 8, True)
            count = min(count, open_array(sizes, &views[1], b"ql", 8, True))
            if share_memory(&views[0], &views[1]):
                raise ValueError("the arrays for prices and for sizes must not share memory")
            return self.depth_into(side_number, <int64_t*>views[0].buf, <int64_t*>views[1].buf, count)
        finally:
            PyBuffer_Release(&views[0])
            PyBuffer_Release(&views[1])

    def imbalance(self, n):
        return self.imbalance_of(whole_count(n))

    def size(self, side, price):
        cdef int64_t side_number = whole(side), ticks = whole(price)
        check_side(side_number)
        check_level(ticks, 0)
        return self.size_at(side_number, ticks)

    def best_bid(self):
        return (self.best_price(BUY), self.best_size(BUY)) if self.ladders[0].count else None

    def best_ask(self):
        return (self.best_price(SELL), self.best_size(SELL)) if self.ladders[1].count else None

    def best(self):
        return self.best_bid(), self.best_ask()

    def best_prices(self):
        return self.best_price(BUY), self.best_price(SELL)

    def depth(self, side, n):
        cdef int64_t side_number = whole(side)
        return list_depth(self.ladder(side_number), side_number, whole_count(n))

    def levels(self, side):
        return self.ladder(whole(side)).count

    def is_crossed(self):
        return are_crossed(&self.ladders[0], &self.ladders[1])

    def sweep(self, side, size, limit=None):
        cdef int64_t side_number = whole(side), wanted = whole(size), price, worst_key = INT64_MAX
        check_side(side_number)
        if wanted < 0:
            raise ValueError(f"the size to take must be 0 lots or more, found {wanted}")
        if limit is not None:
            price = whole(limit)
            check_level(price, 0)
            worst_key = side_number * price
        return list_sweep(side_of(self, -side_number), side_number, wanted, worst_key)

    cdef int follow_update(self, int64_t first, int64_t last, int64_t previous) noexcept nogil:
        return follow(&self.sequence, first, last, previous)

    cdef void restart_at(self, int64_t last_update) noexcept nogil:
        self.sequence.phase = LOADED
        self.sequence.last_update = last_update

    cdef void lose_sequence(self) noexcept nogil:
        self.sequence.phase = WAITING

    def follow(self, first_update, last_update, previous_update=0):
        return self.follow_update(update_id(first_update), update_id(last_update), update_id(previous_update))

    def restart(self, last_update):
        self.restart_at(update_id(last_update))

    def lose(self):
        self.lose_sequence()

    @property
    def valid(self):
        return self.sequence.phase != WAITING

    @property
    def last_update(self):
        return self.sequence.last_update

    @property
    def missing(self):
        return self.sequence.expected, self.sequence.found

    def state_hash(self):
        return hash_ladder(hash_ladder(HASH_START, &self.ladders[0]), &self.ladders[1])

    def dump(self):
        cdef int64_t count = 3 + 2 * (self.ladders[0].count + self.ladders[1].count)
        cdef bytes data = PyBytes_FromStringAndSize(NULL, 8 * count)
        cdef int64_t* words = <int64_t*>PyBytes_AS_STRING(data)
        words[0], words[1], words[2] = DUMP_MARK, self.ladders[0].count, self.ladders[1].count
        write_words(&self.ladders[1], SELL, write_words(&self.ladders[0], BUY, words + 3))
        return data

    def load_bytes(self, bytes data):
        cdef const int64_t* words = <const int64_t*>PyBytes_AS_STRING(data)
        cdef int64_t count = len(data) // 8 - 3, place
        cdef Rows bids = Rows(NULL, 0, 0), asks = Rows(NULL, 0, 0)
        if len(data) % 8 or count < 0:
            raise ValueError(f"a book's dump has at least 3 whole words of 8 bytes, found {len(data)} bytes")
        if words[0] != DUMP_MARK or not 0 <= words[1] <= count or not 0 <= words[2] <= count:
            raise ValueError("these bytes are not a dump of a book")
        if count != 2 * (words[1] + words[2]):
            raise ValueError("these bytes are a cut off dump of a book, or they have more than one")
        try:
            for place in range(words[1] + words[2]):
                add_row(
                    &bids if place < words[1] else &asks, BUY if place < words[1] else SELL,
                    words[3 + 2 * place], words[4 + 2 * place],
                )
            if not is_dumped(&bids) or not is_dumped(&asks):
                raise ValueError("the levels of a book's dump must be whole, each once, best first")
            self.load_staged(&bids, &asks)
        finally:
            free_rows(&bids)
            free_rows(&asks)
