# cython: cdivision=True
"""Cross accounts of several positions: a price finds those that it brings to a slack of 0, each once."""
from cpython.buffer cimport PyBuffer_Release
from libc.math cimport INFINITY, fabs
from libc.stdint cimport int16_t, int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from letrade.hotpath.buffers cimport open_array
from letrade.hotpath.hashing cimport HASH_START, hash_word
from letrade.hotpath.liquidation.account_rows cimport (
    COEFFICIENT_MAX, AccountRows, check_number, check_rows, close_rows, open_rows,
)
from letrade.hotpath.liquidation.cross_account cimport (
    EVEN_SHARE, MOVE_MIN, SLACK_MIN, SLACK_SHARED, Account, Leg, Segment, high_end, low_end, seek_segment, slack_of,
)
from letrade.hotpath.liquidation.cross_market cimport (
    Market, claim_leaf, market_release, market_reserve, market_start, release_leaf,
)
from letrade.hotpath.liquidation.edge_tree cimport EdgeTree, set_edge, sweep
from letrade.hotpath.liquidation.large_memory cimport fetch
from letrade.hotpath.liquidation.place_set cimport (
    NO_PLACE, place_add, place_after, place_drop, places_release, places_reserve, places_start,
)
from letrade.hotpath.liquidation.unit_pool cimport (
    ARMED, WAITING, claim_unit, handle_of, place_of, release_unit, set_state, state_of, tell_or_queue, tell_waiting,
    units_release, units_reserve, units_start,
)
from letrade.hotpath.small_int cimport read_whole
from letrade.hotpath.whole cimport whole

cdef enum:
    SWEPT = 512  # legs found at a time
    AHEAD = 8  # accounts that are fetched before they are looked at
    INSTRUMENTS_MAX = 1_000_000


cdef int check_value(double value, str what) except -1:
    """Written so that a NaN, which is in no order with anything, is refused."""
    if not (value > 0.0 and value <= COEFFICIENT_MAX):
        raise ValueError(f"{what} must be a number above 0 and at most 1e100, found {value}")
    return 0


cdef void free_accounts(Account* accounts, int64_t count) noexcept nogil:
    cdef int64_t place
    if accounts == NULL:
        return
    for place in range(count):
        free(accounts[place].legs)
        free(accounts[place].segments)
    free(accounts)


