"""Execution in the compiled desk: what goes to the exchange, and what its answers make of orders."""
from libc.stdlib cimport free, realloc

from letrade.hotpath.simulation.answers cimport is_joined
from letrade.hotpath.simulation.desk_orders cimport (
    AMEND_OF_IT_WAS_REFUSED, AMEND_RULE, AMEND_WAS_REFUSED, BEFORE_IT_WAS_SENT, BY_VENUE, DESK_STOPS,
    NO_ANSWER, NOTHING_SAID, ORDER_CANCEL_SENT, ORDER_CANCELLED, ORDER_EXPIRED, ORDER_FILLED, ORDER_OPEN,
    ORDER_PARTLY_FILLED, ORDER_PENDING, ORDER_REJECTED, ORDER_SENT, ORDER_UNKNOWN, VENUE_RULE, WAS_AMENDED
)
from letrade.hotpath.simulation.desk_told cimport (
    AMEND_REQUEST, CANCEL_REQUEST, QUERY_REQUEST, SUBMIT_REQUEST, TOLD_FILL, Told
)
from letrade.hotpath.simulation.orders cimport (
    BAD_TERMS, BUSY, NO_INDEX_PRICE, NO_MARK_PRICE, NO_MARKET, NO_MORE_SIZE, NO_REASON, NOTHING_TO_REDUCE,
    OTHER_OF_GROUP, OWN_ORDER, SAID_AMENDED, SAID_ENDED, SAID_REFUSED, SAID_STANDS, SAID_TRADED, SAID_TRIGGERED,
    TIME_OVER, TOO_LITTLE, WAS_CANCELLED,
    WAS_FILLED, WOULD_TAKE
)

from letrade.hotpath.simulation.doubt import Doubtful

cdef enum:
    DAY_NS = 86_400_000_000_000
    EXECUTION_STAGE = 6
    WARNS_EACH = 5  # attempts


cdef int64_t because(int64_t reason) noexcept:
    """Of the exchange, as an update tells it."""
    return BY_VENUE + reason if reason else NOTHING_SAID


