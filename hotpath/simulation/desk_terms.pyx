"""A desk's terms as C structs, read once from the NamedTuples of terms.py."""
from libc.stdint cimport INT64_MAX
from libc.stdlib cimport calloc, free

from letrade.hotpath.simulation.money cimport (
    MONEY_DECIMALS, from_python, letrade_fits64, multiply, rounded, scaled_up
)

from letrade.hotpath.simulation.doubt import Doubtful

cdef enum:
    DECIMALS_MAX = 18
    PLACES_MAX = 1_000_000


cdef tuple decimal_of(object value, str what):
    """(units, decimals) of a fraction that is a decimal."""
    decimals, rest = 0, value.denominator
    while rest % 10 == 0:
        decimals, rest = decimals + 1, rest // 10
    while rest % 5 == 0 or rest % 2 == 0:
        decimals, rest = decimals + 1, rest // (5 if rest % 5 == 0 else 2)
    if rest != 1 or decimals > DECIMALS_MAX:
        raise Doubtful(f"{what} of {value} has more than {DECIMALS_MAX} decimals")
    units = value * 10**decimals
    if abs(units) >= 2**63:
        raise Doubtful(f"{what} of {value} is beyond 64 bits")
    return int(units), decimals


cdef double limit_of(object value):
    return -1.0 if value is None else float(value)


cdef object fee_decimals_of(venue):
    """So many that all fees of a venue are whole numbers."""
    fees = [venue.maker_fee, venue.taker_fee, *(fee for tier in venue.tiers for fee in tier[1:])]
    return max(decimal_of(fee, "a fee")[1] for fee in fees)


