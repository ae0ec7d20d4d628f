# cython: boundscheck=False, wraparound=False
"""The exchange of a compiled backtest: markets and clearing, requests on their way to it, and answers on theirs."""
import array

from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.math cimport NAN
from libc.stdint cimport INT64_MAX, int64_t
from libc.string cimport memset

from letrade.hotpath.simulation.answers cimport arrange
from letrade.hotpath.simulation.clearing cimport Clearing
from letrade.hotpath.simulation.curve cimport Curve
from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.desk_orders cimport PAGE
from letrade.hotpath.simulation.desk_told cimport (
    AMEND_REQUEST, CANCEL_REQUEST, QUERY_REQUEST, SUBMIT_REQUEST, Request,
)
from letrade.hotpath.simulation.doubt import Doubtful
from letrade.hotpath.simulation.events cimport (
    BAR_EVENT, BAR_OPEN_EVENT, FUNDING_EVENT, INDEX_EVENT, LEVELS_EVENT, MARK_EVENT, QUOTE_EVENT, TRADE_EVENT, Event,
)
from letrade.hotpath.simulation.kinds cimport in_general, kinds_of
from letrade.hotpath.simulation.latency cimport Latency
from letrade.hotpath.simulation.market cimport Market
from letrade.hotpath.simulation.orders cimport (
    BUSY, BY_MARK, CUT_ON_ENTRY, NO_INDEX_PRICE, NO_MARK_PRICE, NO_REASON, NOTHING_TO_REDUCE, SAID_AMENDED, SAID_ENDED,
    SAID_REFUSED, SAID_STANDS, SAID_TRADED, STOP_MARKET, TRAILING_STOP, Said, SimulatedOrder,
)
from letrade.hotpath.simulation.parcels cimport Parcel, parcels_next, parcels_pop, parcels_push
from letrade.hotpath.simulation.recorded cimport RecordedMarket
from letrade.hotpath.simulation.trades cimport TradesMarket
from letrade.hotpath.simulation.wallets cimport Cleared
from letrade.hotpath.simulation.watch cimport Watch

cdef int64_t SECOND_NS = 1_000_000_000
cdef int64_t LAST_KINDS = 1 << TRADE_EVENT | 1 << BAR_EVENT | 1 << BAR_OPEN_EVENT


