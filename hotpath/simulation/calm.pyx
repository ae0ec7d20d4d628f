# cython: boundscheck=False, wraparound=False, initializedcheck=False
"""Calm stretches of a compiled backtest: what nobody hears, and only the exchange's books need."""
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.object cimport PyObject
from libc.math cimport NAN
from libc.stdint cimport int8_t, int64_t

from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.ladder_reads cimport best_of
from letrade.hotpath.simulation.columns cimport Window, fetch_ahead, sequence_at
from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.doubt import Doubtful
from letrade.hotpath.simulation.events cimport LEVELS_EVENT, SNAPSHOT_EVENT, TRADE_EVENT, Event
from letrade.hotpath.simulation.exchange cimport Before, Exchange
from letrade.hotpath.simulation.levels cimport LevelsMarket
from letrade.hotpath.simulation.tape cimport BOTH_VIEWS, Head, Tape
from letrade.hotpath.simulation.watch cimport Awaited


cdef int doubt_crossed(Exchange exchange, int64_t instrument, int64_t time, int64_t bid, int64_t ask) except -1:
    """The keeper of books believes none of it from then on, until a snapshot comes."""
    price_one = exchange.price_one[instrument]
    name = exchange.desk.terms.source.instruments[instrument].name
    best = f"best bid {bid / price_one}, best ask {ask / price_one}"
    raise Doubtful(f"the book of {name} is crossed at {time}: {best}")


cdef inline bint reaches_ours(LevelsMarket market, int64_t price) noexcept:
    """Whether a trade is at the price of an order of ours, or through it."""
    return market.working.sides[0].best >= price or market.working.sides[1].best >= -price


