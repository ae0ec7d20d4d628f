"""A market that is known by its bars: open, then the worst order of what lies within, then close."""
from libc.math cimport ceil, fmin, sqrt
from libc.stdint cimport INT64_MAX, int64_t

from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.simulation.events cimport BAR_EVENT, BAR_OPEN_EVENT, BarRow, Event
from letrade.hotpath.simulation.market cimport QUEUE_NONE
from letrade.hotpath.simulation.orders cimport BY_LAST, NO_REASON, SimulatedOrder
from letrade.hotpath.simulation.recorded cimport PROFITS, STOPS, RecordedMarket
from letrade.hotpath.simulation.working cimport NO_SLOT, NOT_SHOWN, left_of

cdef double BEYOND_ALL = <double>(1 << 61)
"""More than any price, and added to one still a whole number of 64 bits."""


cdef class BarsMarket(RecordedMarket):
    """The path within a bar is the worst for us: its open (what lies beyond a trigger fires there, at the open); then
    every stop that its range reaches, at its trigger; then takers of profit; then makers whose price it goes through by
    a tick; trailing stops follow the extreme last, and meet the close. Between bars orders wait for the next open."""

    def __cinit__(self):
        self.start, self.length = -1, INT64_MAX

    cdef int hear_data(self, const Event* event) except -1:
        if event.kind == BAR_OPEN_EVENT:
            return self.open_bar(&event.row.bar, event.feed)
        if event.kind == BAR_EVENT:
            return self.close_bar(&event.row.bar, event.feed, event.time)
        return 0

    cdef int open_bar(self, const BarRow* bar, int64_t feed) except -1:
        if self.start >= 0 and feed != self.feed:
            return 0
        self.feed, self.start, self.taken = feed, bar.start, 0
        self.open_price = self.price_now = self.last_price = bar.open
        self.hear_price(BY_LAST, <double>bar.open, <double>bar.open)
        self.go_through(BUY, bar.open)
        self.go_through(SELL, bar.open)
        if not self.terms.asks_before_waiting:
            while self.next_waiting():
                self.place_waiting(self.next_waiting(), NO_REASON)
        return 0

    cdef int close_bar(self, const BarRow* bar, int64_t feed, int64_t end) except -1:
        cdef int64_t opened = self.open_price, price_now = self.price_now
        if feed != self.feed:
            if self.start < 0 or (end - bar.start >= self.length and bar.start <= self.start):
                return 0  # of two feeds the finer decides, but for a bar in which none of its own began
            self.feed = feed
        elif self.start < 0:
            return 0  # bars whose opens nobody told
        self.length = end - bar.start
        self.volume, self.high, self.low = bar.volume, bar.high, bar.low
        self.heard_volume = self.heard_volume or bar.volume > 0
        if self.open_price == 0 and bar.start >= self.start:
            self.taken = 0
        self.within, self.open_price = True, bar.close  # the market is open while a bar is told
        if self.working.triggers.count:
            self.fire(BY_LAST, <double>bar.low, <double>bar.high, STOPS)
            self.fire(BY_LAST, <double>bar.high, <double>bar.low, PROFITS)
        self.go_through(BUY, bar.low)
        self.go_through(SELL, bar.high)
        self.within, self.price_now = False, price_now
        if bar.start >= self.start:
            self.last_price = self.price_now = bar.close
            if self.working.triggers.count:
                self.follow(BY_LAST, <double>bar.high, <double>bar.low)
                self.hear_price(BY_LAST, <double>bar.close, <double>bar.close)
        self.open_price = 0 if bar.start >= self.start else opened
        return 0

    cdef int triggered(self, const SimulatedOrder* order) except -1:
        if self.within:
            self.price_now = order.trigger
        return 0

    cdef int go_through(self, int64_t side, int64_t price) except -1:
        """Makers of a side fill at their price when this one is beyond it by a tick; a touch is the queue model's."""
        cdef int64_t beyond = 0 if self.terms.queue == QUEUE_NONE else self.terms.price_step, amount
        cdef Py_ssize_t place, slot, count
        if self.working.best_key(side) < side * price + beyond:
            return 0
        count = self.list_reached(side, side * price + beyond)
        for place in range(count):
            slot = self.working.find(self.working.hits[place])
            if slot == NO_SLOT:
                continue
            amount = min(left_of(&self.working.pool[slot].order), self.share_left())
            if amount > 0:
                self.taken += self.fill_maker(slot, amount)
        return 0

    cdef int64_t share_left(self) noexcept:
        """How much we may still trade of this bar; while it runs, by the volume of the one before."""
        cdef int64_t share
        if self.terms.volume_share < 0 or not self.heard_volume:
            return INT64_MAX
        share = <int64_t>(self.terms.volume_share * <double>self.volume)
        return max(0, share // self.terms.size_step * self.terms.size_step - self.taken)

    cdef int64_t cost(self, int64_t size) noexcept:
        """Half the spread and impact × range × sqrt(size / volume) of the last bar, in whole ticks, up."""
        cdef double worse = <double>self.price_now * self.terms.half_spread
        if self.volume > 0:
            worse += self.terms.impact * <double>(self.high - self.low) * sqrt(<double>size / <double>self.volume)
        worse = fmin(worse, BEYOND_ALL)
        return self.terms.price_step * <int64_t>ceil(worse / <double>self.terms.price_step)

    cdef bint has_market(self) noexcept:
        return self.last_price > 0

    cdef bint opens_later(self) noexcept:
        return self.open_price == 0

    cdef int preview(self, int64_t side, int64_t size, int64_t limit) except -1:
        """Between bars an order is judged by the last price, and again at the open."""
        cdef int64_t amount = min(size, self.share_left()), price
        self.offers_count = 0
        if amount <= 0 or self.last_price == 0:
            return 0
        price = self.price_now + side * self.cost(amount)
        if price > 0 and (limit == 0 or side * price < side * limit):
            self.offer(price, amount)
        return 0

    cdef int took(self, int64_t side, int64_t price, int64_t size) except -1:
        self.taken += size
        return 0

    cdef int64_t queue_ahead(self, int64_t side, int64_t price) except? -2:
        return 0 if self.terms.queue == QUEUE_NONE else NOT_SHOWN

    cdef int scale_prices(self, int64_t factor) except -1:
        RecordedMarket.scale_prices(self, factor)
        self.open_price = self.scaled(self.open_price, factor)
        self.price_now = self.scaled(self.price_now, factor)
        self.high, self.low = self.scaled(self.high, factor), self.scaled(self.low, factor)
        return 0

    def state(self):
        """All that must not be forgotten, as nested lists of whole numbers."""
        bar = [self.start, self.open_price, self.price_now, self.feed, self.length, self.volume, self.high, self.low]
        return [self.state_of_record(), bar, self.heard_volume, self.taken]

    def restore(self, state):
        """Takes back what state() gave."""
        record, bar, self.heard_volume, self.taken = state
        self.restore_record(record)
        self.start, self.open_price, self.price_now, self.feed, self.length, self.volume, self.high, self.low = bar
