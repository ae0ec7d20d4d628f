"""Protections in the compiled desk: which orders stand for a stop and a take-profit, and when they come anew."""
from letrade.hotpath.simulation.desk_orders cimport (
    ANOTHER_POSITION, BY_SIGNAL, ORDER_WAS_REFUSED, SIGNAL_RULE
)
from letrade.hotpath.simulation.desk_terms cimport Terms
from letrade.hotpath.simulation.orders cimport STOP_MARKET, TAKE_PROFIT_MARKET, TRAILING_STOP
from letrade.hotpath.simulation.positions cimport magnitude

cdef enum:
    CAPITAL_STAGE = 4


cdef class Protections(ExactPurse):
    """As actors/capital/protection.py: its orders only reduce, so they need no capital and may be larger than it."""

    def __cinit__(self, Terms terms not None, *arguments):
        self.protections = <Protection*>terms.room(
            terms.strategies_count * terms.instruments_count, sizeof(Protection)
        )

    cdef int replace_protection(
        self, int64_t key, int64_t signal, int64_t stop, int64_t take_profit, int64_t size, int64_t trail,
        int64_t source,
    ) except -1:
        """Without a price the last one is taken away."""
        cdef Protection* one = &self.protections[key]
        if one.signal:
            self.withdraw(one, BY_SIGNAL, signal)
            self.protected -= 1
        one.signal = signal if stop or take_profit or trail else 0
        one.legs = one.side = one.placed = 0
        one.stop, one.take_profit, one.size, one.trail, one.source = stop, take_profit, size, trail, source
        self.protected += one.signal != 0
        return 0

    cdef int withdraw(self, Protection* one, int64_t reason, int64_t newer) except -1:
        cdef Py_ssize_t place
        for place in range(2):
            if one.orders[place]:
                self.ask_cancel(one.orders[place], reason, newer)
            one.orders[place] = 0
        return 0

    cdef int lift(self, int64_t key, int64_t reason) except -1:
        """After the next fill they come anew."""
        cdef Protection* one = &self.protections[key]
        if one.signal:
            self.withdraw(one, reason, 0)
            one.placed = 0
        return 0

    cdef int protect(self, int64_t key, int64_t wanted, int64_t time) except -1:
        """Orders that fit what a share holds now, and comes to hold where that is more."""
        cdef Protection* one = &self.protections[key]
        cdef int64_t held = self.keys[key].share, side = -1 if held > 0 else 1, needed
        if not one.signal:
            return 0
        if held == 0:
            return self.lift(key, ANOTHER_POSITION)
        needed = one.size if one.size else magnitude(held)
        if (one.orders[0] or one.orders[1]) and one.side == side and one.placed >= needed:
            return 0
        self.withdraw(one, ANOTHER_POSITION, 0)
        one.side, one.placed = side, needed
        if one.size == 0 and (wanted > 0) == (held > 0):
            one.placed = max(needed, magnitude(wanted))
        if one.trail:
            self.place(key, TRAILING_STOP, one.stop, one.trail, time)
        elif one.stop:
            self.place(key, STOP_MARKET, one.stop, 0, time)
        if one.take_profit:
            self.place(key, TAKE_PROFIT_MARKET, one.take_profit, 0, time)
        return 0

    cdef int place(self, int64_t key, int64_t kind, int64_t trigger, int64_t trail, int64_t time) except -1:
        """Risk approves what only reduces, and reserves nothing for it: the exchange holds it to what is held then."""
        cdef Protection* one = &self.protections[key]
        cdef int64_t strategy = key // self.terms.instruments_count
        cdef OrderRecord* order = self.new_order()
        one.legs += 1
        order.strategy, order.instrument, order.key = strategy, key % self.terms.instruments_count, key
        order.account, order.signal, order.leg = self.terms.strategies[strategy].account, one.signal, one.legs
        order.side, order.size, order.reduce_only = one.side, one.placed, 1
        order.decided, order.mid = time, self.middles[order.instrument]
        order.protects, order.trigger, order.guards = kind, trigger, 1
        order.trigger_source, order.trail = one.source, trail
        order.group = one.orders[0] if one.orders[0] else order.number
        one.orders[1 if one.orders[0] else 0] = order.number
        return self.approve(order.number, False, 0, 0, False)

    cdef bint end_protection(self, OrderRecord* order) except -1:
        """Nothing of an order is left."""
        cdef Protection* one = &self.protections[order.key]
        order.guards = 0
        if one.orders[0] != order.number and one.orders[1] != order.number:
            return False
        if one.orders[0] == order.number:
            one.orders[0] = one.orders[1]
        one.orders[1] = 0
        return True

    cdef int refuse_protection(self, int64_t key, int64_t signal, int64_t rule, int64_t time) except -1:
        """The protection before it stands."""
        cdef int64_t count = self.terms.instruments_count
        self.shares[key].refused += 1
        return self.tell_refusal(
            CAPITAL_STAGE, time, key // count, key % count, signal, 0, 0, rule, ORDER_WAS_REFUSED
        )

    cdef int refuse_borrowed(self, int64_t key, int64_t signal, int64_t time) except -1:
        """A position that bears the number of the protection is no repeat, but a second wish."""
        if self.protections[key].signal and self.protections[key].signal == signal:
            return self.refuse_protection(key, signal, SIGNAL_RULE, time)
        return 0