cdef class Calm:
    """Passes events of the tape one by one, while nothing moves but the books of the exchange and price boards.

    Between two moments at which anybody can look, a book needs no more than its levels, and a price board its last
    price. What reaches an order of ours takes the long way through the exchange; what becomes of it in time ends the
    stretch.
    """

    def __init__(self, Tape tape not None, Exchange exchange not None):
        cdef Py_ssize_t place
        self.tape, self.exchange, self.open_time = tape, exchange, -1
        self.stretches = <Stretch*>PyMem_Calloc(exchange.instruments + 1, sizeof(Stretch))
        self.lanes = <int8_t*>PyMem_Calloc(len(tape.sources) + 1, sizeof(int8_t))
        self.touched = <int64_t*>PyMem_Calloc(exchange.instruments + 1, sizeof(int64_t))
        if self.stretches == NULL or self.lanes == NULL or self.touched == NULL:
            raise MemoryError("no memory for what passes by itself")
        for place in range(exchange.instruments):
            if type(exchange.markets[place]) is LevelsMarket:
                self.stretches[place].market = <PyObject*>exchange.markets[place]
            self.stretches[place].levels_time = -1
            self.stretches[place].middle.time = self.stretches[place].before.time = -1
        for place in range(tape.heads_count):
            self.lanes[tape.heads[place].reel] = self.may_be_calm(&tape.heads[place])

    def __dealloc__(self):
        PyMem_Free(self.stretches)
        PyMem_Free(self.lanes)
        PyMem_Free(self.touched)

    cdef bint may_be_calm(self, const Head* head) except -1:
        cdef LevelsMarket market
        if head.view != BOTH_VIEWS or self.stretches[head.instrument].market == NULL:
            return False
        market = <LevelsMarket>self.stretches[head.instrument].market
        return not market.terms.by_venue_time and (<Window>head.window).kind in (LEVELS_EVENT, SNAPSHOT_EVENT, TRADE_EVENT)

    cdef int close_lane(self, Py_ssize_t reel) except -1:
        """Somebody hears of each of its events."""
        self.lanes[reel] = 0
        return 0

    cdef int64_t run(self, int64_t until, int64_t events) except -1:
        cdef Tape tape = self.tape
        cdef Desk desk = self.exchange.desk
        cdef int64_t first = tape.count, last_count = tape.count + events, time
        if desk.watches:
            until = min(until, desk.next_check)
        until = min(until, self.exchange.curve.due)
        self.until, self.steps, self.last, self.began = until, 0, -1, tape.next_time()
        self.turn += 1
        while (time := tape.next_time()) < self.until and self.lanes[tape.first().reel]:
            if tape.count >= last_count and time != self.last:
                break
            until = min(self.until, tape.until)
            if tape.spots_count > 1:
                until = min(until, tape.spots[1].time)
            if tape.spots_count > 2:
                until = min(until, tape.spots[2].time)
            self.follow_head(tape.first(), time, until)
            if self.until <= self.last:
                break
        if tape.count == first:
            return 0
        tape.last_time = self.last
        self.open_time = self.last if self.until <= self.last or tape.next_time() == self.last else -1
        self.tell_middles()
        tape.settle()
        return tape.count - first

    cdef int follow_head(self, Head* head, int64_t time, int64_t end) except -1:
        """The first of the tape, for as long as it is the first."""
        cdef Tape tape = self.tape
        cdef Stretch* one = &self.stretches[head.instrument]
        cdef Window window = <Window>head.window
        cdef Py_ssize_t place = head.place
        if one.turn != self.turn:
            one.turn = self.turn
            self.touched[self.touched_count] = head.instrument
            self.touched_count += 1
            self.look_again(head.instrument)
        if window.kind == TRADE_EVENT:
            place = self.follow_trades(head, window, one, time, end)
        else:
            place = self.follow_levels(head, window, one, time, end)
        tape.count += place - head.place
        if place == window.count:
            head.place = place - 1
            return tape.advance()
        head.place, head.time, head.sequence = place, window.times[place], sequence_at(window, place)
        tape.spots[0].time = head.time
        if tape.spots_count > 2:
            fetch_ahead(window, place)
        tape.sink()
        return 0

    cdef Py_ssize_t follow_levels(
        self, Head* head, Window window, Stretch* one, int64_t time, int64_t end
    ) except -1:
        """The place of its first event that did not pass."""
        cdef LevelsMarket market = <LevelsMarket>one.market
        cdef const int64_t* starts = window.starts
        cdef Py_ssize_t place = head.place
        cdef int64_t start = starts[place], rows = -start
        while True:
            self.steps += time != self.last
            self.last = time
            if time > one.due:
                self.resolve(head.instrument, time, one)
            start = starts[place]
            if one.levels_are_calm and window.levels_are_right and (
                window.kinds[place] == LEVELS_EVENT if window.kinds != NULL else window.kind == LEVELS_EVENT
            ):
                market.time = time
                market.pass_levels(
                    window.sides + start, window.columns[0] + start, window.columns[1] + start,
                    starts[place + 1] - start,
                )
            else:
                self.go_long_way(head, window, place, one)
                end = min(end, self.until)
            self.note_middle(head.instrument, time, market, one)
            place += 1
            if place == window.count or self.until <= time:
                break
            time = window.times[place]
            if time >= end:
                break
        self.tape.rows += rows + starts[place]
        return place

    cdef Py_ssize_t follow_trades(
        self, Head* head, Window window, Stretch* one, int64_t time, int64_t end
    ) except -1:
        cdef LevelsMarket market = <LevelsMarket>one.market
        cdef Desk desk = self.exchange.desk
        cdef Py_ssize_t place = head.place
        cdef int64_t price
        cdef double told, price_one = self.exchange.price_one[head.instrument]
        while True:
            self.steps += time != self.last
            self.last = time
            if time > one.due:
                self.resolve(head.instrument, time, one)
            price = window.columns[0][place]
            if one.trades_are_calm and not reaches_ours(market, price):
                market.time, market.last_price = time, price
                self.exchange.clearing.hear_last(head.instrument, price)
            else:
                self.go_long_way(head, window, place, one)
                end = min(end, self.until)
            desk.ticking[head.instrument], desk.news[head.instrument] = 1, time
            told = price / price_one
            if told != 0.0:
                desk.take_price(head.instrument, told)
            place += 1
            if place == window.count or self.until <= time:
                break
            time = window.times[place]
            if time >= end:
                break
        self.tape.rows += place - head.place
        return place

    cdef int resolve(self, int64_t instrument, int64_t time, Stretch* one) except -1:
        self.exchange.watch.resolve(instrument, time, self.exchange.middle(instrument))
        one.due = self.exchange.watch.awaited[instrument].due
        return 0

    cdef int go_long_way(self, Head* head, Window window, Py_ssize_t place, Stretch* one) except -1:
        cdef Event event
        window.fill(place, &event)
        event.feed, event.instrument, event.reel = head.feed, head.instrument, head.reel
        self.exchange.hear(&event, event.time)
        self.until = min(self.until, self.exchange.next_time())
        return self.look_again(head.instrument)

    cdef int look_again(self, int64_t instrument) except -1:
        """What may pass by itself, until an order comes, goes or changes."""
        cdef Stretch* one = &self.stretches[instrument]
        cdef LevelsMarket market = <LevelsMarket>one.market
        one.bid, one.ask = best_of(&market.book.ladders[0], BUY), best_of(&market.book.ladders[1], SELL)
        opened = not self.exchange.unopened[instrument] and market.working.waiting.count == 0
        one.levels_are_calm = opened and (market.heard_trade or market.working.count == 0)
        one.trades_are_calm = opened and market.heard_trade and market.working.triggers.count == 0
        one.due = self.exchange.watch.awaited[instrument].due
        return 0

    cdef int note_middle(self, int64_t instrument, int64_t time, LevelsMarket market, Stretch* one) except -1:
        """Each event tells a price, where both sides have one; of a time the last one holds."""
        cdef int64_t bid = best_of(&market.book.ladders[0], BUY), ask = best_of(&market.book.ladders[1], SELL)
        cdef Awaited* awaited = &self.exchange.watch.awaited[instrument]
        cdef Before* before = &self.exchange.before[instrument]
        if time != one.levels_time:
            one.levels_time, one.before = time, one.middle
            if market.working.count and before.time != time:
                before.time, before.bid, before.ask = time, one.bid, one.ask
        one.bid, one.ask, awaited.news = bid, ask, time
        if time >= awaited.sample_at:
            self.exchange.watch.sample(instrument, time, self.exchange.middle(instrument))
        if bid > 0 and ask > 0:
            if ask <= bid:
                doubt_crossed(self.exchange, instrument, time, bid, ask)
            one.middle.time, one.middle.bid, one.middle.ask = time, bid, ask
        return 0

    cdef bint has_levels_of(self, int64_t instrument, int64_t time) noexcept:
        return self.stretches[instrument].levels_time == time

    cdef double take_middle(self, int64_t instrument, int64_t time) noexcept:
        """What its levels of `open_time` told last; 0: nothing."""
        cdef Middle* middle = &self.stretches[instrument].middle
        cdef double price_one = self.exchange.price_one[instrument]
        if middle.time != time:
            return 0.0
        middle.time = -1
        return (middle.bid / price_one + middle.ask / price_one) / 2.0

    cdef void tell_middles(self) noexcept:
        """Those of `open_time` are told by who passes the rest of it."""
        cdef Desk desk = self.exchange.desk
        cdef double price_one
        cdef bint known
        cdef int64_t instrument
        cdef Stretch* one
        cdef Middle middle, before
        while self.touched_count:
            self.touched_count -= 1
            instrument = self.touched[self.touched_count]
            one = &self.stretches[instrument]
            middle, before = one.middle, one.before
            one.before.time = -1
            if middle.time == self.open_time:
                middle = before
            else:
                one.middle.time = -1
            if one.levels_time >= self.began:
                price_one = self.exchange.price_one[instrument]
                known = one.bid > 0 and one.ask > 0
                desk.middles[instrument] = (one.bid / price_one + one.ask / price_one) / 2.0 if known else NAN
            if middle.time < 0 or middle.time < desk.news[instrument] or self.quoted[instrument]:
                continue
            price_one = self.exchange.price_one[instrument]
            desk.ticking[instrument], desk.news[instrument] = 1, middle.time
            desk.take_price(instrument, (middle.bid / price_one + middle.ask / price_one) / 2.0)
