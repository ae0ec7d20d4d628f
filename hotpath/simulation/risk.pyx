"""Risk in the compiled desk: the rules that an opening request must pass, and what is reserved for approved ones."""
from decimal import Decimal
from fractions import Fraction

from libc.math cimport fabs
from libc.stdlib cimport calloc, free, realloc

from letrade.hotpath.simulation.desk_orders cimport (
    AMEND_OF_IT_WAS_REFUSED, AMEND_RULE, BAND_RULE, GROSS_RULE, NO_RULE, NOTIONAL_MIN_RULE, ORDER_FILLED,
    ORDER_NOTIONAL_RULE, ORDER_RATE_RULE, ORDER_REJECTED, ORDER_SIZE_RULE, ORDER_WAS_REFUSED, OWN_ORDER_RULE,
    POSITION_NOTIONAL_RULE, RATE_RULE, SIZE_MIN_RULE, SPOT_SHORT_RULE, STALE_RULE, WAS_AMENDED, AMEND_WAS_REFUSED,
    FillRecord, remaining
)
from letrade.hotpath.simulation.desk_terms cimport Instrument, Terms
from letrade.hotpath.simulation.desk_told cimport TOLD_FILL, TOLD_REFUSED, TOLD_UPDATE
from letrade.hotpath.simulation.positions cimport magnitude

from letrade.hotpath.simulation.doubt import Doubtful

cdef enum:
    RISK_STAGE = 5
    SECOND_NS = 1_000_000_000

cdef double DOUBT = 1e-9  # relative; far above the error of a few products of doubles


cdef int64_t opening_part(const Exposure* exposure, int64_t side, int64_t size) noexcept:
    """How much of an order may open: what it could trade beyond zero if all working orders of its side fill first."""
    cdef int64_t against = -exposure.net if side > 0 else exposure.net
    against -= exposure.buys if side > 0 else exposure.sells
    return size - min(size, max(against, 0))


cdef int64_t worst(const Exposure* exposure) noexcept:
    return max(magnitude(exposure.net + exposure.buys), magnitude(exposure.net - exposure.sells))


