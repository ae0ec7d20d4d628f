"""A market that is known by its trades alone."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.events cimport TRADE_EVENT, Event
from letrade.hotpath.simulation.market cimport QUEUE_NONE
from letrade.hotpath.simulation.orders cimport BY_LAST
from letrade.hotpath.simulation.recorded cimport RecordedMarket
from letrade.hotpath.simulation.working cimport NOT_SHOWN


cdef class TradesMarket(RecordedMarket):
    """Takers trade at the last price, whatever their size: trades alone do not show what was there to take. A limit
    takes where that is strictly better than its price; makers wait for trades through theirs."""

    cdef int hear_data(self, const Event* event) except -1:
        if event.kind == TRADE_EVENT:
            self.meet_trade(event.row.trade.price, event.row.trade.size, event.row.trade.side)
            self.hear_price(BY_LAST, <double>event.row.trade.price, <double>event.row.trade.price)
        return 0

    cdef bint has_market(self) noexcept:
        return self.last_price > 0

    cdef int preview(self, int64_t side, int64_t size, int64_t limit) except -1:
        self.offers_count = 0
        if size > 0 and self.last_price and (limit == 0 or side * self.last_price < side * limit):
            self.offer(self.last_price, size)
        return 0

    cdef int64_t queue_ahead(self, int64_t side, int64_t price) except? -2:
        return 0 if self.terms.queue == QUEUE_NONE else NOT_SHOWN

    def state(self):
        """All that must not be forgotten, as nested lists of whole numbers."""
        return self.state_of_record()

    def restore(self, state):
        """Takes back what state() gave."""
        self.restore_record(state)
