"""A market that is known by its price levels, and by trades where they are told."""
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.stdint cimport INT64_MAX, int8_t, int64_t

from letrade.hotpath.book cimport Book
from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.simulation.doubt import Doubtful
from letrade.hotpath.simulation.events cimport LEVELS_EVENT, SNAPSHOT_EVENT, TRADE_EVENT, Event, LevelRows
from letrade.hotpath.simulation.market cimport QUEUE_NONE
from letrade.hotpath.simulation.orders cimport BY_LAST
from letrade.hotpath.simulation.recorded cimport RecordedMarket
from letrade.hotpath.simulation.working cimport NOT_SHOWN, Listed, more_room
from letrade.hotpath.tick_ladder cimport TickLadder, set_key, value_at


cdef class ShownBook(Book):
    """The exchange's own, which strategies read as it is; one that would change it needs a book of its own."""

    def update(self, *arguments, **named):
        raise Doubtful("a strategy changes the book that it reads")

    def clear(self):
        self.update()

    apply = apply_packed = apply_decimals = apply_batch = load = load_decimals = load_bytes = follow = restart = update
    lose = clear


cdef class LevelsMarket(RecordedMarket):
    """Takers walk what is shown, and what they take of a level is gone until it is told with another size. Where no
    trade was ever told, levels that reach a maker's price fill it."""

    def __cinit__(self):
        self.book = ShownBook()
        self.worst[0] = self.worst[1] = INT64_MAX

    def __dealloc__(self):
        PyMem_Free(self.prices)
        PyMem_Free(self.sizes)
        PyMem_Free(self.taken)

    cdef int hear_data(self, const Event* event) except -1:
        if event.kind == LEVELS_EVENT:
            if self.may_be_ours(&event.row.levels):
                self.follow_rows(&event.row.levels)
            else:
                self.apply(&event.row.levels, 0, event.row.levels.count)
            return self.after_levels()
        if event.kind == SNAPSHOT_EVENT:
            self.load(&event.row.levels)
            return self.after_levels()
        if event.kind == TRADE_EVENT:
            self.meet_trade(event.row.trade.price, event.row.trade.size, event.row.trade.side)
            self.hear_price(BY_LAST, <double>event.row.trade.price, <double>event.row.trade.price)
        return 0

    cdef int apply(self, const LevelRows* rows, Py_ssize_t start, Py_ssize_t end) except -1:
        cdef Py_ssize_t place, which
        cdef int64_t key
        for place in range(start, end):
            which = rows.sides[place] < 0
            key = rows.sides[place] * rows.prices[place]
            if key < self.worst[which]:
                self.worst[which] = key
            if self.taken_count:
                self.retell(rows.sides[place], rows.prices[place], rows.sizes[place])
        self.book.apply_rows(rows.sides + start, rows.prices + start, rows.sizes + start, end - start)
        return 0

    cdef int follow_rows(self, const LevelRows* rows) except -1:
        """Row by row where we have orders at a level, so that each of its changes moves their places in its queue."""
        cdef Py_ssize_t place, start = 0
        cdef int64_t before
        for place in range(rows.count):
            if self.is_ours(rows.sides[place], rows.prices[place]):
                self.apply(rows, start, place)
                before = self.book.size_at(rows.sides[place], rows.prices[place])
                self.apply(rows, place, place + 1)
                self.level_changed(rows.sides[place], rows.prices[place], before, rows.sizes[place])
                start = place + 1
        return self.apply(rows, start, rows.count)

    cdef int pass_levels(
        self, const int8_t* sides, const int64_t* prices, const int64_t* sizes, Py_ssize_t count
    ) except -1:
        """As follow_rows, in one pass."""
        cdef TickLadder* ladders = self.book.ladders
        cdef int64_t low[2]
        cdef int64_t high[2]
        cdef int64_t side, key, before
        cdef Py_ssize_t place, which
        for place in range(count if self.taken_count else 0):
            self.retell(sides[place], prices[place], sizes[place])
        for which in range(2):
            low[which], high[which] = self.working.sides[which].worst, self.working.sides[which].best
        for place in range(count):
            side = sides[place]
            which, key = side < 0, side * prices[place]
            if key < self.worst[which]:
                self.worst[which] = key
            if low[which] <= key <= high[which] and self.is_ours(side, prices[place]):
                before = value_at(&ladders[which], key)
                self.book.set_level(side, prices[place], sizes[place])
                self.level_changed(side, prices[place], before, sizes[place])
            elif set_key(&ladders[which], key, sizes[place]) < 0:
                self.book.out_of_memory()
        return 0

    cdef bint may_be_ours(self, const LevelRows* rows) noexcept:
        """Whether any of them is between our own orders, without a branch for each."""
        cdef int64_t low[2]
        cdef int64_t high[2]
        cdef int64_t key
        cdef Py_ssize_t place
        cdef bint found = False
        if self.working.count == 0:
            return False
        for place in range(2):
            low[place], high[place] = self.working.sides[place].worst, self.working.sides[place].best
        for place in range(rows.count):
            key = rows.sides[place] * rows.prices[place]
            found |= (key >= low[rows.sides[place] < 0]) & (key <= high[rows.sides[place] < 0])
        return found

    cdef bint is_ours(self, int64_t side, int64_t price) noexcept:
        cdef Listed* listed = self.working.side(side)
        cdef int64_t key = side * price
        cdef Py_ssize_t place
        if listed.count == 0 or key < self.working.worst_key(side) or key > self.working.best_key(side):
            return False
        place = self.working.lower(listed, key)
        return self.working.pool[listed.slots[place]].order.price == price

    cdef int load(self, const LevelRows* rows) except -1:
        """A snapshot says how long the queues are at most, not what left them."""
        cdef Py_ssize_t which, place
        cdef Listed* listed
        cdef int64_t price, size
        self.book.clear_levels()
        self.worst[0] = self.worst[1] = INT64_MAX
        self.apply(rows, 0, rows.count)
        for place in range(self.taken_count - 1, -1, -1):
            self.retell(self.taken[place].side, self.taken[place].price,
                        self.book.size_at(self.taken[place].side, self.taken[place].price))
        for which in range(2):
            listed = &self.working.sides[which]
            for place in range(listed.count):
                price = self.working.pool[listed.slots[place]].order.price
                size = self.book.size_at(1 - 2 * which, price)
                if size or (1 - 2 * which) * price >= self.worst[which]:
                    self.level_changed(1 - 2 * which, price, size, size)
        return 0

    cdef int after_levels(self) except -1:
        cdef int64_t bid, ask
        if self.heard_trade or self.working.count == 0:
            return 0
        self.meet_book(SELL)
        self.meet_book(BUY)
        bid, ask = self.book.best_price(BUY), self.book.best_price(SELL)
        return self.hear_price(BY_LAST, <double>bid, <double>ask) if bid and ask else 0

    cdef int meet_book(self, int64_t side) except -1:
        """Makers of the other side whose price the levels of `side` have reached."""
        cdef int64_t price, size, taken
        cdef Py_ssize_t place = 0, count = 0
        price = self.book.best_price(side)
        if price == 0 or self.working.best_key(-side) < -side * price:
            return 0
        while self.working.side(-side).count:
            if place == count:
                count = self.depth_into(side, self.prices, self.sizes, self.levels_room)
                if place == count and count < self.levels_room:
                    return 0
                if place == count:
                    self.more_room()
                    continue
            price, size = self.prices[place], self.sizes[place] - self.taken_of(side, self.prices[place])
            place += 1
            if size <= 0:
                continue
            taken = self.meet_offer(-side, price, size)
            if taken:
                self.took(-side, price, taken)
            if taken < size:
                return 0
        return 0

    cdef int reference(self, int64_t source, double* for_sells, double* for_buys) except -1:
        if source == BY_LAST and not self.heard_trade:
            for_sells[0], for_buys[0] = <double>self.best(BUY), <double>self.best(SELL)
            return 0
        return RecordedMarket.reference(self, source, for_sells, for_buys)

    cdef bint has_market(self) noexcept:
        return self.best(BUY) != 0 or self.best(SELL) != 0

    cdef int64_t best(self, int64_t side) noexcept:
        return self.book.best_price(side)

    cdef int64_t top_size(self, int64_t side) noexcept:
        return self.book.best_size(side)

    cdef int64_t shown_at(self, int64_t side, int64_t price) noexcept:
        return self.book.size_at(side, price)

    cdef Py_ssize_t depth_into(self, int64_t side, int64_t* prices, int64_t* sizes, Py_ssize_t count) noexcept:
        return self.book.depth_into(side, prices, sizes, count)

    cdef int preview(self, int64_t side, int64_t size, int64_t limit) except -1:
        cdef Py_ssize_t count, place, seen = 0
        cdef int64_t left = size, price = self.best(-side), there
        self.offers_count = 0
        if price == 0 or size <= 0 or (limit and side * price > side * limit):
            return 0
        if self.taken_count == 0 and self.top_size(-side) >= size:
            return self.offer(price, size)
        while True:
            count = self.depth_into(-side, self.prices, self.sizes, self.levels_room)
            for place in range(seen, count):
                if left <= 0 or (limit and side * self.prices[place] > side * limit):
                    return 0
                there = self.sizes[place] - self.taken_of(-side, self.prices[place])
                if there > 0:
                    self.offer(self.prices[place], min(left, there))
                    left -= there
            seen = count
            if left <= 0 or count < self.levels_room:
                return 0
            self.more_room()

    cdef int more_room(self) except -1:
        cdef Py_ssize_t room = max(4 * self.levels_room, 16)
        cdef int64_t* prices = <int64_t*>PyMem_Realloc(self.prices, room * sizeof(int64_t))
        if prices != NULL:
            self.prices = prices
        cdef int64_t* sizes = <int64_t*>PyMem_Realloc(self.sizes, room * sizeof(int64_t))
        if sizes != NULL:
            self.sizes = sizes
        if prices == NULL or sizes == NULL:
            raise MemoryError(f"no memory for {room} levels")
        self.levels_room = room
        return 0

    cdef int took(self, int64_t side, int64_t price, int64_t size) except -1:
        cdef Py_ssize_t place = self.find_taken(-side, price)
        cdef Taken* one
        if self.taken_count == self.taken_room:
            self.taken = <Taken*>more_room(self.taken, &self.taken_room, sizeof(Taken))
        one = &self.taken[place]
        if place == self.taken_count:
            one.side, one.price, one.shown, one.size = -side, price, self.book.size_at(-side, price), 0
            self.taken_count += 1
        one.size += size
        return 0

    cdef Py_ssize_t find_taken(self, int64_t side, int64_t price) noexcept:
        cdef Py_ssize_t place
        for place in range(self.taken_count):
            if self.taken[place].price == price and self.taken[place].side == side:
                return place
        return self.taken_count

    cdef int64_t taken_of(self, int64_t side, int64_t price) noexcept:
        cdef Py_ssize_t place = self.find_taken(side, price)
        return self.taken[place].size if place < self.taken_count else 0

    cdef void retell(self, int64_t side, int64_t price, int64_t size) noexcept:
        """What we took is there again once the level shows another size; the same again is no news."""
        cdef Py_ssize_t place = self.find_taken(side, price)
        if place < self.taken_count and self.taken[place].shown != size:
            self.taken_count -= 1
            self.taken[place] = self.taken[self.taken_count]

    cdef int64_t queue_ahead(self, int64_t side, int64_t price) except? -2:
        """Nobody is in front where the book shows nobody; beyond its worst level nobody knows."""
        cdef int64_t size = self.book.size_at(side, price)
        if size or self.terms.queue == QUEUE_NONE or side * price >= self.worst[0 if side > 0 else 1]:
            return size
        return NOT_SHOWN

    cdef int scale_prices(self, int64_t factor) except -1:
        cdef list sides = []
        RecordedMarket.scale_prices(self, factor)
        for place, side in enumerate((BUY, SELL)):
            levels = self.book.depth(side, self.book.levels(side))
            sides.append([(self.scaled(price, factor), size) for price, size in levels])
            if self.worst[place] != INT64_MAX:
                self.worst[place] = self.scaled(self.worst[place], factor)
        for place in range(self.taken_count):
            self.taken[place].price = self.scaled(self.taken[place].price, factor)
        Book.load(self.book, *sides)
        return 0

    def state(self):
        """All that must not be forgotten; the book as bytes."""
        taken = [[one.side, one.price, one.shown, one.size] for one in self.taken[:self.taken_count]]
        return [self.state_of_record(), self.book.dump(), [self.worst[0], self.worst[1]], taken]

    def restore(self, state):
        """Takes back what state() gave."""
        record, dump, worst, taken = state
        self.restore_record(record)
        Book.load_bytes(self.book, dump)
        self.worst[0], self.worst[1] = worst
        self.taken_count = 0
        for side, price, shown, size in taken:
            self.took(-side, price, size)
            self.taken[self.taken_count - 1].shown = shown
