"""What all rooms of the compiled desk share: orders, fills, requests, what was told, and the last prices."""
from libc.math cimport NAN
from libc.stdint cimport INT64_MAX, int8_t, int32_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memmove, memset

from letrade.hotpath.simulation.desk_orders cimport ORDER_CANCELLED, is_over
from letrade.hotpath.simulation.desk_told cimport TOLD_FILL, TOLD_REFUSED, TOLD_UPDATE

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


cdef void* page_of(Py_ssize_t size) except NULL:
    """Zeroed."""
    cdef void* found = calloc(PAGE, size)
    if found == NULL:
        raise MemoryError(f"no memory for {PAGE} records of {size} bytes")
    return found


cdef void pack_order(const OrderRecord* order, OrderRow* row) noexcept:
    row.signal, row.first_price, row.first_size = order.signal, order.first_price, order.first_size
    row.asked_size, row.price, row.filled = order.asked_size, order.price, order.filled
    row.decided, row.sent, row.ended, row.mid = order.decided, order.sent, order.ended, order.mid
    row.strategy, row.account = <int32_t>order.strategy, <int32_t>order.account
    row.instrument, row.leg = <int32_t>order.instrument, <int32_t>order.leg
    row.side, row.limit, row.post_only = order.side, order.limit, order.post_only
    row.reduce_only, row.opening, row.state = order.reduce_only, order.opening, order.state
    row.replaced, row.protects = <int32_t>order.replaced, <int8_t>order.protects


cdef void pack_fill(const FillRecord* fill, FillRow* row) noexcept:
    row.order, row.time, row.venue_time, row.price = fill.order, fill.time, fill.venue_time, fill.price
    row.size, row.fee, row.own_realised, row.maker = fill.size, fill.fee, fill.own_realised, fill.maker
    row.rate = fill.rate


