"""What each account has and holds at the exchange, what its orders set aside, and what a trade moves."""
from decimal import Decimal
from fractions import Fraction

from libc.math cimport INFINITY
from libc.stdint cimport INT64_MAX, INT64_MIN
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.simulation.desk_orders cimport PAGE, PAGE_BITS
from letrade.hotpath.simulation.desk_terms cimport Instrument, Terms, Venue
from letrade.hotpath.simulation.market cimport Market
from letrade.hotpath.simulation.money cimport (
    MONEY_DECIMALS, POWERS_OF_TEN, add, from_python, int128, multiply, rounded, scaled_up, subtract, to_python
)
from letrade.hotpath.simulation.orders cimport Said
from letrade.hotpath.simulation.positions cimport booked

from letrade.hotpath.simulation.doubt import Doubtful

cdef object TEN = 10  # a Python whole number: powers of C ones are doubles


cdef int128 up_to_money(int128 units, int64_t places) except? -1:
    """Rounded up to units of 1e-8."""
    cdef int128 whole
    if places <= 0:
        return scaled_up(units, -places)
    whole = units // POWERS_OF_TEN[places]
    return whole + 1 if whole * POWERS_OF_TEN[places] != units else whole


cdef bint has_working(const Cleared* page) noexcept:
    cdef Py_ssize_t place
    for place in range(PAGE):
        if page[place].working:
            return True
    return False


