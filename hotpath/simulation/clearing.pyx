"""The exchange's side of money: what each account has there, what an order may cost, what a trade moves."""
from decimal import Decimal
from fractions import Fraction

from libc.math cimport fabs
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from letrade.hotpath.constants cimport BUY, GTC, SELL
from letrade.hotpath.simulation.market cimport Market
from letrade.hotpath.simulation.money cimport (
    MONEY_DECIMALS, POWERS_OF_TEN, TENS, add, from_python, int128, letrade_fits64, letrade_half_even, multiply, rounded,
    scaled_up, subtract, to_double, to_python
)
from letrade.hotpath.simulation.orders cimport (
    BAD_TERMS, NO_REASON, NOTHING_TO_REDUCE, SAID_AMENDED, SAID_ENDED, SAID_REFUSED, SAID_RESTS, SAID_STANDS,
    SAID_TRADED, SAID_TRIGGERED
)
from letrade.hotpath.simulation.positions cimport booked, magnitude

from letrade.hotpath.simulation.doubt import Doubtful

cdef double DOUBT = 1e-6  # as the actors' exchange has it: what is closer to its limit is not sure


cdef int128 up_to_money(int128 units, int64_t places) except? -1:
    """Rounded up to units of 1e-8."""
    cdef int128 whole
    if places <= 0:
        return scaled_up(units, -places)
    whole = units // POWERS_OF_TEN[places]
    return whole + 1 if whole * POWERS_OF_TEN[places] != units else whole

cdef object TEN = 10  # a Python whole number: powers of C ones are doubles


