"""One instrument at the simulated exchange: our orders beside recorded data. What every kind of data shares."""
from cpython.mem cimport PyMem_Free
from libc.stdint cimport INT64_MAX, int64_t

from letrade.hotpath.constants cimport FOK, GTC, GTD, IOC
from letrade.hotpath.simulation.events cimport INDEX_EVENT, MARK_EVENT, Event
from letrade.hotpath.simulation.orders cimport (
    BAD_TERMS, BY_INDEX, BY_MARK, LIMIT_ORDER, MARKET_ORDER, NO_MARKET, NO_MORE_SIZE, NO_REASON, NOT_KNOWN,
    NOTHING_TO_REDUCE, OTHER_OF_GROUP, OWN_ORDER, SAID_AMENDED, SAID_ENDED, SAID_REFUSED, SAID_RESTS, SAID_TRADED,
    STOP_LIMIT, STOP_MARKET, TAKE_PROFIT_LIMIT, TAKE_PROFIT_MARKET, TIME_OVER, TRAILING_STOP, WAS_CANCELLED,
    WAS_FILLED, WOULD_TAKE, Said, SimulatedOrder,
)
from letrade.hotpath.simulation.working cimport (
    AWAITS_MARKET, AWAITS_TRIGGER, NO_SLOT, RESTS_IN_BOOK, Holding, Listed, Working, WorkingOrders, left_of,
    more_room,
)

cdef enum:
    UNITS_MAX = 100_000_000_000_000_000  # so that sums of many stay within 64 bits


cdef bint is_conditional(int64_t kind) noexcept:
    return STOP_MARKET <= kind <= TRAILING_STOP


cdef bint has_limit(int64_t kind) noexcept:
    return kind == LIMIT_ORDER or kind == STOP_LIMIT or kind == TAKE_PROFIT_LIMIT


