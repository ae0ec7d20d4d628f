"""What capital has to spare at the least: most orders are far from any limit, and need no sum over all instruments."""
from libc.math cimport INFINITY, fabs

from letrade.hotpath.simulation.bounds cimport band_around, is_countable, not_above, not_below, of_parts
from letrade.hotpath.simulation.desk_terms cimport ALLOTTED_AMOUNT, ALLOTTED_FRACTION, Instrument, Strategy, Terms
from letrade.hotpath.simulation.money cimport TENS, add, subtract, to_double
from letrade.hotpath.simulation.positions cimport Netting, magnitude
from letrade.hotpath.simulation.purse cimport Key

cdef double SLACK = 1e-9  # relative; far above the error of doubles, and of what counts as a doubt elsewhere


cdef class Headroom(Purse):
    def __cinit__(self, Terms terms not None, *arguments):
        cdef int64_t place
        self.bands = <Band*>terms.room(terms.instruments_count, sizeof(Band))
        self.stakes = <Stake*>terms.room(terms.accounts_count * terms.instruments_count, sizeof(Stake))
        self.equities = <Total*>terms.room(terms.accounts_count, sizeof(Total))
        self.taken = <Total*>terms.room(terms.accounts_count * terms.currencies_count, sizeof(Total))
        self.used = <Total*>terms.room(terms.strategies_count, sizeof(Total))
        for place in range(terms.instruments_count):
            self.bands[place].high = INFINITY

    cdef void leave_band(self, int64_t instrument) noexcept:
        """All that was counted with prices of the band is counted again, when it is next asked for."""
        cdef int64_t strategy
        self.bands[instrument].low, self.bands[instrument].high = 0.0, INFINITY
        for strategy in range(self.terms.strategies_count):
            if self.keys[strategy * self.terms.instruments_count + instrument].active:
                self.touch(strategy * self.terms.instruments_count + instrument)

    cdef int refresh(self, int64_t key) except -1:
        cdef int64_t instrument = self.keys[key].instrument
        self.keys[key].touched = False
        if self.bands[instrument].high == INFINITY and self.prices[instrument] > 0.0:
            self.bands[instrument] = band_around(self.prices[instrument])
        self.refresh_key(key)
        return self.refresh_stake(self.terms.strategies[self.keys[key].strategy].account, instrument)

    cdef int refresh_key(self, int64_t key) except -1:
        """What a strategy's share and orders in an instrument take at most."""
        cdef Terms terms = self.terms
        cdef Key* one = &self.keys[key]
        cdef Instrument* each = &terms.instruments[one.instrument]
        cdef int64_t account = terms.strategies[one.strategy].account
        cdef Total* taken = &self.taken[
            account * terms.currencies_count + (each.quote if each.spot else each.settle)
        ]
        cdef Total* used = &self.used[one.strategy]
        cdef double long_cost, short_cost, size = <double>magnitude(one.share) / each.size_power, held, worth
        taken.amount, taken.unsure = subtract(taken.amount, one.taken), taken.unsure - one.unsure
        used.amount, used.unsure = subtract(used.amount, one.used), used.unsure - one.unsure_use
        one.taken = one.used = one.unsure = one.unsure_use = 0
        if not one.first and not one.share:
            return 0
        self.costs(key, 0, NULL, 0, &long_cost, &short_cost)
        worth = size * self.bands[one.instrument].high if one.share else 0.0
        held = worth * each.holding if each.holding > 0.0 else 0.0
        held = max(max(long_cost, 0.0) + held, short_cost) if one.share > 0 else max(short_cost + held, long_cost)
        held *= 1.0 + SLACK
        worth = held + (worth * (1.0 + SLACK) if each.spot else 0.0)
        one.unsure = not is_countable(held)
        one.unsure_use = not is_countable(worth) or each.quote != terms.reporting
        if not one.unsure:
            one.taken = not_below(held)
        if not one.unsure_use:
            one.used = not_below(worth)
        taken.amount, taken.unsure = add(taken.amount, one.taken), taken.unsure + one.unsure
        used.amount, used.unsure = add(used.amount, one.used), used.unsure + one.unsure_use
        return 0

    cdef int refresh_stake(self, int64_t account, int64_t instrument) except -1:
        """What a position adds to the equity at least."""
        cdef Terms terms = self.terms
        cdef Stake* stake = &self.stakes[account * terms.instruments_count + instrument]
        cdef Netting* held = &self.positions[account * terms.instruments_count + instrument]
        cdef Instrument* each = &terms.instruments[instrument]
        cdef Total* equity = &self.equities[account]
        cdef double size, cost, low = 0.0, high = 0.0, moved
        equity.amount, equity.moved = subtract(equity.amount, stake.gain), subtract(equity.moved, stake.moved)
        equity.unsure -= stake.unsure
        stake.gain = stake.moved = stake.unsure = 0
        if held.quantity == 0:
            return 0
        size, cost = <double>held.quantity / TENS[each.lot_decimals], to_double(
            held.cost, held.price_decimals + each.lot_decimals
        )
        if not each.spot:
            low = (size * self.bands[instrument].low - cost) * each.times
            high = (size * self.bands[instrument].high - cost) * each.times
        moved = max(fabs(low), fabs(high)) + fabs(cost) + fabs(cost * each.times)
        stake.unsure = not is_countable(moved) or each.quote != terms.reporting
        stake.unsure |= self.bands[instrument].high == INFINITY
        if not stake.unsure:
            stake.gain, stake.moved = not_above(min(low, high)), not_below(moved)
        equity.amount, equity.moved = add(equity.amount, stake.gain), add(equity.moved, stake.moved)
        equity.unsure += stake.unsure
        return 0

    cdef double allowed_least(self, int64_t strategy) noexcept:
        """The least that it certainly may have at work; -1 where that is not known."""
        cdef Terms terms = self.terms
        cdef Strategy* one = &terms.strategies[strategy]
        cdef Total* equity = &self.equities[one.account]
        cdef double cash, least
        cdef int64_t place = one.account * terms.currencies_count
        if one.allotted == ALLOTTED_AMOUNT:
            return one.allowance * (1.0 - SLACK)
        if one.allotted != ALLOTTED_FRACTION or equity.unsure or self.holds_others(one.account):
            return -1.0
        cash = to_double(self.cash[place + terms.reporting], terms.money_decimals[terms.reporting])
        least = cash + of_parts(equity.amount)
        return least * one.allowance - SLACK * (fabs(cash) + of_parts(equity.moved)) * max(one.allowance, 1.0)

    cdef bint is_ample(self, const OrderRecord* order, double needed, double had, double wanted) except -1:
        """Whether cash and allocation are far more than what an order needs, so that no sum need tell."""
        cdef Terms terms = self.terms
        cdef Key* key = &self.keys[order.key]
        cdef Instrument* one = &terms.instruments[order.instrument]
        cdef int64_t place = order.account * terms.currencies_count + (one.quote if one.spot else one.settle)
        cdef Total* total = &self.taken[place]
        cdef double cash, taken, own
        while self.touched_count:
            self.touched_count -= 1
            self.refresh(self.touched[self.touched_count])
        if total.unsure or self.used[order.strategy].unsure or one.quote != terms.reporting:
            return False
        cash = to_double(self.cash[place], terms.money_decimals[place % terms.currencies_count])
        taken = of_parts(total.amount)
        if not cash - taken - needed > SLACK * (fabs(cash) + taken + wanted + had):
            return False
        own = self.margin(order.key) + wanted
        if one.spot:
            own += <double>magnitude(key.share) / one.size_power * self.prices[order.instrument]
        own += of_parts(self.used[order.strategy].amount - key.used)
        if not own * (1.0 + SLACK) < self.allowed_least(order.strategy):
            return False
        self.spared += 1
        return True

    cdef int compare(self, const OrderRecord* order, double taken) except -1:
        """With what is the case, and with what comes out when all is counted anew."""
        cdef Terms terms = self.terms
        cdef Instrument* one = &terms.instruments[order.instrument]
        cdef int64_t place = order.account * terms.currencies_count + (one.quote if one.spot else one.settle), key
        cdef Total before = self.taken[place], equity = self.equities[order.account], used = self.used[order.strategy]
        cdef double tolerance = 0.0, allowed = self.allowed(order.strategy, &tolerance)
        cdef double least = self.allowed_least(order.strategy)
        if not before.unsure and taken > of_parts(before.amount):
            raise AssertionError(f"{taken} is taken, and {of_parts(before.amount)} was thought to be the most")
        if least >= 0.0 and allowed + tolerance < least:
            raise AssertionError(f"{allowed} is allowed, and {least} was thought to be the least")
        for key in range(terms.strategies_count * terms.instruments_count):
            if self.keys[key].active:
                self.refresh(key)
        if (
            differs(&before, &self.taken[place]) or differs(&equity, &self.equities[order.account])
            or differs(&used, &self.used[order.strategy])
        ):
            raise AssertionError("sums that were kept are not those that are counted anew")
        return 0


cdef bint differs(const Total* kept, const Total* anew) noexcept:
    """What nothing was known of may be known by now."""
    return not kept.unsure and (kept.amount != anew.amount or kept.moved != anew.moved or anew.unsure != 0)
