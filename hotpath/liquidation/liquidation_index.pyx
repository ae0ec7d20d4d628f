# cython: cdivision=True
"""Liquidation prices of the isolated positions of one instrument: a mark price finds those it crosses, each once."""
from cpython.buffer cimport PyBuffer_Release
from libc.math cimport INFINITY
from libc.stdint cimport int8_t, int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from letrade.hotpath.buffers cimport open_array, share_memory
from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.hashing cimport HASH_START, hash_word
from letrade.hotpath.liquidation.edge_tree cimport (
    EdgeTree, fetch_edge, join_all, set_edge, sweep, tree_release, tree_reserve, tree_start,
)
from letrade.hotpath.liquidation.first_units cimport (
    first_armed, first_ended, firsts_release, firsts_reserve, firsts_start, is_armed_first,
)
from letrade.hotpath.liquidation.large_memory cimport fetch
from letrade.hotpath.liquidation.unit_pool cimport (
    ARMED, WAITING, claim_unit, handle_of, place_of, release_unit, set_state, side_of, state_of, tell_or_queue,
    tell_waiting, units_release, units_reserve, units_start,
)
from letrade.hotpath.small_int cimport read_whole

cdef enum:
    SWEPT = 512  # positions found at a time
    JOIN_SHARE = 16  # with more than one of so many to set, all nodes are computed anew at the end


cdef inline bint is_price(double price) noexcept nogil:
    """Written so that a NaN, which is in no order with anything, is none."""
    return price > 0.0 and price < INFINITY


cdef int check_price(double price, str what) except -1:
    if not is_price(price):
        raise ValueError(f"{what} must be a number above 0, found {price}")
    return 0


cdef int check_prices(const double* prices, Py_ssize_t count) except -1:
    cdef Py_ssize_t row
    for row in range(count):
        if not is_price(prices[row]):
            check_price(prices[row], f"the liquidation price of row {row}")
    return 0


cdef int check_side(int64_t side) except -1:
    if side != BUY and side != SELL:
        raise ValueError(f"a position's side is {BUY} (long) or {SELL} (short), found {side}")
    return 0


