# cython: boundscheck=False, wraparound=False, cdivision=True
"""Indicators over rolling windows at constant cost, by sums that never drift: bands, volatility, VWAP, flow, extremes."""
from libc.math cimport NAN, log, sqrt
from libc.stdint cimport int64_t

from letrade.hotpath.candidates cimport candidates_close, candidates_open, candidates_push
from letrade.hotpath.indicators cimport (
    Indicator, OfWindow, check_number, columns_of, count_of, number_of, numbers_of, parts_of, period_of,
)
from letrade.hotpath.sums cimport (
    ExactSum, Twice, sum_add, sum_add_product, sum_list, sum_restore, sum_rounded, sum_twice, two_product,
    two_sum,
)
from letrade.hotpath.window cimport (
    Window, check_kept, window_clear, window_close, window_list, window_open, window_push, window_refill,
)

cdef double PRICE_MIN = 1e-100  # so that the ratio of two prices, and its logarithm, is a finite number above 0
cdef double PARTIAL_MAX = 1e290  # no part of a sum of ordinary numbers' products is beyond it


cdef double squared_distances(const ExactSum* total, const ExactSum* squares, int64_t count) noexcept nogil:
    """The sum of squared distances from the mean, times count: count × Σx² - (Σx)², at twice a double's precision."""
    cdef Twice all_squares = sum_twice(squares), whole = sum_twice(total)
    cdef Twice left = two_product(count, all_squares.high), right = two_product(whole.high, whole.high)
    cdef Twice apart
    left.low += count * all_squares.low
    right.low += 2.0 * whole.high * whole.low
    apart = two_sum(left.high, -right.high)
    return max(apart.high + (apart.low + left.low - right.low), 0.0)


cdef void slide(Window* window, ExactSum* total, ExactSum* squares, double value) noexcept nogil:
    """The value enters the window and both sums, and what leaves it leaves them."""
    cdef double gone
    if window_push(window, value, &gone):
        sum_add(total, -gone)
        sum_add_product(squares, gone, gone, -1.0)
    sum_add(total, value)
    sum_add_product(squares, value, value, 1.0)


cdef void refill(Window* window, ExactSum* total, ExactSum* squares, list values):
    """The window and its sums as they were with the last of these values in it."""
    cdef double value
    window_clear(window)
    total.count = squares.count = 0
    for value in values[-window.size :]:
        slide(window, total, squares, value)


cdef class Bollinger(OfWindow):
    """The mean of the last `period` values, and `width` standard deviations above and below it."""

    def __cinit__(self, period=20, double width=2.0):
        window_open(&self.window, period_of(period, "period"), "period")
        check_number(width)
        self.outputs = 3
        self.width = width

    cdef void push(self, const double* values, double* found) noexcept nogil:
        cdef int64_t size = self.window.size
        cdef double distance
        slide(&self.window, &self.total, &self.squares, values[0])
        found[0] = NAN
        if self.window.filled < size:
            return
        distance = self.width * sqrt(squared_distances(&self.total, &self.squares, size)) / size
        found[1] = sum_rounded(&self.total) / size
        found[0], found[2] = found[1] + distance, found[1] - distance

    def restore(self, state):
        cdef tuple parts = parts_of(state, "count, values")
        cdef int64_t count = count_of(parts[0])
        refill(&self.window, &self.total, &self.squares, numbers_of(parts[1], "values"))
        self.count = count


