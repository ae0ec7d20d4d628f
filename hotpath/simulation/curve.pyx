# cython: boundscheck=False, wraparound=False, cdivision=True
"""What the desk's accounts are worth in the course of a run, looked at when the ledger's actor would tell it."""
import array

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.math cimport NAN, fabs
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.books cimport Share
from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.desk_terms cimport Instrument, Terms
from letrade.hotpath.simulation.grid cimport Grid
from letrade.hotpath.simulation.money cimport TENS, to_double

cdef enum:
    WIDTH = 3


cdef class Curve:
    """Wallets at their rates and what open contracts would realise, in doubles: the ledger's own amounts are exact."""

    def __init__(self, Desk desk not None, int64_t every):
        self.desk, self.every = desk, every
        self.grids = [Grid(WIDTH) for _ in range(desk.terms.accounts_count)]
        self.last = <Worth*>PyMem_Calloc(desk.terms.accounts_count + 1, sizeof(Worth))
        self.told = <int64_t*>PyMem_Calloc(desk.terms.accounts_count + 1, sizeof(int64_t))
        if self.last == NULL or self.told == NULL:
            raise MemoryError("no memory for what accounts are worth")
        for account in range(desk.terms.accounts_count):
            self.told[<int64_t>account] = -1

    def __dealloc__(self):
        PyMem_Free(self.last)
        PyMem_Free(self.told)

    def look(self, int64_t time):
        if self.due <= time:
            self.drained = False  # there are prices again
            self.tell(time, -1)

    def drain(self, int64_t time):
        self.tell(time, -1)
        self.due, self.drained = -1, True

    def finish(self):
        cdef int64_t account
        for account in range(self.desk.terms.accounts_count):
            if self.told[account] >= 0:
                (<Worth*>(<Grid>self.grids[account]).add(self.told[account]))[0] = self.last[account]

    def rows_of(self, account):
        times, values = self.grids[account].rows()
        return times, tuple([values[column::WIDTH] for column in range(WIDTH)])

    cdef int tell(self, int64_t time, int64_t account) except -1:
        """Of every account; after a drain of the one whose entry was booked, at once."""
        cdef int64_t place
        if self.drained:
            return self.tell_one(time, account) if account >= 0 else 0
        self.due = time + self.every
        for place in range(self.desk.terms.accounts_count):
            self.tell_one(time, place)
        return 0

    cdef int tell_one(self, int64_t time, int64_t account) except -1:
        cdef Grid grid = <Grid>self.grids[account]
        self.told[account] = time
        self.value(account, &self.last[account])
        if time >= grid.next:
            (<Worth*>grid.add(time))[0] = self.last[account]
        if self.hearer is not None:
            self.hearer(account)
        return 0

    cdef int value(self, int64_t account, Worth* one) except -1:
        cdef Desk desk = self.desk
        cdef Terms terms = desk.terms
        cdef int64_t place
        cdef bint missing = False
        cdef double total = 0.0, rate, gain
        cdef const Share* share
        cdef const Instrument* rules
        one.unrealised = one.exposure = 0.0
        for place in range(terms.currencies_count):
            if desk.wallets[account * terms.currencies_count + place] != 0:
                rate = desk.rate(place)
                missing = missing or rate == 0.0
                gain = to_double(desk.wallets[account * terms.currencies_count + place], terms.money_decimals[place])
                total += gain * rate
        for place in range(terms.instruments_count):
            share, rules = &desk.accounts[account * terms.instruments_count + place], &terms.instruments[place]
            if share.held.quantity == 0:
                continue
            rate = desk.rate(rules.quote)
            missing = missing or rate == 0.0 or desk.prices[place] == 0.0
            gain = <double>share.held.quantity / TENS[rules.lot_decimals] * desk.prices[place]
            one.exposure += fabs(gain) * rules.times * rate if rate != 0.0 and desk.prices[place] != 0.0 else NAN
            gain -= to_double(share.held.cost, share.held.price_decimals + rules.lot_decimals)
            one.unrealised += gain * rules.times * rate
            total += 0.0 if rules.spot else gain * rules.times * rate
        one.equity = NAN if missing else total
        if missing:
            one.unrealised = NAN
        return 0
