"""A market that is known by its best bid and ask, and by trades where they are told."""
from libc.stdint cimport int64_t

from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.simulation.events cimport QUOTE_EVENT, TRADE_EVENT, Event
from letrade.hotpath.simulation.market cimport QUEUE_NONE
from letrade.hotpath.simulation.orders cimport BY_LAST
from letrade.hotpath.simulation.recorded cimport RecordedMarket
from letrade.hotpath.simulation.working cimport NOT_SHOWN


cdef class QuotesMarket(RecordedMarket):
    """Takers get what the top shows, and the rest a tick worse or not at all; what they take is gone until it is
    shown anew. Where no trade was ever told, a quote that reaches a maker's price fills it."""

    cdef int hear_data(self, const Event* event) except -1:
        if event.kind == QUOTE_EVENT:
            self.show(BUY, event.row.quote.bid, event.row.quote.bid_size)
            self.show(SELL, event.row.quote.ask, event.row.quote.ask_size)
            if self.working.count and not self.heard_trade:
                self.meet_top(SELL)
                self.meet_top(BUY)
                if self.tops[0].price and self.tops[1].price:
                    self.hear_price(BY_LAST, <double>self.tops[0].price, <double>self.tops[1].price)
        elif event.kind == TRADE_EVENT:
            self.meet_trade(event.row.trade.price, event.row.trade.size, event.row.trade.side)
            self.hear_price(BY_LAST, <double>event.row.trade.price, <double>event.row.trade.price)
        return 0

    cdef int show(self, int64_t side, int64_t price, int64_t size) except -1:
        """Our orders at the price that is shown, or was until now, learn of their place in its queue."""
        cdef Top* top = &self.tops[0 if side > 0 else 1]
        cdef int64_t before = top.price, before_size = top.size
        if price == before and size == before_size:
            return 0
        top.price, top.size, top.left = price, size, size
        if self.working.side(side).count == 0:
            return 0
        if before and before != price and (price == 0 or side * price < side * before):
            self.level_changed(side, before, before_size, 0)
        if price:
            self.level_changed(side, price, before_size if before == price else size, size)
        return 0

    cdef int meet_top(self, int64_t side) except -1:
        """Makers of the other side whose price the top of `side` has reached."""
        cdef Top* top = &self.tops[0 if side > 0 else 1]
        if top.price and top.left > 0:
            top.left -= self.meet_offer(-side, top.price, top.left)
        return 0

    cdef int reference(self, int64_t source, double* for_sells, double* for_buys) except -1:
        if source == BY_LAST and not self.heard_trade:
            for_sells[0], for_buys[0] = <double>self.tops[0].price, <double>self.tops[1].price
            return 0
        return RecordedMarket.reference(self, source, for_sells, for_buys)

    cdef bint has_market(self) noexcept:
        return self.tops[0].price != 0 or self.tops[1].price != 0

    cdef int64_t best(self, int64_t side) noexcept:
        return self.tops[0 if side > 0 else 1].price

    cdef int preview(self, int64_t side, int64_t size, int64_t limit) except -1:
        cdef Top* top = &self.tops[1 if side > 0 else 0]
        cdef int64_t amount = min(size, top.left), beyond = top.price + side * self.terms.price_step
        self.offers_count = 0
        if top.price == 0 or size <= 0 or (limit and side * top.price > side * limit):
            return 0
        if amount > 0:
            self.offer(top.price, amount)
        if self.terms.one_tick_beyond and amount < size and beyond > 0 and (not limit or side * beyond <= side * limit):
            self.offer(beyond, size - amount)
        return 0

    cdef int took(self, int64_t side, int64_t price, int64_t size) except -1:
        cdef Top* top = &self.tops[1 if side > 0 else 0]
        if price == top.price:
            top.left -= size
        return 0

    cdef int64_t queue_ahead(self, int64_t side, int64_t price) except? -2:
        """A price better than the best has nobody in front; one that is worse was never shown."""
        cdef Top* top = &self.tops[0 if side > 0 else 1]
        if top.price == price:
            return top.size
        return 0 if side * price > side * top.price or self.terms.queue == QUEUE_NONE else NOT_SHOWN

    cdef int scale_prices(self, int64_t factor) except -1:
        RecordedMarket.scale_prices(self, factor)
        for place in range(2):
            self.tops[place].price = self.scaled(self.tops[place].price, factor)
        return 0

    def state(self):
        """All that must not be forgotten, as nested lists of whole numbers."""
        return [self.state_of_record(), [[top.price, top.size, top.left] for top in self.tops]]

    def restore(self, state):
        """Takes back what state() gave."""
        record, tops = state
        if len(tops) != 2:
            raise ValueError(f"expected the best bid and the best ask in a market's state, found {len(tops)} rows")
        self.restore_record(record)
        for place, (price, size, left) in enumerate(tops):
            self.tops[place].price, self.tops[place].size, self.tops[place].left = price, size, left
