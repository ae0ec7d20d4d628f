"""The desk's ledger: wallets, net positions and strategies' shares, exact."""
from letrade.hotpath.simulation.desk_terms cimport Instrument, Terms
from letrade.hotpath.simulation.money cimport (
    MONEY_DECIMALS, add, from_python, int128, letrade_fits64, multiply, scaled_up, subtract, to_double, to_python
)
from letrade.hotpath.simulation.positions cimport booked, magnitude

from letrade.hotpath.simulation.doubt import Doubtful

cdef object TEN = 10  # a Python whole number: powers of C ones are doubles


cdef class Books(OrderTable):
    def __cinit__(self, Terms terms not None, *arguments):
        cdef int64_t place, instrument
        cdef Instrument* one
        self.wallets = <int128*>terms.room(terms.accounts_count * terms.currencies_count, sizeof(int128))
        self.known = <int64_t*>terms.room(terms.accounts_count * terms.currencies_count, sizeof(int64_t))
        self.accounts = <Share*>terms.room(terms.accounts_count * terms.instruments_count, sizeof(Share))
        self.shares = <Share*>terms.room(terms.strategies_count * terms.instruments_count, sizeof(Share))
        for instrument in range(terms.instruments_count):
            one = &terms.instruments[instrument]
            for place in range(terms.accounts_count):
                self.accounts[place * terms.instruments_count + instrument].held.price_decimals = one.position_decimals
            for place in range(terms.strategies_count):
                self.shares[place * terms.instruments_count + instrument].held.price_decimals = one.position_decimals
        for place, account in enumerate(terms.source.accounts):
            for currency, amount in account.balances:
                units = int(amount * TEN ** terms.money_decimals[currency])
                self.wallets[place * terms.currencies_count + <int64_t>currency] = from_python(units)
                self.known[place * terms.currencies_count + <int64_t>currency] = 1

    cdef int move_money(self, int128* wallets, const OrderRecord* order, const FillRecord* fill) except -1:
        """What a fill does to the wallets of its account."""
        cdef Terms terms = self.terms
        cdef Instrument* one = &terms.instruments[order.instrument]
        cdef int64_t paid = one.quote if one.spot else one.settle
        cdef int64_t places
        cdef int128 change
        wallets += order.account * terms.currencies_count
        change = scaled_up(<int128>fill.fee, terms.money_decimals[paid] - MONEY_DECIMALS)
        wallets[paid] = subtract(wallets[paid], change)
        if not one.spot:
            wallets[paid] = add(wallets[paid], fill.realised)
            return 0
        places = terms.money_decimals[paid] - one.price_decimals - one.lot_decimals
        change = scaled_up(multiply(<int128>fill.price, <int128>(fill.size // one.lot_power)), places)
        wallets[paid] = subtract(wallets[paid], change) if order.side > 0 else add(wallets[paid], change)
        change = scaled_up(<int128>(order.side * fill.size), terms.money_decimals[one.base] - one.size_decimals)
        wallets[one.base] = add(wallets[one.base], change)
        return 0

    cdef int64_t book_fill(self, OrderRecord* order, const Said* said, int64_t fee, int64_t time) except -1:
        """Books a trade that the desk hears of now; the place of its record."""
        cdef Terms terms = self.terms
        cdef Instrument* one = &terms.instruments[order.instrument]
        cdef Share* account = &self.accounts[order.account * terms.instruments_count + order.instrument]
        cdef Share* own = &self.shares[order.key]
        cdef FillRecord* fill = self.new_fill()
        cdef int64_t size = said.size // one.lot_power, before = own.held.quantity, after
        cdef int128 realised
        if size * one.lot_power != said.size:
            raise Doubtful(f"a fill of {terms.source.instruments[order.instrument].name} is finer than its lot")
        fill.order, fill.time, fill.venue_time = order.number, time, said.time
        fill.price, fill.size, fill.fee, fill.maker = said.price, said.size, fee, said.maker
        realised = booked(&account.held, order.side, size, said.price, one.price_decimals)
        fill.realised = terms.settled(order.instrument, realised, account.held.price_decimals)
        fill.cost_after, fill.quantity_after = account.held.cost, account.held.quantity
        fill.price_decimals_after = account.held.price_decimals
        account.realised = add(account.realised, fill.realised)
        realised = booked(&own.held, order.side, size, said.price, one.price_decimals)
        realised = terms.settled(order.instrument, realised, own.held.price_decimals)
        fill.own_realised = to_double(realised, terms.money_decimals[one.quote if one.spot else one.settle])
        fill.rate = self.rate(one.quote if one.spot else one.settle)
        own.realised = add(own.realised, realised)
        own.fees, account.fees = add(own.fees, <int128>fee), add(account.fees, <int128>fee)
        own.fills, account.fills = own.fills + 1, account.fills + 1
        own.told = account.told = 1
        after = own.held.quantity
        own.exits += before != 0 and (after == 0 or (before > 0) != (after > 0))
        own.entries += after != 0 and (before == 0 or (before > 0) != (after > 0))
        self.known[order.account * terms.currencies_count + (one.quote if one.spot else one.settle)] = 1
        if one.spot:
            self.known[order.account * terms.currencies_count + one.base] = 1
        self.move_money(self.wallets, order, fill)
        self.note_course(~(self.fills_count - 1))
        return self.fills_count - 1

    cdef int book_funding(self, int64_t account, int64_t instrument, int64_t amount) except -1:
        cdef Terms terms = self.terms
        cdef int64_t paid = terms.instruments[instrument].settle
        cdef int64_t place = account * terms.currencies_count + paid
        cdef int128 change = scaled_up(<int128>amount, terms.money_decimals[paid] - MONEY_DECIMALS)
        cdef Share* whole = &self.accounts[account * terms.instruments_count + instrument]
        self.wallets[place] = add(self.wallets[place], change)
        self.known[place] = whole.told = 1
        whole.funding = add(whole.funding, <int128>amount)
        return self.fund_shares(account, instrument, amount)

    cdef int fund_shares(self, int64_t account, int64_t instrument, int64_t amount) except -1:
        """Divides funding by the shares held, each part cut to units of 1e-8; the rest is nobody's."""
        cdef Terms terms = self.terms
        cdef int64_t strategy, net = 0
        cdef int128 part
        cdef Share* own
        for strategy in range(terms.strategies_count):
            if terms.strategies[strategy].account == account:
                net += self.shares[strategy * terms.instruments_count + instrument].held.quantity
        if net == 0:
            return 0
        for strategy in range(terms.strategies_count):
            own = &self.shares[strategy * terms.instruments_count + instrument]
            if terms.strategies[strategy].account == account and own.held.quantity:
                part = multiply(<int128>amount, <int128>own.held.quantity)
                part = part // <int128>net if (part < 0) == (net < 0) else -((-part) // <int128>net)
                own.funding = add(own.funding, part)
                own.told = 1
        return 0

    def wallet_units(self, int64_t account, int64_t currency):
        """(units, decimals) of what an account has; None for a currency that it never had."""
        if not (0 <= account < self.terms.accounts_count and 0 <= currency < self.terms.currencies_count):
            raise IndexError(f"no account {account} with currency {currency}")
        if not self.known[account * self.terms.currencies_count + currency]:
            return None
        return to_python(self.wallets[account * self.terms.currencies_count + currency]), \
            self.terms.money_decimals[currency]

    def position_of(self, int64_t owner, int64_t instrument, bint of_account=False):
        """(quantity, cost, price decimals, realised, fees, funding, orders, fills, entries, exits, refused) of a
        strategy, or of an account; None where nothing was told of it."""
        cdef int64_t count = self.terms.accounts_count if of_account else self.terms.strategies_count
        cdef Share* one
        if not (0 <= owner < count and 0 <= instrument < self.terms.instruments_count):
            raise IndexError(f"no owner {owner} of instrument {instrument}")
        one = &(self.accounts if of_account else self.shares)[owner * self.terms.instruments_count + instrument]
        return (
            bool(one.told), one.held.quantity, to_python(one.held.cost), one.held.price_decimals,
            to_python(one.realised), to_python(one.fees), to_python(one.funding), one.orders, one.fills, one.entries,
            one.exits, one.refused,
        )
