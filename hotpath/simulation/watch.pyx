# cython: boundscheck=False, wraparound=False, cdivision=True
"""What is noted for the report while a backtest runs: prices after our trades, and equity on a grid that coarsens."""
import array

from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Realloc
from libc.math cimport NAN, fabs, isnan
from libc.stdint cimport INT64_MAX, int64_t
from libc.string cimport memcpy

HORIZONS_NS = (1_000_000_000, 10_000_000_000, 60_000_000_000)
STEP_NS = 1_000_000_000
ROWS_MAX = 20_000


cdef class Watch:
    """Middles 1, 10 and 60 s after each of our trades; equity and prices, at most one row a step.

    Amounts are doubles in the reporting currency, for charts: the ledger's own are exact. A price of NaN is not known.
    """

    def __init__(self, Py_ssize_t instruments, Py_ssize_t accounts, *, int64_t step=STEP_NS, int64_t rows_max=ROWS_MAX):
        cdef Py_ssize_t place, horizon
        self.instruments, self.accounts, self.step, self.rows_max = instruments, accounts, step, rows_max
        self.awaited = <Awaited*>PyMem_Calloc(instruments + 1, sizeof(Awaited))
        self.positions = <double*>PyMem_Calloc(instruments * accounts + 1, sizeof(double))
        self.costs = <double*>PyMem_Calloc(instruments * accounts + 1, sizeof(double))
        self.cash = <double*>PyMem_Calloc(accounts + 1, sizeof(double))
        self.marks = <double*>PyMem_Calloc(instruments + 1, sizeof(double))
        if not (self.awaited and self.positions and self.costs and self.cash and self.marks):
            raise MemoryError("no memory for what a run notes")
        for horizon in range(HORIZONS):
            self.horizons[horizon] = HORIZONS_NS[horizon]
        for place in range(instruments):
            self.marks[place] = NAN
            self.awaited[place].due, self.awaited[place].last = INT64_MAX, -1
            for horizon in range(HORIZONS):
                self.awaited[place].heads[horizon] = -1
        self.width = 3 * accounts + instruments

    def __dealloc__(self):
        PyMem_Free(self.trades)
        PyMem_Free(self.awaited)
        PyMem_Free(self.positions)
        PyMem_Free(self.costs)
        PyMem_Free(self.cash)
        PyMem_Free(self.marks)
        PyMem_Free(self.times)
        PyMem_Free(self.samples_values)

    def note_trade(self, instrument, time, bid, ask):
        return self.trade(self.checked(instrument), time, bid, ask)

    def note_price(self, instrument, time, price):
        cdef int64_t place = self.checked(instrument)
        if time > self.awaited[place].due:
            self.resolve(place, time, self.marks[place])
        self.marks[place] = price

    def note_fill(self, account, instrument, change, price, fee):
        if not 0 <= account < self.accounts:
            raise IndexError(f"expected one of {self.accounts} accounts, found {account}")
        self.hold(account, self.checked(instrument), change, price, fee)

    def note_cash(self, account, amount):
        if not 0 <= account < self.accounts:
            raise IndexError(f"expected one of {self.accounts} accounts, found {account}")
        self.pay(account, amount)

    def note_time(self, time):
        if time >= self.sample_at:
            self.sample(time)

    def finish(self, time):
        cdef Py_ssize_t place
        for place in range(self.instruments):
            self.resolve(place, time + 1, self.marks[place])
        if not self.samples_count or self.times[self.samples_count - 1] < time:
            self.sample(time)

    cdef Py_ssize_t checked(self, instrument) except -1:
        if not 0 <= instrument < self.instruments:
            raise IndexError(f"expected one of {self.instruments} instruments, found {instrument}")
        return instrument

    def after(self):
        cdef Py_ssize_t place, first = 0, horizon
        column = array.array("d", bytes(8 * (2 + HORIZONS) * self.trades_count))
        cdef double[::1] view = column
        for place in range(self.trades_count):
            view[first], view[first + 1] = self.trades[place].bid, self.trades[place].ask
            for horizon in range(HORIZONS):
                view[first + 2 + horizon] = self.trades[place].after[horizon]
            first += 2 + HORIZONS
        return column

    def samples(self):
        cdef Py_ssize_t place, account, first
        found = []
        for place in range(self.samples_count):
            first = place * self.width
            equity = tuple([
                (self.samples_values[first + account * 3], self.samples_values[first + account * 3 + 1],
                 self.samples_values[first + account * 3 + 2])
                for account in range(self.accounts)
            ])  # fmt: skip
            first += 3 * self.accounts
            prices = array.array("d", [self.samples_values[first + account] for account in range(self.instruments)])
            found.append((self.times[place], equity, prices))
        return found

    cdef int64_t trade(self, int64_t instrument, int64_t time, double bid, double ask) except -1:
        """Its place; the middles after it are written down when data goes past their time."""
        cdef Awaited* awaited = &self.awaited[instrument]
        cdef Py_ssize_t room, horizon, place = self.trades_count
        cdef Trade* trades
        if place == self.trades_room:
            room = max(2 * self.trades_room, 64)
            trades = <Trade*>PyMem_Realloc(self.trades, room * sizeof(Trade))
            if trades == NULL:
                raise MemoryError(f"no memory for {room} trades")
            self.trades, self.trades_room = trades, room
        self.trades_count += 1
        trades = self.trades
        trades[place].time, trades[place].instrument, trades[place].following = time, instrument, -1
        trades[place].bid, trades[place].ask = bid, ask
        if awaited.last >= 0:
            trades[awaited.last].following = place
        awaited.last = place
        for horizon in range(HORIZONS):
            trades[place].after[horizon] = NAN
            if awaited.heads[horizon] < 0:
                awaited.heads[horizon] = place
                awaited.due = min(awaited.due, time + self.horizons[horizon])
        return place

    cdef int resolve(self, int64_t instrument, int64_t time, double middle) except -1:
        """`middle` held until just before `time`: the trades that waited for it."""
        cdef Awaited* awaited = &self.awaited[instrument]
        cdef int64_t head, due = INT64_MAX
        cdef Py_ssize_t horizon
        for horizon in range(HORIZONS):
            head = awaited.heads[horizon]
            while head >= 0 and self.trades[head].time + self.horizons[horizon] < time:
                self.trades[head].after[horizon] = middle
                head = self.trades[head].following
            awaited.heads[horizon] = head
            if head >= 0:
                due = min(due, self.trades[head].time + self.horizons[horizon])
        awaited.due = due
        return 0

    cdef int hold(self, int64_t account, int64_t instrument, double change, double price, double fee) except -1:
        """A fill: `change` is signed, in base units times the multiplier."""
        cdef int64_t place = account * self.instruments + instrument
        cdef double before = self.positions[place], after = before + change, closed
        if fabs(after) < 1e-12 * (fabs(before) + fabs(change)):
            after = 0.0
        if before == 0.0 or (before > 0) == (change > 0):
            self.costs[place] += change * price
        else:
            closed = change if fabs(change) <= fabs(before) else -before
            self.cash[account] += -closed * price + self.costs[place] * closed / before
            self.costs[place] += self.costs[place] * closed / before
            if fabs(change) > fabs(before):
                self.costs[place] = after * price
        if after == 0.0:
            self.costs[place] = 0.0
        self.positions[place] = after
        self.cash[account] -= fee
        if isnan(self.marks[instrument]):
            self.marks[instrument] = price
        return 0

    cdef int pay(self, int64_t account, double amount) except -1:
        self.cash[account] += amount
        return 0

    cdef int sample(self, int64_t time) except -1:
        cdef Py_ssize_t account, instrument, place
        cdef double unrealised, exposure, mark
        cdef double* row
        if self.samples_count == self.samples_room:
            self.make_sample_room()
        row = self.samples_values + self.samples_count * self.width
        for account in range(self.accounts):
            unrealised, exposure = 0.0, 0.0
            for instrument in range(self.instruments):
                place = account * self.instruments + instrument
                if self.positions[place] != 0.0:
                    mark = self.marks[instrument]
                    unrealised += self.positions[place] * mark - self.costs[place]
                    exposure += fabs(self.positions[place] * mark)
            row[0], row[1], row[2] = self.cash[account] + unrealised, unrealised, exposure
            row += 3
        memcpy(row, self.marks, self.instruments * sizeof(double))
        self.times[self.samples_count] = time
        self.samples_count += 1
        self.sample_at = (time // self.step + 1) * self.step
        if self.samples_count > self.rows_max:
            self.coarsen()
        return 0

    cdef int make_sample_room(self) except -1:
        cdef Py_ssize_t room = max(2 * self.samples_room, 64)
        cdef int64_t* times = <int64_t*>PyMem_Realloc(self.times, room * sizeof(int64_t))
        if times != NULL:
            self.times = times
        cdef double* values = <double*>PyMem_Realloc(self.samples_values, room * self.width * sizeof(double))
        if values != NULL:
            self.samples_values = values
        if times == NULL or values == NULL:
            raise MemoryError(f"no memory for {room} samples")
        self.samples_room = room
        return 0

    cdef int coarsen(self) except -1:
        """The first sample of each doubled step stays."""
        cdef int64_t window, before = -1
        cdef Py_ssize_t place, kept = 0
        self.step *= 2
        for place in range(self.samples_count):
            window = self.times[place] // self.step
            if window != before:
                if kept != place:
                    self.times[kept] = self.times[place]
                    memcpy(
                        self.samples_values + kept * self.width, self.samples_values + place * self.width,
                        self.width * sizeof(double),
                    )
                kept += 1
                before = window
        self.samples_count = kept
        self.sample_at = (self.times[kept - 1] // self.step + 1) * self.step
        return 0
