"""A market that is known by each of its resting orders: our place in a queue is not assumed, it is counted."""
from libc.stdint cimport int64_t

from letrade.hotpath.book_orders cimport OrdersBook
from letrade.hotpath.simulation.events cimport ORDERS_EVENT, TRADE_EVENT, Event, OrderRow
from letrade.hotpath.simulation.levels cimport LevelsMarket
from letrade.hotpath.simulation.market cimport QUEUE_LAST, QUEUE_NONE
from letrade.hotpath.simulation.orders cimport BY_LAST
from letrade.hotpath.simulation.working cimport NO_SLOT, Working, left_of

cdef enum Action:
    ADDED = 1
    CHANGED = 2
    REMOVED = 3
    TRADED = 4


cdef class IndividualMarket(LevelsMarket):
    """An order of ours trades when one behind it does, or one at a worse price. What a taker of ours has had of an
    order is gone from it until that order is told anew."""

    def __cinit__(self):
        self.orders = OrdersBook()

    cdef int hear_data(self, const Event* event) except -1:
        if event.kind == ORDERS_EVENT:
            return self.hear_order(&event.row.order)
        if event.kind != TRADE_EVENT:
            return 0
        if not self.heard_order_trade:
            self.meet_trade(event.row.trade.price, event.row.trade.size, event.row.trade.side)
        return self.hear_price(BY_LAST, <double>event.row.trade.price, <double>event.row.trade.price)

    cdef int hear_order(self, const OrderRow* row) except -1:
        if row.action == ADDED:
            self.orders.add_order(row.order_id, row.side, row.price, row.size)
        elif row.action == CHANGED:
            if row.size > 0:
                self.orders.change_order(row.order_id, row.price, row.size)
            else:
                self.orders.remove_order(row.order_id)
        elif row.action == REMOVED:
            self.orders.remove_order(row.order_id)
        elif row.action == TRADED:
            return self.trade_order(row)
        else:
            raise ValueError(f"expected an action from 1 to 4, found {row.action}")
        return self.after_levels()

    cdef int trade_order(self, const OrderRow* row) except -1:
        """Ours come first where they rest at a better price, or in front of the order that traded."""
        cdef int64_t key = row.side * row.price, left = row.size, there, amount, behind
        cdef Py_ssize_t place, slot, count = 0
        self.heard_trade = self.heard_order_trade = True
        self.last_price = row.price
        if self.working.best_key(row.side) >= key:
            count = self.list_reached(row.side, key)
        told = self.orders.order(row.order_id)
        there = self.orders.lots_ahead_of(row.order_id) if told is not None and told[1] == row.price else -1
        for place in range(count):
            slot = self.working.find(self.working.hits[place])
            if slot == NO_SLOT:
                continue
            behind = there >= 0 and self.before(slot) <= there
            if self.working.pool[slot].order.price != row.price:
                amount = left_of(&self.working.pool[slot].order)
            elif self.terms.queue == QUEUE_LAST or not (behind or self.terms.queue == QUEUE_NONE):
                continue
            else:
                amount = self.working.pool[slot].visible
            amount = min(amount, left)
            if amount > 0:
                left -= self.fill_maker(slot, amount)
        if told is not None:
            amount = told[2]
            self.orders.trade_order(row.order_id, min(amount, row.size))
        return self.hear_price(BY_LAST, <double>row.price, <double>row.price)

    cdef int64_t before(self, Py_ssize_t slot) noexcept:
        """The lots in front of an order of ours."""
        cdef const Working* working = &self.working.pool[slot]
        return self.orders.lots_before(working.order.side, working.order.price, working.joined)

    cdef int64_t share_at_price(self, Py_ssize_t slot, int64_t size, int64_t taken) noexcept:
        cdef const Working* working = &self.working.pool[slot]
        if self.terms.queue == QUEUE_LAST:
            return 0
        size -= taken
        if self.terms.queue != QUEUE_NONE:
            size -= self.before(slot)
        return min(size, working.visible)

    cdef int rest(self, Py_ssize_t slot) except -1:
        self.working.pool[slot].joined = self.orders.next_arrival
        return LevelsMarket.rest(self, slot)

    cdef int64_t fill_maker(self, Py_ssize_t slot, int64_t size) except -1:
        """What an iceberg shows next joins the queue now."""
        if self.working.pool[slot].visible <= size:
            self.working.pool[slot].joined = self.orders.next_arrival
        return LevelsMarket.fill_maker(self, slot, size)

    cdef int64_t queue_ahead(self, int64_t side, int64_t price) except? -2:
        return self.orders.size_at(side, price)

    cdef int64_t best(self, int64_t side) noexcept:
        return self.orders.best_price(side)

    cdef int64_t top_size(self, int64_t side) noexcept:
        return self.orders.best_size(side)

    cdef int64_t shown_at(self, int64_t side, int64_t price) noexcept:
        return self.orders.size_at(side, price)

    cdef Py_ssize_t depth_into(self, int64_t side, int64_t* prices, int64_t* sizes, Py_ssize_t count) noexcept:
        return self.orders.depth_into(side, prices, sizes, count)

    cdef int after_levels(self) except -1:
        """Where no trade was ever told, orders that reach a maker's price fill it, and best prices trigger."""
        cdef int64_t bid, ask
        if self.heard_trade or self.working.count == 0:
            return 0
        for side in (-1, 1):
            self.meet_book(side)
        bid, ask = self.best(1), self.best(-1)
        return self.hear_price(BY_LAST, <double>bid, <double>ask) if bid and ask else 0

    cdef int meet_book(self, int64_t side) except -1:
        cdef int64_t price, size, taken
        while self.working.side(-side).count:
            price, size = self.best(side), self.top_size(side)
            taken = self.meet_offer(-side, price, size) if price else 0
            if taken:
                self.took(-side, price, taken)
            if taken == 0 or taken < size:
                return 0
        return 0

    cdef int took(self, int64_t side, int64_t price, int64_t size) except -1:
        """From the front of the queue."""
        cdef int64_t left = size
        for order_id, lots in self.orders.queue(-side, price):
            if left <= 0:
                break
            self.orders.trade_order(order_id, min(left, lots))
            left -= lots
        return 0

    cdef int scale_prices(self, int64_t factor) except -1:
        raise ValueError("the prices of a market of single orders are told in one scale")

    def state(self):
        """All that must not be forgotten; the book as bytes."""
        return [self.state_of_record(), self.orders.dump(), self.heard_order_trade]

    def restore(self, state):
        """Takes back what state() gave."""
        record, dump, self.heard_order_trade = state
        self.restore_record(record)
        self.orders.load_bytes(dump)
