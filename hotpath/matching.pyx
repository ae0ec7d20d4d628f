"""Price-time matching of one instrument, in integer ticks and lots, by the caller's own order ids."""
from libc.stdint cimport int32_t, int64_t

from letrade.hotpath.constants cimport BAD_TERMS, BY_LAST, CANCEL_NEWEST, GTC
from letrade.hotpath.int_table cimport table_get, table_reserve
from letrade.hotpath.matcher cimport Matching
from letrade.hotpath.matching_commands cimport amend_order, cancel_order, place_order
from letrade.hotpath.matching_doors cimport read_limit, read_market, read_terms
from letrade.hotpath.matching_queues cimport open_lots
from letrade.hotpath.matching_state cimport FILLS_MAX, Command
from letrade.hotpath.order_pool cimport POST_ONLY, Order
from letrade.hotpath.whole cimport whole


cdef class MatchingEngine(Matching):
    """Resting orders in price-time priority, and what happens to them when others arrive."""

    def __cinit__(self, fills_max=FILLS_MAX):
        self.state.fills_max = whole(fills_max)
        self.state.has_ids = True
        if not table_reserve(&self.state.ids, self.state.pool.capacity):
            raise MemoryError("no memory for a matching engine")

    cdef int32_t place_of_id(self, object order_id) except -1:
        return table_get(&self.state.ids, whole(order_id))

    cdef tuple answer(self, const Command* command):
        cdef int64_t status = place_order(&self.state, command)
        if status == BAD_TERMS:
            self.fail(command.id, command.side, command.owner, command.price, command.size)
        return status, self.state.left, self.take_tuples()

    def limit(self, order_id, owner, side, price, size, time_in_force=GTC, bint post_only=False):
        cdef Command command
        read_limit(&command, order_id, owner, side, price, size, time_in_force, post_only)
        return self.answer(&command)

    def market(self, order_id, owner, side, size):
        cdef Command command
        read_market(&command, order_id, owner, side, size)
        return self.answer(&command)

    def place(
        self, order_id, owner, kind, side, size, price=0, *, time_in_force=GTC, expires=0, trigger=0, trail=0,
        source=BY_LAST, shown=0, group=0, bint post_only=False, bint reduce_only=False, self_trade=CANCEL_NEWEST,
    ):
        cdef Command command
        read_terms(
            &command, order_id, owner, kind, side, size, price, time_in_force, expires, trigger, trail, source, shown,
            group, post_only, reduce_only, self_trade,
        )
        return self.answer(&command)

    def cancel(self, order_id):
        return cancel_order(&self.state, self.place_of_id(order_id))

    def amend(self, order_id, price, size, trigger=0):
        cdef int64_t number = whole(order_id), ticks = whole(price), lots = whole(size), new_trigger = whole(trigger)
        # The place is looked up last: reading the others may run code that ends the order.
        cdef int32_t place = table_get(&self.state.ids, number)
        cdef int64_t status = amend_order(&self.state, place, ticks, lots, new_trigger)
        if status == BAD_TERMS:
            self.fail(number, 0, 0, ticks, lots)
        return status, self.state.left, self.take_tuples()

    def order(self, order_id):
        cdef int32_t place = self.place_of_id(order_id)
        cdef Order* order = &self.state.pool.orders[place]
        if place == 0:
            return None
        owner = self.state.owners[order.owner].owner
        return owner, order.side, order.price, open_lots(&self.state, place), order.flags & POST_ONLY != 0