cdef class Clearing:
    def __cinit__(self, Terms terms not None, markets):
        cdef int64_t place, pairs = terms.accounts_count * terms.instruments_count
        self.terms, self.markets = terms, list(markets)
        if len(self.markets) != terms.instruments_count:
            raise ValueError(f"expected {terms.instruments_count} markets, found {len(self.markets)}")
        self.marks = <double*>terms.room(terms.instruments_count, sizeof(double))
        self.wallets = <int128*>terms.room(terms.accounts_count * terms.currencies_count, sizeof(int128))
        self.locked = <int128*>terms.room(terms.accounts_count * terms.currencies_count, sizeof(int128))
        self.lines = <Line*>terms.room(pairs, sizeof(Line))
        for place in range(pairs):
            self.lines[place].held.price_decimals = terms.instruments[place % terms.instruments_count].position_decimals
        for place, account in enumerate(terms.source.accounts):
            for currency, amount in account.balances:
                units = int(amount * TEN ** terms.money_decimals[currency])
                self.wallets[place * terms.currencies_count + <int64_t>currency] = from_python(units)

    def __dealloc__(self):
        free(self.orders)

    cdef Cleared* cleared(self, int64_t number) except NULL:
        cdef Cleared* found
        cdef int64_t room
        if number < 1:
            raise ValueError(f"expected an order's number from 1, found {number}")
        if number >= self.orders_room:
            room = max(2 * self.orders_room, number + 64)
            found = <Cleared*>realloc(self.orders, room * sizeof(Cleared))
            if found == NULL:
                raise MemoryError("no memory for orders at the exchange")
            memset(&found[self.orders_room], 0, (room - self.orders_room) * sizeof(Cleared))
            self.orders, self.orders_room = found, room
        return &self.orders[number]

    cdef double value_price(self, int64_t instrument) except? -1.0:
        """What positions are valued at: the mark price, else the last trade, else the middle of the best; or 0."""
        cdef Market market
        cdef int64_t bid, ask, last
        if self.marks[instrument] != 0.0:
            return self.marks[instrument]
        market = <Market?>self.markets[instrument]
        last = market.last()
        if last > 0:
            return last / self.terms.instruments[instrument].price_power
        bid, ask = market.best(BUY), market.best(SELL)
        if bid > 0 and ask > 0:
            return (bid + ask) / 2.0 / self.terms.instruments[instrument].price_power
        return max(bid, ask, 0) / self.terms.instruments[instrument].price_power

    cdef int hear_mark(self, int64_t instrument, double price) except -1:
        self.marks[instrument] = price
        return 0

    cdef int64_t judge(self, const SimulatedOrder* order, int64_t instrument, int64_t best, int64_t time) except -1:
        cdef Cleared* one = self.cleared(order.number)
        cdef int64_t reason, left = order.size - order.filled
        if not one.working:
            memset(one, 0, sizeof(Cleared))
            one.account, one.instrument, one.side = order.owner - 1, instrument, order.side
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

    cdef int128 cost(self, int64_t instrument, int128 worth) except? -1:
        """What a spot buyer must have for price × size, in units at the wallets' scale: with the highest fee."""
        cdef Instrument* one = &self.terms.instruments[instrument]
        cdef int64_t decimals = one.price_decimals + one.size_decimals
        cdef int64_t scale = self.terms.money_decimals[one.quote]
        cdef int64_t rate = max(self.terms.venues[one.venue].maker_fee, self.terms.venues[one.venue].taker_fee)
        cdef int128 fee = <int128>0
        if rate > 0:
            fee = multiply(worth, <int128>rate)
            fee = up_to_money(fee, decimals + self.terms.venues[one.venue].fee_decimals - MONEY_DECIMALS)
        worth = scaled_up(worth, scale - decimals) if scale >= decimals else rounded(worth, decimals - scale)
        return add(worth, scaled_up(fee, scale - MONEY_DECIMALS))

    cdef int64_t beyond_balance(self, Cleared* one, const SimulatedOrder* order, int64_t instrument) except -1:
        """Less free money than the order may cost; what it has locked itself counts as free. Locks what it takes."""
        cdef Terms terms = self.terms
        cdef Instrument* spot = &terms.instruments[instrument]
        cdef int64_t currency = spot.quote if order.side > 0 else spot.base, left = order.size - order.filled
        cdef int64_t place = one.account * terms.currencies_count + currency, most
        cdef int128 free_units = add(subtract(self.wallets[place], self.locked[place]), one.locked)
        cdef int128 needed = <int128>0, worth = <int128>0
        cdef Market market = <Market?>self.markets[instrument]
        cdef Py_ssize_t offer
        if order.side < 0:
            needed = scaled_up(<int128>left, terms.money_decimals[currency] - spot.size_decimals)
            if order.reduce_only:
                most = self.reducible(order, instrument)
                if most == 0:
                    return NOTHING_TO_REDUCE
                if left > most:
                    raise Doubtful("a reduce-only order for more than the account has")
        else:
            for offer in range(market.offers_count):
                worth = add(worth, multiply(<int128>market.offers[offer].price, <int128>market.offers[offer].size))
                left -= market.offers[offer].size
            if order.price and left > 0 and order.time_in_force == GTC:
                worth = add(worth, multiply(<int128>order.price, <int128>left))
            needed = self.cost(instrument, worth)
        if needed > free_units:
            return BAD_TERMS
        self.lock(one, one.account, needed)
        return NO_REASON

    cdef int64_t fitted(self, int64_t number, int64_t size) except -1:
        """The size that an amend may give an order at most; 0 where nothing is to be reduced."""
        cdef Cleared* one = self.cleared(number)
        cdef Line* line = &self.lines[one.account * self.terms.instruments_count + one.instrument]
        cdef int64_t held = line.held.quantity * self.terms.instruments[one.instrument].lot_power * one.side, most
        if not one.working or not one.reduce_only or self.terms.instruments[one.instrument].spot:
            return size
        most = max(-held, 0) - (line.reducing_buys if one.side > 0 else line.reducing_sells) + one.left
        return min(size, one.filled + most) if most > 0 else 0

    cdef int64_t reducible(self, const SimulatedOrder* order, int64_t instrument) except -1:
        """How much of a reduce-only order may stand; of contracts the market knows."""
        cdef Terms terms = self.terms
        cdef Instrument* one = &terms.instruments[instrument]
        cdef int64_t place = (order.owner - 1) * terms.currencies_count + one.base
        cdef int128 lot, free_units
        if not one.spot:
            return max(-order.side * self.lines[(order.owner - 1) * terms.instruments_count + instrument].held.quantity
                       * one.lot_power, 0)
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
        cdef int64_t left = order.size - order.filled, known = one.left if one.working else 0, buys, sells, place
        cdef Line* line = &self.lines[one.account * terms.instruments_count + instrument]
        cdef int64_t held = line.held.quantity * terms.instruments[instrument].lot_power, settle
        cdef Instrument* each
        cdef double equity, doubtful, worth = 0.0, gain, price, sure
        if order.reduce_only:  # it shrinks to what there is to reduce before it is judged
            left = min(left, magnitude(held) - (line.reducing_buys if order.side > 0 else line.reducing_sells) + known)
            if held * order.side >= 0 or left <= 0:
                return NO_REASON  # the market says that there is nothing
        if held * order.side < 0 and left - known + (line.buys if order.side > 0 else line.sells) <= magnitude(held):
            return NO_REASON
        settle = terms.instruments[instrument].settle
        equity = to_double(self.wallets[one.account * terms.currencies_count + settle], terms.money_decimals[settle])
        doubtful = fabs(equity)
        for place in range(terms.instruments_count):
            each, line = &terms.instruments[place], &self.lines[one.account * terms.instruments_count + place]
            if each.spot or each.settle != settle:
                continue
            buys, sells, held = line.buys, line.sells, line.held.quantity * each.lot_power
            if place == instrument and order.side > 0:
                buys += left - known
            elif place == instrument:
                sells += left - known
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
        sure = equity - DOUBT * doubtful
        if sure > 0.0 and worth * (1 + DOUBT) < sure * terms.venues[terms.instruments[instrument].venue].leverage_max:
            return NO_REASON
        sure = equity + DOUBT * doubtful
        if sure <= 0.0 or worth * (1 - DOUBT) > sure * terms.venues[terms.instruments[instrument].venue].leverage_max:
            return BAD_TERMS
        raise Doubtful("contracts that are worth what the leverage allows, nearly")

    cdef int lock(self, Cleared* one, int64_t owner, int128 amount) except -1:
        """Sets an amount aside for an order, in place of what was set aside before."""
        cdef Instrument* each = &self.terms.instruments[one.instrument]
        cdef int64_t place = owner * self.terms.currencies_count + (each.quote if one.side > 0 else each.base)
        self.locked[place] = add(subtract(self.locked[place], one.locked), amount)
        one.locked = amount
        return 0

    cdef int count_left(self, Cleared* one, int64_t left) except -1:
        cdef Line* line = &self.lines[one.account * self.terms.instruments_count + one.instrument]
        if one.side > 0:
            line.buys += left - one.left
            line.reducing_buys += left - one.left if one.reduce_only else 0
        else:
            line.sells += left - one.left
            line.reducing_sells += left - one.left if one.reduce_only else 0
        one.left = left
        return 0

    cdef int let_go(self, Cleared* one) except -1:
        self.count_left(one, 0)
        one.working = 0
        return self.lock(one, one.account, <int128>0)

    cdef int lock_rest(self, Cleared* one) except -1:
        """What a resting spot order may still cost."""
        cdef Instrument* each = &self.terms.instruments[one.instrument]
        if not each.spot or not one.rests:
            return 0
        if one.side > 0:
            return self.lock(one, one.account, self.cost(one.instrument, multiply(<int128>one.price, <int128>one.left)))
        return self.lock(
            one, one.account,
            scaled_up(<int128>one.left, self.terms.money_decimals[each.base] - each.size_decimals),
        )

    cdef int64_t book(self, int64_t order, int64_t instrument, const Said* said) except? -1:
        cdef Cleared* one = self.cleared(order)
        cdef int64_t fee = 0
        if said.kind == SAID_REFUSED:
            if one.working and not one.accepted:
                self.let_go(one)
            return 0
        one.accepted = 1
        if said.kind == SAID_TRADED:
            fee = self.settle_trade(one, said)
            self.count_left(one, max(one.left - said.size, 0))
            one.filled += said.size
        elif said.kind == SAID_ENDED:
            self.let_go(one)
        elif said.kind == SAID_AMENDED or said.kind == SAID_RESTS:
            if said.kind == SAID_AMENDED and said.reason == NO_REASON:
                one.price = one.asked
            self.count_left(one, said.size)
        if one.working and said.kind != SAID_STANDS and said.kind != SAID_TRIGGERED:
            self.lock_rest(one)
        return fee

    cdef int64_t settle_trade(self, Cleared* one, const Said* said) except? -1:
        """Moves money, or money and position; the fee."""
        cdef Terms terms = self.terms
        cdef Instrument* each = &terms.instruments[one.instrument]
        cdef Line* line = &self.lines[one.account * terms.instruments_count + one.instrument]
        cdef int64_t paid = each.quote if each.spot else each.settle
        cdef int64_t place = one.account * terms.currencies_count + paid, base, size = said.size // each.lot_power
        cdef int64_t fee = terms.fee(one.instrument, said.price, said.size, said.maker)
        cdef int128 realised, change, free_units
        if size * each.lot_power != said.size:
            raise Doubtful("a trade that is finer than the lot")
        if each.spot:
            base = one.account * terms.currencies_count + each.base
            change = scaled_up(<int128>said.size, terms.money_decimals[each.base] - each.size_decimals)
            self.wallets[base] = add(self.wallets[base], multiply(change, <int128>one.side))
            change = multiply(<int128>said.price, <int128>size)
            change = scaled_up(change, terms.money_decimals[paid] - each.price_decimals - each.lot_decimals)
            self.wallets[place] = subtract(self.wallets[place], multiply(change, <int128>one.side))
            free_units = subtract(self.wallets[place], self.locked[place])
            if one.side > 0:
                free_units = add(free_units, one.locked)
            if fee > 0 and free_units < scaled_up(<int128>fee, terms.money_decimals[paid] - MONEY_DECIMALS):
                free_units = free_units // POWERS_OF_TEN[terms.money_decimals[paid] - MONEY_DECIMALS]
                fee = max(<int64_t>free_units, 0)
        else:
            realised = booked(&line.held, one.side, size, said.price, each.price_decimals)
            realised = terms.settled(one.instrument, realised, line.held.price_decimals)
            self.wallets[place] = add(self.wallets[place], realised)
        change = scaled_up(<int128>fee, terms.money_decimals[paid] - MONEY_DECIMALS)
        self.wallets[place] = subtract(self.wallets[place], change)
        return fee

    cdef int64_t fund(self, int64_t account, int64_t instrument, double rate) except? -1:
        """Position × mark price × rate, half to even at 1e-8; 0 without a position."""
        cdef Terms terms = self.terms
        cdef Instrument* one = &terms.instruments[instrument]
        cdef Line* line = &self.lines[account * terms.instruments_count + instrument]
        cdef int64_t place = account * terms.currencies_count + one.settle, amount
        cdef double price = self.value_price(instrument)
        if one.spot or line.held.quantity == 0:
            return 0
        worth = Fraction(line.held.quantity, 10 ** <object>one.lot_decimals) * Fraction(Decimal(repr(price)))
        worth *= terms.source.instruments[instrument].multiplier
        amount = round(-worth * Fraction(Decimal(repr(rate))) * 10**MONEY_DECIMALS)
        self.wallets[place] = add(
            self.wallets[place], scaled_up(<int128>amount, terms.money_decimals[one.settle] - MONEY_DECIMALS)
        )
        return amount

    cdef bint holds(self, int64_t account, int64_t instrument) noexcept:
        """Whether funding is paid."""
        return not self.terms.instruments[instrument].spot and (
            self.lines[account * self.terms.instruments_count + instrument].held.quantity != 0
        )

    def wallet_units(self, int64_t account, int64_t currency):
        """(units, decimals) of what an account has at the exchange."""
        if not (0 <= account < self.terms.accounts_count and 0 <= currency < self.terms.currencies_count):
            raise IndexError(f"no account {account} with currency {currency}")
        place = account * self.terms.currencies_count + currency
        return to_python(self.wallets[place]), self.terms.money_decimals[currency]
