"""The desk between strategies and exchange in numbers alone: what capital, risk, execution and ledger actors do."""
from decimal import Decimal

from libc.math cimport fabs, floor, isfinite, rint
from libc.stdint cimport INT64_MAX
from libc.stdlib cimport realloc
from libc.string cimport memset

from letrade.hotpath.constants cimport GTC, IOC
from letrade.hotpath.simulation.capital cimport Desire, WantedQuote
from letrade.hotpath.simulation.desk_orders cimport (
    DESK_STOPS, GRID_RULE, NO_PRICE_RULE, ORDER_FILLED, ORDER_PENDING, SIGNAL_RULE, SPOT_SHORT_RULE, TICK_RULE,
    TRIGGER_BY_RULE, CashRecord, OrderRecord
)
from letrade.hotpath.simulation.desk_terms cimport Instrument
from letrade.hotpath.simulation.orders cimport LIMIT_ORDER, MARKET_ORDER

from letrade.hotpath.simulation.doubt import Doubtful

cdef enum:
    EXECUTION_STAGE = 6

cdef double UNITS_SURE = 1e15  # below it a double of so many decimals is one number of units
cdef double DOUBT = 1e-9


cdef class Desk(LossWatch):
    cdef int hear_price(self, int64_t instrument, int64_t time, double price) except -1:
        self.ticking[instrument] = 1
        self.news[instrument] = time
        if price != 0.0:
            self.take_price(instrument, price)
        return self.check_losses(time) if self.watches else 0

    cdef int hear_bar(self, int64_t instrument, int64_t time, double close) except -1:
        """Bars close on time also when a market is silent, so they tell of prices only where nothing else does."""
        self.closes[instrument], self.closed[instrument] = close, time
        if not self.ticking[instrument]:
            self.take_price(instrument, close)
            self.news[instrument] = time
        return self.check_losses(time) if self.watches else 0

    cdef int hear_mark(self, int64_t instrument, int64_t time, double price) except -1:
        """A price like any other, beside which bars go on telling."""
        self.news[instrument] = time
        self.take_price(instrument, price)
        return self.check_losses(time) if self.watches else 0

    cdef int64_t lots_of(self, int64_t instrument, double value) except? -1:
        """Units of the largest multiple of the lot within a size, with the sign of the size."""
        cdef Instrument* one = &self.terms.instruments[instrument]
        cdef double lots = fabs(value) * one.size_power / one.lot_units
        cdef int64_t whole
        if not isfinite(lots) or lots * one.lot_units > UNITS_SURE:
            raise Doubtful(f"a wish for {value!r} of an instrument")
        whole = <int64_t>rint(lots)
        if fabs(lots - rint(lots)) <= DOUBT * (lots + 1.0):
            if rint(lots) * one.lot_units / one.size_power != fabs(value):
                source = self.terms.source.instruments[instrument]
                whole = int(Decimal(repr(fabs(value))) * 10**source.size_decimals // source.lot_units)
        else:
            whole = <int64_t>floor(lots)
        return whole * one.lot_units if value >= 0.0 else -whole * one.lot_units

    cdef int64_t sizes_of(self, int64_t instrument, double value) except? -1:
        """Units of a size above 0 that fits the lot; 0 when it does not."""
        cdef Instrument* one = &self.terms.instruments[instrument]
        cdef double units = rint(value * one.size_power)
        if units >= UNITS_SURE:
            raise Doubtful(f"a quote's size of {value!r} of an instrument")
        if not units > 0.0 or units / one.size_power != value or <int64_t>units % one.lot_units:
            return 0
        return <int64_t>units

    cdef int64_t ticks_of(self, int64_t instrument, double value) except? -1:
        """Units of a price above 0 that fits the tick; 0 when it does not."""
        cdef Instrument* one = &self.terms.instruments[instrument]
        cdef double units = rint(value * one.price_power)
        if units >= UNITS_SURE:
            raise Doubtful(f"a price of {value!r} of an instrument")
        if not units > 0.0 or units / one.price_power != value or <int64_t>units % one.tick_units:
            return 0
        return <int64_t>units

    cdef int want_position(
        self, int64_t strategy, int64_t instrument, int64_t signal, int64_t time, double position, bint sized,
        double limit, bint post_only,
    ) except -1:
        cdef Desire* one = self.desire(strategy, instrument, signal, time)
        cdef int64_t key = strategy * self.terms.instruments_count + instrument, wanted, price = 0
        cdef bint known = True
        if one == NULL:
            return 0
        wanted = self.lots_of(instrument, position) if sized else self.sized(strategy, instrument, position, &known)
        if not known:
            return self.refuse(key, NO_PRICE_RULE, time, 0)
        if self.terms.instruments[instrument].spot and wanted < 0:
            return self.refuse(key, SPOT_SHORT_RULE, time, 0)
        if limit != 0.0:
            price = self.ticks_of(instrument, limit)
            if price == 0:
                return self.refuse(key, TICK_RULE, time, 0)
        one.wanted, one.price, one.limit, one.post_only = wanted, price, price != 0, post_only
        return self.pursue(key, time)

    cdef int want_quotes(
        self, int64_t strategy, int64_t instrument, int64_t signal, int64_t time, Py_ssize_t count,
        const int64_t* sides, const double* prices, const double* sizes, bint post_only,
    ) except -1:
        cdef Desire* one = self.desire(strategy, instrument, signal, time)
        cdef int64_t key = strategy * self.terms.instruments_count + instrument, sold = 0
        cdef WantedQuote* quote
        cdef Py_ssize_t place
        if one == NULL:
            return 0
        if count > one.quotes_room:
            quote = <WantedQuote*>realloc(one.quotes, count * sizeof(WantedQuote))
            if quote == NULL:
                raise MemoryError("no memory for quotes")
            one.quotes, one.quotes_room = quote, count
        for place in range(count):
            quote = &one.quotes[place]
            quote.side, quote.order = sides[place], 0
            quote.price = self.ticks_of(instrument, prices[place])
            quote.size = self.sizes_of(instrument, sizes[place])
            if quote.price == 0 or quote.size == 0 or (quote.side != 1 and quote.side != -1):
                return self.refuse(key, GRID_RULE, time, 0)
            sold += quote.size if quote.side < 0 else 0
        if self.terms.instruments[instrument].spot and sold > max(self.keys[key].share, 0):
            return self.refuse(key, SPOT_SHORT_RULE, time, 0)
        one.quotes_count, one.quoting, one.post_only = count, 1, post_only
        self.match_quotes(key)
        return self.place_quotes(key, time)

    cdef int want_protection(
        self, int64_t strategy, int64_t instrument, int64_t signal, int64_t time, double stop, double take_profit,
        double size, double trail, int64_t source,
    ) except -1:
        cdef int64_t key = strategy * self.terms.instruments_count + instrument
        cdef int64_t loss = 0, profit = 0, units = 0, distance = 0
        if signal <= self.signals[strategy]:
            if signal == self.desires[key].signal and signal > 0:
                return self.refuse_protection(key, signal, SIGNAL_RULE, time)
            return 0
        self.signals[strategy] = signal
        if source < 0:
            return self.refuse_protection(key, signal, TRIGGER_BY_RULE, time)
        if stop != 0.0:
            loss = self.ticks_of(instrument, stop)
        if take_profit != 0.0:
            profit = self.ticks_of(instrument, take_profit)
        if trail != 0.0:
            distance = self.ticks_of(instrument, trail)
        if size >= 0.0:
            units = self.sizes_of(instrument, size)
        if (
            (stop != 0.0 and loss == 0) or (take_profit != 0.0 and profit == 0) or (size >= 0.0 and units == 0)
            or (trail != 0.0 and distance == 0)
        ):
            return self.refuse_protection(key, signal, GRID_RULE, time)
        self.replace_protection(key, signal, loss, profit, units, distance, source)
        return self.protect(key, self.aim(key), time)

    cdef int hear_execution(self, int64_t instrument, const Said* said, int64_t fee, int64_t time) except -1:
        if said.order < 1 or said.order > self.orders_count:
            raise ValueError(f"an answer about order {said.order} of {self.orders_count}")
        self.answer(self.record(said.order), said, fee, time)
        if self.stopping and self.live == 0:
            self.drained = True
        return 0

    cdef int hear_funding(
        self, int64_t account, int64_t instrument, int64_t amount, int64_t due, int64_t time
    ) except -1:
        cdef CashRecord* cash = self.new_cash()
        cdef Told* one = self.tell(TOLD_CASH, EXECUTION_STAGE, time)
        cash.time, cash.account, cash.instrument, cash.amount, cash.due = time, account, instrument, amount, due
        one.strategy, one.instrument, one.fill = -1, instrument, self.cash_count - 1
        return self.book_funding(account, instrument, amount)

    cdef int judge_hears(self, int64_t time) except -1:
        """Who judges what is asked for knows first what has happened."""
        cdef Told told
        while self.told_judged < self.told_count and self.told[self.told_judged].heard <= time:
            told = self.told[self.told_judged]  # a copy: what follows from it may move the others
            self.told_judged += 1
            if told.kind == TOLD_CASH:
                continue
            self.risk_hears(&told)
        return 0

    cdef int settle(self, int64_t time) except -1:
        """Risk hears first; then capital, with what it proposes judged at once; then execution sends."""
        cdef Py_ssize_t place, due
        self.judge_hears(time)
        due = self.told_judged
        for place in range(due):
            self.hearing = self.told[place]  # a copy, as above
            if self.hearing.kind == TOLD_CASH:
                self.purse_hears_cash(&self.cash_entries[self.hearing.fill])
            else:
                self.capital_hears(&self.hearing, time)
                if self.watches and self.hearing.kind == TOLD_FILL:  # equity is capital's, which has booked it now
                    self.watch_fill(&self.hearing, time)
        if due:
            self.drop_told(due)
        return self.execute(time) if self.cancels_count or self.approvals_count else 0

    cdef int watch_fill(self, const Told* told, int64_t time) except -1:
        cdef int64_t account = self.record(told.order).account
        return self.watch(account, time) if self.marks[account].watched else 0

    cdef int stop(self, int64_t time, bint cancels) except -1:
        """The desk stops: nothing opens any more, and working orders are cancelled where that is asked for."""
        cdef int64_t number, account
        cdef OrderRecord* order
        self.stopping = True
        self.drained = not cancels or self.live == 0
        if not self.drained:
            for account in range(self.terms.accounts_count):
                for number in range(1, self.orders_count + 1):
                    order = self.record(number)
                    if order.account == account and ORDER_PENDING < order.state < ORDER_FILLED:
                        self.cancel_order(order, time, DESK_STOPS, 0)
        return 0

    cdef const SimulatedOrder* order(self, int64_t number) except NULL:
        cdef OrderRecord* known
        cdef SimulatedOrder* asked = &self.asked
        if number < 1 or number > self.orders_count:
            raise ValueError(f"no order {number}: there are {self.orders_count}")
        known = self.record(number)
        memset(asked, 0, sizeof(SimulatedOrder))
        asked.number, asked.owner, asked.side = number, known.account + 1, known.side
        asked.kind = LIMIT_ORDER if known.limit else MARKET_ORDER
        asked.price, asked.size = known.price, known.size
        asked.time_in_force = GTC if known.limit else IOC
        asked.post_only = known.post_only
        # To buy back what a strategy is short of on spot reduces for us alone: the account may have coins.
        asked.reduce_only = known.reduce_only and not (self.terms.instruments[known.instrument].spot and known.side > 0)
        if known.protects:
            asked.kind, asked.time_in_force = known.protects, GTC
            asked.reduce_only = known.reduce_only
            asked.trigger, asked.trigger_source, asked.group = known.trigger, known.trigger_source, known.group
            asked.trail = known.trail
        return asked

    cdef int64_t strategy_of(self, int64_t number) except -2:
        return self.order_row(number).strategy if 0 < number <= self.orders_count else -1

    cdef int64_t account_of(self, int64_t number) except -2:
        return self.order_row(number).account if 0 < number <= self.orders_count else -1
