# cython: boundscheck=False, wraparound=False
"""The compiled backtest: settles one time after the other, the exchange first, then strategies, then their orders."""
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Realloc
from libc.math cimport NAN
from libc.stdint cimport INT64_MAX, int8_t, int64_t

from letrade.hotpath.book cimport Book
from letrade.hotpath.simulation.calm cimport Calm, doubt_crossed
from letrade.hotpath.simulation.curve cimport Curve
from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.desk_orders cimport CashRecord
from letrade.hotpath.simulation.desk_told cimport TOLD_CASH, TOLD_FILL, TOLD_UPDATE, Told
from letrade.hotpath.simulation.events cimport (
    BAR_EVENT, LEVELS_EVENT, MARK_EVENT, QUOTE_EVENT, SNAPSHOT_EVENT, TRADE_EVENT, Event,
)
from letrade.hotpath.simulation.exchange cimport Exchange
from letrade.hotpath.simulation.levels cimport LevelsMarket
from letrade.hotpath.simulation.parcels cimport parcels_next
from letrade.hotpath.simulation.tape cimport OUR_VIEW, VENUE_VIEW, Tape
from letrade.hotpath.simulation.troupe cimport QUOTES_WISH, TARGET_WISH, Troupe, Wish
from letrade.hotpath.simulation.watch cimport Watch
from letrade.hotpath.slots cimport MailSlot


cdef enum:
    TOLD_KINDS = 8  # more than there are


