"""Capital's money in the compiled desk: who may spend how much, in doubles where they are sure."""
from decimal import Decimal

from libc.math cimport fabs, floor, rint
from libc.stdint cimport int32_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

from letrade.hotpath.simulation.desk_orders cimport remaining
from letrade.hotpath.simulation.desk_terms cimport ALLOTTED_AMOUNT, ALLOTTED_FRACTION, Instrument, Strategy, Terms
from letrade.hotpath.simulation.money cimport MONEY_DECIMALS, TENS, add, int128, scaled_up, to_double, to_python
from letrade.hotpath.simulation.positions cimport magnitude

from letrade.hotpath.simulation.doubt import Doubtful

cdef double DOUBT = 1e-12  # relative; far above the error of the sums of doubles here
cdef double UNITS_SURE = 1e15  # messages hold no larger numbers
cdef double WHOLE_MAX = 9007199254740992.0  # 2**53: all whole numbers up to it are doubles


cdef double opening_cost(double closing, Costly* orders, Py_ssize_t count, double rate) noexcept:
    """Of what orders of one side open beyond closing so much, the dearest of them last."""
    cdef Py_ssize_t place, other
    cdef Costly one
    cdef double total = 0.0, closed
    if closing > 0.0:
        for place in range(1, count):
            one, other = orders[place], place
            while other > 0 and orders[other - 1].basis > one.basis:
                orders[other] = orders[other - 1]
                other -= 1
            orders[other] = one
    for place in range(count):
        closed = min(max(closing, 0.0), orders[place].size)
        closing -= closed
        total += (orders[place].size - closed) * orders[place].basis * rate
    return total


