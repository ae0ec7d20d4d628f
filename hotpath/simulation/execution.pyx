"""Execution in the compiled desk: what goes to the exchange, and what its answers make of orders."""
from libc.stdlib cimport free, realloc

from letrade.hotpath.simulation.answers cimport is_joined
from letrade.hotpath.simulation.desk_orders cimport (
    AMEND_OF_IT_WAS_REFUSED, AMEND_RULE, AMEND_WAS_REFUSED, BEFORE_IT_WAS_SENT, BY_VENUE, DESK_STOPS,
    NOTHING_SAID, ORDER_CANCEL_SENT, ORDER_CANCELLED, ORDER_EXPIRED, ORDER_FILLED, ORDER_OPEN, ORDER_PARTLY_FILLED,
    ORDER_PENDING, ORDER_REJECTED, ORDER_SENT, VENUE_RULE, WAS_AMENDED
)
from letrade.hotpath.simulation.desk_told cimport (
    AMEND_REQUEST, CANCEL_REQUEST, QUERY_REQUEST, SUBMIT_REQUEST, TOLD_FILL, Told
)
from letrade.hotpath.simulation.orders cimport (
    BAD_TERMS, NO_INDEX_PRICE, NO_MARK_PRICE, NO_MARKET, NO_MORE_SIZE, NO_REASON, NOTHING_TO_REDUCE, OTHER_OF_GROUP, OWN_ORDER, SAID_AMENDED, SAID_ENDED, SAID_REFUSED,
    SAID_RESTS, SAID_STANDS, SAID_TRADED, TIME_OVER, WAS_CANCELLED, WAS_FILLED, WOULD_TAKE
)

from letrade.hotpath.simulation.doubt import Doubtful

cdef enum:
    EXECUTION_STAGE = 6


cdef int64_t because(int64_t reason) noexcept:
    """Of the exchange, as an update tells it."""
    return BY_VENUE + reason if reason else NOTHING_SAID


cdef void note_cut(OrderRecord* order, int64_t left) noexcept:
    """The exchange has left less of it. While an amend is on its way its answer tells the size."""
    cdef int64_t size = order.filled + left
    if order.amending and size < order.size:
        order.cut = size
    elif size < order.size:
        order.size = size