cdef class Wallets:
    """Money and positions move at once when something trades; a resting spot order sets aside what it may cost."""

    def __cinit__(self, Terms terms not None, markets):
        cdef int64_t place, pairs = terms.accounts_count * terms.instruments_count
        self.terms, self.markets = terms, list(markets)
        if len(self.markets) != terms.instruments_count:
            raise ValueError(f"expected {terms.instruments_count} markets, found {len(self.markets)}")
        self.marks = <double*>terms.room(terms.instruments_count, sizeof(double))
        self.wallets = <int128*>terms.room(terms.accounts_count * terms.currencies_count, sizeof(int128))
        self.locked = <int128*>terms.room(terms.accounts_count * terms.currencies_count, sizeof(int128))
        self.sums = <LineSums*>terms.room(terms.accounts_count * terms.currencies_count, sizeof(LineSums))
        self.bands = <ValueBand*>terms.room(terms.instruments_count, sizeof(ValueBand))
        self.touched = <int64_t*>terms.room(pairs, sizeof(int64_t))
        self.volume = Volume(terms.accounts_count * terms.currencies_count)
        self.lines = <Line*>terms.room(pairs, sizeof(Line))
        for place in range(pairs):
            self.lines[place].held.price_decimals = terms.instruments[place % terms.instruments_count].position_decimals
        for place in range(terms.instruments_count):
            self.leave_band(place)
        for place, account in enumerate(terms.source.accounts):
            for currency, amount in account.balances:
                units = int(amount * TEN ** terms.money_decimals[currency])
                self.wallets[place * terms.currencies_count + <int64_t>currency] = from_python(units)

    def __dealloc__(self):
        cdef Py_ssize_t page
        for page in range(self.pages_room):
            free(self.pages[page])
        free(self.pages)
        free(self.fat)

    cdef Cleared* cleared(self, int64_t number) except NULL:
        if number < 1:
            raise ValueError(f"expected an order's number from 1, found {number}")
        if number >> PAGE_BITS >= self.pages_room or self.pages[number >> PAGE_BITS] == NULL:
            self.add_page(number >> PAGE_BITS)
        return &self.pages[number >> PAGE_BITS][number & (PAGE - 1)]

    cdef int add_page(self, int64_t page) except -1:
        cdef Cleared** pages
        cdef int64_t* fat
        cdef Py_ssize_t room = max(2 * self.pages_room, page + 64)
        if page >= self.pages_room:
            pages = <Cleared**>realloc(self.pages, room * sizeof(Cleared*))
            self.pages = pages if pages != NULL else self.pages
            fat = <int64_t*>realloc(self.fat, room * sizeof(int64_t))
            self.fat = fat if fat != NULL else self.fat
            if pages == NULL or fat == NULL:
                raise MemoryError("no memory for orders at the exchange")
            memset(&self.pages[self.pages_room], 0, (room - self.pages_room) * sizeof(Cleared*))
            self.pages_room = room
        self.pages[page] = <Cleared*>calloc(PAGE, sizeof(Cleared))
        if self.pages[page] == NULL:
            raise MemoryError(f"no memory for {PAGE} orders at the exchange")
        self.fat[self.fat_count] = page
        self.fat_count += 1
        return 0

    cdef int forget(self, OrderTable table) except -1:
        cdef Py_ssize_t place, kept = 0
        cdef int64_t page
        for place in range(self.fat_count):
            page = self.fat[place]
            if page < table.pages_count and table.pages[page].rows != NULL and not has_working(self.pages[page]):
                free(self.pages[page])
                self.pages[page] = NULL
            else:
                self.fat[kept] = page
                kept += 1
        self.fat_count = kept
        return 0

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
        if not self.bands[instrument].low <= price <= self.bands[instrument].high:
            self.leave_band(instrument)
        return 0

    cdef void leave_band(self, int64_t instrument) noexcept:
        """All that was counted with prices of the band is counted again, when it is next asked for."""
        cdef ValueBand* band = &self.bands[instrument]
        cdef int64_t place, account
        cdef Line* line
        band.low, band.high, band.last_low, band.last_high = -INFINITY, INFINITY, INT64_MIN, INT64_MAX
        for account in range(self.terms.accounts_count):
            place = account * self.terms.instruments_count + instrument
            line = &self.lines[place]
            if line.held.quantity or line.buys or line.sells:
                self.touch(place)

    cdef int lock(self, Cleared* one, int64_t owner, int128 amount) except -1:
        """Sets an amount aside for an order, in place of what was set aside before."""
        cdef Instrument* each = &self.terms.instruments[one.instrument]
        cdef int64_t place = owner * self.terms.currencies_count + (each.quote if one.side > 0 else each.base)
        self.locked[place] = add(subtract(self.locked[place], one.locked), amount)
        one.locked = amount
        return 0

    cdef int count_left(self, Cleared* one, int64_t left) except -1:
        cdef Line* line = &self.lines[one.account * self.terms.instruments_count + one.instrument]
        if one.awaits:
            one.left = left
            return 0
        self.touch(one.account * self.terms.instruments_count + one.instrument)
        if one.side > 0:
            line.buys += left - one.left
            line.reducing_buys += left - one.left if one.reduce_only else 0
        else:
            line.sells += left - one.left
            line.reducing_sells += left - one.left if one.reduce_only else 0
        one.left = left
        return 0

    cdef int count_triggered(self, Cleared* one) except -1:
        """From now on it counts as any other order."""
        cdef int64_t left = one.left
        one.left = one.awaits = 0
        return self.count_left(one, left)

    cdef bint is_covered(self, const Cleared* one, int64_t left) except -1:
        """Whether what the first of its group has set aside is enough for both."""
        cdef Cleared* other
        if not one.group or one.number == 1:
            return False
        other = self.cleared(one.number - 1)
        return other.working and other.group == one.group and other.left >= left

    cdef int let_go(self, Cleared* one) except -1:
        cdef Cleared* other
        self.count_left(one, 0)
        one.working = 0
        self.lock(one, one.account, <int128>0)
        if one.group and (one.number + 1) >> PAGE_BITS < self.pages_room:
            other = self.cleared(one.number + 1)
            if other.working and other.group == one.group:
                return self.lock_rest(other)
        return 0

    cdef int lock_rest(self, Cleared* one) except -1:
        """What a resting spot order may still cost."""
        cdef Instrument* each = &self.terms.instruments[one.instrument]
        if not each.spot or not (one.rests or one.group):
            return 0
        if self.is_covered(one, one.left):
            return self.lock(one, one.account, <int128>0)
        if one.side > 0:
            return self.lock(one, one.account, self.cost(one.instrument, multiply(<int128>one.price, <int128>one.left)))
        return self.lock(
            one, one.account,
            scaled_up(<int128>one.left, self.terms.money_decimals[each.base] - each.size_decimals),
        )

    cdef int128 cost(self, int64_t instrument, int128 worth) except? -1:
        """What a spot buyer must have for price × size, in units at the wallets' scale: with the highest fee."""
        cdef Instrument* one = &self.terms.instruments[instrument]
        cdef int64_t decimals = one.price_decimals + one.size_decimals
        cdef int64_t scale = self.terms.money_decimals[one.quote]
        cdef int64_t rate = self.terms.venues[one.venue].fee_max
        cdef int128 fee = <int128>0
        if rate > 0:
            fee = multiply(worth, <int128>rate)
            fee = up_to_money(fee, decimals + self.terms.venues[one.venue].fee_decimals - MONEY_DECIMALS)
        worth = scaled_up(worth, scale - decimals) if scale >= decimals else rounded(worth, decimals - scale)
        return add(worth, scaled_up(fee, scale - MONEY_DECIMALS))

    cdef int64_t rate_of(self, const Cleared* one, const Said* said) except? -1:
        """The fee of a trade by what its account has traded before today, and from now on its worth counts too."""
        cdef Terms terms = self.terms
        cdef Instrument* each = &terms.instruments[one.instrument]
        cdef Venue* venue = &terms.venues[each.venue]
        cdef int64_t paid = each.quote if each.spot else each.settle, tier
        cdef int64_t place = one.account * terms.currencies_count + paid
        cdef int64_t rate = venue.maker_fee if said.maker else venue.taker_fee
        cdef int128 before, worth
        if venue.tiers == 0:
            return rate
        before = self.volume.before(place, said.time)
        for tier in range(venue.first_tier, venue.first_tier + venue.tiers):
            if terms.tier_volumes[tier * terms.currencies_count + paid] <= before:
                rate = terms.tiers[tier].maker_fee if said.maker else terms.tiers[tier].taker_fee
        worth = multiply(multiply(<int128>said.price, <int128>(said.size // each.lot_power)), <int128>each.multiplier)
        tier = each.price_decimals + each.lot_decimals + each.multiplier_decimals
        self.volume.add(place, said.time, scaled_up(worth, terms.money_decimals[paid] - tier))
        return rate

    cdef int64_t settle_trade(self, Cleared* one, const Said* said) except? -1:
        """Moves money, or money and position; the fee."""
        cdef Terms terms = self.terms
        cdef Instrument* each = &terms.instruments[one.instrument]
        cdef Line* line = &self.lines[one.account * terms.instruments_count + one.instrument]
        cdef int64_t paid = each.quote if each.spot else each.settle
        cdef int64_t place = one.account * terms.currencies_count + paid, base, size = said.size // each.lot_power
        cdef int64_t fee = terms.fee(one.instrument, said.price, said.size, self.rate_of(one, said))
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
            self.touch(one.account * terms.instruments_count + one.instrument)
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
        amount = round(-worth * Fraction(Decimal(repr(rate))) * TEN**MONEY_DECIMALS)
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