cdef class Exchange:
    """Requests are acted on at exactly their time plus the latency, before data of that time, as the venue's actor
    does: those that enter a window only at that time come after it.
    """

    def __cinit__(self, *arguments, **named):
        self.next_expiry = self.next_funding = INT64_MAX

    def __init__(self, Desk desk not None, Clearing clearing not None, Watch watch not None, Curve curve not None,
                 markets, latencies, scales, step):  # fmt: skip
        cdef Py_ssize_t place
        self.desk, self.clearing, self.watch, self.curve = desk, clearing, watch, curve
        self.markets, self.step = list(markets), step
        self.instruments, self.latencies = len(self.markets), list(latencies)
        self.trade_places = array.array("q")
        self.price_one = <double*>PyMem_Malloc((self.instruments + 1) * sizeof(double))
        self.unopened = <int64_t*>PyMem_Malloc((self.instruments + 1) * sizeof(int64_t))
        self.funded = <int64_t*>PyMem_Calloc(self.instruments + 1, sizeof(int64_t))
        self.late = <int64_t*>PyMem_Calloc(self.instruments + 1, sizeof(int64_t))
        self.funding = <Funding*>PyMem_Calloc(self.instruments + 1, sizeof(Funding))
        self.kinds = <int64_t*>PyMem_Calloc(self.instruments + 1, sizeof(int64_t))
        self.before = <Before*>PyMem_Calloc(self.instruments + 1, sizeof(Before))
        if not (self.price_one and self.kinds and self.before and self.unopened and self.funded and self.funding and self.late):
            raise MemoryError("no memory for an exchange")
        for place in range(self.instruments):
            if not isinstance(self.markets[place], Market):
                raise TypeError(f"expected a market for each instrument, found {self.markets[place]!r}")
            self.unopened[place] = type(self.markets[place]) is not TradesMarket
            if not isinstance(self.latencies[place], Latency):
                raise TypeError(f"expected a latency for each instrument, found {self.latencies[place]!r}")
            self.price_one[place], self.kinds[place] = scales[place], kinds_of(self.markets[place])
            self.before[place].time = -1

    def __dealloc__(self):
        PyMem_Free(self.price_one)
        PyMem_Free(self.unopened)
        PyMem_Free(self.funded)
        PyMem_Free(self.late)
        PyMem_Free(self.funding)
        PyMem_Free(self.kinds)
        PyMem_Free(self.before)
        PyMem_Free(self.errands.items)
        PyMem_Free(self.answers.items)

    cdef int64_t next_time(self) noexcept:
        return min(min(parcels_next(&self.errands), parcels_next(&self.answers)), min(self.next_expiry, self.next_funding))

    cdef double middle(self, int64_t instrument) except? -1:
        """Of the best prices; the last one, where nobody tells those; NaN when it is not known."""
        cdef Market market = <Market>self.markets[instrument]
        cdef int64_t bid = market.best(1), ask = market.best(-1), last
        if bid > 0 and ask > 0:
            return (bid + ask) / 2.0 / self.price_one[instrument]
        last = market.last()
        return last / self.price_one[instrument] if last > 0 and self.kinds[instrument] & LAST_KINDS else NAN

    cdef double book_middle(self, int64_t instrument) except? -1:
        """Of a book's best prices, as messages tell it; 0 while a side is empty."""
        cdef Market market = <Market>self.markets[instrument]
        cdef int64_t bid = market.best(1), ask = market.best(-1)
        if bid <= 0 or ask <= 0:
            return 0.0
        return (bid / self.price_one[instrument] + ask / self.price_one[instrument]) / 2.0

    cdef int hear(self, const Event* event, int64_t time) except -1:
        cdef Market market = <Market>self.markets[event.instrument]
        if time > self.watch.awaited[event.instrument].due:
            self.watch.resolve(event.instrument, time, self.middle(event.instrument))
        if event.kind == MARK_EVENT:
            self.clearing.hear_mark(event.instrument, event.row.value)
            self.funding[event.instrument].marked = time
        if event.kind == FUNDING_EVENT:
            return self.hear_funding(event, time) if self.funded[event.instrument] else 0
        if self.unopened[event.instrument]:  # what comes before its own kind of data is no part of this market
            if self.kinds[event.instrument] >> event.kind & 1:
                self.unopened[event.instrument] = 0
            elif event.kind != MARK_EVENT and event.kind != INDEX_EVENT:
                return 0
        if market.working.count or self.errands.count:
            self.note_before(market, event.instrument, time)
        market.hear(event)
        if self.kinds[event.instrument] >> event.kind & 1:
            self.watch.awaited[event.instrument].news = time
            if time >= self.watch.awaited[event.instrument].sample_at:
                self.watch.sample(event.instrument, time, self.middle(event.instrument))
        if event.kind != LEVELS_EVENT and event.kind != QUOTE_EVENT:
            self.clearing.hear_last(event.instrument, market.last_price)
        if market.said_count:
            self.book(market, event.instrument, time)
        if market.terms.asks_before_waiting and market.next_waiting():
            self.place_waiting(market, event.instrument, time)
        return 0

    def see_late(self, instruments):
        """When we see what the exchange did on these, requests that enter at its time have entered long ago."""
        self.note(self.late, instruments, 1)

    def open(self, instruments):
        """Their markets are of the kind that the desk file asks for, and there whatever data comes first."""
        self.note(self.unopened, instruments, 0)

    def pay_funding(self, instruments):
        """Funding is paid on these from now on."""
        self.note(self.funded, instruments, 1)

    cdef int note(self, int64_t* column, instruments, int64_t value) except -1:
        cdef Py_ssize_t place
        for place in instruments:
            if not 0 <= place < self.instruments:
                raise IndexError(f"no instrument {place}")
            column[place] = value

    cdef int hear_funding(self, const Event* event, int64_t time) except -1:
        """The last rate told before a funding time is the one that is paid; each funding time is paid once."""
        cdef Funding* one = &self.funding[event.instrument]
        if event.row.funding.due > one.paid:
            if one.due and one.due != event.row.funding.due:
                self.doubt_fundings(one.due, event.row.funding.due)
            one.due, one.rate = event.row.funding.due, event.row.funding.rate
            self.next_funding = min(self.next_funding, one.due)
        return self.fund(time) if self.next_funding <= time else 0

    cdef int fund(self, int64_t time) except -1:
        """Pays what is due to and from every account with a position."""
        cdef int64_t instrument, account
        cdef Funding* one
        cdef Parcel answer
        self.next_funding = INT64_MAX
        for instrument in range(self.instruments):
            one = &self.funding[instrument]
            if one.due and one.due <= time:
                for account in range(self.clearing.terms.accounts_count):
                    if self.clearing.holds(account, instrument):
                        if one.marked // SECOND_NS != one.due // SECOND_NS:
                            self.doubt_mark(one.due)
                        memset(&answer, 0, sizeof(answer))
                        answer.due = time + (<Latency>self.latencies[instrument]).response(time)
                        answer.instrument, answer.account, answer.trade, answer.entry = instrument, account, -1, one.due
                        answer.fee = self.clearing.fund(account, instrument, one.rate)
                        parcels_push(&self.answers, &answer)
                one.paid, one.due = one.due, 0
            if one.due:
                self.next_funding = min(self.next_funding, one.due)
        return 0

    cdef int act(self, int64_t time, bint all_due) except -1:
        cdef Parcel errand
        while parcels_next(&self.errands) <= time and (all_due or self.errands.items[0].entry < time):
            parcels_pop(&self.errands, &errand)
            if errand.trade and errand.content.request.kind != QUERY_REQUEST:  # turned away; questions never are
                self.say_refused(errand.instrument, time, errand.content.request.order, BUSY, errand.content.request.kind)
            else:
                self.meet(&errand.content.request, time)
        return 0

    cdef int meet(self, const Request* request, int64_t time) except -1:
        cdef Market market = <Market>self.markets[request.instrument]
        cdef SimulatedOrder order
        cdef Said said
        if request.kind == SUBMIT_REQUEST:
            order = self.desk.order(request.order)[0]
            return self.submit(market, &order, request.instrument, time)
        if request.kind == CANCEL_REQUEST:
            market.cancel(request.order, time)
        elif request.kind == AMEND_REQUEST:
            return self.amend(market, request, time)
        elif request.kind == QUERY_REQUEST:
            memset(&said, 0, sizeof(said))
            said.kind, said.order, said.time, said.verb = SAID_STANDS, request.order, time, QUERY_REQUEST
            self.show(market, &said)
            return self.say(request.instrument, time, &said, 0, -1)
        else:
            raise Doubtful(f"a request of kind {request.kind}")
        return self.book(market, request.instrument, time, request.order, request.kind)

    cdef int submit(self, Market market, SimulatedOrder* order, int64_t instrument, int64_t time) except -1:
        cdef int64_t reason, best = 0, most
        cdef bint waits = STOP_MARKET <= order.kind <= TRAILING_STOP
        if not market.has_market():
            raise Doubtful("an order before its market has any price")
        if waits and not (<RecordedMarket?>market).knows(order.trigger_source):
            reason = NO_MARK_PRICE if order.trigger_source == BY_MARK else NO_INDEX_PRICE
            return self.say_refused(instrument, time, order.number, reason, SUBMIT_REQUEST)
        if order.reduce_only and not waits:
            most = self.clearing.reducible(order, instrument)
            if most <= 0:
                return self.say_refused(instrument, time, order.number, NOTHING_TO_REDUCE, SUBMIT_REQUEST)
            if order.filled + most < order.size:
                order.size, market.time = order.filled + most, time
                market.say(SAID_AMENDED, order, CUT_ON_ENTRY)
        market.offers_count = 0
        if not waits:
            market.preview(order.side, order.size - order.filled, order.price)
        if market.offers_count:
            best = market.offers[0].price
        reason = self.clearing.judge(order, instrument, best, time)
        if reason != NO_REASON:
            market.said_count = 0
            return self.say_refused(instrument, time, order.number, reason, SUBMIT_REQUEST, order.size)
        self.note_before(market, instrument, time)
        market.submit(order, time)
        if market.said_count == 2 and market.said[1].kind == SAID_REFUSED:  # cut, and then turned away
            market.said[0], market.said_count = market.said[1], 1
        self.book(market, instrument, time, order.number, SUBMIT_REQUEST)
        self.next_expiry = min(self.next_expiry, market.next_expiry())
        return 0

    cdef int amend(self, Market market, const Request* request, int64_t time) except -1:
        cdef int64_t size = self.clearing.fitted(request.order, request.size)
        cdef int64_t reason, best = 0, side = self.desk.order(request.order).side
        if size == 0:
            return self.say_refused(request.instrument, time, request.order, NOTHING_TO_REDUCE, AMEND_REQUEST)
        market.offers_count = 0
        market.preview(side, size - self.clearing.cleared(request.order).filled, request.price)
        if market.offers_count:
            best = market.offers[0].price
        reason = self.clearing.judge_amend(
            request.order, request.instrument, request.price, size, best, time
        )
        if reason != NO_REASON:
            return self.say_refused(request.instrument, time, request.order, in_general(reason), AMEND_REQUEST)
        market.amend(request.order, request.price, size, time)
        return self.book(market, request.instrument, time, request.order, AMEND_REQUEST)

    cdef int place_waiting(self, Market market, int64_t instrument, int64_t time) except -1:
        """Orders that waited for the market to open are judged again before they are placed."""
        cdef int64_t number = market.next_waiting(), reason, best
        cdef SimulatedOrder order
        while number:
            order = self.desk.order(number)[0]
            order.filled, order.price = self.clearing.cleared(number).filled, self.clearing.cleared(number).price
            order.size = order.filled + market.left(number)
            market.offers_count, best = 0, 0
            market.preview(order.side, market.left(number), order.price)
            if market.offers_count:
                best = market.offers[0].price
            reason = self.clearing.judge(&order, instrument, best, time)
            market.place_waiting(number, in_general(reason))
            self.book(market, instrument, time, number)
            number = market.next_waiting()
        return 0

    cdef int expire(self, int64_t time) except -1:
        cdef Market market
        self.next_expiry = INT64_MAX
        for instrument, market in enumerate(self.markets):
            if market.next_expiry() <= time:
                market.expire(time)
                self.book(market, instrument, time)
            self.next_expiry = min(self.next_expiry, market.next_expiry())
        return 0

    cdef int book(self, Market market, int64_t instrument, int64_t time, int64_t incoming=0, int64_t verb=0) except -1:
        """What a market said moves money at once, and goes to the desk; `verb` is what was asked for of the incoming."""
        cdef Py_ssize_t place, count
        cdef int64_t fee, trade, bid, ask
        cdef Said* said
        arrange(market.said, &market.said_count, incoming)
        count, market.said_count = market.said_count, 0
        for place in range(count):
            said = &market.said[place]
            fee, trade = self.clearing.book(said.order, instrument, said), -1
            if said.kind == SAID_TRADED:
                self.note_before(market, instrument, time)
                bid, ask = self.before[instrument].bid, self.before[instrument].ask
                trade = self.watch.trade(
                    instrument, time, bid / self.price_one[instrument] if bid > 0 else NAN,
                    ask / self.price_one[instrument] if ask > 0 else NAN,
                )  # fmt: skip
            else:
                said.verb = verb if said.order == incoming else 0
                if said.kind != SAID_ENDED and not (said.kind == SAID_REFUSED and said.verb == SUBMIT_REQUEST):
                    self.show(market, said)
            self.say(instrument, time, said, fee, trade)
        return 0

    cdef int show(self, Market market, Said* said) except -1:
        """The order as it stands, beside what is said of it; the size of an amend is told as it was done."""
        cdef Cleared* cleared = self.clearing.cleared(said.order)
        if said.kind != SAID_AMENDED:
            said.size = market.left(said.order)
        said.price, said.whole = cleared.price, cleared.filled + (said.size if said.size else cleared.kept)
        return 0

    cdef int say_refused(
        self, int64_t instrument, int64_t time, int64_t order, int64_t reason, int64_t verb, int64_t size=0
    ) except -1:
        cdef Said said
        memset(&said, 0, sizeof(said))
        said.kind, said.order, said.time, said.reason, said.verb = SAID_REFUSED, order, time, reason, verb
        self.clearing.book(order, instrument, &said)
        if verb == SUBMIT_REQUEST:
            said.size = size
        else:
            self.show(<Market>self.markets[instrument], &said)
        return self.say(instrument, time, &said, 0, -1)

    cdef int say(self, int64_t instrument, int64_t time, const Said* said, int64_t fee, int64_t trade) except -1:
        cdef Parcel answer
        answer.due = time + (<Latency>self.latencies[instrument]).response(time)
        answer.instrument, answer.fee = instrument, fee
        answer.entry, answer.trade, answer.account, answer.content.said = 0, trade, -1, said[0]
        return parcels_push(&self.answers, &answer)

    cdef int deliver(self, int64_t time) except -1:
        cdef Parcel answer
        while parcels_next(&self.answers) <= time:
            parcels_pop(&self.answers, &answer)
            if answer.account >= 0:
                self.desk.hear_funding(answer.account, answer.instrument, answer.fee, answer.entry, time)
                if time >= self.curve.due:
                    self.curve.tell(time, answer.account)
                continue
            self.desk.hear_execution(answer.instrument, &answer.content.said, answer.fee, time)
            if answer.trade >= 0:
                self.trade_places.append(answer.trade)
                if time >= self.curve.due:
                    self.curve.tell(time, self.desk.account_of(answer.content.said.order))
        return self.take_requests() if self.desk.requests_count else 0  # an answer may lead to a question

    cdef int doubt_mark(self, int64_t due) except -1:
        raise Doubtful(f"no mark price of the second of the funding of {due}: the payment is estimated")

    cdef int doubt_fundings(self, int64_t due, int64_t told) except -1:
        raise Doubtful(f"the funding of {told} is told while that of {due} is not paid yet")

    cdef void note_before(self, Market market, int64_t instrument, int64_t time) noexcept:
        """Before the first thing that happens at a time."""
        cdef Before* before = &self.before[instrument]
        if before.time != time:
            before.time, before.bid, before.ask = time, market.best(1), market.best(-1)

    cdef int take_requests(self) except -1:
        cdef Py_ssize_t place
        cdef int64_t latency
        cdef Parcel errand
        cdef Request* request
        for place in range(self.desk.requests_count):
            request = &self.desk.requests[place]
            errand.content.request, errand.instrument = request[0], request.instrument
            errand.fee = errand.trade = errand.account = 0
            latency = (<Latency>self.latencies[request.instrument]).request(request.time)
            errand.trade = latency < 0
            errand.due = request.time + (latency if latency > 0 else -latency)
            errand.entry = (request.time // self.step + 1) * self.step
            if self.late[request.instrument]:
                errand.entry = request.time
            parcels_push(&self.errands, &errand)
        self.desk.requests_count = 0
        return self.recycle() if self.desk.orders_count >= self.recycle_at else 0

    cdef int recycle(self) except -1:
        """Of what is on its way both sides still ask."""
        cdef Py_ssize_t place
        for place in range(self.errands.count):
            self.desk.hold(self.errands.items[place].content.request.order)
        for place in range(self.answers.count):
            if self.answers.items[place].account < 0:
                self.desk.hold(self.answers.items[place].content.said.order)
        self.recycle_at = self.desk.orders_count + PAGE
        self.desk.recycle()
        return self.clearing.forget(self.desk)