cdef class Engine:
    """Moves the tape, the exchange, the desk and the troupe of actors through time, together.

    At each time: requests that are due act at the exchange, data reaches it, prices and answers reach the desk, actors
    hear their timers, data and news, and then the desk does what they want and sends orders on their way.
    """

    def __init__(self, Tape tape not None, Exchange exchange not None, Troupe troupe not None, herald, listening, ranks,
                 int64_t step):
        self.tape, self.exchange, self.troupe, self.herald = tape, exchange, troupe, herald
        self.crier = herald.crier
        self.desk, self.watch, self.curve = exchange.desk, exchange.watch, exchange.curve
        self.listening, self.listeners, self.ranks, self.step = listening, {}, dict(ranks), step
        self.own_books = {}
        self.seen_books = [
            (<LevelsMarket>market).book if isinstance(market, LevelsMarket) else None for market in exchange.markets
        ]
        self.quoted = <int8_t*>PyMem_Calloc(exchange.instruments + 1, sizeof(int8_t))
        self.hears = <int8_t*>PyMem_Calloc(len(troupe.lines) + 1, sizeof(int8_t))
        if self.quoted == NULL or self.hears == NULL:
            raise MemoryError("no memory for an engine")
        for place, line in enumerate(troupe.lines):
            self.hears[<Py_ssize_t>place] = line.has_hearers

    def __dealloc__(self):
        PyMem_Free(self.events)
        PyMem_Free(self.quoted)
        PyMem_Free(self.hears)

    def follow_book(self, int64_t instrument):
        self.own_books[instrument] = self.seen_books[instrument] = Book()

    def run_data(self, int64_t events):
        cdef int64_t last = self.tape.count + events, most = self.steps + events  # timers take time as well
        cdef int64_t time
        if self.calm is None:
            self.open_calm()
        while (time := self.tape.next_time()) != INT64_MAX:
            if time < self.quiet_until:
                if time == self.calm.open_time or not self.pass_calm(last - self.tape.count):
                    self.pass_data(time)
            else:
                self.pass_time(self.next_time())
            if (self.tape.count >= last or self.steps >= most) and self.tape.next_time() != self.time:
                return False
        return True

    def run(self, int64_t until):
        cdef int64_t time
        while (time := self.next_time()) < until:
            self.pass_time(time)

    def drain(self, int64_t time, bint cancels, message, listeners):
        cdef MailSlot slot
        for slot in listeners:
            self.troupe.post_news(slot, message, time, 0)
        self.stops, self.stop_cancels = True, cancels
        self.pass_time(time)

    def finish(self, int64_t time):
        cdef int64_t instrument
        for instrument in range(self.exchange.instruments):
            self.watch.finish(instrument, time, self.exchange.middle(instrument))

    def settle(self, int64_t time):
        """Take what actors said outside of any time that the engine passed: at the start."""
        self.time, self.quiet_until = time, 0
        self.take_wishes(time)

    @property
    def next(self):
        cdef int64_t time = self.next_time()
        return None if time == INT64_MAX else time

    cdef int64_t next_time(self) except -2:
        cdef int64_t time = min(self.tape.next_time(), self.exchange.next_time())
        return self.troupe.next_due(min(min(time, self.desk.feedback_at), self.desk.next_overdue()))

    cdef int open_calm(self) except -1:
        cdef Py_ssize_t reel
        self.calm = Calm(self.tape, self.exchange)
        self.calm.quoted = self.quoted
        for reel in range(len(self.troupe.lines)):
            if self.hears[reel]:
                self.calm.close_lane(reel)
        return 0

    cdef bint pass_calm(self, int64_t events) except -1:
        """Times at which nobody could look at anything; False where the next is none of them."""
        cdef Calm calm = self.calm
        if calm.run(self.quiet_until, events) == 0:
            return False
        self.time = self.troupe.latest = calm.last
        self.steps += calm.steps
        if calm.until <= calm.last:  # the rest of that time, and what follows
            self.quiet_until, self.steps = calm.until, self.steps - 1
            self.pass_data(calm.last)
        else:
            self.quiet_until = min(self.quiet_until, self.exchange.next_time())
        return True

    cdef int pass_data(self, int64_t time) except -1:
        """A time at which nothing but data comes, most of them: the rest is looked at only where something follows."""
        cdef Py_ssize_t count
        self.time = self.troupe.latest = time
        self.steps += 1
        count = self.take_events(time)
        self.quiet_until = min(self.quiet_until, self.exchange.next_time())
        if self.listened or self.quiet_until <= time:
            return self.follow(time, count)
        return self.tape.settle()

    cdef int pass_time(self, int64_t time) except -1:
        cdef Exchange exchange = self.exchange
        self.time = time
        self.steps += 1
        if exchange.next_funding <= time:
            exchange.fund(time)
        if parcels_next(&exchange.errands) <= time:
            exchange.act(time, False)
        self.troupe.wake(time)
        return self.follow(time, self.take_events(time))

    cdef int follow(self, int64_t time, Py_ssize_t count) except -1:
        """What comes of the data of a time, and all else that is due then."""
        cdef Exchange exchange = self.exchange
        if parcels_next(&exchange.errands) <= time:
            exchange.act(time, True)
        if exchange.next_expiry <= time:
            exchange.expire(time)
        if parcels_next(&exchange.answers) <= time:
            exchange.deliver(time)
        if self.desk.next_overdue() <= time:
            self.desk.overdue(time)
            exchange.take_requests()
        if self.stops:  # answers of venues come before words of the operator
            self.stops = False
            self.desk.stop(time, self.stop_cancels)
            exchange.take_requests()
        self.troupe.perform(self.events, count, time)
        if self.desk.feedback_at <= time:
            self.tell_news(time)
        self.troupe.follow(time)
        if self.troupe.wishes_count or self.desk.feedback_at <= time:
            self.take_wishes(time)
        if self.troupe.held_count and self.troupe.resume_at == INT64_MAX:
            self.troupe.resume_at = (time // self.step + 1) * self.step
        self.tape.settle()
        self.quiet_until = min(exchange.next_time(), self.desk.feedback_at)
        self.quiet_until = self.troupe.next_due(min(self.quiet_until, self.desk.next_overdue()))
        return 0

    cdef Py_ssize_t take_events(self, int64_t time) except -1:
        """All events of this time: the exchange has heard them, and the desk their prices; how many we see."""
        cdef Py_ssize_t room, count = 0
        cdef Event* events
        cdef int64_t view
        self.listened = False
        while self.tape.next_time() == time:
            if count == self.events_room:
                room = max(2 * count, 16)
                events = <Event*>PyMem_Realloc(self.events, room * sizeof(Event))
                if events == NULL:
                    raise MemoryError(f"no memory for {room} events of one time")
                self.events, self.events_room = events, room
            view = self.tape.take(&self.events[count])
            if view & VENUE_VIEW:
                self.exchange.hear(&self.events[count], time)
            if view & OUR_VIEW:
                self.tell_price(&self.events[count])
                self.listened |= self.hears[self.events[count].reel]
                count += 1
        if self.levels_came or (self.calm is not None and self.calm.open_time == time):
            self.levels_came = False
            self.tell_middles(time, count)
        return count

    cdef int tell_middles(self, int64_t time, Py_ssize_t count) except -1:
        """Of books after each of their events, after all else that was told at this time, where no quotes tell them."""
        cdef Py_ssize_t place
        cdef Event* event
        cdef double price
        if self.calm is not None and self.calm.open_time == time:
            for place in range(self.exchange.instruments):
                if self.calm.has_levels_of(place, time):
                    self.see_middle(place, LEVELS_EVENT, self.book_middle(place))
                    price = self.calm.take_middle(place, time)
                    if price > 0.0 and not self.quoted[place]:
                        self.tell_middle(place, time, price)
        for place in range(count):
            event = &self.events[place]
            if event.kind == LEVELS_EVENT or event.kind == SNAPSHOT_EVENT:
                self.see_middle(event.instrument, LEVELS_EVENT, event.middle)
                if event.is_told and event.middle > 0.0:
                    self.tell_middle(event.instrument, time, event.middle)
        return 0

    cdef int tell_middle(self, int64_t instrument, int64_t time, double price) except -1:
        self.desk.hear_price(instrument, time, price)
        return self.curve.tell(time, -1) if time >= self.curve.due else 0

    cdef int see_levels(self, const Event* event) except -1:
        cdef Book book = self.own_books.get(event.instrument)
        if book is None:
            return 0
        if event.kind == SNAPSHOT_EVENT:
            book.clear_levels()
        return book.apply_rows(
            event.row.levels.sides, event.row.levels.prices, event.row.levels.sizes, event.row.levels.count
        )

    cdef int check_crossed(self, int64_t instrument, int64_t time) except -1:
        cdef object book = self.seen_books[instrument]
        cdef int64_t bid, ask
        if book is None:
            return 0
        bid = (<Book>book).best_price(1)
        if bid > 0 and 0 < (ask := (<Book>book).best_price(-1)) <= bid:
            doubt_crossed(self.exchange, instrument, time, bid, ask)
        return 0

    cdef double book_middle(self, int64_t instrument) except? -1:
        """As we see it; 0 while a side is empty."""
        cdef Book book = self.own_books.get(instrument) if self.own_books else None
        cdef int64_t bid, ask
        if book is None:
            return self.exchange.book_middle(instrument)
        bid, ask = book.best_price(1), book.best_price(-1)
        if bid <= 0 or ask <= 0:
            return 0.0
        return (bid / self.exchange.price_one[instrument] + ask / self.exchange.price_one[instrument]) / 2.0

    cdef void see_middle(self, int64_t instrument, int64_t kind, double price) noexcept:
        """Where it is of the kind of data that the exchange's prices are of; 0 while a side is empty."""
        if self.exchange.kinds[instrument] >> kind & 1:
            self.desk.middles[instrument] = price if price > 0.0 else NAN

    cdef int tell_price(self, Event* event) except -1:
        """What price boards see; of levels once all of their time have come, by tell_middles."""
        cdef double price_one = self.exchange.price_one[event.instrument], price = 0.0
        if event.kind == LEVELS_EVENT or event.kind == SNAPSHOT_EVENT:
            self.levels_came = True
            if self.own_books:
                self.see_levels(event)
            self.check_crossed(event.instrument, event.time)
            event.middle, event.is_told = self.book_middle(event.instrument), not self.quoted[event.instrument]
            return 0
        elif event.kind == QUOTE_EVENT:
            self.quoted[event.instrument] = 1
            if event.row.quote.bid > 0 and event.row.quote.ask > 0:
                price = (event.row.quote.bid / price_one + event.row.quote.ask / price_one) / 2.0
            self.see_middle(event.instrument, event.kind, price)
            self.desk.hear_price(event.instrument, event.time, price)
        elif event.kind == TRADE_EVENT:
            self.see_middle(event.instrument, event.kind, event.row.trade.price / price_one)
            self.desk.hear_price(event.instrument, event.time, event.row.trade.price / price_one)
        elif event.kind == BAR_EVENT:
            self.see_middle(event.instrument, event.kind, event.row.bar.close / price_one)
            self.desk.hear_bar(event.instrument, event.time, event.row.bar.close / price_one)
        elif event.kind == MARK_EVENT:  # bars go on telling beside mark prices
            self.desk.hear_mark(event.instrument, event.time, event.row.value)
        else:
            return 0
        if event.time >= self.curve.due:
            self.curve.tell(event.time, -1)
        return 0

    cdef int tell_news(self, int64_t time) except -1:
        """To the mailboxes of who listens."""
        cdef Py_ssize_t place
        for place in range(self.desk.told_count):
            if self.desk.told[place].heard > time:
                break
            self.tell(&self.desk.told[place], time)
        return 0

    cdef int tell(self, const Told* told, int64_t time) except -1:
        cdef MailSlot slot
        cdef const CashRecord* cash
        cdef int64_t key = (told.strategy * self.exchange.instruments + told.instrument) * TOLD_KINDS + told.kind
        slots = self.listeners.get(key)
        if slots is None:
            slots = self.listeners[key] = self.listening(told.kind, told.strategy, told.instrument)
        if not slots:
            return 0
        if told.kind == TOLD_FILL:
            message = self.crier.fill(told)
        elif told.kind == TOLD_UPDATE:
            message = self.crier.update(told)
        elif told.kind == TOLD_CASH:
            cash = &self.desk.cash_entries[told.fill]
            message = self.herald.cash(cash.time, cash.account, cash.instrument, cash.amount, cash.due)
        else:
            message = self.herald(
                told.stage, told.time, told.strategy, told.instrument, told.signal, told.leg, told.rule, told.what
            )
        rank = self.ranks[told.stage]
        for slot in slots:
            self.troupe.post_news(slot, message, time, rank)
        return 0

    cdef int take_wishes(self, int64_t time) except -1:
        """In the order of the desk file; then all that follows within the desk."""
        cdef Troupe troupe = self.troupe
        cdef Py_ssize_t place
        cdef Wish* wish
        troupe.sort_wishes()
        self.desk.judge_hears(time)
        for place in range(troupe.wishes_count):
            wish = &troupe.wishes[place]
            if wish.kind == TARGET_WISH:
                self.desk.want_position(
                    wish.strategy, wish.instrument, wish.signal, time, wish.position, wish.sized, wish.limit,
                    wish.post_only,
                )
            elif wish.kind == QUOTES_WISH:
                self.desk.want_quotes(
                    wish.strategy, wish.instrument, wish.signal, time, wish.orders, troupe.sides + wish.first,
                    troupe.prices + wish.first, troupe.sizes + wish.first, wish.post_only,
                )
            else:
                self.desk.want_protection(
                    wish.strategy, wish.instrument, wish.signal, time, wish.stop, wish.take_profit, wish.size,
                    wish.trail, wish.source,
                )
        troupe.wishes_count = troupe.orders_count = 0
        self.desk.settle(time)
        return self.exchange.take_requests() if self.desk.requests_count else 0