cdef class Market:
    """Hears the tape as the exchange did it, takes orders, and says what became of them, in order."""

    def __cinit__(self):
        self.working = WorkingOrders()
        self.first_expiry = INT64_MAX

    def __dealloc__(self):
        PyMem_Free(self.said)
        PyMem_Free(self.offers)

    cdef int hear(self, const Event* event) except -1:
        self.time = event.venue_time if self.terms.by_venue_time else event.time
        if event.kind == MARK_EVENT:
            self.hear_value(BY_MARK, event.row.value)
        elif event.kind == INDEX_EVENT:
            self.hear_value(BY_INDEX, event.row.value)
        else:
            self.hear_data(event)
        return self.settle() if self.positions_moved else 0

    cdef int submit(self, const SimulatedOrder* order, int64_t time) except -1:
        cdef int64_t reason
        cdef Py_ssize_t slot
        self.time = time
        reason = self.form(order)
        if reason == NO_REASON and not is_conditional(order.kind):
            if not self.has_market():
                reason = NO_MARKET
            elif order.reduce_only and self.terms.contract and self.working.reducible(order) <= 0:
                reason = NOTHING_TO_REDUCE
            elif order.post_only and not self.opens_later():
                self.preview(order.side, 1, order.price)
                if self.offers_count or self.own_price(order):
                    reason = WOULD_TAKE
        if reason != NO_REASON:
            return self.say(SAID_REFUSED, order, reason)
        slot = self.admit(order)
        if is_conditional(order.kind):
            self.park(slot)
        else:
            self.enter(slot)
        return self.settle()

    cdef int64_t form(self, const SimulatedOrder* order) noexcept:
        """BAD_TERMS for what no exchange can take; sizes and prices stay far from 64 bits, so that sums do too."""
        cdef bint limited = has_limit(order.kind), immediate = order.time_in_force in (IOC, FOK)
        if order.number <= 0 or self.working.find(order.number) != NO_SLOT or order.side not in (1, -1):
            return BAD_TERMS
        if not 0 <= order.filled < order.size <= UNITS_MAX or not 0 <= order.kind <= TRAILING_STOP:
            return BAD_TERMS
        if not limited and order.price or limited and not 0 < order.price <= UNITS_MAX:
            return BAD_TERMS
        if not GTC <= order.time_in_force <= GTD or order.shown < 0 or not 0 <= order.trigger <= UNITS_MAX:
            return BAD_TERMS
        if order.post_only and (immediate or order.kind != LIMIT_ORDER):
            return BAD_TERMS
        if order.kind == TRAILING_STOP and not 0 < order.trail <= UNITS_MAX:
            return BAD_TERMS
        if is_conditional(order.kind) and order.kind != TRAILING_STOP and order.trigger == 0:
            return BAD_TERMS
        return TIME_OVER if order.time_in_force == GTD and order.expires <= self.time else NO_REASON

    cdef Py_ssize_t admit(self, const SimulatedOrder* order) except -1:
        if order.time_in_force == GTD:
            self.first_expiry = min(self.first_expiry, order.expires)
        return self.working.add(order)

    cdef int enter(self, Py_ssize_t slot) except -1:
        """Trades what it can at once; rests or ends what is left. The order is in no list."""
        cdef SimulatedOrder* order = &self.working.pool[slot].order
        cdef int64_t limit = order.price, own, place, size, reason = NO_REASON, total = 0
        if order.reduce_only and self.terms.contract:
            size = self.working.reducible(order)
            if size < left_of(order):
                self.shrink(slot, size, NOTHING_TO_REDUCE)
                if size <= 0:
                    return 0
        if self.opens_later():
            self.working.enlist(slot, AWAITS_MARKET)
            return self.say(SAID_RESTS, order, NO_REASON)
        own = self.own_price(order)
        if own:
            limit = own - order.side
        self.offers_count = 0
        if limit or (order.price == 0 and own == 0):
            self.preview(order.side, 1 if order.post_only else left_of(order), limit)  # 1: whether it would take
        for place in range(self.offers_count):
            total += self.offers[place].size
        if order.post_only and (total or own):
            return self.end(slot, WOULD_TAKE)
        if order.time_in_force == FOK and total < left_of(order):
            return self.end(slot, OWN_ORDER if own else NO_MORE_SIZE)
        for place in range(self.offers_count):
            self.took(order.side, self.offers[place].price, self.offers[place].size)
            self.traded(slot, self.offers[place].price, self.offers[place].size, False)
        if left_of(order) == 0:
            reason = WAS_FILLED
        elif own:
            reason = OWN_ORDER
        elif order.price == 0 or order.time_in_force in (IOC, FOK):
            reason = NO_MORE_SIZE if self.has_market() else NO_MARKET
        return self.end(slot, reason) if reason != NO_REASON else self.rest(slot)

    cdef int64_t own_price(self, const SimulatedOrder* order) noexcept:
        """The best price at which an order of its owner rests against it, if it reaches that; else 0."""
        cdef Listed* listed = self.working.side(-order.side)
        cdef const SimulatedOrder* other
        cdef Py_ssize_t place
        for place in range(listed.count - 1, -1, -1):
            other = &self.working.pool[listed.slots[place]].order
            if order.price and order.side * other.price > order.side * order.price:
                return 0
            if other.owner == order.owner:
                return other.price
        return 0

    cdef int rest(self, Py_ssize_t slot) except -1:
        cdef Working* working = &self.working.pool[slot]
        self.arrivals += 1
        working.arrival = self.arrivals
        working.traded = 0
        working.visible = left_of(&working.order)
        if working.order.shown:
            working.visible = min(working.visible, working.order.shown)
        working.ahead = self.queue_ahead(working.order.side, working.order.price)
        self.working.enlist(slot, RESTS_IN_BOOK)
        return self.say(SAID_RESTS, &working.order, NO_REASON)

    cdef int traded(self, Py_ssize_t slot, int64_t price, int64_t size, bint maker) except -1:
        """A part of an order traded; the caller says whether it rests on or has ended."""
        cdef SimulatedOrder* order = &self.working.pool[slot].order
        cdef Holding* holding
        order.filled += size
        self.say(SAID_TRADED, order, NO_REASON)
        self.said[self.said_count - 1].price = price
        self.said[self.said_count - 1].size = size
        self.said[self.said_count - 1].maker = maker
        if self.terms.contract:
            holding = self.working.holding(order.owner)
            if holding.position * order.side < 0 and holding.position * order.side + size >= 0:
                holding.closed = order.side
            holding.position += order.side * size
            self.positions_moved = True
        if order.group:
            self.shrink_group(order.number, order.group, size)
        return 0

    cdef int end(self, Py_ssize_t slot, int64_t reason) except -1:
        cdef SimulatedOrder* order = &self.working.pool[slot].order
        self.say(SAID_ENDED, order, reason)
        self.working.remove(slot)
        return 0

    cdef int shrink(self, Py_ssize_t slot, int64_t left, int64_t reason) except -1:
        """Leaves so much of an order and keeps its place; nothing ends it for this reason."""
        cdef Working* working = &self.working.pool[slot]
        if left <= 0:
            return self.end(slot, reason)
        working.order.size = working.order.filled + left
        working.visible = min(working.visible, left)
        return self.say(SAID_AMENDED, &working.order, reason)

    cdef int shrink_group(self, int64_t number, int64_t group, int64_t size) except -1:
        """One cancels the other, as far as it traded: what is left of both is what is still to be done."""
        cdef Py_ssize_t slot = self.working.next_of_group(group, 0)
        cdef SimulatedOrder* order
        cdef int64_t last
        while slot != NO_SLOT:
            order = &self.working.pool[slot].order
            last = order.number
            if last != number:
                self.shrink(slot, left_of(order) - size, OTHER_OF_GROUP)
            slot = self.working.next_of_group(group, last)
        return 0

    cdef int cancel(self, int64_t number, int64_t time) except -1:
        return self.drop(number, WAS_CANCELLED, time)

    cdef int drop(self, int64_t number, int64_t reason, int64_t time) except -1:
        cdef Py_ssize_t slot = self.working.find(number)
        cdef SimulatedOrder unknown
        self.time = time
        if slot != NO_SLOT:
            return self.end(slot, reason)
        unknown.number, unknown.size, unknown.filled = number, 0, 0
        return self.say(SAID_REFUSED, &unknown, NOT_KNOWN)

    cdef int amend(self, int64_t number, int64_t price, int64_t size, int64_t time) except -1:
        """At the same price with no more size an order keeps its place; else it comes anew, and may trade at once."""
        cdef Py_ssize_t slot = self.working.find(number)
        cdef Working* working
        cdef SimulatedOrder wanted
        self.time = time
        if slot == NO_SLOT:
            wanted.number, wanted.size, wanted.filled = number, 0, 0
            return self.say(SAID_REFUSED, &wanted, NOT_KNOWN)
        working = &self.working.pool[slot]
        wanted = working.order
        wanted.size = size
        if has_limit(wanted.kind):
            wanted.price = price
        elif wanted.kind != TRAILING_STOP:
            wanted.trigger = price
        if size <= wanted.filled or size > UNITS_MAX or not 0 < price <= UNITS_MAX or wanted.kind == MARKET_ORDER:
            return self.say(SAID_REFUSED, &working.order, BAD_TERMS)
        if wanted.post_only and working.place == RESTS_IN_BOOK:
            self.preview(wanted.side, 1, price)
            if self.offers_count or self.own_price(&wanted):
                return self.say(SAID_REFUSED, &working.order, WOULD_TAKE)
        self.change(slot, &wanted)
        return self.settle()

    cdef int change(self, Py_ssize_t slot, const SimulatedOrder* wanted) except -1:
        cdef Working* working = &self.working.pool[slot]
        cdef int64_t place = working.place
        cdef bint keeps = wanted.price == working.order.price and wanted.size <= working.order.size
        if place == RESTS_IN_BOOK and not keeps:
            self.working.unlist(slot)
        working.order = wanted[0]
        working.visible = min(working.visible, left_of(wanted))
        self.say(SAID_AMENDED, &working.order, NO_REASON)
        if place == AWAITS_TRIGGER:
            self.working.unlist(slot)
            return self.park(slot)
        return 0 if keeps or place != RESTS_IN_BOOK else self.enter(slot)

    cdef int expire(self, int64_t time) except -1:
        cdef Py_ssize_t due
        self.time = time
        while self.first_expiry <= time:
            due = self.working.next_due()
            self.first_expiry = self.working.pool[due].order.expires if due != NO_SLOT else INT64_MAX
            if self.first_expiry <= time:
                self.end(due, TIME_OVER)
        return 0

    cdef int64_t next_expiry(self) noexcept:
        return self.first_expiry

    cdef int64_t left(self, int64_t number) noexcept:
        cdef Py_ssize_t slot = self.working.find(number)
        return left_of(&self.working.pool[slot].order) if slot != NO_SLOT else 0

    cdef int64_t last(self) noexcept:
        return self.last_price

    cdef int64_t next_waiting(self) noexcept:
        cdef Listed* waiting = &self.working.waiting
        if waiting.count == 0 or self.opens_later():
            return 0
        return self.working.pool[waiting.slots[0]].order.number

    cdef int place_waiting(self, int64_t number, int64_t reason) except -1:
        cdef Py_ssize_t slot = self.working.find(number)
        if slot == NO_SLOT or self.working.pool[slot].place != AWAITS_MARKET:
            raise ValueError(f"order {number} does not wait for the market to open")
        self.working.unlist(slot)
        if reason != NO_REASON:
            return self.end(slot, reason)
        self.enter(slot)
        return self.settle()

    cdef int hold(self, int64_t owner, int64_t position) except -1:
        self.working.holding(owner).position = position
        self.positions_moved = True
        return self.settle()

    cdef int settle(self) except -1:
        """Once all has traded: reduce-only orders fit the positions again."""
        if self.positions_moved:
            self.positions_moved = False
            if self.working.reducing:
                self.fit_reducing()
            self.working.forget_closed()
        return 0

    cdef int fit_reducing(self) except -1:
        """The newest shrink first; one that awaits its trigger ends when the position that it would close is gone."""
        cdef Py_ssize_t slot, place, count = self.working.list_reducing()
        cdef Working* working
        cdef int64_t most
        for place in range(count):
            slot = self.working.find(self.working.hits[place])
            if slot == NO_SLOT:
                continue
            working = &self.working.pool[slot]
            if working.place == AWAITS_TRIGGER:
                if self.working.holding(working.order.owner).closed == working.order.side:
                    self.end(slot, NOTHING_TO_REDUCE)
                continue
            most = self.working.reducible(&working.order)
            if most < left_of(&working.order):
                self.shrink(slot, most, NOTHING_TO_REDUCE)
        return 0

    cdef int say(self, int64_t kind, const SimulatedOrder* order, int64_t reason) except -1:
        cdef Said* said
        if self.said_count == self.said_room:
            self.said = <Said*>more_room(self.said, &self.said_room, sizeof(Said))
        said = &self.said[self.said_count]
        said.kind, said.order, said.time, said.reason = kind, order.number, self.time, reason
        said.price, said.size, said.maker = 0, left_of(order), 0
        self.said_count += 1
        return 0

    cdef int offer(self, int64_t price, int64_t size) except -1:
        if self.offers_count == self.offers_room:
            self.offers = <Offer*>more_room(self.offers, &self.offers_room, sizeof(Offer))
        self.offers[self.offers_count].price, self.offers[self.offers_count].size = price, size
        self.offers_count += 1
        return 0

    cdef int64_t scaled(self, int64_t price, int64_t factor) except? -1:
        if abs(price) > UNITS_MAX // factor:
            raise OverflowError(f"a price of {price} units cannot be told {factor} times finer")
        return price * factor

    cdef int scale_prices(self, int64_t factor) except -1:
        cdef Py_ssize_t slot
        cdef SimulatedOrder* order
        for slot in range(self.working.room):
            order = &self.working.pool[slot].order
            if order.number:
                order.price, order.trigger = self.scaled(order.price, factor), self.scaled(order.trigger, factor)
                order.trail = self.scaled(order.trail, factor)
        self.working.note_sides()
        self.last_price = self.scaled(self.last_price, factor)
        self.terms.price_step = self.scaled(self.terms.price_step, factor)
        self.terms.price_scale *= <double>factor
        return 0

    cdef list state_of_orders(self):
        """All that every market must not forget, as plain numbers."""
        return [self.working.state(), self.arrivals, self.first_expiry, self.last_price, self.time]

    cdef int restore_orders(self, list state) except -1:
        rows, self.arrivals, self.first_expiry, self.last_price, self.time = state
        self.working = WorkingOrders()
        self.working.restore(rows)
        return 0

    # What follows is what the kinds of markets fill in.

    cdef int hear_data(self, const Event* event) except -1:
        raise NotImplementedError("a market is one of quotes, levels, orders, trades or bars")

    cdef int hear_value(self, int64_t source, double value) except -1:
        return 0

    cdef bint has_market(self) noexcept:
        return False

    cdef int64_t best(self, int64_t side) noexcept:
        return 0

    cdef int preview(self, int64_t side, int64_t size, int64_t limit) except -1:
        self.offers_count = 0
        return 0

    cdef int took(self, int64_t side, int64_t price, int64_t size) except -1:
        return 0

    cdef int64_t queue_ahead(self, int64_t side, int64_t price) except? -2:
        return 0

    cdef bint opens_later(self) noexcept:
        return False

    cdef int park(self, Py_ssize_t slot) except -1:
        return self.end(slot, BAD_TERMS)
