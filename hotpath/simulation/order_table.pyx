"""What all rooms of the compiled desk share: orders, fills, requests, what was told, and the last prices."""
from libc.stdint cimport INT64_MAX
from libc.stdlib cimport free, realloc
from libc.string cimport memmove, memset

from letrade.hotpath.simulation.desk_told cimport TOLD_REFUSED, TOLD_UPDATE

cdef enum:
    EXECUTION_STAGE = 6
    ROOM_LEAST = 64


cdef void* grown(void* old, Py_ssize_t* room, Py_ssize_t size) except NULL:
    cdef Py_ssize_t wanted = max(2 * room[0], ROOM_LEAST)
    cdef void* found = realloc(old, wanted * size)
    if found == NULL:
        raise MemoryError(f"no memory for {wanted} records of {size} bytes")
    room[0] = wanted
    return found


cdef class OrderTable:
    def __cinit__(self, Terms terms not None, *arguments):
        cdef Py_ssize_t place
        self.terms = terms
        self.feedback_at = INT64_MAX
        self.prices = <double*>terms.room(terms.instruments_count, sizeof(double))
        self.news = <int64_t*>terms.room(terms.instruments_count, sizeof(int64_t))
        self.closes = <double*>terms.room(terms.instruments_count, sizeof(double))
        self.closed = <int64_t*>terms.room(terms.instruments_count, sizeof(int64_t))
        self.ticking = <int64_t*>terms.room(terms.instruments_count, sizeof(int64_t))
        for place in range(terms.instruments_count):
            self.news[place] = -1
        self.orders = <OrderRecord*>grown(self.orders, &self.orders_room, sizeof(OrderRecord))
        memset(self.orders, 0, sizeof(OrderRecord))  # number 0: what never became an order

    def __dealloc__(self):
        free(self.orders)
        free(self.fills)
        free(self.cash_entries)
        free(self.requests)
        free(self.told)
        free(self.course)

    cdef OrderRecord* new_order(self) except NULL:
        """Zeroed but for its number; pointers to other orders are no longer valid after this."""
        cdef OrderRecord* order
        if self.orders_count + 1 >= self.orders_room:
            self.orders = <OrderRecord*>grown(self.orders, &self.orders_room, sizeof(OrderRecord))
        self.orders_count += 1
        order = &self.orders[self.orders_count]
        memset(order, 0, sizeof(OrderRecord))
        order.number = self.orders_count
        return order

    cdef FillRecord* new_fill(self) except NULL:
        if self.fills_count >= self.fills_room:
            self.fills = <FillRecord*>grown(self.fills, &self.fills_room, sizeof(FillRecord))
        self.fills_count += 1
        return &self.fills[self.fills_count - 1]

    cdef CashRecord* new_cash(self) except NULL:
        if self.cash_count >= self.cash_room:
            self.cash_entries = <CashRecord*>grown(self.cash_entries, &self.cash_room, sizeof(CashRecord))
        self.cash_count += 1
        return &self.cash_entries[self.cash_count - 1]

    cdef int request(self, int64_t kind, OrderRecord* order, int64_t time) except -1:
        cdef Request* one
        if self.requests_count >= self.requests_room:
            self.requests = <Request*>grown(self.requests, &self.requests_room, sizeof(Request))
        one = &self.requests[self.requests_count]
        self.requests_count += 1
        one.kind, one.time, one.instrument, one.order = kind, time, order.instrument, order.number
        one.price, one.size = order.amend_price, order.amend_size
        return 0

    cdef Told* tell(self, int64_t kind, int64_t stage, int64_t time) except NULL:
        """Room for what is told at this time, behind what capital, then risk, then execution told in this window."""
        cdef Told* one
        cdef int64_t heard = (time // self.terms.step + 1) * self.terms.step
        cdef Py_ssize_t place
        if self.told_count >= self.told_room:
            self.told = <Told*>grown(self.told, &self.told_room, sizeof(Told))
        place = self.told_count
        while place > 0 and self.told[place - 1].heard == heard and self.told[place - 1].stage > stage:
            place -= 1
        if place < self.told_count:
            memmove(&self.told[place + 1], &self.told[place], (self.told_count - place) * sizeof(Told))
        self.told_count += 1
        one = &self.told[place]
        memset(one, 0, sizeof(Told))
        one.kind, one.stage, one.time, one.heard = kind, stage, time, heard
        self.feedback_at = self.told[0].heard
        return one

    cdef Told* tell_order(self, OrderRecord* order, int64_t time, int64_t reason) except NULL:
        cdef Told* one = self.tell(TOLD_UPDATE, EXECUTION_STAGE, time)
        one.strategy, one.instrument, one.signal, one.leg = order.strategy, order.instrument, order.signal, order.leg
        one.order, one.state, one.reason = order.number, order.state, reason
        one.size, one.filled, one.price = order.size, order.filled, order.price
        return one

    cdef int tell_refusal(
        self, int64_t stage, int64_t time, int64_t strategy, int64_t instrument, int64_t signal, int64_t leg,
        int64_t order, int64_t rule, int64_t what,
    ) except -1:
        cdef Told* one = self.tell(TOLD_REFUSED, stage, time)
        one.strategy, one.instrument, one.signal, one.leg = strategy, instrument, signal, leg
        one.order, one.rule, one.what = order, rule, what
        self.refusals[rule] += 1
        return 0

    cdef int note_course(self, int64_t what) except -1:
        if self.course_count >= self.course_room:
            self.course = <int64_t*>grown(self.course, &self.course_room, sizeof(int64_t))
        self.course[self.course_count] = what
        self.course_count += 1
        return 0

    cdef int drop_told(self, Py_ssize_t count) except -1:
        """Forget the first of what was told: everybody has heard it."""
        self.told_count -= count
        if self.told_count and count:
            memmove(self.told, &self.told[count], self.told_count * sizeof(Told))
        self.feedback_at = self.told[0].heard if self.told_count else INT64_MAX
        return 0

    def last_bars(self):
        """(time, close) of the last bar of each instrument; a close of 0 where there was none."""
        return [(self.closed[place], self.closes[place]) for place in range(self.terms.instruments_count)]

    def cash_of(self):
        """(time, account, instrument, amount in units of 1e-8) of each payment of funding."""
        cdef int64_t place
        return [
            (self.cash_entries[place].time, self.cash_entries[place].account, self.cash_entries[place].instrument,
             self.cash_entries[place].amount)
            for place in range(self.cash_count)
        ]  # fmt: skip
