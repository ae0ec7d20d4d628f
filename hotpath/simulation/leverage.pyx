"""What an account at the exchange has to spare at the least: most orders are far from what leverage allows."""
from libc.math cimport INFINITY, fabs

from letrade.hotpath.simulation.bounds cimport (
    Band, band_around, is_countable, not_above, not_below, of_parts
)
from letrade.hotpath.simulation.desk_terms cimport Instrument, Terms
from letrade.hotpath.simulation.market cimport Market
from letrade.hotpath.simulation.money cimport TENS, add, subtract, to_double
from letrade.hotpath.simulation.positions cimport magnitude
from letrade.hotpath.simulation.wallets cimport LineSums, ValueBand

cdef double SLACK = 1e-5  # relative; far above what counts as a doubt where all is summed


cdef class Leverage(Wallets):
    cdef int open_band(self, int64_t instrument) except -1:
        """Around a mark price, or a last price; what only the best prices value changes too often."""
        cdef ValueBand* band = &self.bands[instrument]
        cdef double power = self.terms.instruments[instrument].price_power, value = self.marks[instrument]
        cdef int64_t last
        cdef Band found
        if value != 0.0:
            found = band_around(value)
            band.low, band.high = found.low, found.high
            return 0
        last = (<Market?>self.markets[instrument]).last()
        if last > 0:
            found = band_around(<double>last)
            band.last_low, band.last_high = <int64_t>found.low, <int64_t>found.high + 1
            band.low, band.high = band.last_low / power, band.last_high / power
        return 0

    cdef double worth_at(
        self, int64_t instrument, double price, const Line* line, int64_t buys, int64_t sells
    ) noexcept:
        cdef Instrument* one = &self.terms.instruments[instrument]
        cdef int64_t held = line.held.quantity * one.lot_power
        return price * max(magnitude(held + buys), magnitude(held - sells)) / one.size_power * one.times

    cdef int refresh(self, int64_t place) except -1:
        """Counts the bounds of a line anew."""
        cdef Terms terms = self.terms
        cdef Line* line = &self.lines[place]
        cdef int64_t instrument = place % terms.instruments_count
        cdef Instrument* one = &terms.instruments[instrument]
        cdef ValueBand* band = &self.bands[instrument]
        cdef LineSums* sums = &self.sums[place // terms.instruments_count * terms.currencies_count + one.settle]
        cdef double size, cost, low = 0.0, high = 0.0, worth
        line.touched = 0
        if one.spot:
            return 0
        sums.gain, sums.moved = subtract(sums.gain, line.gain), subtract(sums.moved, line.moved)
        sums.worth, sums.unsure = subtract(sums.worth, line.worth), sums.unsure - line.unsure
        line.gain = line.moved = line.worth = line.unsure = 0
        if line.held.quantity == 0 and line.buys == 0 and line.sells == 0:
            return 0
        if band.high == INFINITY:
            self.open_band(instrument)
        worth = self.worth_at(instrument, band.high, line, line.buys, line.sells) * (1.0 + SLACK)
        if line.held.quantity:
            size = <double>line.held.quantity / TENS[one.lot_decimals]
            cost = to_double(line.held.cost, line.held.price_decimals + one.lot_decimals)
            low, high = (size * band.low - cost) * one.times, (size * band.high - cost) * one.times
        if is_countable(worth) and is_countable(low) and is_countable(high):
            line.gain, line.moved = not_above(min(low, high)), not_below(max(fabs(low), fabs(high)))
            line.worth = not_below(worth)
        else:
            line.unsure = 1
        sums.gain, sums.moved = add(sums.gain, line.gain), add(sums.moved, line.moved)
        sums.worth, sums.unsure = add(sums.worth, line.worth), sums.unsure + line.unsure
        return 0

    cdef bint is_ample(self, int64_t account, int64_t instrument, int64_t buys, int64_t sells) except -1:
        cdef Terms terms = self.terms
        cdef Line* line = &self.lines[account * terms.instruments_count + instrument]
        cdef Instrument* one = &terms.instruments[instrument]
        cdef int64_t place = account * terms.currencies_count + one.settle
        cdef LineSums* sums = &self.sums[place]
        cdef double cash, worth, sure
        while self.touched_count:
            self.touched_count -= 1
            self.refresh(self.touched[self.touched_count])
        if self.bands[instrument].high == INFINITY:
            self.open_band(instrument)
        if sums.unsure or self.bands[instrument].high == INFINITY:
            return False
        cash = to_double(self.wallets[place], terms.money_decimals[one.settle])
        worth = self.worth_at(instrument, self.bands[instrument].high, line, line.buys + buys, line.sells + sells)
        worth += of_parts(sums.worth - line.worth)
        sure = cash + of_parts(sums.gain) - SLACK * (fabs(cash) + of_parts(sums.moved))
        if not worth * (1.0 + SLACK) < sure * terms.venues[one.venue].leverage_max:
            return False
        self.spared += 1
        return True

    cdef int compare(self, int64_t account, int64_t currency, double equity) except -1:
        """With what is the case, and with what comes out when all is counted anew."""
        cdef Terms terms = self.terms
        cdef int64_t place = account * terms.currencies_count + currency, line
        cdef LineSums before = self.sums[place]
        cdef double cash = to_double(self.wallets[place], terms.money_decimals[currency])
        if not before.unsure and equity + SLACK * of_parts(before.moved) < cash + of_parts(before.gain):
            raise AssertionError(f"an equity of {equity}, where {cash + of_parts(before.gain)} was thought the least")
        for line in range(account * terms.instruments_count, (account + 1) * terms.instruments_count):
            self.refresh(line)
        if not before.unsure and (
            before.gain != self.sums[place].gain or before.moved != self.sums[place].moved
            or before.worth != self.sums[place].worth or self.sums[place].unsure
        ):
            raise AssertionError("sums that were kept are not those that are counted anew")
        return 0