cdef class Risk(Execution):
    def __cinit__(self, Terms terms not None, *arguments):
        self.exposures = <Exposure*>terms.room(terms.accounts_count * terms.instruments_count, sizeof(Exposure))
        self.first_resting = <int64_t*>terms.room(terms.instruments_count, sizeof(int64_t))
        self.last_resting = <int64_t*>terms.room(terms.instruments_count, sizeof(int64_t))
        self.opened_count = terms.accounts_count
        self.opened = <Times*>calloc(self.opened_count + 1, sizeof(Times))
        if self.opened == NULL:
            raise MemoryError("no memory for the times of openings")
        self.watches = bool(terms.source.losses)

    def __dealloc__(self):
        cdef int64_t account
        if self.opened != NULL:
            for account in range(self.opened_count):  # the terms may be gone by now
                free(self.opened[account].times)
            free(self.opened)

    cdef bint equity_is_known(self, int64_t account) except -1:
        return True

    cdef int refuse_by_risk(self, const OrderRecord* order, int64_t rule, int64_t what, int64_t time) except -1:
        self.shares[order.key].refused += 1
        return self.tell_refusal(
            RISK_STAGE, time, order.strategy, order.instrument, order.signal, order.leg, order.number, rule, what
        )

    cdef int judge_order(self, int64_t number, int64_t time) except -1:
        """Approves an order that capital proposes, or says which rule is against it."""
        cdef OrderRecord* order = self.record(number)
        cdef Exposure* exposure = &self.exposures[order.account * self.terms.instruments_count + order.instrument]
        cdef int64_t opening = opening_part(exposure, order.side, order.size), rule = NO_RULE
        if opening:
            rule = self.rule_against(order, exposure, order.size, opening, order.price, time)
        if rule != NO_RULE:
            order.state, order.ended = ORDER_REJECTED, time
            return self.refuse_by_risk(order, rule, ORDER_WAS_REFUSED, time)
        if opening:
            self.note_opening(order.account, time)
            order.reduce_only = 0
        order.opening = opening > 0
        self.reserve(order)
        return self.approve(number, False, 0, 0, opening > 0)

    cdef int judge_amend(self, int64_t number, int64_t price, int64_t size, int64_t time) except -1:
        cdef OrderRecord* order = self.record(number)
        cdef Exposure others
        cdef int64_t left, opening, own
        if not order.risk.working or order.risk.amending:
            return self.refuse_by_risk(order, AMEND_RULE, AMEND_OF_IT_WAS_REFUSED, time)
        others = self.exposures[order.account * self.terms.instruments_count + order.instrument]
        own = remaining(&order.risk)
        if order.side > 0:
            others.buys -= own
        else:
            others.sells -= own
        left = max(size - order.risk.filled, 0)
        opening = opening_part(&others, order.side, left)
        if opening and not (left <= own and price == order.risk.price):
            rule = self.rule_against(order, &others, left, opening, price, time)
            if rule != NO_RULE:
                return self.refuse_by_risk(order, rule, AMEND_OF_IT_WAS_REFUSED, time)
        order.risk.amending, order.risk.amend_price, order.risk.amend_size = 1, price, size
        self.count_again(order, own)
        if opening:
            self.note_opening(order.account, time)
        return self.approve(number, True, price, size, opening > 0)

    cdef int64_t rule_against(
        self, const OrderRecord* order, const Exposure* exposure, int64_t size, int64_t opening, int64_t price,
        int64_t time,
    ) except -1:
        """The first opening rule that says no, in the order of actors/risk/rules.py."""
        cdef Terms terms = self.terms
        cdef Instrument* one = &terms.instruments[order.instrument]
        cdef const Limits* limits = &terms.limits[order.account * terms.instruments_count + order.instrument]
        cdef Exposure with_order = exposure[0]
        cdef double reference = self.prices[order.instrument], own = <double>price / one.price_power, distance
        cdef int64_t rule
        if one.spot and order.side < 0:
            return SPOT_SHORT_RULE
        if reference == 0.0 or self.news[order.instrument] < 0:
            return STALE_RULE
        if limits.stale_after >= 0 and time - self.news[order.instrument] > limits.stale_after:
            return STALE_RULE
        if self.rate(one.quote) == 0.0:
            return RATE_RULE
        if self.watches and not self.equity_is_known(order.account):
            raise Doubtful("an order of an account whose equity is not known")
        if limits.price_band >= 0.0 and price:
            distance = fabs(own / reference - 1.0)
            if fabs(distance - limits.price_band) > DOUBT:
                if distance > limits.price_band:
                    return BAND_RULE
            elif self.outside_band(order, own, reference):
                return BAND_RULE
        if limits.orders_per_second >= 0.0:
            if self.recent(order.account, time) >= max(1.0, limits.orders_per_second):
                return ORDER_RATE_RULE
        rule = self.least_rule(order, size, price)
        if rule != NO_RULE:
            return rule
        if limits.order_size >= 0 and opening > limits.order_size:
            return ORDER_SIZE_RULE
        if order.side > 0:
            with_order.buys += size
        else:
            with_order.sells += size
        rule = self.worth_rule(order, limits, &with_order, opening, max(own, reference), time)
        if rule != NO_RULE:
            return rule
        return OWN_ORDER_RULE if self.crosses(order, price) else NO_RULE

    cdef bint outside_band(self, const OrderRecord* order, double price, double reference) except -1:
        """The same in fractions."""
        distance = abs(Fraction(Decimal(repr(price))) / Fraction(Decimal(repr(reference))) - 1)
        for each in self.terms.source.limits:
            if each.account == order.account and each.instrument == order.instrument:
                return distance > each.price_band
        return False

    cdef int64_t least_rule(self, const OrderRecord* order, int64_t size, int64_t price) except -1:
        cdef Instrument* one = &self.terms.instruments[order.instrument]
        cdef double amount, worth
        if one.size_min > 0.0:
            amount = <double>size / one.size_power
            if fabs(amount - one.size_min) <= DOUBT * amount:
                source = self.terms.source.instruments[order.instrument]
                if Fraction(size, 10**source.size_decimals) < source.size_min:
                    return SIZE_MIN_RULE
            elif amount < one.size_min:
                return SIZE_MIN_RULE
        if one.notional_min > 0.0:
            worth = <double>price / one.price_power if price else self.prices[order.instrument]
            if not self.above(size, order.instrument, worth, one.notional_min, "notional_min", -1):
                return NOTIONAL_MIN_RULE
        return NO_RULE

    cdef int64_t worth_rule(
        self, const OrderRecord* order, const Limits* limits, const Exposure* with_order, int64_t opening,
        double price, int64_t time,
    ) except -1:
        cdef int64_t most, account = order.account
        if limits.order_notional >= 0.0:
            if self.above(opening, order.instrument, price, limits.order_notional, "order_notional", account):
                return ORDER_NOTIONAL_RULE
        if limits.position_notional >= 0.0:
            most = with_order.net + with_order.buys if order.side > 0 else with_order.sells - with_order.net
            if most > 0 and self.above(
                most, order.instrument, price, limits.position_notional, "position_notional", account
            ):
                return POSITION_NOTIONAL_RULE
        if limits.gross_exposure >= 0.0 and self.gross_above(order, with_order, price, limits.gross_exposure):
            return GROSS_RULE
        return NO_RULE

    cdef bint above(self, int64_t units, int64_t instrument, double price, double limit, name, account) except -1:
        """Whether so much is worth more than a limit of the terms; of `notional_min`: at least so much, as quoted."""
        cdef Instrument* one = &self.terms.instruments[instrument]
        cdef bint least = account < 0
        cdef double rate = 1.0 if least else self.rate(one.quote)
        cdef double found = <double>units / one.size_power * price * one.times * rate
        if fabs(found - limit) > DOUBT * (found + limit):
            return found > limit
        source = self.terms.source
        exact = Fraction(units, 10 ** source.instruments[instrument].size_decimals) * Fraction(Decimal(repr(price)))
        exact *= source.instruments[instrument].multiplier
        if least:
            return exact >= source.instruments[instrument].notional_min
        if one.quote != self.terms.reporting:
            raise Doubtful(f"a worth at the limit of {name}")
        for each in source.limits:
            if each.account == account and each.instrument == instrument:
                return exact > getattr(each, name)
        return False

    cdef bint gross_above(
        self, const OrderRecord* order, const Exposure* with_order, double price, double limit
    ) except -1:
        """The sum of the largest positions over all instruments of the account."""
        cdef Terms terms = self.terms
        cdef Instrument* one
        cdef Exposure* other
        cdef int64_t instrument
        cdef double total = 0.0, value, rate
        for instrument in range(terms.instruments_count):
            one = &terms.instruments[instrument]
            other = &self.exposures[order.account * terms.instruments_count + instrument]
            rate, value = self.rate(one.quote), price
            if instrument != order.instrument:
                if other.net == 0 and other.buys == 0 and other.sells == 0:
                    continue
                value = self.prices[instrument]
            if value == 0.0 or rate == 0.0:
                raise Doubtful("the gross exposure of an account is not known")
            total += (
                <double>worst(with_order if instrument == order.instrument else other) / one.size_power * value
                * one.times * rate
            )
        if fabs(total - limit) <= DOUBT * limit:
            return self.gross_above_exactly(order, with_order, price)
        return total > limit

    cdef bint gross_above_exactly(self, const OrderRecord* order, const Exposure* with_order, double price) except -1:
        """The same in fractions, where all is quoted in the reporting currency."""
        cdef Terms terms = self.terms
        cdef int64_t instrument, units
        total = Fraction(0)
        for instrument in range(terms.instruments_count):
            units = worst(&self.exposures[order.account * terms.instruments_count + instrument])
            value = self.prices[instrument]
            if instrument == order.instrument:
                units, value = worst(with_order), price
            if units == 0:
                continue
            if terms.instruments[instrument].quote != terms.reporting:
                raise Doubtful("the gross exposure of an account is at its limit")
            each = terms.source.instruments[instrument]
            total += Fraction(units, 10**each.size_decimals) * Fraction(Decimal(repr(value))) * each.multiplier
        for each in terms.source.limits:
            if each.account == order.account and each.instrument == order.instrument:
                return total > each.gross_exposure
        return False

    cdef bint crosses(self, const OrderRecord* order, int64_t price) except -1:
        """Whether a resting order of ours, in any account, would trade with it."""
        cdef int64_t other = self.first_resting[order.instrument]
        cdef OrderRecord* found
        while other:
            found = self.record(other)
            if found.side != order.side and other != order.number:
                if not price or order.side * (price - found.risk.price) >= 0:
                    return True
                if found.risk.amending and order.side * (price - found.risk.amend_price) >= 0:
                    return True
            other = found.risk.next
        return False

    cdef Py_ssize_t recent(self, int64_t account, int64_t time) except -1:
        """How many openings of the account were approved within the last second."""
        cdef Times* kept = &self.opened[account]
        while kept.count and kept.times[kept.first] <= time - SECOND_NS:
            kept.first, kept.count = kept.first + 1, kept.count - 1
        return kept.count

    cdef int note_opening(self, int64_t account, int64_t time) except -1:
        cdef Times* kept = &self.opened[account]
        cdef int64_t* found
        cdef Py_ssize_t place
        self.recent(account, time)
        if kept.first + kept.count >= kept.room:
            if 2 * kept.count >= kept.room:
                kept.room = max(2 * kept.room, 64)
                found = <int64_t*>realloc(kept.times, kept.room * sizeof(int64_t))
                if found == NULL:
                    raise MemoryError("no memory for the times of openings")
                kept.times = found
            for place in range(kept.count):
                kept.times[place] = kept.times[kept.first + place]
            kept.first = 0
        kept.times[kept.first + kept.count] = time
        kept.count += 1
        return 0

    cdef int reserve(self, OrderRecord* order) except -1:
        cdef Exposure* exposure = &self.exposures[order.account * self.terms.instruments_count + order.instrument]
        order.risk.size, order.risk.price, order.risk.working = order.size, order.price, 1
        if order.side > 0:
            exposure.buys += order.size
        else:
            exposure.sells += order.size
        if order.limit:
            order.rests = 1
            order.risk.previous = self.last_resting[order.instrument]
            if order.risk.previous:
                self.record(order.risk.previous).risk.next = order.number
            else:
                self.first_resting[order.instrument] = order.number
            self.last_resting[order.instrument] = order.number
        return 0

    cdef int count_again(self, OrderRecord* order, int64_t before) except -1:
        """What an order may still trade has changed."""
        cdef Exposure* exposure = &self.exposures[order.account * self.terms.instruments_count + order.instrument]
        cdef int64_t change = remaining(&order.risk) - before
        if order.side > 0:
            exposure.buys += change
        else:
            exposure.sells += change
        return 0

    cdef int release(self, OrderRecord* order) except -1:
        """It is over: nothing is reserved for it."""
        cdef int64_t before = remaining(&order.risk)
        if not order.risk.working:
            return 0
        order.risk.working = 0
        order.risk.filled = order.risk.size = order.risk.amending = 0
        self.count_again(order, before)
        if order.rests:
            if order.risk.previous:
                self.record(order.risk.previous).risk.next = order.risk.next
            else:
                self.first_resting[order.instrument] = order.risk.next
            if order.risk.next:
                self.record(order.risk.next).risk.previous = order.risk.previous
            else:
                self.last_resting[order.instrument] = order.risk.previous
        return 0

    cdef int risk_hears(self, const Told* told) except -1:
        """An update, a fill or a refusal, one window after it was told."""
        cdef OrderRecord* order = self.record(told.order)
        cdef const FillRecord* fill
        cdef int64_t before = remaining(&order.risk)
        if told.kind == TOLD_FILL:
            fill = self.fill_at(told.fill)
            self.exposures[order.account * self.terms.instruments_count + order.instrument].net += order.side * fill.size
            if order.risk.working:
                order.risk.filled += fill.size
                self.count_again(order, before)
                if not remaining(&order.risk):
                    self.release(order)
            return 0
        if told.kind == TOLD_REFUSED:
            if told.stage > RISK_STAGE and told.what == AMEND_OF_IT_WAS_REFUSED and order.risk.working:
                order.risk.amending = 0
                self.count_again(order, before)
            return 0
        if told.state >= ORDER_FILLED:
            return self.release(order)
        if not order.risk.working:
            if told.filled < told.size and not order.protects:
                raise Doubtful("an order works at the exchange that risk has reserved nothing for")
            return 0
        if told.reason == WAS_AMENDED or told.reason == AMEND_WAS_REFUSED:
            order.risk.amending, order.risk.price, order.risk.size = 0, told.price, told.size
            self.count_again(order, before)
        return 0