cdef class OrderTable:
    def __cinit__(self, Terms terms not None, *arguments):
        cdef Py_ssize_t place
        self.terms = terms
        self.feedback_at, self.short_days = INT64_MAX, {}
        self.prices = <double*>terms.room(terms.instruments_count, sizeof(double))
        self.middles = <double*>terms.room(terms.instruments_count, sizeof(double))
        self.news = <int64_t*>terms.room(terms.instruments_count, sizeof(int64_t))
        self.closes = <double*>terms.room(terms.instruments_count, sizeof(double))
        self.closed = <int64_t*>terms.room(terms.instruments_count, sizeof(int64_t))
        self.ticking = <int64_t*>terms.room(terms.instruments_count, sizeof(int64_t))
        for place in range(terms.instruments_count):
            self.news[place], self.middles[place] = -1, NAN
        self.gone.state, self.round = ORDER_CANCELLED, 1
        self.add_page()  # number 0: what never became an order

    def __dealloc__(self):
        cdef Py_ssize_t page
        for page in range(self.pages_count):
            free(self.pages[page].records)
            free(self.pages[page].rows)
        for page in range(self.fill_pages_count):
            free(self.fill_pages[page].records)
            free(self.fill_pages[page].rows)
        free(self.pages)
        free(self.fat)
        free(self.fill_pages)
        free(self.cash_entries)
        free(self.requests)
        free(self.told)
        free(self.course)

    cdef double rate(self, int64_t currency) except? -1.0:
        """What a unit of a currency is worth in the reporting currency; 0 while no price tells."""
        cdef Terms terms = self.terms
        cdef int64_t place
        cdef double price
        if currency == terms.reporting:
            return 1.0
        for place in range(terms.rate_starts[currency], terms.rate_starts[currency + 1]):
            price = self.prices[terms.rate_instruments[place]]
            if price != 0.0:
                return 1.0 / price if terms.rate_inverse[place] else price
        return 0.0

    cdef int add_page(self) except -1:
        cdef OrderPage* page
        if self.pages_count >= self.pages_room:
            self.pages = <OrderPage*>grown(self.pages, &self.pages_room, sizeof(OrderPage))
        if self.fat_count >= self.fat_room:
            self.fat = <int64_t*>grown(self.fat, &self.fat_room, sizeof(int64_t))
        page = &self.pages[self.pages_count]
        memset(page, 0, sizeof(OrderPage))
        page.records = <OrderRecord*>page_of(sizeof(OrderRecord))
        self.fat[self.fat_count] = self.pages_count
        self.fat_count += 1
        self.pages_count += 1
        return 0

    cdef OrderRecord* new_order(self) except NULL:
        """Zeroed but for its number, which one that was taken back may have had."""
        cdef int64_t number = self.orders_count + 1
        cdef OrderRecord* order
        if number >> PAGE_BITS >= self.pages_count:
            self.add_page()
        self.orders_count = number
        order = self.record(number)
        memset(order, 0, sizeof(OrderRecord))
        order.number = number
        return order

    cdef FillRecord* new_fill(self) except NULL:
        cdef FillPage* page
        if self.fills_count >> PAGE_BITS >= self.fill_pages_count:
            if self.fill_pages_count >= self.fill_pages_room:
                self.fill_pages = <FillPage*>grown(self.fill_pages, &self.fill_pages_room, sizeof(FillPage))
            page = &self.fill_pages[self.fill_pages_count]
            page.rows, page.records = NULL, <FillRecord*>page_of(sizeof(FillRecord))
            self.fill_pages_count += 1
        self.fills_count += 1
        return self.fill_at(self.fills_count - 1)

    cdef OrderRow order_row(self, int64_t number) noexcept:
        cdef OrderRow row
        cdef const OrderPage* page = &self.pages[number >> PAGE_BITS]
        if page.rows != NULL:
            return page.rows[number & (PAGE - 1)]
        pack_order(&page.records[number & (PAGE - 1)], &row)
        return row

    cdef FillRow fill_row(self, int64_t place) noexcept:
        cdef FillRow row
        cdef const FillPage* page = &self.fill_pages[place >> PAGE_BITS]
        if page.rows != NULL:
            return page.rows[place & (PAGE - 1)]
        pack_fill(&page.records[place & (PAGE - 1)], &row)
        return row

    cdef int recycle(self) except -1:
        """Pages of which nothing is under way and nothing waits to be heard become rows."""
        cdef Py_ssize_t place, kept = 0
        cdef int64_t unheard = self.fills_count
        for place in range(self.told_count):
            self.hold(self.told[place].order)
            if self.told[place].kind == TOLD_FILL:
                unheard = min(unheard, self.told[place].fill)
        for place in range(self.fat_count):
            if not self.keep_orders(self.fat[place]):
                self.fat[kept] = self.fat[place]
                kept += 1
        self.fat_count, self.round = kept, self.round + 1
        while (self.fills_kept + 1) * PAGE <= unheard:
            self.keep_fills(&self.fill_pages[self.fills_kept])
            self.fills_kept += 1
        return 0

    cdef bint keep_orders(self, int64_t number) except -1:
        """Whether a page could be kept as rows: one that is full, of orders that are over."""
        cdef OrderPage* page = &self.pages[number]
        cdef Py_ssize_t place
        if page.held == self.round or self.orders_count < (number + 1) * PAGE - 1:
            return False
        for place in range(page.pin, PAGE):
            if not is_over(&page.records[place]) and page.records[place].number:  # the first is of no order
                page.pin = place
                return False
        page.rows = <OrderRow*>page_of(sizeof(OrderRow))
        for place in range(PAGE):
            pack_order(&page.records[place], &page.rows[place])
        free(page.records)
        page.records = NULL
        return True

    cdef int keep_fills(self, FillPage* page) except -1:
        cdef Py_ssize_t place
        page.rows = <FillRow*>page_of(sizeof(FillRow))
        for place in range(PAGE):
            pack_fill(&page.records[place], &page.rows[place])
        free(page.records)
        page.records = NULL
        return 0

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
        self.told_judged -= count
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