cdef class Execution(Patience):
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
            self.cancel_order(self.record(found.order), time, found.reason, found.newer)
        self.cancels_count = 0
        for place in range(self.approvals_count):
            if self.approvals[place].amends:
                self.take_amend(&self.approvals[place], time)
            else:
                self.take_order(self.record(self.approvals[place].order), time)
        self.approvals_count = 0
        return 0

    cdef int cancel_order(self, OrderRecord* order, int64_t time, int64_t reason, int64_t newer) except -1:
        if order.state >= ORDER_FILLED:
            return 0
        order.cancel_wanted = 1
        if order.state == ORDER_PENDING:  # its approval comes at this same time: it is not sent then
            return 0
        self.request(CANCEL_REQUEST, order, time)
        self.await_answer(order, time)
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
        order.first_price, order.first_size, order.asked_size = order.price, order.size, order.size
        self.request(SUBMIT_REQUEST, order, time)
        self.await_answer(order, time)
        self.shares[order.key].orders += 1
        self.note_course(order.number)
        self.tell_order(order, time, NOTHING_SAID)
        return 0

    cdef int take_amend(self, const Approval* approval, int64_t time) except -1:
        cdef OrderRecord* order = self.record(approval.order)
        cdef bint ready = order.state == ORDER_OPEN or order.state == ORDER_PARTLY_FILLED
        if not ready or order.cancel_wanted or order.amending or (self.stopping and approval.opens):
            self.shares[order.key].refused += 1
            return self.tell_refusal(
                EXECUTION_STAGE, time, order.strategy, order.instrument, order.signal, order.leg, order.number,
                AMEND_RULE, AMEND_OF_IT_WAS_REFUSED,
            )
        order.amending, order.amend_price, order.amend_size = 1, approval.price, approval.size
        order.early = order.questions
        self.request(AMEND_REQUEST, order, time)
        return self.await_answer(order, time)

    cdef int move(self, OrderRecord* order, int64_t state, int64_t time, int64_t reason) except -1:
        cdef Told* last = &self.told[self.told_count - 1] if self.told_count else NULL
        if state >= ORDER_FILLED:
            order.ended = time
            self.answered(order)
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
        cdef bint told
        if said.kind == SAID_TRADED:
            return self.traded(order, said, fee, time)
        if said.kind == SAID_ENDED:
            self.joins = is_joined(said) and order.state < ORDER_FILLED
            return self.ended(order, said, time)
        if said.kind == SAID_REFUSED and said.verb == SUBMIT_REQUEST:
            if order.reduce_only and 0 < said.size < order.size:
                order.size = said.size
            self.refusals[<Py_ssize_t>VENUE_RULE] += 1
            if said.reason == TOO_LITTLE:
                self.short_days.setdefault(order.account, {})[time // DAY_NS] = None
            told = said.reason in (BUSY, NO_MARK_PRICE, NO_INDEX_PRICE)
            return self.move(order, ORDER_REJECTED, time, BY_VENUE + (said.reason if told else NO_REASON))
        return 0 if said.kind == SAID_TRIGGERED else self.stands(order, said, time)  # the next word tells

    cdef int stands(self, OrderRecord* order, const Said* said, int64_t time) except -1:
        """An answer that is no trade, no end and no refusal of a new order. A cancel that was turned away leaves it
        unknown whether the order works."""
        cdef int64_t before = order.state, reason = self.settle_size(order, said)
        cdef bint ends = said.kind == SAID_AMENDED and is_joined(said)
        if said.verb:
            order.attempts = 0
        if reason and order.filled >= order.size and order.state < ORDER_FILLED:
            return self.move(order, ORDER_FILLED, time, reason)
        if said.kind == SAID_REFUSED and said.verb == CANCEL_REQUEST:
            if order.state == ORDER_CANCEL_SENT:
                order.state = ORDER_UNKNOWN
        elif not ends and (order.state == ORDER_SENT or order.state == ORDER_UNKNOWN):
            order.state = ORDER_OPEN
        if order.state != before or reason:
            self.tell_order(order, time, reason if reason else because(said.reason))
        return 0 if ends else self.go_on_after(order, said.verb, time)

    cdef bint is_early(self, OrderRecord* order, const Said* said) noexcept:
        """Whether it answers a question that was asked before the amend under way; counts it as answered."""
        if said.verb != QUERY_REQUEST or not order.questions:
            return False
        order.questions -= 1
        if not order.early:
            return False
        order.early -= 1
        return True

    cdef int ask(self, OrderRecord* order, int64_t time) except -1:
        order.questions += 1
        return self.request(QUERY_REQUEST, order, time)

    cdef int64_t settle_size(self, OrderRecord* order, const Said* said) except -1:
        """Price and size as the exchange has them: what the answer means for the amend under way, if anything."""
        cdef bint early = self.is_early(order, said)
        cdef int64_t whole = said.whole if said.kind == SAID_STANDS else order.filled + said.size
        cdef bint as_asked = said.price == order.amend_price and whole == order.amend_size
        if not order.amending:
            if order.reduce_only and (said.size or said.kind == SAID_AMENDED) and whole < order.size:
                order.size = whole
            return NOTHING_SAID
        if as_asked:
            if said.verb != QUERY_REQUEST and said.verb != AMEND_REQUEST:
                return NOTHING_SAID
        elif said.verb != QUERY_REQUEST or early:
            return NOTHING_SAID
        order.price, order.size, order.amending = said.price, whole, 0
        if as_asked:
            order.asked_size = whole
            order.replaced += 1
        return WAS_AMENDED if as_asked else AMEND_WAS_REFUSED

    cdef int go_on_after(self, OrderRecord* order, int64_t verb, int64_t time) except -1:
        """What an answer makes execution do: cancel again, ask on, or rest."""
        cdef bint works = order.state == ORDER_OPEN or order.state == ORDER_PARTLY_FILLED
        if order.state >= ORDER_FILLED:
            return 0
        if order.cancel_wanted and works:
            return self.cancel_order(order, time, NOTHING_SAID, 0)
        if order.state == ORDER_CANCEL_SENT and verb == QUERY_REQUEST:
            self.request(CANCEL_REQUEST, order, time)
        elif works and not order.amending:
            if verb:
                self.answered(order)
            return 0
        elif verb == AMEND_REQUEST and order.amending:
            self.ask(order, time)
        return self.await_answer(order, time)

    cdef int overdue(self, int64_t time) except -1:
        """What was asked may or may not have happened, so the order is asked for."""
        cdef OrderRecord* order
        while self.next_overdue() <= time:
            order = self.record(self.take_overdue())
            order.attempts += 1
            if order.state == ORDER_SENT:
                order.state = ORDER_UNKNOWN
                self.tell_order(order, time, NO_ANSWER)
            elif order.state == ORDER_UNKNOWN and order.attempts % WARNS_EACH == 0:
                raise Doubtful("an order of which nothing is heard for so long that execution warns")
            self.ask(order, time)
            self.await_answer(order, time)
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
        if order.state == ORDER_SENT or order.state == ORDER_OPEN or order.state == ORDER_UNKNOWN:
            order.state = ORDER_PARTLY_FILLED
        self.tell_order(order, time, NOTHING_SAID)
        return 0

    cdef int ended(self, OrderRecord* order, const Said* said, int64_t time) except -1:
        cdef int64_t reason = said.reason
        if order.state >= ORDER_FILLED:
            return 0
        if order.reduce_only and not order.amending and said.size and order.filled + said.size < order.size:
            order.size = order.filled + said.size
        if reason == WAS_FILLED:
            return self.move(order, ORDER_FILLED, time, because(said.price))
        if reason == WAS_CANCELLED:
            return self.move(order, ORDER_CANCELLED, time, because(said.price))
        if reason == NOTHING_TO_REDUCE or reason == OTHER_OF_GROUP:
            return self.move(order, ORDER_CANCELLED, time, BY_VENUE + reason)
        if reason in (NO_MORE_SIZE, NO_MARKET, TIME_OVER, OWN_ORDER, WOULD_TAKE, BAD_TERMS):  # the last two: once it opened
            return self.move(order, ORDER_EXPIRED, time, BY_VENUE + reason)
        raise Doubtful("an order ended in a way that only the exchange of the compiled engine knows")