cdef class Terms:
    def __init__(self, source):
        self.source = source
        self.instruments_count, self.accounts_count = len(source.instruments), len(source.accounts)
        self.strategies_count, self.currencies_count = len(source.strategies), len(source.currencies)
        self.venues_count, self.reporting, self.step = len(source.venues), source.reporting, source.step
        if self.instruments_count * max(self.accounts_count, self.strategies_count) > PLACES_MAX:
            raise Doubtful("more than a million pairs of instruments with accounts or strategies")
        self.slip_top = int((1 + source.slippage).numerator)
        self.slip_bottom = int((1 + source.slippage).denominator)
        self.slip_units = float((1 + source.slippage).numerator)
        self.slip_power = float((1 + source.slippage).denominator)
        self.one_order = source.one_order
        self.patience, self.patience_max = source.patience, source.patience_max
        self.read_venues()
        self.read_instruments()
        self.read_tiers()
        self.read_strategies()
        self.read_limits()
        self.read_rates()

    def __dealloc__(self):
        cdef Py_ssize_t place
        for place in range(self.rooms_count):
            free(self.rooms[place])

    cdef void* room(self, Py_ssize_t count, Py_ssize_t size) except NULL:
        """Zeroed memory that lives as long as this object."""
        cdef void* found
        if self.rooms_count == ROOMS_MAX:
            raise MemoryError("the terms of a desk have no room left")
        found = calloc(max(count, 1), size)
        if found == NULL:
            raise MemoryError(f"no memory for {count} terms")
        self.rooms[self.rooms_count] = found
        self.rooms_count += 1
        return found

    cdef int read_venues(self) except -1:
        self.venues = <Venue*>self.room(self.venues_count, sizeof(Venue))
        for place, each in enumerate(self.source.venues):
            decimals = fee_decimals_of(each)
            self.venues[place].maker_fee = int(each.maker_fee * 10**decimals)
            self.venues[place].taker_fee = int(each.taker_fee * 10**decimals)
            self.venues[place].fee_max = int(each.fee_max * 10**decimals)
            self.venues[place].fee_decimals = decimals
            self.venues[place].leverage_max = float(each.leverage_max)
        return 0

    cdef int read_tiers(self) except -1:
        """Once the scale of every currency is known."""
        cdef Py_ssize_t place = 0, currency
        count = sum(len(each.tiers) for each in self.source.venues)
        self.tiers = <Tier*>self.room(count, sizeof(Tier))
        self.tier_volumes = <int128*>self.room(count * self.currencies_count, sizeof(int128))
        for venue, each in enumerate(self.source.venues):
            decimals = fee_decimals_of(each)
            self.venues[venue].first_tier, self.venues[venue].tiers = place, len(each.tiers)
            for volume, maker, taker in each.tiers:
                self.tiers[place].maker_fee = int(maker * 10**decimals)
                self.tiers[place].taker_fee = int(taker * 10**decimals)
                for currency in range(self.currencies_count):
                    least = -int(-volume * 10 ** <object>self.money_decimals[currency] // 1)
                    self.tier_volumes[place * self.currencies_count + currency] = from_python(least)
                place += 1
        return 0

    cdef int read_instruments(self) except -1:
        cdef Instrument* one
        self.instruments = <Instrument*>self.room(self.instruments_count, sizeof(Instrument))
        self.money_decimals = <int64_t*>self.room(self.currencies_count, sizeof(int64_t))
        for place in range(self.currencies_count):
            self.money_decimals[place] = MONEY_DECIMALS
        for account in self.source.accounts:
            for currency, amount in account.balances:
                _, decimals = decimal_of(amount, "a balance")
                self.money_decimals[currency] = max(self.money_decimals[currency], decimals)
        for place, each in enumerate(self.source.instruments):
            if max(each.price_decimals, each.size_decimals) > DECIMALS_MAX:
                raise Doubtful(f"{each.name} has more than {DECIMALS_MAX} decimals")
            one = &self.instruments[place]
            one.spot, one.venue = each.spot, each.venue
            one.base, one.quote, one.settle = each.base, each.quote, each.settle
            one.price_decimals, one.size_decimals = each.price_decimals, each.size_decimals
            one.tick_units, one.lot_units, one.lot_decimals = each.tick_units, each.lot_units, each.lot_decimals
            one.position_decimals = max(each.tick_decimals, MONEY_DECIMALS - each.lot_decimals)
            one.lot_power = 10 ** (each.size_decimals - each.lot_decimals)
            one.multiplier, one.multiplier_decimals = decimal_of(each.multiplier, "a multiplier")
            one.price_power, one.size_power = 10.0**each.price_decimals, 10.0**each.size_decimals
            one.times, one.size_min = float(each.multiplier), float(each.size_min)
            one.notional_min = float(each.notional_min)
            self.read_costs(one, each)
            paid = one.quote if each.spot else one.settle
            finest = max(one.position_decimals, each.price_decimals) + each.lot_decimals + one.multiplier_decimals
            self.money_decimals[paid] = max(self.money_decimals[paid], finest)
            self.money_decimals[one.base] = max(self.money_decimals[one.base], each.size_decimals)
            if self.money_decimals[paid] > 2 * DECIMALS_MAX:
                raise Doubtful(f"amounts of {each.name} have more than {2 * DECIMALS_MAX} decimals")
        return 0

    cdef int read_costs(self, Instrument* one, each) except -1:
        venue = self.source.venues[each.venue]
        share = 1 if each.spot else 1 / self.source.leverage
        one.opening = float(each.multiplier * (share + venue.fee_max))
        one.holding = 0.0 if each.spot else float(each.multiplier * share)
        return 0

    cdef int read_strategies(self) except -1:
        self.account_venues = <int64_t*>self.room(self.accounts_count, sizeof(int64_t))
        for place, account in enumerate(self.source.accounts):
            self.account_venues[place] = account.venue
        self.strategies = <Strategy*>self.room(self.strategies_count, sizeof(Strategy))
        for place, each in enumerate(self.source.strategies):
            self.strategies[place].account, self.strategies[place].sizing = each.account, float(each.sizing)
            if each.amount is not None:
                self.strategies[place].allotted, self.strategies[place].allowance = ALLOTTED_AMOUNT, float(each.amount)
            elif each.fraction is not None:
                self.strategies[place].allotted = ALLOTTED_FRACTION
                self.strategies[place].allowance = float(each.fraction)
        return 0

    cdef int read_limits(self) except -1:
        cdef Limits* one
        self.limits = <Limits*>self.room(self.accounts_count * self.instruments_count, sizeof(Limits))
        for place in range(self.accounts_count * self.instruments_count):
            one = &self.limits[place]
            one.order_size = one.stale_after = -1
            one.order_notional = one.position_notional = one.gross_exposure = -1.0
            one.price_band = one.orders_per_second = -1.0
        for each in self.source.limits:
            one = &self.limits[each.account * self.instruments_count + each.instrument]
            decimals = self.source.instruments[each.instrument].size_decimals
            if each.order_size is not None:
                one.order_size = min(int(each.order_size * 10**decimals), INT64_MAX)
            if each.stale_after is not None:
                one.stale_after = each.stale_after
            one.order_notional, one.position_notional = limit_of(each.order_notional), limit_of(each.position_notional)
            one.gross_exposure, one.price_band = limit_of(each.gross_exposure), limit_of(each.price_band)
            one.orders_per_second = limit_of(each.orders_per_second)
        return 0

    cdef int read_rates(self) except -1:
        cdef Py_ssize_t place = 0
        total = sum(len(rates) for rates in self.source.rates)
        self.rate_starts = <int64_t*>self.room(self.currencies_count + 1, sizeof(int64_t))
        self.rate_instruments = <int64_t*>self.room(total, sizeof(int64_t))
        self.rate_inverse = <int64_t*>self.room(total, sizeof(int64_t))
        for currency, rates in enumerate(self.source.rates):
            for instrument, inverse in rates:
                self.rate_instruments[place], self.rate_inverse[place] = instrument, inverse
                place += 1
            self.rate_starts[currency + 1] = place
        return 0

    cdef int64_t fee(self, int64_t instrument, int64_t price, int64_t size, int64_t rate) except? -1:
        """Of one trade, half to even, in units of 1e-8 of what the instrument is paid in."""
        cdef Instrument* one = &self.instruments[instrument]
        cdef int64_t decimals = one.price_decimals + one.size_decimals + one.multiplier_decimals
        cdef int128 exact = multiply(multiply(<int128>price, <int128>size), <int128>rate)
        if one.multiplier != 1:
            exact = multiply(exact, <int128>one.multiplier)
        exact = rounded(exact, decimals + self.venues[one.venue].fee_decimals - MONEY_DECIMALS)
        if not letrade_fits64(exact):
            raise Doubtful("a fee is beyond 64 bits")
        return <int64_t>exact

    cdef int128 settled(self, int64_t instrument, int128 realised, int64_t price_decimals) except? -1:
        """What a position realised, at the scale of its currency's wallets."""
        cdef Instrument* one = &self.instruments[instrument]
        cdef int64_t paid = one.quote if one.spot else one.settle
        cdef int64_t decimals = price_decimals + one.lot_decimals + one.multiplier_decimals
        if one.multiplier != 1:
            realised = multiply(realised, <int128>one.multiplier)
        return scaled_up(realised, self.money_decimals[paid] - decimals)
