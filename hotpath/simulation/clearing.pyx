"""The exchange's side of money: which orders it takes, and what their trades and ends move."""
from decimal import Decimal
from fractions import Fraction

from libc.math cimport fabs
from libc.string cimport memset

from letrade.hotpath.constants cimport GTC
from letrade.hotpath.simulation.desk_orders cimport PAGE_BITS
from letrade.hotpath.simulation.desk_terms cimport Instrument, Terms
from letrade.hotpath.simulation.market cimport Market
from letrade.hotpath.simulation.money cimport TENS, add, int128, letrade_fits64, multiply, scaled_up, subtract, to_double
from letrade.hotpath.simulation.orders cimport (
    BAD_TERMS, NO_REASON, NOTHING_TO_REDUCE, SAID_AMENDED, SAID_ENDED, SAID_REFUSED, SAID_RESTS, SAID_STANDS, TOO_LITTLE,
    SAID_TRADED, SAID_TRIGGERED, STOP_MARKET, TRAILING_STOP
)
from letrade.hotpath.simulation.positions cimport magnitude

from letrade.hotpath.simulation.doubt import Doubtful

cdef double DOUBT = 1e-6  # as the actors' exchange has it: what is closer to its limit is not sure


cdef class Clearing(Leverage):
    """Whether an order may come, by what its account has; and what becomes of it as the market tells."""

    cdef int64_t judge(self, const SimulatedOrder* order, int64_t instrument, int64_t best, int64_t time) except -1:
        cdef Cleared* one = self.cleared(order.number)
        cdef int64_t reason, left = order.size - order.filled
        if not one.working:
            memset(one, 0, sizeof(Cleared))
            one.number, one.account, one.instrument, one.side = order.number, order.owner - 1, instrument, order.side
            one.awaits, one.group = STOP_MARKET <= order.kind <= TRAILING_STOP, order.group
        reason = self.judge_known(one, order, instrument, best)
        if reason == NO_REASON:
            one.price, one.rests = order.price, order.price > 0 and order.time_in_force == GTC
            one.reduce_only, one.post_only = order.reduce_only, order.post_only
            if not one.working:
                one.working = 1
                self.count_left(one, left)
        return reason

    cdef int64_t judge_amend(
        self, int64_t number, int64_t instrument, int64_t price, int64_t size, int64_t best, int64_t time
    ) except -1:
        cdef Cleared* one = self.cleared(number)
        cdef SimulatedOrder order
        if not one.working or size <= one.filled:
            return NO_REASON  # the market says what is wrong
        memset(&order, 0, sizeof(order))
        order.number, order.owner, order.side, order.price = number, one.account + 1, one.side, price
        order.size, order.filled, order.time_in_force, order.reduce_only = size, one.filled, GTC, one.reduce_only
        order.post_only = one.post_only
        one.asked = price
        return self.judge_known(one, &order, instrument, best)

    cdef int64_t judge_known(
        self, Cleared* one, const SimulatedOrder* order, int64_t instrument, int64_t best
    ) except -1:
        """In the order of the actors' exchange: post-only, the least size and worth, the balance, the leverage."""
        cdef double price = order.price / self.terms.instruments[instrument].price_power
        cdef int64_t reason
        if order.post_only and self.would_take(order, instrument):
            return BAD_TERMS
        if one.awaits and order.side > 0 and self.terms.instruments[instrument].spot:
            return BAD_TERMS  # nobody knows what it may cost
        if price == 0.0:
            price = order.trigger / self.terms.instruments[instrument].price_power
        if price == 0.0:
            price = best / self.terms.instruments[instrument].price_power
        if price == 0.0:
            price = self.value_price(instrument)
        reason = self.below_least(order, instrument, price)
        if reason != NO_REASON:
            return reason
        if self.terms.instruments[instrument].spot:
            return self.beyond_balance(one, order, instrument)
        return self.beyond_leverage(one, order, instrument)

    cdef bint would_take(self, const SimulatedOrder* order, int64_t instrument) except -1:
        """Whether a post-only order would trade at the last price of a market that opens later; others ask themselves."""
        cdef Market market = <Market?>self.markets[instrument]
        if not market.opens_later():
            return False
        market.offers_count = 0
        market.preview(order.side, 1, order.price)
        return market.offers_count > 0

    cdef int64_t below_least(self, const SimulatedOrder* order, int64_t instrument, double price) except -1:
        cdef Instrument* one = &self.terms.instruments[instrument]
        cdef double size = order.size / one.size_power, worth = price * size * one.times
        if (order.reduce_only and not one.spot) or (one.size_min == 0.0 and one.notional_min == 0.0):
            return NO_REASON
        source = self.terms.source.instruments[instrument]
        if fabs(size - one.size_min) <= DOUBT * size:
            if Fraction(order.size, 10**source.size_decimals) < source.size_min:
                return BAD_TERMS
        elif size < one.size_min:
            return BAD_TERMS
        if one.notional_min > 0.0 and fabs(worth - one.notional_min) <= DOUBT * worth:
            exact = Fraction(Decimal(repr(price))) * Fraction(order.size, 10**source.size_decimals) * source.multiplier
            return BAD_TERMS if exact < source.notional_min else NO_REASON
        return BAD_TERMS if worth < one.notional_min else NO_REASON

    cdef int64_t beyond_balance(self, Cleared* one, const SimulatedOrder* order, int64_t instrument) except -1:
        """Less free money than the order may cost; what it has locked itself counts as free. Locks what it takes."""
        cdef Terms terms = self.terms
        cdef Instrument* spot = &terms.instruments[instrument]
        cdef int64_t currency = spot.quote if order.side > 0 else spot.base, left = order.size - order.filled
        cdef int64_t place = one.account * terms.currencies_count + currency
        cdef int128 free_units = add(subtract(self.wallets[place], self.locked[place]), one.locked)
        cdef int128 needed = <int128>0, worth = <int128>0
        cdef Market market = <Market?>self.markets[instrument]
        cdef Py_ssize_t offer
        if order.side < 0:
            needed = scaled_up(<int128>left, terms.money_decimals[currency] - spot.size_decimals)
            if self.is_covered(one, left):
                needed = <int128>0
        else:
            for offer in range(market.offers_count):
                worth = add(worth, multiply(<int128>market.offers[offer].price, <int128>market.offers[offer].size))
                left -= market.offers[offer].size
            if order.price and left > 0 and order.time_in_force == GTC:
                worth = add(worth, multiply(<int128>order.price, <int128>left))
            needed = self.cost(instrument, worth)
        if needed > free_units:
            return TOO_LITTLE
        self.lock(one, one.account, needed)
        return NO_REASON

    cdef int64_t fitted(self, int64_t number, int64_t size) except -1:
        """The size that an amend may give an order at most; 0 where nothing is to be reduced."""
        cdef Cleared* one = self.cleared(number)
        cdef Line* line = &self.lines[one.account * self.terms.instruments_count + one.instrument]
        cdef int64_t held = line.held.quantity * self.terms.instruments[one.instrument].lot_power * one.side, most
        cdef SimulatedOrder order
        if not one.working or not one.reduce_only:
            return size
        if self.terms.instruments[one.instrument].spot:
            memset(&order, 0, sizeof(order))
            order.number, order.owner, order.side = number, one.account + 1, one.side
            most = self.reducible(&order, one.instrument)
            return min(size, one.filled + most) if most > 0 else 0
        most = max(-held, 0) - (line.reducing_buys if one.side > 0 else line.reducing_sells) + one.left
        return min(size, one.filled + most) if most > 0 else 0

    cdef int64_t reducible(self, const SimulatedOrder* order, int64_t instrument) except -1:
        """How much of a new reduce-only order may stand: what is held and no other such order closes."""
        cdef Line* line
        cdef int64_t free
        cdef Terms terms = self.terms
        cdef Instrument* one = &terms.instruments[instrument]
        cdef int64_t place = (order.owner - 1) * terms.currencies_count + one.base
        cdef int128 lot, free_units
        if not one.spot:
            line = &self.lines[(order.owner - 1) * terms.instruments_count + instrument]
            free = -order.side * line.held.quantity * one.lot_power
            return max(free - (line.reducing_buys if order.side > 0 else line.reducing_sells), 0) if free > 0 else 0
        if order.side > 0:
            return 0
        lot = scaled_up(<int128>one.lot_units, terms.money_decimals[one.base] - one.size_decimals)
        free_units = add(subtract(self.wallets[place], self.locked[place]), self.cleared(order.number).locked)
        free_units = free_units // lot * <int128>one.lot_units
        if not letrade_fits64(free_units):
            raise Doubtful("a balance beyond 64 bits")
        return max(<int64_t>free_units, 0)

    cdef int64_t beyond_leverage(self, Cleared* one, const SimulatedOrder* order, int64_t instrument) except -1:
        """Contracts worth more than equity × leverage, were all that works to trade; what reduces is never refused."""
        cdef Terms terms = self.terms
        cdef int64_t left = order.size - order.filled, known = one.left if one.working else 0, reason, buys, sells
        cdef Line* line = &self.lines[one.account * terms.instruments_count + instrument]
        cdef int64_t held = line.held.quantity * terms.instruments[instrument].lot_power
        cdef bint ample
        if one.awaits:
            return NO_REASON
        if one.group:
            self.check_alone(one)
        if order.reduce_only:  # it shrinks to what there is to reduce before it is judged
            left = min(left, magnitude(held) - (line.reducing_buys if order.side > 0 else line.reducing_sells) + known)
            if held * order.side >= 0 or left <= 0:
                return NO_REASON  # the market says that there is nothing
        if held * order.side < 0 and left - known + (line.buys if order.side > 0 else line.sells) <= magnitude(held):
            return NO_REASON
        buys, sells = left - known if order.side > 0 else 0, left - known if order.side < 0 else 0
        ample = self.is_ample(one.account, instrument, buys, sells)
        if ample and not self.compares:
            return NO_REASON
        reason = self.beyond_sum(one.account, order, instrument, buys, sells)
        if ample and reason != NO_REASON:
            raise AssertionError("contracts are worth more than leverage allows, and were thought to be far from it")
        return reason

    cdef int64_t beyond_sum(
        self, int64_t account, const SimulatedOrder* order, int64_t instrument, int64_t more_buys, int64_t more_sells
    ) except -1:
        """The same by all lines of the account."""
        cdef Terms terms = self.terms
        cdef int64_t buys, sells, place, held, settle
        cdef Line* line
        cdef Instrument* each
        cdef double equity, doubtful, worth = 0.0, gain, price, sure
        settle = terms.instruments[instrument].settle
        equity = to_double(self.wallets[account * terms.currencies_count + settle], terms.money_decimals[settle])
        doubtful = fabs(equity)
        for place in range(terms.instruments_count):
            each, line = &terms.instruments[place], &self.lines[account * terms.instruments_count + place]
            if each.spot or each.settle != settle:
                continue
            buys, sells, held = line.buys, line.sells, line.held.quantity * each.lot_power
            if place == instrument:
                buys, sells = buys + more_buys, sells + more_sells
            if buys == 0 and sells == 0 and held == 0:
                continue
            price = self.value_price(place)
            if price != 0.0 and held:
                gain = price * line.held.quantity / TENS[each.lot_decimals]
                gain -= to_double(line.held.cost, line.held.price_decimals + each.lot_decimals)
                equity += gain * each.times
                doubtful += fabs(gain * each.times)
            if price == 0.0:
                price = order.price / each.price_power
            worth += price * max(magnitude(held + buys), magnitude(held - sells)) / each.size_power * each.times
        if self.compares:
            self.compare(account, settle, equity)
        sure = equity - DOUBT * doubtful
        if sure > 0.0 and worth * (1 + DOUBT) < sure * terms.venues[terms.instruments[instrument].venue].leverage_max:
            return NO_REASON
        sure = equity + DOUBT * doubtful
        if sure <= 0.0 or worth * (1 - DOUBT) > sure * terms.venues[terms.instruments[instrument].venue].leverage_max:
            return BAD_TERMS
        raise Doubtful("contracts that are worth what the leverage allows, nearly")

    cdef int check_alone(self, const Cleared* one) except -1:
        """Of a pair whose triggers were both reached before the market opened."""
        cdef int64_t place
        cdef Cleared* other
        for place in range(-1, 2):
            if place == 0 or one.number + place < 1 or (one.number + place) >> PAGE_BITS >= self.pages_room:
                continue
            other = self.cleared(one.number + place)
            if other.group == one.group and other.working and not other.awaits:
                raise Doubtful("a stop and its take-profit that both wait for the market to open")
        return 0

    cdef int64_t book(self, int64_t order, int64_t instrument, const Said* said) except? -1:
        cdef Cleared* one = self.cleared(order)
        cdef int64_t fee = 0
        if said.kind == SAID_REFUSED:
            if one.working and not one.accepted:
                self.let_go(one)
            elif one.working:  # an amend that was judged had set aside what it would have cost
                self.lock_rest(one)
            return 0
        one.accepted = 1
        if said.kind == SAID_TRADED:
            fee = self.settle_trade(one, said)
            self.count_left(one, max(one.left - said.size, 0))
            one.filled += said.size
        elif said.kind == SAID_TRIGGERED:
            self.count_triggered(one)
        elif said.kind == SAID_ENDED:
            one.kept = said.size
            self.let_go(one)
        elif said.kind == SAID_AMENDED or said.kind == SAID_RESTS:
            if said.kind == SAID_AMENDED and said.reason == NO_REASON:
                one.price = one.asked
            self.count_left(one, said.size)
        if one.working and said.kind != SAID_STANDS and said.kind != SAID_TRIGGERED:
            self.lock_rest(one)
        return fee

