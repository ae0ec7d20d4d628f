"""Capital in the compiled desk: what strategies want becomes orders, amends and cancels."""
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from letrade.hotpath.simulation.desk_orders cimport (
    AMEND_OF_IT_WAS_REFUSED, AMEND_WAS_REFUSED, ANOTHER_POSITION, BY_SIGNAL, CAPITAL_RULE, HELD_BACK, NO_PRICE_RULE,
    ORDER_EXPIRED, ORDER_FILLED, ORDER_OPEN, ORDER_PARTLY_FILLED, ORDER_WAS_REFUSED, WAS_AMENDED, remaining
)
from letrade.hotpath.simulation.desk_terms cimport Instrument, Terms
from letrade.hotpath.simulation.desk_told cimport TOLD_FILL, TOLD_REFUSED, TOLD_UPDATE
from letrade.hotpath.simulation.positions cimport magnitude

from letrade.hotpath.simulation.doubt import Doubtful

cdef enum:
    CAPITAL_STAGE = 4

cdef double DOUBT = 1e-9


cdef int64_t whole_lots(int64_t amount, int64_t lot) noexcept:
    """Towards zero."""
    return amount // lot * lot if amount >= 0 else -(-amount // lot * lot)


cdef class Capital(Protections):
    def __cinit__(self, Terms terms not None, *arguments):
        self.desires_count = terms.strategies_count * terms.instruments_count
        self.desires = <Desire*>calloc(self.desires_count + 1, sizeof(Desire))
        if self.desires == NULL:
            raise MemoryError("no memory for what strategies want")
        self.signals = <int64_t*>terms.room(terms.strategies_count, sizeof(int64_t))

    def __dealloc__(self):
        cdef int64_t key
        if self.desires != NULL:
            for key in range(self.desires_count):  # the terms may be gone by now
                free(self.desires[key].quotes)
            free(self.desires)
        free(self.fresh)
        free(self.changes)

    cdef Desire* desire(self, int64_t strategy, int64_t instrument, int64_t signal, int64_t time) except? NULL:
        """A new signal replaces the last one, also when it will be refused; NULL for a repeat."""
        cdef Desire* one = &self.desires[strategy * self.terms.instruments_count + instrument]
        if signal <= self.signals[strategy]:
            self.refuse_borrowed(strategy * self.terms.instruments_count + instrument, signal, time)
            return NULL
        self.signals[strategy] = one.signal = signal
        one.legs = one.waiting = one.wanted = one.price = one.limit = one.post_only = one.quoting = 0
        one.quotes_count = 0
        return one

    cdef int refuse(self, int64_t key, int64_t rule, int64_t time, int64_t order) except -1:
        """Of the newest leg; or of the amend of an order."""
        cdef Desire* one = &self.desires[key]
        cdef int64_t count = self.terms.instruments_count, signal = one.signal, leg = one.legs
        one.waiting = 0
        if order:
            signal, leg = self.record(order).signal, self.record(order).leg
        self.shares[key].refused += 1
        return self.tell_refusal(
            CAPITAL_STAGE, time, key // count, key % count, signal, leg, order, rule,
            AMEND_OF_IT_WAS_REFUSED if order else ORDER_WAS_REFUSED,
        )

    cdef int pursue(self, int64_t key, int64_t time) except -1:
        """The orders, amends and cancels that follow from wanted − (held + working)."""
        cdef Desire* one = &self.desires[key]
        cdef int64_t lot = self.terms.instruments[key % self.terms.instruments_count].lot_units
        cdef int64_t need = whole_lots(one.wanted - self.keys[key].share, lot)
        one.waiting = 0
        self.fresh_count = self.changes_count = 0
        if self.keys[key].first:
            self.follow(key, 1 if need > 0 else -1, need, time)
        elif need:
            self.split(key, 1 if need > 0 else -1, magnitude(need), 0, time)
        return self.send(key, time)

    cdef int follow(self, int64_t key, int64_t side, int64_t need, int64_t time) except -1:
        """While orders are on their way."""
        cdef Desire* one = &self.desires[key]
        cdef int64_t number, same = 0, same_count = 0, dying = 0, cancels = 0, room, on_the_way = 0, matching = 0
        cdef int64_t price = one.price if one.limit else 0
        cdef OrderRecord* order
        cdef bint ending = False
        number = self.keys[key].first
        while number:
            order = self.record(number)
            number = order.capital.next
            if order.cancelling:
                ending = True
                dying += remaining(&order.capital) if order.side == side else 0
            elif need and order.side == side:
                same, same_count = order.number, same_count + 1
                on_the_way += remaining(&order.capital)
                matching += remaining(&order.capital) if order.capital.price == price else 0
            else:
                self.cancel(order)
                cancels += 1
        room = magnitude(need) - dying
        if room <= 0 or not need:
            cancels += self.cancel_all(key, side, -1)
            one.waiting = cancels > 0 or ending
            return 0
        one.waiting = cancels > 0 or ending
        if same_count == 1 and self.record(same).capital.price and price:
            order = self.record(same)
            if remaining(&order.capital) == room and order.capital.price == price and not order.capital.amending:
                return 0
            if not order.acknowledged or order.capital.amending:
                one.waiting = 1
                return 0
            return self.change(same, price, order.capital.filled + room)
        cancels += self.cancel_all(key, side, -1 if matching > room else price)
        one.waiting = cancels > 0 or ending
        if room > on_the_way:
            return self.split(key, side, room - on_the_way, on_the_way + dying, time)
        return 0

    cdef int64_t cancel_all(self, int64_t key, int64_t side, int64_t but_price) except -1:
        """The orders of a side but those at a price; how many."""
        cdef int64_t number = self.keys[key].first, count = 0
        cdef OrderRecord* order
        while number:
            order = self.record(number)
            number = order.capital.next
            if not order.cancelling and order.side == side and order.capital.price != but_price:
                self.cancel(order)
                count += 1
        return count

    cdef int cancel(self, OrderRecord* order) except -1:
        """Straight to execution: nobody may refuse a cancel."""
        order.cancelling = 1
        return self.ask_cancel(order.number, BY_SIGNAL, self.desires[order.key].signal)

    cdef int split(self, int64_t key, int64_t side, int64_t size, int64_t ahead, int64_t time) except -1:
        """One that goes through zero becomes two, so that the part that closes is never refused with the other, unless
        the desk wants one order."""
        cdef int64_t lot = self.terms.instruments[key % self.terms.instruments_count].lot_units
        cdef int64_t closing = min(size, whole_lots(max(-side * self.keys[key].share - ahead, 0), lot))
        if side < 0 and self.protected and self.terms.instruments[key % self.terms.instruments_count].spot:
            self.lift(key, HELD_BACK)
        if closing and closing < size and self.terms.one_order:
            return self.new_order_of(key, side, size, closing, time)
        if closing and not self.is_dust(key, side, closing):
            self.new_order_of(key, side, closing, closing, time)
        if size > closing:
            self.new_order_of(key, side, size - closing, 0, time)
        return 0

    cdef bint is_dust(self, int64_t key, int64_t side, int64_t size) except -1:
        """What is left of a spot holding, too small for the venue to take: it stays, and is not asked for again."""
        cdef int64_t instrument = key % self.terms.instruments_count
        cdef Instrument* one = &self.terms.instruments[instrument]
        cdef double worth, amount = <double>size / one.size_power
        if not one.spot:
            return False
        if amount < one.size_min:
            return True
        worth = self.basis(instrument, side, self.desires[key].price / one.price_power) * amount
        if one.notional_min and -DOUBT * worth <= worth - one.notional_min <= DOUBT * worth:
            raise Doubtful("what is left of a holding is worth the least that the exchange takes, nearly")
        return worth < one.notional_min

    cdef int new_order_of(self, int64_t key, int64_t side, int64_t size, int64_t closing, int64_t time) except -1:
        """Reserves what it may take, or refuses it whole; `fresh` has its number."""
        cdef Desire* one = &self.desires[key]
        cdef int64_t count = self.terms.instruments_count, strategy = key // count, instrument = key % count
        cdef Instrument* terms = &self.terms.instruments[instrument]
        cdef double basis
        cdef OrderRecord* order
        one.legs += 1
        basis = self.basis(instrument, side, one.price / terms.price_power if one.limit else 0.0)
        if basis == 0.0 and size > closing:
            return self.refuse(key, NO_PRICE_RULE, time, 0)
        order = self.new_order()
        order.strategy, order.instrument, order.key = strategy, instrument, key
        order.account, order.signal, order.leg = self.terms.strategies[strategy].account, one.signal, one.legs
        order.side, order.limit, order.post_only = side, one.limit, one.post_only
        order.price, order.size, order.reduce_only = one.price if one.limit else 0, size, size == closing
        order.decided, order.mid, order.basis = time, self.middles[instrument], basis
        order.capital.size, order.capital.price = size, order.price
        if size > closing and self.lacks(order, size, basis, 0):
            self.orders_count -= 1
            return self.refuse(key, CAPITAL_RULE, time, 0)
        self.link(order)
        return self.note_fresh(order.number)

    cdef int note_fresh(self, int64_t number) except -1:
        cdef int64_t* found
        if self.fresh_count == self.fresh_room:
            self.fresh_room = max(2 * self.fresh_room, 16)
            found = <int64_t*>realloc(self.fresh, self.fresh_room * sizeof(int64_t))
            if found == NULL:
                raise MemoryError("no memory for new orders")
            self.fresh = found
        self.fresh[self.fresh_count] = number
        self.fresh_count += 1
        return 0

    cdef int change(self, int64_t order, int64_t price, int64_t size) except -1:
        cdef Change* found
        if self.changes_count == self.changes_room:
            self.changes_room = max(2 * self.changes_room, 16)
            found = <Change*>realloc(self.changes, self.changes_room * sizeof(Change))
            if found == NULL:
                raise MemoryError("no memory for amends")
            self.changes = found
        found = &self.changes[self.changes_count]
        found.order, found.price, found.size = order, price, size
        self.changes_count += 1
        return 0

    cdef int send(self, int64_t key, int64_t time) except -1:
        """Amends that fit go to risk first, then the new orders."""
        cdef Py_ssize_t place, kept = 0
        for place in range(self.changes_count):
            if self.amend(&self.changes[place], key, time):
                self.changes[kept] = self.changes[place]
                kept += 1
        for place in range(kept):
            self.judge_amend(self.changes[place].order, self.changes[place].price, self.changes[place].size, time)
        for place in range(self.fresh_count):
            self.judge_order(self.fresh[place], time)
        self.changes_count = self.fresh_count = 0
        return 0

    cdef bint amend(self, const Change* change, int64_t key, int64_t time) except -1:
        """A larger or dearer order reserves more, or is not amended."""
        cdef OrderRecord* order = self.record(change.order)
        cdef Instrument* one = &self.terms.instruments[order.instrument]
        cdef double basis = max(order.basis, self.basis(order.instrument, order.side, change.price / one.price_power))
        cdef int64_t size = max(max(order.capital.size, change.size) - order.capital.filled, 0)
        if self.lacks(order, size, basis, order.number):
            self.refuse(key, CAPITAL_RULE, time, order.number)
            return False
        order.basis = basis
        order.capital.amending, order.capital.amend_price, order.capital.amend_size = 1, change.price, change.size
        order.capital.asked_by = self.desires[key].signal
        return True

    cdef int match_quotes(self, int64_t key) except -1:
        """Which order shall stand for each quote: equal ones first, then any of the same side; the others are
        cancelled."""
        cdef Desire* one = &self.desires[key]
        cdef WantedQuote* quote
        cdef OrderRecord* order
        cdef Py_ssize_t place
        cdef int64_t number
        cdef bint exact
        for exact in (True, False):
            for place in range(one.quotes_count):
                quote = &one.quotes[place]
                if quote.order:
                    continue
                number = self.keys[key].first
                while number:
                    order = self.record(number)
                    if (
                        not order.cancelling and order.capital.price and order.side == quote.side
                        and (not exact or stands(order, quote)) and not is_taken(one, number)
                    ):
                        quote.order = number
                        break
                    number = order.capital.next
        number = self.keys[key].first
        while number:
            order = self.record(number)
            if not order.cancelling and not is_taken(one, number):
                self.cancel(order)
            number = order.capital.next
        return 0

    cdef int place_quotes(self, int64_t key, int64_t time) except -1:
        """New orders once for each quote; amends as soon as the order can take one."""
        cdef Desire* one = &self.desires[key]
        cdef WantedQuote* quote
        cdef OrderRecord* order
        cdef Py_ssize_t place
        self.fresh_count = self.changes_count = 0
        one.waiting = 0
        for place in range(one.quotes_count):
            quote = &one.quotes[place]
            order = self.record(max(quote.order, 0))
            if quote.order <= 0 or not order.capital.working or order.cancelling or stands(order, quote):
                continue
            if not order.acknowledged or order.capital.amending:
                one.waiting = 1
            else:
                self.change(quote.order, quote.price, order.capital.filled + quote.size)
        for place in range(one.quotes_count):
            quote = &one.quotes[place]
            if quote.order == 0:
                one.price, one.limit = quote.price, 1
                self.new_order_of(key, quote.side, quote.size, self.closing(key, quote.side, quote.size), time)
                quote.order = -1
                if self.fresh_count and self.record(self.fresh[self.fresh_count - 1]).leg == one.legs:
                    quote.order = self.fresh[self.fresh_count - 1]
        return self.send(key, time)

    cdef int64_t closing(self, int64_t key, int64_t side, int64_t size) except -1:
        cdef int64_t number = self.keys[key].first, ahead = 0
        while number:
            if self.record(number).side == side:
                ahead += remaining(&self.record(number).capital)
            number = self.record(number).capital.next
        return min(size, max(-side * self.keys[key].share - ahead, 0))

    cdef int go_on(self, int64_t key, int64_t time) except -1:
        self.activate(key)
        if not self.desires[key].waiting:
            return 0
        return self.place_quotes(key, time) if self.desires[key].quoting else self.pursue(key, time)

    cdef int64_t aim(self, int64_t key) noexcept:
        """0 where there is none: of quotes; on spot, where the exchange holds no sale to what is held then."""
        if self.desires[key].quoting or self.terms.instruments[key % self.terms.instruments_count].spot:
            return 0
        return self.desires[key].wanted

    cdef int guard_hears(self, OrderRecord* order, int64_t key, const Told* told, int64_t time) except -1:
        """Of a protection: what is left after a stop found no more size is protected anew, nothing else is."""
        cdef bint newest
        if told.kind == TOLD_FILL:
            self.purse_hears(order, self.fill_at(told.fill))
            self.desires[key].waiting = 0
            self.desires[key].wanted = self.keys[key].share
            self.keys[key].active = 1
            return self.protect(key, self.aim(key), time) if self.protected else 0
        if told.kind == TOLD_UPDATE and told.state >= ORDER_FILLED:
            newest = self.end_protection(order)
            if told.state == ORDER_EXPIRED and told.filled:
                if newest:
                    self.lift(key, ANOTHER_POSITION)
                return self.protect(key, self.aim(key), time)
        return 0

    cdef int capital_hears(self, const Told* told, int64_t time) except -1:
        """An update, a fill or a refusal, one window after it was told."""
        cdef int64_t asked_by
        cdef OrderRecord* order = self.record(told.order)
        cdef int64_t key = told.strategy * self.terms.instruments_count + told.instrument
        self.touch(key)
        if order.guards:
            return self.guard_hears(order, key, told, time)
        if told.kind == TOLD_FILL:
            self.purse_hears(order, self.fill_at(told.fill))
            if order.capital.working:
                order.capital.filled += self.fill_at(told.fill).size
                if not remaining(&order.capital):
                    self.unlink(order)
            self.go_on(key, time)
            return self.protect(key, self.aim(key), time) if self.protected else 0
        if told.kind == TOLD_REFUSED:
            if told.stage == CAPITAL_STAGE:
                return 0
            asked_by = told.signal
            if told.what == AMEND_OF_IT_WAS_REFUSED:
                order.capital.amending = 0
                asked_by = order.capital.asked_by if order.capital.working else asked_by
            elif order.capital.working:
                self.unlink(order)
            self.activate(key)
            if asked_by == self.desires[key].signal:
                self.desires[key].waiting = 0
            return self.go_on(key, time)
        if told.state >= ORDER_FILLED:
            if not order.capital.working:
                return 0
            self.unlink(order)
        elif not order.capital.working:
            if told.filled < told.size:
                raise Doubtful("an order works at the exchange that capital thought over")
            return 0
        else:
            order.acknowledged = told.state == ORDER_OPEN or told.state == ORDER_PARTLY_FILLED
            if told.reason == WAS_AMENDED or told.reason == AMEND_WAS_REFUSED:
                order.capital.amending, order.capital.price, order.capital.size = 0, told.price, told.size
        return self.go_on(key, time)


cdef bint stands(const OrderRecord* order, const WantedQuote* quote) noexcept:
    """Whether an order is what a quote asks for: its price, and its size in all or still to fill."""
    return order.capital.price == quote.price and not order.capital.amending and (
        order.capital.size == quote.size or remaining(&order.capital) == quote.size
    )


cdef bint is_taken(const Desire* desire, int64_t number) noexcept:
    """Whether some quote has this order already."""
    cdef Py_ssize_t place
    for place in range(desire.quotes_count):
        if desire.quotes[place].order == number:
            return True
    return False
