"""Capital's money in fractions, for the few orders that doubles cannot be sure of."""
from decimal import Decimal
from fractions import Fraction

from letrade.hotpath.simulation.desk_orders cimport remaining
from letrade.hotpath.simulation.desk_terms cimport ALLOTTED_AMOUNT, ALLOTTED_FRACTION, Instrument
from letrade.hotpath.simulation.money cimport to_python
from letrade.hotpath.simulation.positions cimport magnitude

ZERO = Fraction(0)


cdef object exact(double value):
    """The decimal behind a double."""
    return Fraction(Decimal(repr(value)))


cdef object opening_cost(closing, list orders, rate):
    """Of what (basis, size) of one side open beyond closing so much, the dearest of them last."""
    total, closing = ZERO, max(closing, ZERO)
    for basis, size in sorted(orders):
        closed = min(closing, size)
        closing -= closed
        total += (size - closed) * basis * rate
    return total


cdef class ExactPurse(Headroom):
    """As actors/capital/purse.py and terms.py count."""

    cdef object price_of(self, int64_t instrument):
        return exact(self.prices[instrument])

    cdef object rate_of(self, int64_t currency):
        """What a unit of a currency is worth in the reporting currency; None while no price tells."""
        cdef int64_t place, instrument
        if currency == self.terms.reporting:
            return Fraction(1)
        for place in range(self.terms.rate_starts[currency], self.terms.rate_starts[currency + 1]):
            instrument = self.terms.rate_instruments[place]
            if self.prices[instrument] != 0.0:
                price = self.price_of(instrument)
                return 1 / price if self.terms.rate_inverse[place] else price
        return None

    cdef tuple costs_of(self, int64_t instrument):
        """Cash for each unit of notional that is held, and that is opened."""
        source = self.terms.source
        each = source.instruments[instrument]
        venue = source.venues[each.venue]
        share = Fraction(1) if each.spot else 1 / Fraction(source.leverage)
        return (ZERO if each.spot else each.multiplier * share), each.multiplier * (share + venue.fee_max)

    cdef object margin_of(self, int64_t key):
        cdef int64_t instrument = key % self.terms.instruments_count
        cdef Instrument* one = &self.terms.instruments[instrument]
        holding, _ = self.costs_of(instrument)
        share = Fraction(magnitude(self.keys[key].share), 10 ** <object>one.size_decimals)
        return share * self.price_of(instrument) * holding if share and holding else ZERO

    cdef object beyond_of(self, int64_t key, int64_t without, added):
        """What the working orders of a key may take at worst beyond its margin; `added` is (side, basis, size)."""
        cdef int64_t number = self.keys[key].first, instrument = key % self.terms.instruments_count
        cdef OrderRecord* order
        power = 10 ** <object>self.terms.instruments[instrument].size_decimals
        sides = {1: [], -1: []}
        while number:
            order = self.record(number)
            if number != without:
                sides[order.side].append((exact(order.basis), Fraction(remaining(&order.capital), power)))
            number = order.capital.next
        if added is not None:
            sides[added[0]].append(added[1:])
        share, held = Fraction(self.keys[key].share, power), self.margin_of(key)
        _, opening = self.costs_of(instrument)
        long_cost, short_cost = opening_cost(-share, sides[1], opening), opening_cost(share, sides[-1], opening)
        if share > 0:
            return max(long_cost, short_cost - held, ZERO)
        return max(long_cost - held, short_cost, ZERO)

    cdef object equity_of(self, int64_t account):
        cdef int64_t place, first = account * self.terms.currencies_count
        cdef Instrument* one
        total, missing = ZERO, False
        source = self.terms.source
        for place in range(self.terms.currencies_count):
            amount = Fraction(to_python(self.cash[first + place]), 10 ** <object>self.terms.money_decimals[place])
            rate = self.rate_of(place) if amount else ZERO
            missing = missing or rate is None
            total += amount * (rate or ZERO)
        for place in range(self.terms.instruments_count):
            held, one = &self.positions[account * self.terms.instruments_count + place], &self.terms.instruments[place]
            rate = self.rate_of(one.quote) if held.quantity else ZERO
            missing = missing or rate is None or (held.quantity != 0 and self.prices[place] == 0.0)
            if held.quantity and not one.spot and not missing:
                gain = Fraction(held.quantity, 10 ** <object>one.lot_decimals) * self.price_of(place)
                gain -= Fraction(to_python(held.cost), 10 ** <object>(held.price_decimals + one.lot_decimals))
                total += gain * source.instruments[place].multiplier * rate
        if missing:
            place = self.terms.reporting
            return Fraction(to_python(self.cash[first + place]), 10 ** <object>self.terms.money_decimals[place])
        return total

    cdef object allowed_of(self, int64_t strategy):
        source = self.terms.source.strategies[strategy]
        if self.terms.strategies[strategy].allotted == ALLOTTED_AMOUNT:
            return source.amount
        if self.terms.strategies[strategy].allotted != ALLOTTED_FRACTION:
            return ZERO
        return source.fraction * self.equity_of(source.account)

    cdef object used_of(self, int64_t strategy, int64_t key, own):
        """What the strategy would have at work; None without a rate."""
        cdef int64_t instrument, other
        cdef Instrument* one
        total = ZERO
        for instrument in range(self.terms.instruments_count):
            one = &self.terms.instruments[instrument]
            other = strategy * self.terms.instruments_count + instrument
            if other != key and not (self.keys[other].first or self.keys[other].share):
                continue
            part = own if other == key else self.margin_of(other) + self.beyond_of(other, 0, None)
            if one.spot and self.keys[other].share:
                held = Fraction(magnitude(self.keys[other].share), 10 ** <object>one.size_decimals)
                part += held * self.price_of(instrument)
            rate = self.rate_of(one.quote)
            if rate is None:
                return None
            total += part * rate
        return total

    cdef bint lacks_exactly(self, OrderRecord* order, int64_t size, double basis, int64_t without) except -1:
        cdef int64_t strategy, instrument, key, currency, place
        cdef Instrument* one = &self.terms.instruments[order.instrument]
        currency = one.quote if one.spot else one.settle
        added = (order.side, exact(basis), Fraction(size, 10 ** <object>one.size_decimals))
        wanted = self.beyond_of(order.key, without, added)
        needed = wanted - self.beyond_of(order.key, 0, None)
        if needed <= 0:
            return False
        place = order.account * self.terms.currencies_count + currency
        left = Fraction(to_python(self.cash[place]), 10 ** <object>self.terms.money_decimals[currency])
        for strategy in range(self.terms.strategies_count):
            if self.terms.strategies[strategy].account != order.account:
                continue
            for instrument in range(self.terms.instruments_count):
                key = strategy * self.terms.instruments_count + instrument
                one = &self.terms.instruments[instrument]
                if self.keys[key].active and (one.quote if one.spot else one.settle) == currency:
                    left -= self.margin_of(key) + self.beyond_of(key, 0, None)
        if needed > left:
            return True
        used = self.used_of(order.strategy, order.key, self.margin_of(order.key) + wanted)
        return used is None or used > self.allowed_of(order.strategy)

    cdef int64_t sized_exactly(self, int64_t strategy, int64_t instrument, double wish) except? -1:
        cdef double basis = self.basis(instrument, 1 if wish > 0 else -1, 0.0)
        source = self.terms.source
        each = source.instruments[instrument]
        _, opening = self.costs_of(instrument)
        stake = exact(wish) * source.strategies[strategy].sizing * self.allowed_of(strategy)
        size = stake / (exact(basis) * opening * self.rate_of(each.quote))
        return int(size * 10**each.size_decimals / each.lot_units) * each.lot_units
