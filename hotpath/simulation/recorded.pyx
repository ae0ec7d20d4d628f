"""Orders beside recorded data: trades fill makers by queue position, prices trigger what waits for them."""
from libc.math cimport ceil, fabs, floor, pow, rint
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.market cimport (
    QUEUE_LAST, QUEUE_NONE, QUEUE_PESSIMISTIC, QUEUE_PROBABILISTIC, Market,
)
from letrade.hotpath.simulation.orders cimport (
    BY_LAST, LIMIT_ORDER, MARKET_ORDER, NO_REASON, SAID_RESTS, SAID_TRIGGERED, STOP_LIMIT, TAKE_PROFIT_LIMIT,
    TAKE_PROFIT_MARKET, TRAILING_STOP, WAS_FILLED, SimulatedOrder,
)
from letrade.hotpath.simulation.working cimport (
    AWAITS_TRIGGER, NO_SLOT, NOT_SHOWN, RESTS_IN_BOOK, Listed, Working, left_of,
)

cdef double NOWHERE = float("inf")
cdef double GRID_ERROR = 1e-6  # a price this near to a whole tick, in ticks, means that tick


cdef bint takes_profit(int64_t kind) noexcept:
    return kind == TAKE_PROFIT_MARKET or kind == TAKE_PROFIT_LIMIT


cdef bint fires_upwards(const SimulatedOrder* order) noexcept:
    return (order.side > 0) != takes_profit(order.kind)