cdef class Purse(Risk):
    def __cinit__(self, Terms terms not None, *arguments):
        cdef int64_t place
        self.cash = <int128*>terms.room(terms.accounts_count * terms.currencies_count, sizeof(int128))
        memcpy(self.cash, self.wallets, terms.accounts_count * terms.currencies_count * sizeof(int128))
        self.positions = <Netting*>terms.room(terms.accounts_count * terms.instruments_count, sizeof(Netting))
        for place in range(terms.accounts_count * terms.instruments_count):
            self.positions[place].price_decimals = terms.instruments[place % terms.instruments_count].position_decimals
        self.keys = <Key*>terms.room(terms.strategies_count * terms.instruments_count, sizeof(Key))
        self.active = <int64_t*>terms.room(terms.strategies_count * terms.instruments_count, sizeof(int64_t))
        for place in range(terms.strategies_count * terms.instruments_count):
            self.keys[place].strategy = <int32_t>(place // terms.instruments_count)
            self.keys[place].instrument = <int32_t>(place % terms.instruments_count)
        self.touched = <int64_t*>terms.room(terms.strategies_count * terms.instruments_count, sizeof(int64_t))
        self.others = <int64_t*>terms.room(terms.accounts_count, sizeof(int64_t))
        for place in range(terms.accounts_count):
            self.others[place] = -1

    def __dealloc__(self):
        free(self.buys)
        free(self.sells)

    cdef void activate(self, int64_t key) noexcept:
        cdef Py_ssize_t place = self.active_count
        if self.keys[key].active:
            return
        self.keys[key].active = True
        self.active_count += 1
        while place and self.active[place - 1] > key:
            self.active[place] = self.active[place - 1]
            place -= 1
        self.active[place] = key

    cdef int link(self, OrderRecord* order) except -1:
        """Among capital's working orders."""
        cdef Key* key = &self.keys[order.key]
        order.capital.working, order.capital.previous, order.capital.next = 1, key.last, 0
        if key.last:
            self.record(key.last).capital.next = order.number
        else:
            key.first = order.number
        key.last = order.number
        self.activate(order.key)
        self.touch(order.key)
        return 0

    cdef int unlink(self, OrderRecord* order) except -1:
        cdef Key* key = &self.keys[order.key]
        order.capital.working = 0
        self.touch(order.key)
        if order.capital.previous:
            self.record(order.capital.previous).capital.next = order.capital.next
        else:
            key.first = order.capital.next
        if order.capital.next:
            self.record(order.capital.next).capital.previous = order.capital.previous
        else:
            key.last = order.capital.previous
        return 0

    cdef int purse_hears(self, const OrderRecord* order, const FillRecord* fill) except -1:
        """A fill moves shares and cash."""
        cdef Netting* held = &self.positions[order.account * self.terms.instruments_count + order.instrument]
        cdef Instrument* one = &self.terms.instruments[order.instrument]
        self.keys[order.key].share += order.side * fill.size
        self.activate(order.key)
        self.touch(order.key)
        if one.spot or one.settle != self.terms.reporting:
            self.others[order.account] = -1
        held.quantity, held.cost, held.price_decimals = fill.quantity_after, fill.cost_after, fill.price_decimals_after
        return self.move_money(self.cash, order, fill)

    cdef int purse_hears_cash(self, const CashRecord* cash) except -1:
        cdef int64_t paid = self.terms.instruments[cash.instrument].settle
        cdef int64_t place = cash.account * self.terms.currencies_count + paid
        cdef int128 change = scaled_up(<int128>cash.amount, self.terms.money_decimals[paid] - MONEY_DECIMALS)
        self.cash[place] = add(self.cash[place], change)
        self.others[cash.account] = -1
        return 0

    cdef bint holds_others(self, int64_t account) noexcept:
        cdef Terms terms = self.terms
        cdef int64_t currency
        if self.others[account] < 0:
            self.others[account] = 0
            for currency in range(terms.currencies_count):
                if currency != terms.reporting and self.cash[account * terms.currencies_count + currency] != 0:
                    self.others[account] = 1
        return self.others[account] != 0

    cdef double basis(self, int64_t instrument, int64_t side, double price) except? -1.0:
        """The worst price to expect, 0 when unknown; `price` 0 is a market order."""
        if (side > 0 and price != 0.0) or self.prices[instrument] == 0.0:
            return price
        return max(price, self.slipped(instrument))

    cdef double slipped(self, int64_t instrument) except? -1.0:
        """What a market order may fill at: the double nearest to the exact product."""
        cdef double last = self.prices[instrument], power = self.terms.instruments[instrument].price_power * 10.0
        cdef double digits = rint(last * power)
        cdef double slipped = digits * self.terms.slip_units, whole = power * self.terms.slip_power
        if digits / power == last and slipped < WHOLE_MAX and whole < WHOLE_MAX:
            return slipped / whole
        whole_part, point, part = repr(last).partition(".")
        if "e" in whole_part or "e" in part:
            top, bottom = Decimal(repr(last)).as_integer_ratio()
            return top * self.terms.slip_top / (bottom * self.terms.slip_bottom)
        return int(whole_part + part) * self.terms.slip_top / (10 ** len(part) * self.terms.slip_bottom)

    cdef double margin(self, int64_t key) noexcept:
        """What the share of a key holds back."""
        cdef int64_t instrument = self.keys[key].instrument
        cdef Instrument* one = &self.terms.instruments[instrument]
        return <double>magnitude(self.keys[key].share) / one.size_power * self.prices[instrument] * one.holding

    cdef int costs(
        self, int64_t key, int64_t without, const Costly* added, int64_t added_side, double* long_cost,
        double* short_cost,
    ) except -1:
        """What the working orders of a key may cost beyond its share, either side alone."""
        cdef Instrument* one = &self.terms.instruments[self.keys[key].instrument]
        cdef int64_t number = self.keys[key].first
        cdef Py_ssize_t buys = 0, sells = 0
        cdef int64_t side
        cdef double share = <double>self.keys[key].share / one.size_power
        cdef OrderRecord* order
        cdef Costly costly
        while True:
            if number:
                order = self.record(number)
                side = order.side
                if number == without and added != NULL:  # in its place, so that equal sums are equal in doubles too
                    costly, added = added[0], NULL
                else:
                    costly.basis, costly.size = order.basis, <double>remaining(&order.capital) / one.size_power
                number = order.capital.next
            elif added != NULL:
                costly, side, added = added[0], added_side, NULL
            else:
                break
            if max(buys, sells) == self.sides_room:
                self.grow_sides()
            if side > 0:
                self.buys[buys] = costly
                buys += 1
            else:
                self.sells[sells] = costly
                sells += 1
        long_cost[0] = opening_cost(-share, self.buys, buys, one.opening)
        short_cost[0] = opening_cost(share, self.sells, sells, one.opening)
        return 0

    cdef double beyond(self, int64_t key, int64_t without, const Costly* added, int64_t added_side) except? -1.0:
        """What the working orders of a key may take at worst beyond its margin, with one changed, or one more."""
        cdef double long_cost = 0.0, short_cost = 0.0, held
        if not self.keys[key].first and added == NULL:
            return 0.0
        self.costs(key, without, added, added_side, &long_cost, &short_cost)
        held = self.margin(key)
        if self.keys[key].share > 0:
            return max(long_cost, short_cost - held, 0.0)
        return max(long_cost - held, short_cost, 0.0)

    cdef int grow_sides(self) except -1:
        cdef void* found
        self.sides_room = max(2 * self.sides_room, 16)
        found = realloc(self.buys, self.sides_room * sizeof(Costly))
        if found == NULL:
            raise MemoryError("no memory for the costs of orders")
        self.buys = <Costly*>found
        found = realloc(self.sells, self.sides_room * sizeof(Costly))
        if found == NULL:
            raise MemoryError("no memory for the costs of orders")
        self.sells = <Costly*>found
        return 0

    cdef double equity(self, int64_t account) except? -1.0:
        """Of an account in the reporting currency; its cash in that alone while some price is missing."""
        cdef Terms terms = self.terms
        cdef int64_t place
        cdef Netting* held
        cdef Instrument* one
        cdef double total = 0.0, rate, worth
        cdef bint missing = False
        for place in range(terms.currencies_count):
            if self.cash[account * terms.currencies_count + place] != 0:
                rate = self.rate(place)
                missing = missing or rate == 0.0
                worth = to_double(self.cash[account * terms.currencies_count + place], terms.money_decimals[place])
                total += worth * rate
        for place in range(terms.instruments_count):
            held, one = &self.positions[account * terms.instruments_count + place], &terms.instruments[place]
            if held.quantity == 0:
                continue
            rate = self.rate(one.quote)
            missing = missing or rate == 0.0 or self.prices[place] == 0.0
            if not one.spot:
                worth = <double>held.quantity / TENS[one.lot_decimals] * self.prices[place]
                worth -= to_double(held.cost, held.price_decimals + one.lot_decimals)
                total += worth * one.times * rate
        if missing:
            place = terms.reporting
            return to_double(self.cash[account * terms.currencies_count + place], terms.money_decimals[place])
        return total

    cdef double allowed(self, int64_t strategy, double* tolerance) except? -1.0:
        """What the strategy may have at work, in the reporting currency, and how far off that may be."""
        cdef Strategy* one = &self.terms.strategies[strategy]
        cdef double found
        if one.allotted == ALLOTTED_AMOUNT:
            tolerance[0] = DOUBT * one.allowance
            return one.allowance
        if one.allotted != ALLOTTED_FRACTION:
            tolerance[0] = 0.0
            return 0.0
        found = self.equity(one.account)
        tolerance[0] = DOUBT * (fabs(found) + self.gross_value(one.account))
        return found * one.allowance

    cdef double gross_value(self, int64_t account) except? -1.0:
        """The sum of all amounts that an equity is made of, without their signs."""
        cdef Terms terms = self.terms
        cdef int64_t place
        cdef Netting* held
        cdef double total = 0.0
        for place in range(terms.currencies_count):
            total += fabs(to_double(self.cash[account * terms.currencies_count + place], terms.money_decimals[place]))
        for place in range(terms.instruments_count):
            held = &self.positions[account * terms.instruments_count + place]
            if held.quantity:
                total += fabs(to_double(held.cost, held.price_decimals + terms.instruments[place].lot_decimals))
        return total

    cdef bint lacks(self, OrderRecord* order, int64_t size, double basis, int64_t without) except -1:
        """Whether an order may not be added, or changed so, for want of cash or of an allocation."""
        cdef bint found = self.is_short(order, size, basis, without)
        self.touch(order.key)  # it is added or changed now, where it may
        return found

    cdef bint is_ample(self, const OrderRecord* order, double needed, double had, double wanted) except -1:
        return False

    cdef int compare(self, const OrderRecord* order, double taken) except -1:
        return 0

    cdef double taken_of(self, int64_t account, int64_t currency) except? -1.0:
        """Of an account's money in a currency: by all that is held, and works."""
        cdef Terms terms = self.terms
        cdef Instrument* one
        cdef Py_ssize_t place
        cdef int64_t key
        cdef double taken = 0.0
        for place in range(self.active_count):
            key = self.active[place]
            one = &terms.instruments[self.keys[key].instrument]
            if terms.strategies[self.keys[key].strategy].account != account:
                continue
            if (one.quote if one.spot else one.settle) == currency:
                taken += self.margin(key) + self.beyond(key, 0, NULL, 0)
        return taken

    cdef bint is_short(self, OrderRecord* order, int64_t size, double basis, int64_t without) except -1:
        cdef Terms terms = self.terms
        cdef Instrument* one = &terms.instruments[order.instrument]
        cdef int64_t currency = one.quote if one.spot else one.settle
        cdef int overdrawn
        cdef Costly added
        cdef double present = self.beyond(order.key, 0, NULL, 0), wanted, needed, cash, taken
        cdef bint ample
        added.basis, added.size = basis, <double>size / one.size_power
        wanted = self.beyond(order.key, without, &added, order.side)
        needed = wanted - present
        if needed == 0.0 or needed < -DOUBT * present:
            return False
        ample = self.is_ample(order, needed, present, wanted)
        if ample and not self.compares:
            return False
        cash = to_double(self.cash[order.account * terms.currencies_count + currency], terms.money_decimals[currency])
        taken = self.taken_of(order.account, currency)
        overdrawn = self.overdrawn(order.strategy, order.key, self.margin(order.key) + wanted)
        if self.compares:
            self.compare(order, taken)
        if fabs(cash - taken - needed) > DOUBT * (fabs(cash) + taken + wanted + present):
            if overdrawn == 0 and needed <= cash - taken:
                return False  # also where the order needs no more than before, nearly
            if needed > DOUBT * (wanted + present) and (overdrawn == 1 or needed > cash - taken):
                if ample:
                    raise AssertionError("an order lacks what there was more than enough of")
                return True
        if ample:
            raise AssertionError("an order is near a limit that it was far from")
        return self.lacks_exactly(order, size, basis, without)

    cdef bint lacks_exactly(self, OrderRecord* order, int64_t size, double basis, int64_t without) except -1:
        raise Doubtful("an order that takes all free cash, nearly")

    cdef int64_t sized_exactly(self, int64_t strategy, int64_t instrument, double wish) except? -1:
        raise Doubtful("a sizing that comes out at a whole number of lots, nearly")

    cdef int overdrawn(self, int64_t strategy, int64_t key, double own) except -2:
        """Whether the strategy would have more at work than it may; its share of this key takes `own`."""
        cdef Terms terms = self.terms
        cdef int64_t instrument, other
        cdef Instrument* one
        cdef double total = 0.0, tolerance = 0.0, most, rate, part
        for instrument in range(terms.instruments_count):
            one = &terms.instruments[instrument]
            other = strategy * terms.instruments_count + instrument
            if other != key and not (self.keys[other].first or self.keys[other].share):
                continue
            part = own if other == key else self.margin(other) + self.beyond(other, 0, NULL, 0)
            if one.spot:
                part += <double>magnitude(self.keys[other].share) / one.size_power * self.prices[instrument]
            rate = self.rate(one.quote)
            if rate == 0.0:
                return 1
            total += part * rate
        most = self.allowed(strategy, &tolerance)
        if fabs(total - most) <= tolerance + DOUBT * total:
            return -1
        return total > most

    cdef int64_t sized(self, int64_t strategy, int64_t instrument, double wish, bint* known) except? -1:
        """A direction in [-1, 1] as units of the instrument, in whole lots, rounded towards zero."""
        cdef Terms terms = self.terms
        cdef Instrument* one = &terms.instruments[instrument]
        cdef double basis = self.basis(instrument, 1 if wish > 0 else -1, 0.0), rate = self.rate(one.quote)
        cdef double tolerance = 0.0, stake, lots
        known[0] = basis != 0.0 and rate != 0.0
        if not known[0] or wish == 0.0:
            return 0
        stake = self.allowed(strategy, &tolerance)
        if stake == 0.0:
            return 0
        lots = fabs(wish) * terms.strategies[strategy].sizing * stake / (basis * one.opening * rate)
        lots = lots / (one.lot_units / one.size_power)
        if not fabs(lots) * one.lot_units < UNITS_SURE:
            raise Doubtful("a sizing of more units than doubles count")
        if fabs(lots - floor(lots + 0.5)) <= (DOUBT + 2 * tolerance / fabs(stake)) * fabs(lots):
            return self.sized_exactly(strategy, instrument, wish)
        return <int64_t>lots * one.lot_units * (1 if wish > 0 else -1)

    def cash_units(self, int64_t account, int64_t currency):
        """(units, decimals) of what capital knows of a wallet."""
        if not (0 <= account < self.terms.accounts_count and 0 <= currency < self.terms.currencies_count):
            raise IndexError(f"no account {account} with currency {currency}")
        return to_python(self.cash[account * self.terms.currencies_count + currency]), \
            self.terms.money_decimals[currency]