cdef class CrossIndex:
    """Accounts by handle, over instruments 0 to n - 1 whose values are known at any time."""

    def __cinit__(self, values, *, bands_per_tick=2_000):
        cdef Py_buffer view
        cdef int64_t place
        places_start(&self.loose)
        units_start(&self.pool)
        memset(&self.crossed, 0, sizeof(self.crossed))  # releasing a view that was never opened does nothing
        self.bands_per_tick = whole(bands_per_tick)
        if self.bands_per_tick < 0:
            raise ValueError(f"bands_per_tick must be at least 0, found {bands_per_tick}")
        self.instruments = open_array(values, &view, b"dd", 8, False)
        try:
            self.values = <double*>calloc(self.instruments + 1, sizeof(double))
            self.markets = <Market*>calloc(self.instruments + 1, sizeof(Market))
            if self.values == NULL or self.markets == NULL:
                raise MemoryError(f"no memory for {self.instruments} instruments")
            for place in range(self.instruments):
                market_start(&self.markets[place])
                self.values[place] = (<const double*>view.buf)[place]
                check_value(self.values[place], f"the value of instrument {place}")
        finally:
            PyBuffer_Release(&view)

    def __dealloc__(self):
        cdef int64_t place
        PyBuffer_Release(&self.crossed)
        if self.markets != NULL:
            for place in range(self.instruments):
                market_release(&self.markets[place])
        free(self.markets)
        free(self.values)
        free_accounts(self.accounts, self.room)
        units_release(&self.pool)
        places_release(&self.loose)

    def __len__(self):
        return self.pool.live

    @property
    def waiting(self):
        return self.pool.waiting

    @property
    def watched(self):
        return self.loose.count

    cdef int32_t known(self, int64_t handle) except -1:
        cdef int32_t place = place_of(&self.pool, handle)
        if place == 0:
            raise KeyError(f"no account has the handle {handle}: it was removed, or never added")
        return place

    cdef int check_instrument(self, int64_t instrument) except -1:
        if not 0 <= instrument < self.instruments:
            raise ValueError(f"instruments are 0 to {self.instruments - 1}, found {instrument}")
        return 0

    cdef int reserve(self, int64_t extra) noexcept nogil:
        """Room for so many more accounts; -1, and all as it was, without memory for it."""
        cdef Account* accounts
        if units_reserve(&self.pool, extra) < 0 or places_reserve(&self.loose, self.pool.capacity) < 0:
            return -1
        if self.pool.capacity > self.room:
            accounts = <Account*>calloc(self.pool.capacity, sizeof(Account))
            if accounts == NULL:
                return -1
            if self.room:
                memcpy(accounts, self.accounts, self.room * sizeof(Account))
            free(self.accounts)
            self.accounts, self.room = accounts, self.pool.capacity
        return 0

    cdef int reserve_legs(self, const AccountRows* rows) noexcept nogil:
        """Room for a leaf of each leg; -1 without memory, and nothing that counts has changed."""
        cdef int64_t place, failed = 0
        cdef int64_t* extra = <int64_t*>calloc(self.instruments + 1, sizeof(int64_t))
        if extra == NULL:
            return -1
        for place in range(rows.all_legs):
            extra[rows.instruments[place]] += 1
        for place in range(self.instruments):
            if extra[place] and market_reserve(&self.markets[place], extra[place]) < 0:
                failed = -1
                break
        free(extra)
        return <int>failed

    cdef int fill_account(self, Account* account, const AccountRows* rows, int64_t row, int64_t leg) noexcept nogil:
        """Legs without a leaf yet, from these places of the rows on; -1 without memory, what there is of it is kept."""
        cdef Leg* legs = <Leg*>malloc(max(rows.legs[row], 1) * sizeof(Leg))
        cdef int64_t place, first = 0
        account.base, account.legs = rows.bases[row], legs
        account.leg_count, account.segment_count = <int32_t>rows.legs[row], 0
        if legs == NULL:
            return -1
        for place in range(rows.legs[row]):
            memset(&legs[place], 0, sizeof(Leg))
            legs[place].instrument = <int32_t>rows.instruments[leg + place]
            legs[place].first, legs[place].segments = <int32_t>first, <int16_t>rows.segments[leg + place]
            first += rows.segments[leg + place]
        account.segment_count = <int32_t>first
        return 0

    cdef int fill_accounts(self, Account* fresh, const AccountRows* rows) except -1:
        """All legs first, then all segments: ticks read the legs of one account after the other, and no segments."""
        cdef int64_t row, place, leg = 0, segment = 0
        cdef int failed = self.reserve_legs(rows)
        cdef Segment* segments
        for row in range(rows.accounts):
            failed |= self.fill_account(&fresh[row], rows, row, leg)
            leg += rows.legs[row]
        for row in range(rows.accounts):
            segments = fresh[row].segments = <Segment*>malloc(max(fresh[row].segment_count, 1) * sizeof(Segment))
            if failed or segments == NULL:
                raise MemoryError(f"no memory for {rows.accounts} more accounts beside {self.pool.live}")
            for place in range(fresh[row].segment_count):
                segments[place] = Segment(rows.edges[segment], rows.constants[segment], rows.slopes[segment])
                segment += 1
        return 0

    cdef void take_over(self, int32_t place, Account* fresh) noexcept nogil:
        """What was filled becomes the account of this place; it is looked at by the next tick."""
        cdef Account* account = &self.accounts[place]
        cdef Leg* leg
        cdef int32_t number
        account[0] = fresh[0]
        fresh.legs, fresh.segments = NULL, NULL
        for number in range(account.leg_count):
            leg = &account.legs[number]
            leg.leaf = claim_leaf(&self.markets[leg.instrument], place)
            seek_segment(leg, account.segments + leg.first, self.values[leg.instrument])
        place_add(&self.loose, place)

    cdef void let_go(self, int32_t place) noexcept nogil:
        """The account of this place loses its legs."""
        cdef Account* account = &self.accounts[place]
        cdef int32_t number
        for number in range(account.leg_count):
            release_leaf(&self.markets[account.legs[number].instrument], account.legs[number].leaf)
        free(account.legs)
        free(account.segments)
        memset(account, 0, sizeof(Account))
        place_drop(&self.loose, place)

    def load(self, bases, legs, instruments, segments, edges, constants, slopes, handles):
        cdef AccountRows rows
        cdef Py_buffer view
        cdef Account* fresh = NULL
        cdef int64_t row
        cdef int32_t place
        memset(&rows, 0, sizeof(rows))
        memset(&view, 0, sizeof(view))
        try:
            open_rows(&rows, (bases, legs, instruments, segments, edges, constants, slopes))
            check_rows(&rows, self.instruments)
            if open_array(handles, &view, b"ql", 8, True) != rows.accounts:
                raise ValueError(f"the array for the handles must have room for {rows.accounts} accounts, no more")
            fresh = <Account*>calloc(rows.accounts + 1, sizeof(Account))
            if fresh == NULL or self.reserve(rows.accounts) < 0:
                raise MemoryError(f"no memory for {rows.accounts} more accounts beside {self.pool.live}")
            self.fill_accounts(fresh, &rows)
            for row in range(rows.accounts):
                place = claim_unit(&self.pool, 1)
                self.take_over(place, &fresh[row])
                (<int64_t*>view.buf)[row] = handle_of(&self.pool, place)
        finally:
            free_accounts(fresh, rows.accounts)
            PyBuffer_Release(&view)
            close_rows(&rows)

    def update(self, handle, bases, legs, instruments, segments, edges, constants, slopes):
        cdef AccountRows rows
        cdef Account* fresh = NULL
        cdef int32_t place = self.known(whole(handle))
        memset(&rows, 0, sizeof(rows))
        try:
            open_rows(&rows, (bases, legs, instruments, segments, edges, constants, slopes))
            check_rows(&rows, self.instruments)
            if rows.accounts != 1:
                raise ValueError(f"expected the arrays of one account, found {rows.accounts}")
            fresh = <Account*>calloc(2, sizeof(Account))
            if fresh == NULL:
                raise MemoryError("no memory for the changed account")
            self.fill_accounts(fresh, &rows)
            self.let_go(place)
            self.take_over(place, fresh)
            set_state(&self.pool, place, ARMED)
        finally:
            free_accounts(fresh, 1)
            close_rows(&rows)

    def set_base(self, handle, double base):
        cdef int32_t place = self.known(whole(handle))
        check_number(base, "the base of an account")
        self.accounts[place].base = base
        set_state(&self.pool, place, ARMED)
        place_add(&self.loose, place)

    def remove(self, handle):
        cdef int32_t place = self.known(whole(handle))
        self.let_go(place)
        release_unit(&self.pool, place)

    cdef bint give_bands(self, Account* account, double slack) noexcept nogil:
        """Guards the account by a band for each leg; False where there is too little slack for it."""
        cdef double worth = 0.0, magnitude = fabs(account.base), value, part, limit, loss
        cdef int32_t number
        cdef Leg* leg
        cdef const Segment* segments
        for number in range(account.leg_count):
            leg = &account.legs[number]
            value = fabs(leg.slope * self.values[leg.instrument])
            worth += value
            magnitude += fabs(leg.constant) + value
        if slack < worth * MOVE_MIN or slack < magnitude * SLACK_MIN * account.leg_count:
            return False
        for number in range(account.leg_count):
            leg = &account.legs[number]
            segments = account.segments + leg.first
            value = self.values[leg.instrument]
            part = fabs(leg.slope * value)
            limit = 8.0 * (fabs(leg.constant) + part) + magnitude / account.leg_count
            part = EVEN_SHARE / account.leg_count + (1.0 - EVEN_SHARE) * (part / worth) if worth > 0.0 else (
                1.0 / account.leg_count
            )
            loss = slack * SLACK_SHARED * part
            set_edge(&self.markets[leg.instrument].lows, leg.leaf, low_end(leg, segments, value, loss, limit))
            set_edge(&self.markets[leg.instrument].highs, leg.leaf, -high_end(leg, segments, value, loss, limit))
        return True

    cdef void loosen(self, EdgeTree* tree, Market* market, double value) noexcept nogil:
        """The accounts whose bands the value leaves are guarded by none."""
        cdef int32_t[SWEPT] found
        cdef int64_t swept = SWEPT, row
        cdef int32_t place
        while swept == SWEPT:
            swept = sweep(tree, value, found, SWEPT)
            for row in range(swept):
                place = <int32_t>market.holders[found[row]]
                if state_of(&self.pool, place) == ARMED:
                    place_add(&self.loose, place)

    cdef int64_t look_at_loose(self, int64_t* handles, int64_t told, int64_t room) noexcept nogil:
        """Fires whoever has no slack left, and gives bands to some of the others, each time to the next ones."""
        cdef int64_t count = told, place = place_after(&self.loose, NO_PLACE), bands = self.bands_per_tick
        cdef int64_t start = self.band_from
        cdef double slack
        cdef Account* account
        self.band_from = 0
        while place != NO_PLACE:
            account = &self.accounts[place]
            if place + AHEAD < self.room:
                fetch(self.accounts[place + AHEAD].legs)
                fetch(<const char*>self.accounts[place + AHEAD].legs + 128)
            slack = slack_of(account, self.values)
            if not slack > 0.0:
                place_drop(&self.loose, <int32_t>place)
                count = tell_or_queue(&self.pool, <int32_t>place, handles, count, room)
            elif bands > 0 and place >= start:
                if self.give_bands(account, slack):
                    place_drop(&self.loose, <int32_t>place)
                bands -= 1 + account.leg_count
                if bands <= 0:
                    self.band_from = place + 1
            place = place_after(&self.loose, place)
        return count

    cdef int64_t tick_into(self, int64_t instrument, double value, int64_t* handles, int64_t room) noexcept nogil:
        cdef Market* market = &self.markets[instrument]
        cdef int64_t count = 0
        self.values[instrument] = value
        if self.pool.waiting:
            count = tell_waiting(&self.pool, handles, room)
        self.loosen(&market.lows, market, value)
        self.loosen(&market.highs, market, -value)
        if self.loose.count:
            count = self.look_at_loose(handles, count, room)
        return count

    cdef int write_into(self, object crossed) except -1:
        """Opens the array and holds it: to open it at every tick would cost more than a tick does."""
        cdef Py_buffer view
        if open_array(crossed, &view, b"ql", 8, True) < 1:
            PyBuffer_Release(&view)
            raise ValueError("the array for crossed handles must have room for one at least")
        PyBuffer_Release(&self.crossed)
        self.crossed, self.crossed_array = view, crossed
        return 0

    def tick(self, instrument, double value, crossed):
        cdef int64_t number = 0
        read_whole(instrument, &number)
        if crossed is not self.crossed_array:
            self.write_into(crossed)
        self.check_instrument(number)
        check_value(value, "a value")
        return self.tick_into(number, value, <int64_t*>self.crossed.buf, self.crossed.len // 8)

    cdef double slack_at(self, int32_t place) noexcept nogil:
        return slack_of(&self.accounts[place], self.values)

    def slack(self, handle):
        return self.slack_at(self.known(whole(handle)))

    def value(self, instrument):
        cdef int64_t number = whole(instrument)
        self.check_instrument(number)
        return self.values[number]

    cdef uint64_t hash_all(self) noexcept nogil:
        cdef uint64_t state = HASH_START
        cdef int32_t place
        cdef int64_t bits = 0
        cdef double slack
        for place in range(1, self.pool.used):
            if state_of(&self.pool, place):
                slack = self.slack_at(place)
                memcpy(&bits, &slack, sizeof(bits))
                state = hash_word(hash_word(state, handle_of(&self.pool, place)), state_of(&self.pool, place))
                state = hash_word(state, bits)
        return state

    def state_hash(self):
        return self.hash_all()
