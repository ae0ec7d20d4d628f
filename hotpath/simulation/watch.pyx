# cython: boundscheck=False, wraparound=False, cdivision=True
"""What is noted for the report while a backtest runs: middles after our trades, and prices on a grid that coarsens."""
import array

from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Realloc
from libc.math cimport NAN, isnan
from libc.stdint cimport INT64_MAX, int64_t

from letrade.hotpath.simulation.grid cimport Grid

HORIZONS_NS = (1_000_000_000, 10_000_000_000, 60_000_000_000)


cdef class Watch:
    """Middles 1, 10 and 60 s after each of our trades; each instrument's price, at most once in a step.

    All are the exchange's, by its own time. A price of NaN is not known.
    """

    def __init__(self, Py_ssize_t instruments):
        cdef Py_ssize_t place, horizon
        self.instruments = instruments
        self.awaited = <Awaited*>PyMem_Calloc(instruments + 1, sizeof(Awaited))
        if self.awaited == NULL:
            raise MemoryError("no memory for what a run notes")
        self.grids = [Grid(1) for _ in range(instruments)]
        for horizon in range(HORIZONS):
            self.horizons[horizon] = HORIZONS_NS[horizon]
        for place in range(instruments):
            self.awaited[place].due, self.awaited[place].last = INT64_MAX, -1
            self.awaited[place].middle = NAN
            for horizon in range(HORIZONS):
                self.awaited[place].heads[horizon] = -1

    def __dealloc__(self):
        PyMem_Free(self.trades)
        PyMem_Free(self.awaited)

    def note_trade(self, instrument, time, bid, ask):
        return self.trade(self.checked(instrument), time, bid, ask)

    def note_price(self, instrument, time, price):
        cdef int64_t place = self.checked(instrument)
        if time > self.awaited[place].due:
            self.resolve(place, time, self.awaited[place].middle)
        self.awaited[place].middle = price
        self.awaited[place].news = time
        if time >= self.awaited[place].sample_at:
            self.sample(place, time, price)

    def finish(self, instrument, time, middle):
        """The data ended at this time; what was due by then is told, and the last price."""
        cdef int64_t place = self.checked(instrument)
        self.resolve(place, time + 1, middle)
        if not isnan(middle) and self.awaited[place].sample_at:
            self.sample(place, self.awaited[place].news, middle)

    def prices_of(self, instrument):
        return self.grids[self.checked(instrument)].rows()

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

    cdef int sample(self, int64_t instrument, int64_t time, double price) except -1:
        cdef Grid grid
        if isnan(price):
            return 0
        grid = <Grid>self.grids[instrument]
        grid.add(time)[0] = price
        self.awaited[instrument].sample_at = grid.next
        return 0