cdef class RecordedMarket(Market):
    """A trade through a maker's price fills it, at its price by its place in the queue; what is shown moves nothing."""

    def __cinit__(self):
        for source in range(3):
            self.up[source], self.down[source], self.values[source] = NOWHERE, -NOWHERE, 0.0

    # ---- conditional orders

    cdef int park(self, Py_ssize_t slot) except -1:
        """An order that awaits its trigger. One that is reached already fires at once."""
        cdef SimulatedOrder* order = &self.working.pool[slot].order
        cdef double for_sells = 0, for_buys = 0
        self.working.enlist(slot, AWAITS_TRIGGER)
        self.following += order.kind == TRAILING_STOP
        self.say(SAID_RESTS, order, NO_REASON)
        self.reference(order.trigger_source, &for_sells, &for_buys)
        self.watch(order)
        if for_sells > 0 and for_buys > 0:
            self.hear_price(order.trigger_source, for_sells, for_buys)
        return 0

    cdef int reference(self, int64_t source, double* for_sells, double* for_buys) except -1:
        if source == BY_LAST and self.last_price:
            for_sells[0] = for_buys[0] = <double>self.last_price
        elif source != BY_LAST:
            for_sells[0] = for_buys[0] = self.units_of(self.values[source])
        return 0

    cdef bint knows(self, int64_t source) noexcept:
        return source == BY_LAST or self.values[source] > 0.0

    cdef double units_of(self, double value) noexcept:
        """Of a price that is on no grid; one that is meant to be a whole tick is it, however fine the units are."""
        cdef double step = <double>self.terms.price_step, ticks = value * self.terms.price_scale / step
        return rint(ticks) * step if fabs(ticks - rint(ticks)) < GRID_ERROR else value * self.terms.price_scale

    cdef int watch(self, const SimulatedOrder* order) except -1:
        if order.trigger > 0 and fires_upwards(order):
            self.up[order.trigger_source] = min(self.up[order.trigger_source], <double>order.trigger)
        elif order.trigger > 0:
            self.down[order.trigger_source] = max(self.down[order.trigger_source], <double>order.trigger)
        return 0

    cdef int hear_value(self, int64_t source, double value) except -1:
        cdef double units = self.units_of(value)
        self.values[source] = value
        return self.hear_price(source, units, units)

    cdef int hear_price(self, int64_t source, double for_sells, double for_buys) except -1:
        cdef double high = max(for_sells, for_buys), low = min(for_sells, for_buys)
        if self.working.triggers.count == 0:
            return 0
        if high >= self.up[source] or low <= self.down[source]:
            self.fire(source, for_sells, for_buys, ALL_KINDS)
        return self.follow(source, for_sells, for_buys) if self.following else 0

    cdef int fire(self, int64_t source, double for_sells, double for_buys, int64_t which) except -1:
        """Stops go first, then what takes a profit, each the oldest first: one may have cancelled the other."""
        cdef Py_ssize_t place, count = 0, slot
        cdef Working* working
        cdef SimulatedOrder* order
        cdef double price
        self.up[source], self.down[source] = NOWHERE, -NOWHERE
        for kind in (STOPS, PROFITS):
            for place in range(self.working.triggers.count):
                order = &self.working.pool[self.working.triggers.slots[place]].order
                if order.trigger_source != source or takes_profit(order.kind) != (kind == PROFITS):
                    continue
                price = for_buys if order.side > 0 else for_sells
                if which not in (ALL_KINDS, kind) or order.trigger <= 0 or not (
                    price >= order.trigger if fires_upwards(order) else price <= order.trigger
                ):
                    self.watch(order)
                    continue
                self.working.note_hit(count, order.number)
                count += 1
        for place in range(count):
            slot = self.working.find(self.working.hits[place])
            if slot == NO_SLOT:
                continue
            working = &self.working.pool[slot]
            self.working.unlist(slot)
            self.following -= working.order.kind == TRAILING_STOP
            self.say(SAID_TRIGGERED, &working.order, NO_REASON)
            self.triggered(&working.order)
            limited = working.order.kind in (STOP_LIMIT, TAKE_PROFIT_LIMIT)
            working.order.kind = LIMIT_ORDER if limited else MARKET_ORDER
            self.enter(slot)
        return 0

    cdef int triggered(self, const SimulatedOrder* order) except -1:
        return 0

    cdef int follow(self, int64_t source, double for_sells, double for_buys) except -1:
        """Trailing stops keep their distance from the best price so far; mark and index prices are cut to the tick."""
        cdef int64_t step = 1 if source == BY_LAST else self.terms.price_step
        cdef Py_ssize_t place
        cdef SimulatedOrder* order
        cdef int64_t trigger
        for place in range(self.working.triggers.count):
            order = &self.working.pool[self.working.triggers.slots[place]].order
            if order.kind != TRAILING_STOP or order.trigger_source != source:
                continue
            if order.side > 0:
                trigger = <int64_t>ceil(for_buys / step) * step + order.trail
                order.trigger = trigger if order.trigger == 0 else min(order.trigger, trigger)
            else:
                trigger = <int64_t>floor(for_sells / step) * step - order.trail
                order.trigger = max(order.trigger, trigger)
            self.watch(order)
        return 0

    # ---- makers

    cdef Py_ssize_t list_reached(self, int64_t side, int64_t key) except -1:
        """The numbers of a side's orders at the key or better, best first, into hits."""
        cdef Listed* listed = self.working.side(side)
        cdef Py_ssize_t place = listed.count - 1, count = 0
        cdef SimulatedOrder* order
        while place >= 0:
            order = &self.working.pool[listed.slots[place]].order
            if side * order.price < key:
                break
            self.working.note_hit(count, order.number)
            count += 1
            place -= 1
        return count

    cdef int meet_trade(self, int64_t price, int64_t size, int64_t taker) except -1:
        """No more trades than the trade's size; the best priced first, then by place in the queue."""
        cdef int64_t side, key, amount, left = size, taken
        cdef Py_ssize_t place, count, slot
        cdef SimulatedOrder* order
        self.heard_trade = True
        self.last_price = price
        for side in range(1, -2, -2):
            key = side * price
            if self.working.best_key(side) < key:
                continue
            count, taken = self.list_reached(side, key), 0
            for place in range(count):
                slot = self.working.find(self.working.hits[place])
                if slot == NO_SLOT:
                    continue
                order = &self.working.pool[slot].order
                if order.price != price:
                    amount = left_of(order)
                elif taker == side:
                    continue
                else:
                    amount = self.share_at_price(slot, size, taken)
                amount = min(amount, left)
                if amount > 0:
                    amount = self.fill_maker(slot, amount)
                    left -= amount
                    taken += amount
        return 0

    cdef int64_t share_at_price(self, Py_ssize_t slot, int64_t size, int64_t taken) noexcept:
        """What of a trade at its own price an order gets: what is left of it behind those in front."""
        cdef Working* working = &self.working.pool[slot]
        cdef int64_t share = size - taken, left = left_of(&working.order)
        if self.terms.queue == QUEUE_LAST or (self.terms.queue != QUEUE_NONE and working.ahead == NOT_SHOWN):
            return 0
        if self.terms.queue != QUEUE_NONE:
            share -= working.ahead
            working.ahead = max(0, working.ahead - size)
            working.traded += size
        return min(share, working.visible if working.order.shown else left)

    cdef int64_t fill_maker(self, Py_ssize_t slot, int64_t size) except -1:
        """How much traded. What an iceberg shows next goes to the end of its price's queue."""
        cdef Working* working = &self.working.pool[slot]
        cdef int64_t most
        if working.order.reduce_only and self.terms.contract:  # an order before it may have closed the position
            most = max(-working.order.side * self.working.holding(working.order.owner).position, 0)
            size = min(size, most)
            if size == 0:
                return 0
        self.traded(slot, working.order.price, size, True)
        working.visible -= size
        if left_of(&working.order) == 0:
            self.end(slot, WAS_FILLED)
            return size
        if working.visible <= 0:
            working.visible = left_of(&working.order)
            if working.order.shown:
                working.visible = min(working.visible, working.order.shown)
            working.ahead = self.queue_ahead(working.order.side, working.order.price)
            working.traded = 0
            self.working.unlist(slot)
            self.working.enlist(slot, RESTS_IN_BOOK)
        self.say(SAID_RESTS, &working.order, NO_REASON)
        return size

    cdef int64_t meet_offer(self, int64_t side, int64_t price, int64_t size) except -1:
        """The other side shows `size` at a price that orders of `side` reach: they trade at theirs. How much did."""
        cdef Py_ssize_t place, slot, count
        cdef int64_t left = size, amount
        if self.working.best_key(side) < side * price:
            return 0
        count = self.list_reached(side, side * price)
        for place in range(count):
            slot = self.working.find(self.working.hits[place])
            if slot != NO_SLOT and left > 0:
                amount = min(left, left_of(&self.working.pool[slot].order))
                left -= self.fill_maker(slot, amount)
        return size - left

    cdef int level_changed(self, int64_t side, int64_t price, int64_t before, int64_t after) except -1:
        """What leaves a level without a trade left from before or from behind our orders, by the queue model.

        The share from behind is back**n / (back**n + front**n), the power model of hftbacktest.
        """
        cdef Listed* listed = self.working.side(side)
        cdef Py_ssize_t place
        cdef Working* working
        cdef double front, back, gone, behind
        if self.terms.queue not in (QUEUE_PESSIMISTIC, QUEUE_PROBABILISTIC):
            return 0
        for place in range(self.working.lower(listed, side * price), listed.count):
            working = &self.working.pool[listed.slots[place]]
            if working.order.price != price:
                break
            if working.ahead == NOT_SHOWN:
                working.ahead = after if after else NOT_SHOWN
            elif self.terms.queue == QUEUE_PROBABILISTIC and before - after > working.traded and working.ahead:
                gone, front = <double>(before - after - working.traded), <double>working.ahead
                back = max(0.0, <double>before - front)
                behind = pow(back, self.terms.queue_power)
                behind /= behind + pow(front, self.terms.queue_power)
                front += min(0.0, back - behind * gone) - (1.0 - behind) * gone
                working.ahead = min(after, <int64_t>ceil(max(0.0, front)))
            else:
                working.ahead = min(working.ahead, after)
            working.traded = 0
        return 0

    cdef list state_of_record(self):
        return [self.state_of_orders(), self.heard_trade, self.values[1], self.values[2]]

    cdef int restore_record(self, list state) except -1:
        """Trigger prices are watched anew."""
        orders, self.heard_trade, self.values[1], self.values[2] = state
        self.restore_orders(orders)
        return self.watch_all()

    cdef int scale_prices(self, int64_t factor) except -1:
        Market.scale_prices(self, factor)
        return self.watch_all()

    cdef int watch_all(self) except -1:
        cdef Py_ssize_t place
        cdef SimulatedOrder* order
        self.following = 0
        for source in range(3):
            self.up[source], self.down[source] = NOWHERE, -NOWHERE
        for place in range(self.working.triggers.count):
            order = &self.working.pool[self.working.triggers.slots[place]].order
            self.following += order.kind == TRAILING_STOP
            self.watch(order)
        return 0
