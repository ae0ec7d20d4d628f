# cython: cdivision=True, boundscheck=False, wraparound=False
"""Margin of many accounts: tier tables, haircuts and positions in; slack, liquidation prices and scenarios out."""
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.margin.answers cimport bad_number, told
from letrade.hotpath.margin.bounded cimport HALF_ULP, Bounded, bound_of, less
from letrade.hotpath.margin.doors cimport count_of, either_way, not_negative, positive, within, word
from letrade.hotpath.margin.lines cimport collateral_of, line_of, link_line, update_line, with_room
from letrade.hotpath.margin.rays cimport common_crossing, price_crossing, still
from letrade.hotpath.margin.rows cimport (
    COIN, CONTRACTS, EACH, ENTRY_NOTIONAL, LARGER, NET, Account, Basis, Book, Collateral, Haircut,
    Instrument, Leg, Legs, Line, Place, Scene, Sums, Table,
)
from letrade.hotpath.margin.scenarios cimport Told, Wanted, collaterals_most, run_scenarios
from letrade.hotpath.margin.tables cimport free_book, free_haircut, free_table, read_haircut, read_table
from letrade.hotpath.margin.valuation cimport value_account
from letrade.hotpath.margin.walk cimport Crossing, Work, close_work, edges_of
from letrade.hotpath.whole cimport whole

cdef tuple BASES = ("mark_notional", "entry_notional", "contracts", "coin")


cdef int check_larger(const Instrument* instrument, const Table* table) except -1:
    """The leg with the larger size has the larger margin: not where amounts are in another unit than the value."""
    cdef bint apart = instrument.basis == CONTRACTS or instrument.basis == COIN
    if instrument.legs == LARGER and apart and not table.flat and table.count > 1:
        raise ValueError("tiers by contracts or coin tell the larger of two legs only where they are flat")
    return 0


cdef const double[:, ::1] rows_of(object array, Py_ssize_t count, Py_ssize_t width, str name):
    """Scenarios that a caller gave, one a row; of `count`, unless that is below 0."""
    import numpy

    given = numpy.ascontiguousarray(array)
    if given.dtype.kind not in "iuf":
        raise TypeError(f"expected {name} to be an array of real numbers, found one of {given.dtype}")
    if given.ndim == 1 and width == 1:
        given = given.reshape(-1, 1)
    if given.ndim != 2 or given.shape[1] != width or (count >= 0 and given.shape[0] != count):
        rows = "scenarios" if count < 0 else count
        raise ValueError(f"expected {name} of shape ({rows}, {width}), found {given.shape}")
    return numpy.ascontiguousarray(given, dtype=numpy.float64)


