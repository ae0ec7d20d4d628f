"""The compiled desk as Python calls it, one thing at a time: for tests, and for trying out what a desk would do."""
from libc.stdint cimport INT64_MAX, int64_t
from libc.stdlib cimport free, malloc

from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.desk_terms cimport Terms
from letrade.hotpath.simulation.desk_told cimport Told
from letrade.hotpath.simulation.orders cimport Said


cdef class DeskDoor:
    """Checks what it is told; all numbers are units and places as terms.py has them."""

    def __init__(self, source):
        self.desk = Desk(Terms(source))

    cdef int check(self, int64_t instrument, int64_t strategy) except -1:
        if not 0 <= instrument < self.desk.terms.instruments_count:
            raise IndexError(f"no instrument {instrument}")
        if not 0 <= strategy < self.desk.terms.strategies_count:
            raise IndexError(f"no strategy {strategy}")
        return 0

    def price(self, int64_t instrument, int64_t time, double price):
        self.check(instrument, 0)
        self.desk.hear_price(instrument, time, price)

    def bar(self, int64_t instrument, int64_t time, double close):
        self.check(instrument, 0)
        self.desk.hear_bar(instrument, time, close)

    def target(self, int64_t strategy, int64_t instrument, int64_t signal, int64_t time, double position,
               bint sized=True, double limit=0.0, bint post_only=False):
        self.check(instrument, strategy)
        self.desk.judge_hears(time)
        self.desk.want_position(strategy, instrument, signal, time, position, sized, limit, post_only)

    def quotes(self, int64_t strategy, int64_t instrument, int64_t signal, int64_t time, orders, bint post_only=True):
        cdef Py_ssize_t place, count = len(orders)
        cdef int64_t* sides = <int64_t*>malloc((count + 1) * sizeof(int64_t))
        cdef double* prices = <double*>malloc((count + 1) * sizeof(double))
        cdef double* sizes = <double*>malloc((count + 1) * sizeof(double))
        self.check(instrument, strategy)
        try:
            if not (sides and prices and sizes):
                raise MemoryError(f"no memory for {count} quotes")
            for place in range(count):
                sides[place], prices[place], sizes[place] = orders[place]
            self.desk.judge_hears(time)
            self.desk.want_quotes(strategy, instrument, signal, time, count, sides, prices, sizes, post_only)
        finally:
            free(sides)
            free(prices)
            free(sizes)

    def answer(self, int64_t instrument, int64_t kind, int64_t order, int64_t time, *, int64_t venue_time=0,
               int64_t price=0, int64_t size=0, bint maker=False, int64_t reason=0, int64_t fee=0, int64_t verb=0,
               int64_t whole=0):
        cdef Said said
        said.kind, said.order, said.time, said.price, said.size = kind, order, venue_time, price, size
        said.maker, said.reason, said.verb, said.whole = maker, reason, verb, whole
        self.check(instrument, 0)
        self.desk.hear_execution(instrument, &said, fee, time)

    def settle(self, int64_t time):
        self.desk.settle(time)

    def stop(self, int64_t time, bint cancels):
        self.desk.stop(time, cancels)

    @property
    def feedback_at(self):
        return None if self.desk.feedback_at == INT64_MAX else self.desk.feedback_at

    def take_requests(self):
        """(kind, time, instrument, order, price, size) of what goes to the exchange, once."""
        cdef Py_ssize_t place
        found = []
        for place in range(self.desk.requests_count):
            one = self.desk.requests[place]
            found.append((one.kind, one.time, one.instrument, one.order, one.price, one.size))
        self.desk.requests_count = 0
        return found

    def told(self):
        """(kind, stage, time, heard, strategy, instrument, signal, leg, order, state, rule, what) of what waits."""
        cdef Py_ssize_t place
        cdef Told* one
        found = []
        for place in range(self.desk.told_count):
            one = &self.desk.told[place]
            found.append((
                one.kind, one.stage, one.time, one.heard, one.strategy, one.instrument, one.signal, one.leg, one.order,
                one.state, one.rule, one.what,
            ))
        return found

    def cash_units(self, int64_t account, int64_t currency):
        """What capital knows of a wallet: (units, decimals)."""
        return self.desk.cash_units(account, currency)