cdef class Volatility(OfWindow):
    """The standard deviation of the last `period` logarithmic returns."""

    def __cinit__(self, period=20, periods_per_year=None):
        cdef double periods = 1.0 if periods_per_year is None else periods_per_year
        window_open(&self.window, period_of(period, "period"), "period")
        if self.window.size < 2:
            raise ValueError(f"the deviation of returns needs a period of at least 2, found {period}")
        if not 0.0 < periods < 1e12:
            raise ValueError(f"periods_per_year must be above 0 and below 1e12, found {periods_per_year}")
        self.scale = sqrt(periods)

    cdef void push(self, const double* values, double* found) noexcept nogil:
        cdef int64_t size = self.window.size
        cdef double before = self.last
        self.last = values[0]
        found[0] = NAN
        if self.count == 1:
            return
        slide(&self.window, &self.total, &self.squares, log(values[0] / before))
        if self.window.filled == size:
            found[0] = self.scale * sqrt(squared_distances(&self.total, &self.squares, size) / size / (size - 1))

    def add(self, double value):
        check_number(value)
        if value < PRICE_MIN:
            raise ValueError(f"a price is above 0 (at least {PRICE_MIN:g}), found {value}")
        return self.add_checked(&value)

    def batch(self, values):
        columns = columns_of((values,))
        if (columns[0] < PRICE_MIN).any():
            raise ValueError(f"a price is above 0 (at least {PRICE_MIN:g}), found one that is not")
        return self.run(columns)

    def state(self):
        return [self.count, self.last, window_list(&self.window)]

    def restore(self, state):
        cdef tuple parts = parts_of(state, "count, last, returns")
        cdef int64_t count = count_of(parts[0])
        cdef double last = number_of(parts[1], "last")
        if count and last < PRICE_MIN:
            raise ValueError(f"a price is above 0 (at least {PRICE_MIN:g}), found {last}")
        refill(&self.window, &self.total, &self.squares, numbers_of(parts[2], "returns"))
        self.count, self.last = count, last


cdef class Vwap(Indicator):
    """The mean price weighted by volume: of the last `period` trades, or of all since the last `reset`."""

    def __cinit__(self, period=0):
        self.period = period_of(period, "period") if period else 0
        if self.period:
            window_open(&self.prices, self.period, "period")
            window_open(&self.volumes, self.period, "period")

    def __dealloc__(self):
        window_close(&self.prices)
        window_close(&self.volumes)

    cdef void push(self, const double* values, double* found) noexcept nogil:
        cdef double price, volume
        if self.period and window_push(&self.prices, values[0], &price):
            window_push(&self.volumes, values[1], &volume)
            sum_add_product(&self.worth, price, volume, -1.0)
            sum_add(&self.volume, -volume)
        elif self.period:
            window_push(&self.volumes, values[1], &volume)
        sum_add_product(&self.worth, values[0], values[1], 1.0)
        sum_add(&self.volume, values[1])
        volume = sum_rounded(&self.volume)
        found[0] = NAN
        if volume > 0.0 and self.prices.filled == self.period:
            found[0] = sum_rounded(&self.worth) / volume

    def add(self, double price, double volume):
        cdef double values[2]
        values[0], values[1] = price, volume
        check_number(price)
        check_number(volume)
        if volume < 0.0:
            raise ValueError(f"a volume is 0 or more, found {volume}")
        return self.add_checked(values)

    def batch(self, prices, volumes):
        columns = columns_of((prices, volumes))
        if (columns[1] < 0.0).any():
            raise ValueError("a volume is 0 or more, found one that is not")
        return self.run(columns)

    def reset(self):
        self.worth.count = self.volume.count = 0
        self.count = 0
        window_clear(&self.prices)
        window_clear(&self.volumes)

    def state(self):
        windows = [window_list(&self.prices), window_list(&self.volumes)] if self.period else [[], []]
        return [self.count, sum_list(&self.worth), sum_list(&self.volume), *windows]

    def restore(self, state):
        cdef tuple parts = parts_of(state, "count, worth, volume, prices, volumes")
        cdef int64_t count = count_of(parts[0])
        cdef list worth = numbers_of(parts[1], "worth", PARTIAL_MAX)
        cdef list volume = numbers_of(parts[2], "volume", PARTIAL_MAX)
        cdef list prices = numbers_of(parts[3], "prices"), volumes = numbers_of(parts[4], "volumes")
        check_kept(&self.prices, prices)
        if len(prices) != len(volumes):
            raise ValueError(f"there must be as many prices as volumes, found {len(prices)} and {len(volumes)}")
        sum_restore(&self.worth, worth)
        sum_restore(&self.volume, volume)
        window_refill(&self.prices, prices)
        window_refill(&self.volumes, volumes)
        self.count = count