cdef class Execution(Books):
    def __dealloc__(self):
        free(self.cancels)
        free(self.approvals)

    cdef int ask_cancel(self, int64_t number, int64_t reason, int64_t newer) except -1:
        cdef Withdrawal* found
        if self.cancels_count == self.cancels_room:
            self.cancels_room = max(2 * self.cancels_room, 16)
            found = <Withdrawal*>realloc(self.cancels, self.cancels_room * sizeof(Withdrawal))
            if found == NULL:
                raise MemoryError("no memory for cancels")
            self.cancels = found
        found = &self.cancels[self.cancels_count]
        found.order, found.reason, found.newer = number, reason, newer
        self.cancels_count += 1
        return 0

    cdef int approve(self, int64_t number, bint amends, int64_t price, int64_t size, bint opens) except -1:
        cdef Approval* found
        if self.approvals_count == self.approvals_room:
            self.approvals_room = max(2 * self.approvals_room, 16)
            found = <Approval*>realloc(self.approvals, self.approvals_room * sizeof(Approval))
            if found == NULL:
                raise MemoryError("no memory for approvals")
            self.approvals = found
        found = &self.approvals[self.approvals_count]
        found.order, found.amends, found.price, found.size, found.opens = number, amends, price, size, opens
        self.approvals_count += 1
        return 0

    cdef int execute(self, int64_t time) except -1:
        """Sends what capital and risk said at this time."""
        cdef Py_ssize_t place
        cdef Withdrawal* found
        for place in range(self.cancels_count):
            found = &self.cancels[place]
            self.cancel_order(&self.orders[found.order], time, found.reason, found.newer)
        self.cancels_count = 0
        for place in range(self.approvals_count):
            if self.approvals[place].amends:
                self.take_amend(&self.approvals[place], time)
            else:
                self.take_order(&self.orders[self.approvals[place].order], time)
        self.approvals_count = 0
        return 0

    cdef int cancel_order(self, OrderRecord* order, int64_t time, int64_t reason, int64_t newer) except -1:
        if order.state >= ORDER_FILLED:
            return 0
        order.cancel_wanted = 1
        if order.state == ORDER_PENDING:  # its approval comes at this same time: it is not sent then
            return 0
        self.request(CANCEL_REQUEST, order, time)
        order.state = ORDER_CANCEL_SENT
        self.tell_order(order, time, reason).newer = newer
        return 0

    cdef int take_order(self, OrderRecord* order, int64_t time) except -1:
        if order.cancel_wanted:
            return self.move(order, ORDER_CANCELLED, time, BEFORE_IT_WAS_SENT)
        if self.stopping and order.opening:
            self.refusals[<Py_ssize_t>VENUE_RULE] += 1
            return self.move(order, ORDER_REJECTED, time, DESK_STOPS)
        order.state, order.sent = ORDER_SENT, time
        self.live += 1
        order.first_price, order.first_size = order.price, order.size
        self.request(SUBMIT_REQUEST, order, time)
        self.shares[order.key].orders += 1
        self.note_course(order.number)
        self.tell_order(order, time, NOTHING_SAID)
        return 0

    cdef int take_amend(self, const Approval* approval, int64_t time) except -1:
        cdef OrderRecord* order = &self.orders[approval.order]
        cdef bint ready = order.state == ORDER_OPEN or order.state == ORDER_PARTLY_FILLED
        if not ready or order.cancel_wanted or order.amending or (self.stopping and approval.opens):
            self.shares[order.key].refused += 1
            return self.tell_refusal(
                EXECUTION_STAGE, time, order.strategy, order.instrument, order.signal, order.leg, order.number,
                AMEND_RULE, AMEND_OF_IT_WAS_REFUSED,
            )
        order.amending, order.amend_price, order.amend_size = 1, approval.price, approval.size
        return self.request(AMEND_REQUEST, order, time)

    cdef int move(self, OrderRecord* order, int64_t state, int64_t time, int64_t reason) except -1:
        cdef Told* last = &self.told[self.told_count - 1] if self.told_count else NULL
        if state >= ORDER_FILLED:
            order.ended = time
            self.live -= ORDER_PENDING < order.state < ORDER_FILLED
        order.state = state
        if self.joins:
            self.joins = False
            if last != NULL and last.order == order.number and last.time == time and last.reason == WAS_AMENDED:
                last.state = state
                return 0
        self.tell_order(order, time, reason)
        return 0

    cdef int answer(self, OrderRecord* order, const Said* said, int64_t fee, int64_t time) except -1:
        if said.kind == SAID_REFUSED:
            return self.refused(order, said, time)
        order.accepted = 1
        if said.kind == SAID_TRADED:
            return self.traded(order, said, fee, time)
        if said.kind == SAID_ENDED:
            self.joins = is_joined(said) and order.state < ORDER_FILLED
            return self.ended(order, said, time)
        if said.kind == SAID_RESTS:
            if order.reduce_only and said.size:
                note_cut(order, said.size)
            return self.move(order, ORDER_OPEN, time, because(said.reason)) if order.state == ORDER_SENT else 0
        if said.kind == SAID_AMENDED or said.kind == SAID_STANDS:
            return self.amended(order, said, time)
        return 0  # of an order that is triggered the next word tells

    cdef int amended(self, OrderRecord* order, const Said* said, int64_t time) except -1:
        """The answer to an amend, or to the question after one that was not done as it was asked for."""
        cdef int64_t reason = AMEND_WAS_REFUSED
        if said.kind == SAID_AMENDED and said.reason != NO_REASON:  # cut by the exchange itself
            note_cut(order, said.size)
            return 0
        if not order.amending:
            return 0
        if said.kind == SAID_AMENDED:
            if order.filled + said.size != order.amend_size:
                order.shrunk = order.filled + said.size
                return self.request(QUERY_REQUEST, order, time) if said.size else 0
            reason, order.price, order.size = WAS_AMENDED, order.amend_price, order.amend_size
        elif order.shrunk:
            order.price, order.size = order.amend_price, order.filled + said.size if said.size else order.shrunk
        elif said.size:
            order.size = min(order.size, order.filled + said.size)
        elif order.cut:
            order.size = order.cut
        order.amending = order.shrunk = order.cut = 0
        if order.filled >= order.size and order.state < ORDER_FILLED:
            return self.move(order, ORDER_FILLED, time, reason)
        self.tell_order(order, time, reason)
        if said.kind == SAID_STANDS and order.state == ORDER_CANCEL_SENT:
            return self.request(CANCEL_REQUEST, order, time)
        return 0

    cdef int traded(self, OrderRecord* order, const Said* said, int64_t fee, int64_t time) except -1:
        """A fill is booked whatever the state of its order; the state then follows from what is filled."""
        cdef int64_t place = self.book_fill(order, said, fee, time)
        cdef Told* one = self.tell(TOLD_FILL, EXECUTION_STAGE, time)
        one.strategy, one.instrument, one.signal, one.leg = order.strategy, order.instrument, order.signal, order.leg
        one.order, one.fill = order.number, place
        order.filled += said.size
        if order.filled > order.size and not order.amending:
            raise Doubtful("an order is filled beyond its size")
        if order.filled >= order.size and not order.amending:
            return self.move(order, ORDER_FILLED, time, NOTHING_SAID)
        if order.state == ORDER_SENT or order.state == ORDER_OPEN:
            order.state = ORDER_PARTLY_FILLED
        self.tell_order(order, time, NOTHING_SAID)
        return 0

    cdef int ended(self, OrderRecord* order, const Said* said, int64_t time) except -1:
        cdef int64_t reason = said.reason
        if order.state >= ORDER_FILLED:
            return 0
        if reason == WAS_FILLED:
            return self.move(order, ORDER_FILLED, time, because(said.price))
        if reason == WAS_CANCELLED:
            return self.move(order, ORDER_CANCELLED, time, because(said.price))
        if reason == NOTHING_TO_REDUCE or reason == OTHER_OF_GROUP:
            return self.move(order, ORDER_CANCELLED, time, BY_VENUE + reason)
        if reason in (NO_MORE_SIZE, NO_MARKET, TIME_OVER, OWN_ORDER, WOULD_TAKE, BAD_TERMS):  # the last two: once it opened
            return self.move(order, ORDER_EXPIRED, time, BY_VENUE + reason)
        raise Doubtful("an order ended in a way that only the exchange of the compiled engine knows")

    cdef int refused(self, OrderRecord* order, const Said* said, int64_t time) except -1:
        """A submit that was turned away; or an amend, after which the order is asked for; or a cancel that came late."""
        cdef int64_t told
        if not order.accepted:
            order.accepted = 1
            if order.reduce_only and 0 < said.size < order.size:
                order.size = said.size
            self.refusals[<Py_ssize_t>VENUE_RULE] += 1
            told = said.reason if said.reason == NO_MARK_PRICE or said.reason == NO_INDEX_PRICE else NO_REASON
            return self.move(order, ORDER_REJECTED, time, BY_VENUE + told)
        if order.state >= ORDER_FILLED:
            return 0
        if not order.amending:
            raise Doubtful("a request was refused that the order's state does not explain")
        return self.request(QUERY_REQUEST, order, time)