cdef class MarginBook:
    """Accounts, what they hold, and what the venues' rules make of it."""

    def __cinit__(self, *, instruments, coins, bint exact_inputs=False):
        memset(&self.book, 0, sizeof(Book))
        self.book.doubt = 0.0 if exact_inputs else HALF_ULP
        self.book.instrument_count = count_of(instruments, "instruments")
        self.book.coin_count = count_of(coins, "coins")
        self.book.instruments = <Instrument*>calloc(self.book.instrument_count, sizeof(Instrument))
        self.book.marks = <double*>calloc(self.book.instrument_count, sizeof(double))
        self.book.indexes = <double*>calloc(self.book.coin_count, sizeof(double))
        self.book.moving = <bint*>calloc(self.book.coin_count, sizeof(bint))
        if (
            self.book.instruments == NULL or self.book.marks == NULL
            or self.book.indexes == NULL or self.book.moving == NULL
        ):
            raise MemoryError("no memory for a margin book of this size")

    def __dealloc__(self):
        free_book(&self.book)

    cdef int writable(self) except -1:
        if self.readers:
            raise RuntimeError("the book cannot change while another thread computes scenarios from it")
        return 0

    cdef int instrument_at(self, object instrument) except -1:
        cdef int number = within(instrument, self.book.instrument_count, "an instrument")
        if not self.book.instruments[number].known:
            raise ValueError(f"instrument {number} has no rules yet: call set_instrument first")
        return number

    cdef int coin_at(self, object coin, bint known) except -1:
        cdef int number = within(coin, self.book.coin_count, "a coin")
        if known and self.book.indexes[number] == 0.0:
            raise ValueError(f"coin {number} has no index price yet: call set_coin first")
        return number

    cdef int account_at(self, object account) except -1:
        return within(account, self.book.account_count, "an account")

    cdef int64_t position_at(self, object position) except -1:
        return within(position, self.book.position_count, "a position")

    def add_tiers(self, floors, rates, amounts=None, *, cap=None, form="cumulative", edge="lower"):
        cdef Table table
        memset(&table, 0, sizeof(Table))
        read_table(&table, floors, rates, amounts, cap, form, edge)
        try:
            self.writable()
            self.book.tables = <Table*>with_room(
                self.book.tables, self.book.table_count, &self.book.table_room, sizeof(Table)
            )
        except (MemoryError, RuntimeError):
            free_table(&table)
            raise
        self.book.tables[self.book.table_count] = table
        self.book.table_count += 1
        return self.book.table_count - 1

    def add_haircut(self, floors, shares, *, by="value"):
        cdef Haircut haircut
        memset(&haircut, 0, sizeof(Haircut))
        read_haircut(&haircut, floors, shares, by)
        try:
            self.writable()
            self.book.haircuts = <Haircut*>with_room(
                self.book.haircuts, self.book.haircut_count, &self.book.haircut_room, sizeof(Haircut)
            )
        except (MemoryError, RuntimeError):
            free_haircut(&haircut)
            raise
        self.book.haircuts[self.book.haircut_count] = haircut
        self.book.haircut_count += 1
        return self.book.haircut_count - 1

    def set_coin(self, coin, index, *, bint fixed=False):
        cdef int number = self.coin_at(coin, False)
        cdef double price = positive(index, "an index price")
        self.writable()
        self.book.indexes[number] = price
        self.book.moving[number] = not fixed

    def set_instrument(
        self, instrument, *, tiers, settle, bint inverse=False, multiplier=1.0, base=None,
        tier_basis="mark_notional", maintenance_price="mark", hedge_legs="each", fee=0.0,
    ):
        cdef int number = within(instrument, self.book.instrument_count, "an instrument")
        cdef Instrument made
        made.known, made.inverse = True, inverse
        made.table = within(tiers, self.book.table_count, "a tier table")
        made.settle = self.coin_at(settle, True)
        made.base = -1 if base is None else self.coin_at(base, True)
        made.basis = <Basis>word(tier_basis, BASES, "tier_basis")
        made.at_entry = word(maintenance_price, ("mark", "entry"), "maintenance_price") == 1
        made.legs = <Legs>word(hedge_legs, ("each", "larger", "net"), "hedge_legs")
        made.multiplier = positive(multiplier, "a multiplier")
        made.fee = not_negative(fee, "a fee rate")
        if made.legs == NET and (made.at_entry or made.basis == ENTRY_NOTIONAL):
            raise ValueError("a net of two legs has no entry: give hedge_legs as each or larger, or margin by the mark")
        if made.legs != EACH and made.at_entry != (made.basis == ENTRY_NOTIONAL):
            raise ValueError("which leg is the larger is only known where tier and margin are both by mark or by entry")
        check_larger(&made, &self.book.tables[made.table])
        self.writable()
        if self.book.instruments[number].known:
            raise ValueError(f"instrument {number} has its rules already: its tiers alone may change, by change_tiers")
        self.book.instruments[number] = made

    def change_tiers(self, instrument, tiers):
        cdef int number = self.instrument_at(instrument), table = within(tiers, self.book.table_count, "a tier table")
        check_larger(&self.book.instruments[number], &self.book.tables[table])
        self.writable()
        self.book.instruments[number].table = table

    def set_mark(self, instrument, price):
        cdef int number = within(instrument, self.book.instrument_count, "an instrument")
        cdef double mark = positive(price, "a mark price")
        self.writable()
        self.book.marks[number] = mark

    def add_account(self):
        self.writable()
        self.book.accounts = <Account*>with_room(
            self.book.accounts, self.book.account_count, &self.book.account_room, sizeof(Account)
        )
        self.book.account_count += 1
        return self.book.account_count - 1

    def set_collateral(self, account, coin, balance, *, haircut=None, liability=None, bint joins=False):
        cdef int number = self.account_at(account), place
        cdef Collateral made
        cdef Account* owner
        made.coin = self.coin_at(coin, True)
        made.balance = either_way(balance, "a balance")
        made.haircut = -1 if haircut is None else within(haircut, self.book.haircut_count, "a haircut")
        made.liability = 1.0 if liability is None else positive(liability, "what a debt counts for")
        made.joins = joins
        if liability is None and made.balance < 0.0:
            raise ValueError(f"expected a balance of 0 or more, found {made.balance}: a debt needs its `liability`")
        if made.liability < 1.0:
            raise ValueError(f"expected a debt to count for 1 or more of its value, found {made.liability}")
        self.writable()
        owner = &self.book.accounts[number]
        place = collateral_of(owner, made.coin)
        if place < 0:
            owner.collaterals = <Collateral*>with_room(
                owner.collaterals, owner.collateral_count, &owner.collateral_room, sizeof(Collateral)
            )
            place = owner.collateral_count
            owner.collateral_count += 1
        owner.collaterals[place] = made
        for place in range(owner.line_count):
            link_line(&self.book, owner, &owner.lines[place])

    cdef Line* line_for(self, int account, int instrument) except NULL:
        cdef Account* owner = &self.book.accounts[account]
        cdef Line* line = line_of(owner, instrument)
        if line == NULL:
            owner.lines = <Line*>with_room(owner.lines, owner.line_count, &owner.line_room, sizeof(Line))
            line = &owner.lines[owner.line_count]
            memset(line, 0, sizeof(Line))
            line.instrument = instrument
            line.legs[0].handle = line.legs[1].handle = -1
            owner.line_count += 1
            link_line(&self.book, owner, line)
        return line

    def add_position(self, account, instrument, side, size, entry, *, fixed=0.0):
        cdef int owner = self.account_at(account), number = self.instrument_at(instrument)
        cdef int64_t direction = whole(side)
        cdef double units = positive(size, "a size"), price = positive(entry, "an entry price")
        cdef double further = not_negative(fixed, "further maintenance")
        cdef Line* line
        cdef Leg* leg
        if direction != BUY and direction != SELL:
            raise ValueError(f"expected a side of {BUY} (long) or {SELL} (short), found {direction}")
        self.writable()
        self.book.places = <Place*>with_room(
            self.book.places, self.book.position_count, &self.book.position_room, sizeof(Place)
        )
        line = self.line_for(owner, number)
        leg = &line.legs[direction == SELL]
        if leg.handle >= 0:
            raise ValueError(
                f"account {owner} has a position of this side in instrument {number}: change position {leg.handle}"
            )
        leg.handle = self.book.position_count
        leg.size, leg.entry, leg.fixed = units, price, further
        self.book.places[leg.handle].account, self.book.places[leg.handle].leg = owner, direction == SELL
        self.book.places[leg.handle].line = <int32_t>(line - self.book.accounts[owner].lines)
        self.book.position_count += 1
        update_line(&self.book, line)
        return leg.handle

    def change_position(self, position, size, entry, *, fixed=0.0):
        cdef int64_t number = self.position_at(position)
        cdef double units = not_negative(size, "a size"), price = positive(entry, "an entry price")
        cdef double further = not_negative(fixed, "further maintenance")
        cdef Line* line
        self.writable()
        line = &self.book.accounts[self.book.places[number].account].lines[self.book.places[number].line]
        line.legs[self.book.places[number].leg].size = units
        line.legs[self.book.places[number].leg].entry = price
        line.legs[self.book.places[number].leg].fixed = further if units else 0.0
        update_line(&self.book, line)

    cdef int check_marks(self, int account) except -1:
        cdef const Account* owner = &self.book.accounts[account]
        cdef const Line* line
        cdef int place
        for place in range(owner.line_count):
            line = &owner.lines[place]
            if line.count and self.book.marks[line.instrument] == 0.0:
                raise ValueError(f"instrument {line.instrument} has no mark price yet: call set_mark first")
        return 0

    cdef Sums value(self, int account, Bounded* held) except *:
        cdef Scene scene = still(&self.book)
        cdef Sums sums
        self.check_marks(account)
        sums = value_account(&self.book, &scene, account, held)
        if sums.above >= 0:
            raise ValueError(
                f"the position of account {account} in instrument {sums.above} is above the last tier, which ends at "
                f"{self.book.tables[self.book.instruments[sums.above].table].cap:g}: reduce it or load newer tiers"
            )
        return sums

    cdef int open_work(self, int account, Work* work) except -1:
        cdef const Account* owner = &self.book.accounts[account]
        work.held = <Bounded*>malloc((4 * owner.collateral_count + 1) * sizeof(Bounded))
        work.edges = <double*>malloc(edges_of(&self.book, owner) * sizeof(double))
        if work.held == NULL or work.edges == NULL:
            close_work(work)
            raise MemoryError("no memory to value an account")
        return 0

    def margins(self, account):
        cdef int number = self.account_at(account)
        cdef Work work
        cdef Sums sums
        cdef Bounded slack
        self.open_work(number, &work)
        try:
            sums = self.value(number, work.held)
        finally:
            close_work(&work)
        slack = less(sums.equity, sums.maintenance)
        return sums.equity.high, sums.maintenance.high, slack.high, bound_of(slack)

    def slack(self, account):
        return self.margins(account)[2:]

    def ratio(self, account):
        cdef double equity, maintenance
        equity, maintenance, _, _ = self.margins(account)
        if maintenance == 0.0 and equity >= 0.0:
            return 0.0
        return maintenance / equity if equity > 0.0 else INFINITY

    cdef tuple of_position(self, object position, bint maintained):
        cdef int64_t number = self.position_at(position)
        cdef int account = self.book.places[number].account
        cdef const Line* line = &self.book.accounts[account].lines[self.book.places[number].line]
        cdef Work work
        cdef Crossing crossing
        if line.legs[self.book.places[number].leg].size == 0.0:
            raise ValueError(f"position {number} is closed: it has no price")
        self.open_work(account, &work)
        try:
            self.value(account, work.held)
            crossing = price_crossing(&self.book, account, line, &work, maintained)
        finally:
            close_work(&work)
        return told(crossing, self.book.marks[line.instrument])

    def liquidation(self, position):
        return self.of_position(position, True)

    def bankruptcy(self, position):
        return self.of_position(position, False)

    def common_move(self, account):
        cdef int number = self.account_at(account)
        cdef Work work
        cdef Crossing crossing
        self.open_work(number, &work)
        try:
            self.value(number, work.held)
            crossing = common_crossing(&self.book, number, &work)
        finally:
            close_work(&work)
        answer, factor, spread = told(crossing, 1.0)
        return answer, None if factor is None else factor - 1.0, spread + HALF_ULP  # of the difference

    def assess_scenarios(self, prices, indexes=None, *, haircut_scales=None, rate_scales=None):
        import numpy

        cdef const double[:, ::1] marks = rows_of(prices, -1, self.book.instrument_count, "prices")
        cdef const double[:, ::1] coins, haircuts, rates
        cdef Py_ssize_t count = marks.shape[0]
        cdef double[:, ::1] slacks, bounds
        cdef Wanted wanted
        cdef Told outcome
        cdef bint done
        cdef Bounded* held
        cdef int place
        if indexes is None:
            for place in range(self.book.coin_count):
                self.coin_at(place, True)
        memset(&wanted, 0, sizeof(Wanted))
        if indexes is not None:
            coins = rows_of(indexes, count, self.book.coin_count, "indexes")
        if haircut_scales is not None:
            haircuts = rows_of(haircut_scales, count, 1, "haircut_scales")
        if rate_scales is not None:
            rates = rows_of(rate_scales, count, 1, "rate_scales")
        found = numpy.empty((count, self.book.account_count)), numpy.empty((count, self.book.account_count))
        if count == 0 or self.book.account_count == 0:
            return *found, 0
        slacks, bounds = found
        wanted.count, wanted.marks, wanted.slacks, wanted.bounds = count, &marks[0, 0], &slacks[0, 0], &bounds[0, 0]
        if indexes is not None:
            wanted.indexes = &coins[0, 0]
        if haircut_scales is not None:
            wanted.haircuts = &haircuts[0, 0]
        if rate_scales is not None:
            wanted.rates = &rates[0, 0]
        held = <Bounded*>malloc((collaterals_most(&self.book) + 1) * sizeof(Bounded))
        if held == NULL:
            raise MemoryError("no memory to compute scenarios")
        self.readers += 1
        with nogil:
            done = run_scenarios(&self.book, &wanted, held, &outcome)
        self.readers -= 1
        free(held)
        if outcome.bad_row >= 0:
            raise ValueError(bad_number(outcome))
        if not done:
            raise MemoryError("no memory to compute scenarios")
        return *found, outcome.uncertain