cdef double flow(const double* before, const double* now) noexcept nogil:
    """What one change of the best prices says of demand less supply (Cont, Kukanov, Stoikov)."""
    cdef double found = 0.0
    if now[0] >= before[0]:
        found += now[1]
    if now[0] <= before[0]:
        found -= before[1]
    if now[2] <= before[2]:
        found -= now[3]
    if now[2] >= before[2]:
        found += before[3]
    return found


cdef class OrderFlow(Indicator):
    """Order-flow imbalance at the best prices: over the last `period` changes, or since the last `reset`."""

    def __cinit__(self, period=0):
        self.period = period_of(period, "period") if period else 0
        if self.period:
            window_open(&self.window, self.period, "period")

    def __dealloc__(self):
        window_close(&self.window)

    cdef void push(self, const double* values, double* found) noexcept nogil:
        cdef double change, gone
        cdef int place
        found[0] = NAN
        if self.count > 1:
            change = flow(self.last, values)
            if self.period and window_push(&self.window, change, &gone):
                sum_add(&self.total, -gone)
            sum_add(&self.total, change)
            if self.window.filled == self.period:
                found[0] = sum_rounded(&self.total)
        for place in range(4):
            self.last[place] = values[place]

    def add(self, double bid, double bid_size, double ask, double ask_size):
        cdef double values[4]
        cdef double value
        values[0], values[1], values[2], values[3] = bid, bid_size, ask, ask_size
        for value in values:
            check_number(value)
        if bid_size < 0.0 or ask_size < 0.0:
            raise ValueError(f"sizes are 0 or more, found {bid_size} and {ask_size}")
        return self.add_checked(values)

    def batch(self, bid, bid_size, ask, ask_size):
        columns = columns_of((bid, bid_size, ask, ask_size))
        if (columns[1] < 0.0).any() or (columns[3] < 0.0).any():
            raise ValueError("sizes are 0 or more, found one that is not")
        return self.run(columns)

    @property
    def sum(self):
        return sum_rounded(&self.total)

    def reset(self):
        self.total.count = 0
        window_clear(&self.window)

    def part(self):
        self.count = 0

    def state(self):
        kept = window_list(&self.window) if self.period else []
        return [self.count, [self.last[0], self.last[1], self.last[2], self.last[3]], sum_list(&self.total), kept]

    def restore(self, state):
        cdef tuple parts = parts_of(state, "count, last, sum, changes")
        cdef int64_t count = count_of(parts[0])
        cdef list last = numbers_of(parts[1], "last"), total = numbers_of(parts[2], "sum", PARTIAL_MAX)
        cdef list kept = numbers_of(parts[3], "changes")
        cdef int place
        check_kept(&self.window, kept)
        if len(last) != 4:
            raise ValueError(f"the last row has a bid, its size, an ask and its size, found {len(last)} numbers")
        for place in range(4):
            self.last[place] = last[place]
        sum_restore(&self.total, total)
        window_refill(&self.window, kept)
        self.count = count


cdef class Extremes(OfWindow):
    """The lowest and the highest of the last `period` values."""

    def __cinit__(self, period):
        window_open(&self.window, period_of(period, "period"), "period")
        candidates_open(&self.lowest, self.window.size)
        candidates_open(&self.highest, self.window.size)
        self.outputs = 2

    def __dealloc__(self):
        candidates_close(&self.lowest)
        candidates_close(&self.highest)

    cdef void push(self, const double* values, double* found) noexcept nogil:
        cdef double gone
        window_push(&self.window, values[0], &gone)
        found[0] = candidates_push(&self.lowest, self.window.size, self.count, values[0], -1.0)
        found[1] = candidates_push(&self.highest, self.window.size, self.count, values[0], 1.0)
        if self.window.filled < self.window.size:
            found[0] = NAN

    def restore(self, state):
        cdef double value
        cdef double found[2]
        cdef tuple parts = parts_of(state, "count, values")
        cdef int64_t count = count_of(parts[0])
        cdef list values = numbers_of(parts[1], "values")
        window_clear(&self.window)
        self.lowest.length = self.highest.length = 0
        self.count = count - len(values)
        for value in values:
            self.count += 1
            self.push(&value, found)