cdef class LiquidationIndex:
    """Positions by handle, each with the price at which it is liquidated."""

    def __cinit__(self):
        tree_start(&self.trees[0])
        tree_start(&self.trees[1])
        units_start(&self.pool)
        firsts_start(&self.firsts)
        self.held = 0
        memset(&self.crossed, 0, sizeof(self.crossed))  # releasing a view that was never opened does nothing

    def __dealloc__(self):
        PyBuffer_Release(&self.crossed)
        tree_release(&self.trees[0])
        tree_release(&self.trees[1])
        units_release(&self.pool)
        firsts_release(&self.firsts)

    def __len__(self):
        return self.pool.live

    @property
    def waiting(self):
        return self.pool.waiting

    cdef int32_t known(self, int64_t handle) except -1:
        cdef int32_t place
        # Which side it is on is not known yet, and to wait for that would cost a second miss of the cache.
        fetch_edge(&self.trees[0], <uint32_t>handle)
        fetch_edge(&self.trees[1], <uint32_t>handle)
        if is_armed_first(&self.firsts, handle):
            fetch(self.pool.tags + <uint32_t>handle)
            return <int32_t>handle
        place = place_of(&self.pool, handle)
        if place == 0:
            raise KeyError(f"no position has the handle {handle}: it was removed, or never added")
        return place

    cdef int reserve(self, int64_t extra) noexcept nogil:
        cdef int side
        self.settle()
        if units_reserve(&self.pool, extra) < 0 or firsts_reserve(&self.firsts, self.pool.capacity) < 0:
            return -1
        for side in range(2):
            if tree_reserve(&self.trees[side], self.pool.capacity) < 0:
                return -1
            self.trees[side].beside = self.pool.tags
        return 0

    cdef int out_of_memory(self, int64_t extra) except -1:
        raise MemoryError(f"no memory for {extra} more positions beside {self.pool.live}")

    cdef int64_t add_position(self, int64_t side, double price) noexcept nogil:
        cdef int32_t place
        if self.reserve(1) < 0:
            return -1
        place = claim_unit(&self.pool, side)
        first_armed(&self.firsts, handle_of(&self.pool, place))
        set_edge(&self.trees[side < 0], place, side * price)
        return handle_of(&self.pool, place)

    cdef void wake(self, int32_t place) noexcept nogil:
        if state_of(&self.pool, place) != ARMED:
            set_state(&self.pool, place, ARMED)
            first_armed(&self.firsts, handle_of(&self.pool, place))

    cdef void arm(self, int32_t place, double price) noexcept nogil:
        cdef int side = side_of(&self.pool, place)
        self.wake(place)
        set_edge(&self.trees[side < 0], place, side * price)

    cdef void hold(self, int32_t place, double price) noexcept nogil:
        """Puts the move of an armed position off until what it touches has come into the cache.

        To wait for that is most of what a move costs. Whatever else looks at the trees settles first, so nobody can
        tell the difference.
        """
        self.moves[self.held] = HeldMove(place, price)
        self.held += 1
        if self.held == HELD_MAX:
            self.settle()

    cdef void settle(self) noexcept nogil:
        cdef int number
        for number in range(self.held):
            self.arm(self.moves[number].place, self.moves[number].price)
        self.held = 0

    def add(self, side, double price):
        cdef int64_t side_number = 0, handle
        read_whole(side, &side_number)
        check_side(side_number)
        check_price(price, "a liquidation price")
        handle = self.add_position(side_number, price)
        return self.out_of_memory(1) if handle < 0 else handle

    def move(self, handle, double price):
        cdef int64_t number = 0
        cdef int32_t place
        read_whole(handle, &number)
        check_price(price, "a liquidation price")
        place = self.known(number)
        if is_armed_first(&self.firsts, number) or state_of(&self.pool, place) == ARMED:
            self.hold(place, price)
        else:
            self.arm(place, price)

    def remove(self, handle):
        cdef int64_t number = 0
        cdef int32_t place
        read_whole(handle, &number)
        place = self.known(number)
        self.settle()
        first_ended(&self.firsts, place)
        set_edge(&self.trees[side_of(&self.pool, place) < 0], place, -INFINITY)
        release_unit(&self.pool, place)

    def load(self, sides, prices, handles):
        cdef Py_buffer[3] views
        cdef Py_ssize_t count, row
        memset(views, 0, sizeof(views))
        try:
            count = open_array(sides, &views[0], b"bb", 1, False)
            if open_array(prices, &views[1], b"dd", 8, False) != count:
                raise ValueError("sides and prices must be of one length")
            if open_array(handles, &views[2], b"ql", 8, True) != count:
                raise ValueError("handles must be of the length of sides and prices")
            if share_memory(&views[0], &views[2]) or share_memory(&views[1], &views[2]):
                raise ValueError("the array for the handles must not share memory with the others")
            for row in range(count):
                check_side((<const int8_t*>views[0].buf)[row])
            check_prices(<const double*>views[1].buf, count)
            if self.reserve(count) < 0:
                self.out_of_memory(count)
            self.load_rows(<const int8_t*>views[0].buf, <const double*>views[1].buf, <int64_t*>views[2].buf, count)
        finally:
            for row in range(3):
                PyBuffer_Release(&views[row])

    cdef void load_rows(
        self, const int8_t* sides, const double* prices, int64_t* handles, Py_ssize_t count
    ) noexcept nogil:
        cdef Py_ssize_t row
        cdef int32_t place
        for row in range(count):
            place = claim_unit(&self.pool, sides[row])
            self.trees[sides[row] < 0].levels[0][place] = sides[row] * prices[row]
            handles[row] = handle_of(&self.pool, place)
            first_armed(&self.firsts, handles[row])
        join_all(&self.trees[0])
        join_all(&self.trees[1])

    def move_many(self, handles, prices):
        cdef Py_buffer[2] views
        cdef Py_ssize_t count, row
        cdef const int64_t* numbers
        cdef const double* levels
        memset(views, 0, sizeof(views))
        try:
            count = open_array(handles, &views[0], b"ql", 8, False)
            if open_array(prices, &views[1], b"dd", 8, False) != count:
                raise ValueError("handles and prices must be of one length")
            numbers, levels = <const int64_t*>views[0].buf, <const double*>views[1].buf
            for row in range(count):
                self.known(numbers[row])
            check_prices(levels, count)
            self.move_rows(numbers, levels, count)
        finally:
            PyBuffer_Release(&views[0])
            PyBuffer_Release(&views[1])

    cdef void move_rows(self, const int64_t* handles, const double* prices, Py_ssize_t count) noexcept nogil:
        cdef Py_ssize_t row
        cdef int32_t place
        cdef int side
        cdef bint join = count > self.pool.used // JOIN_SHARE
        self.settle()
        for row in range(count):
            place = place_of(&self.pool, handles[row])
            if not join:
                self.arm(place, prices[row])
                continue
            self.wake(place)
            side = side_of(&self.pool, place)
            self.trees[side < 0].levels[0][place] = side * prices[row]
        if join:
            join_all(&self.trees[0])
            join_all(&self.trees[1])

    cdef bint is_quiet(self, double price) noexcept nogil:
        self.settle()
        return self.pool.waiting == 0 and self.trees[0].root < price and self.trees[1].root < -price

    cdef int64_t mark_into(self, double price, int64_t* handles, int64_t room) noexcept nogil:
        cdef int64_t count
        self.settle()
        count = tell_waiting(&self.pool, handles, room)
        count = self.sweep_side(&self.trees[0], price, handles, count, room)
        return self.sweep_side(&self.trees[1], -price, handles, count, room)

    cdef int64_t sweep_side(
        self, EdgeTree* tree, double value, int64_t* handles, int64_t told, int64_t room
    ) noexcept nogil:
        cdef int32_t[SWEPT] found
        cdef int64_t count = told, swept = SWEPT, row
        while swept == SWEPT:
            swept = sweep(tree, value, found, SWEPT)
            for row in range(swept):
                first_ended(&self.firsts, found[row])
                count = tell_or_queue(&self.pool, found[row], handles, count, room)
        return count

    cdef int write_into(self, object crossed) except -1:
        """Opens the array and holds it: to open it at every mark would cost more than a mark does."""
        cdef Py_buffer view
        if open_array(crossed, &view, b"ql", 8, True) < 1:
            PyBuffer_Release(&view)
            raise ValueError("the array for crossed handles must have room for one at least")
        PyBuffer_Release(&self.crossed)
        self.crossed, self.crossed_array = view, crossed
        return 0

    def mark(self, double price, crossed):
        if crossed is not self.crossed_array:
            self.write_into(crossed)
        if not is_price(price):
            check_price(price, "a mark price")
        if self.is_quiet(price):
            return 0
        return self.mark_into(price, <int64_t*>self.crossed.buf, self.crossed.len // 8)

    cdef double price_at(self, int32_t place) noexcept nogil:
        cdef int side = side_of(&self.pool, place)
        self.settle()
        return side * self.trees[side < 0].levels[0][place] if state_of(&self.pool, place) == ARMED else 0.0

    def price(self, handle):
        cdef int64_t number = 0
        read_whole(handle, &number)
        return self.price_at(self.known(number)) or None

    def nearest(self):
        self.settle()
        low, high = self.trees[0].root, -self.trees[1].root
        return (low if low > 0.0 else None, high if high < INFINITY else None)

    cdef uint64_t hash_all(self) noexcept nogil:
        cdef uint64_t state = HASH_START
        cdef int32_t place
        cdef int64_t bits = 0
        cdef double price
        for place in range(1, self.pool.used):
            if state_of(&self.pool, place):
                price = self.price_at(place)
                memcpy(&bits, &price, sizeof(bits))
                state = hash_word(hash_word(state, handle_of(&self.pool, place)), side_of(&self.pool, place))
                state = hash_word(hash_word(state, state_of(&self.pool, place) == WAITING), bits)
        return state

    def state_hash(self):
        return self.hash_all()
