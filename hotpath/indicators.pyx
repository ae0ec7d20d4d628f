# cython: boundscheck=False, wraparound=False, cdivision=True
"""Indicators one value at a time, in float64 and at a cost that does not grow with the window: means, RSI, ATR, MACD."""
from libc.math cimport NAN, fabs, isnan
from libc.stdint cimport int64_t

from letrade.hotpath.sums cimport sum_add, sum_rounded
from letrade.hotpath.whole cimport whole
from letrade.hotpath.window cimport window_clear, window_close, window_list, window_open, window_push

NUMBER_MAX = 1e100
cdef double LIMIT = 1e100
cdef int64_t PERIOD_MAX = 10_000_000
cdef int64_t COUNT_MAX = 1 << 62


cdef int check_number(double value) except -1:
    # A NaN is within no limits, and so is refused too.
    if not -LIMIT <= value <= LIMIT:
        raise ValueError(f"expected a finite number of at most {LIMIT:g} either way, found {value}")
    return 0


cdef int64_t period_of(object value, str name) except -1:
    cdef int64_t period = whole(value)
    if not 1 <= period <= PERIOD_MAX:
        raise ValueError(f"{name} must be from 1 to {PERIOD_MAX}, found {period}")
    return period


cdef int64_t count_of(object value) except -1:
    cdef int64_t count = whole(value)
    if not 0 <= count <= COUNT_MAX:
        raise ValueError(f"the count of an indicator must be from 0 to {COUNT_MAX}, found {count}")
    return count


cdef double number_of(object value, str name, double most=1e100) except? -1:
    cdef double number
    try:
        number = value
    except TypeError:
        raise TypeError(f"expected a number as {name}, found {value!r}") from None
    except OverflowError:
        raise ValueError(f"expected a number of ordinary size as {name}, found one beyond all doubles") from None
    if not -most <= number <= most:
        raise ValueError(f"expected a finite number of at most {most:g} either way as {name}, found {number}")
    return number


cdef list numbers_of(object values, str name, double most=1e100):
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"expected a list of numbers as {name}, found {type(values).__name__}")
    return [number_of(value, name, most) for value in values]


cdef tuple parts_of(object state, str names):
    cdef Py_ssize_t count = names.count(",") + 1
    if not isinstance(state, (list, tuple)):
        raise TypeError(f"expected the list [{names}] that state() gave, found {type(state).__name__}")
    if len(state) != count:
        raise ValueError(f"expected the list [{names}] that state() gave, of {count} parts; found {len(state)}")
    return tuple(state)


cdef tuple columns_of(tuple columns):
    import numpy

    read = []
    for column in columns:
        array = numpy.asarray(column)
        if array.dtype.kind not in "biufO":
            raise TypeError(f"expected an array of real numbers, found one of {array.dtype}")
        read.append(numpy.ascontiguousarray(array, dtype=numpy.float64))
    return tuple(read)


cdef class Indicator:
    """What all share: values are checked at the door."""

    def __cinit__(self, *arguments, **named):
        self.count = 0
        self.outputs = 1

    cdef void push(self, const double* values, double* found) noexcept nogil:
        found[0] = NAN

    cdef object add_checked(self, const double* values):
        cdef double found[OUTPUTS_MAX]
        self.count += 1
        self.push(values, found)
        if isnan(found[0]):
            return None
        if self.outputs == 1:
            return found[0]
        if self.outputs == 2:
            return found[0], found[1]
        return found[0], found[1], found[2]

    cdef object run(self, tuple columns):
        """Each row of the columns in turn; all are checked before the first is taken."""
        import numpy

        cdef const double[::1] column
        cdef double[:, ::1] results
        cdef const double* starts[INPUTS_MAX]
        cdef double row[INPUTS_MAX]
        cdef double found[OUTPUTS_MAX]
        cdef int inputs = len(columns), place
        cdef Py_ssize_t index, length = -1
        for place in range(inputs):
            column = columns[place]
            if length >= 0 and column.shape[0] != length:
                raise ValueError(f"columns must be of one length, found {length} and {column.shape[0]}")
            length = column.shape[0]
            for index in range(length):
                check_number(column[index])
            starts[place] = &column[0] if length else NULL
        made = numpy.empty((self.outputs, length), dtype=numpy.float64)
        if length == 0:
            return made[0] if self.outputs == 1 else tuple(made)
        results = made
        # The GIL stays held: no other thread may change the indicator, or a number that has been checked.
        for index in range(length):
            for place in range(inputs):
                row[place] = starts[place][index]
            self.count += 1
            self.push(row, found)
            for place in range(self.outputs):
                results[place, index] = NAN if isnan(found[0]) else found[place]
        return made[0] if self.outputs == 1 else tuple(made)


cdef class OfNumbers(Indicator):
    """What those share that take one number at a time."""

    def add(self, double value):
        check_number(value)
        return self.add_checked(&value)

    def batch(self, values):
        return self.run(columns_of((values,)))


cdef class OfWindow(OfNumbers):
    """What those share that keep the last `period` numbers; each opens the window itself."""

    def __dealloc__(self):
        window_close(&self.window)

    @property
    def period(self):
        return self.window.size

    def state(self):
        return [self.count, window_list(&self.window)]


cdef class Sma(OfWindow):
    """The mean of the last `period` values."""

    def __cinit__(self, period):
        window_open(&self.window, period_of(period, "period"), "period")
        self.total.count = 0

    cdef void push(self, const double* values, double* found) noexcept nogil:
        cdef double gone
        if window_push(&self.window, values[0], &gone):
            sum_add(&self.total, -gone)
        sum_add(&self.total, values[0])
        found[0] = sum_rounded(&self.total) / self.window.size if self.window.filled == self.window.size else NAN

    def restore(self, state):
        cdef double value, gone
        cdef tuple parts = parts_of(state, "count, values")
        cdef int64_t count = count_of(parts[0])
        cdef list values = numbers_of(parts[1], "values")[-self.window.size :]
        window_clear(&self.window)
        self.total.count = 0
        for value in values:
            window_push(&self.window, value, &gone)
            sum_add(&self.total, value)
        self.count = count


cdef class Ema(OfNumbers):
    """The exponential mean that starts at the first value."""

    def __cinit__(self, period):
        self.period = period_of(period, "period")
        self.weight = 2.0 / (self.period + 1)

    cdef void push(self, const double* values, double* found) noexcept nogil:
        self.mean = values[0] if self.count == 1 else self.mean + self.weight * (values[0] - self.mean)
        found[0] = self.mean if self.count >= self.period else NAN

    def state(self):
        return [self.count, self.mean]

    def restore(self, state):
        cdef tuple parts = parts_of(state, "count, mean")
        cdef int64_t count = count_of(parts[0])
        cdef double mean = number_of(parts[1], "mean")
        self.count, self.mean = count, mean


cdef class Rsi(OfNumbers):
    """Wilder's relative strength index of the last value against the one before."""

    def __cinit__(self, period=14):
        self.period = period_of(period, "period")

    cdef void push(self, const double* values, double* found) noexcept nogil:
        cdef double change = values[0] - self.last, gain, loss
        self.last = values[0]
        found[0] = NAN
        if self.count == 1:
            return
        gain = change if change > 0.0 else 0.0
        loss = -change if change < 0.0 else 0.0
        if self.count <= self.period + 1:
            # Sums, until the first mean of `period` changes is complete.
            self.gain += gain
            self.loss += loss
            if self.count <= self.period:
                return
            self.gain /= self.period
            self.loss /= self.period
        else:
            self.gain = (self.gain * (self.period - 1) + gain) / self.period
            self.loss = (self.loss * (self.period - 1) + loss) / self.period
        gain = self.gain + self.loss
        found[0] = 100.0 * (self.gain / gain) if gain > 0.0 else 50.0

    def state(self):
        return [self.count, self.last, self.gain, self.loss]

    def restore(self, state):
        cdef tuple parts = parts_of(state, "count, last, gain, loss")
        cdef int64_t count = count_of(parts[0])
        cdef double last = number_of(parts[1], "last"), gain = number_of(parts[2], "gain")
        cdef double loss = number_of(parts[3], "loss")
        if gain < 0.0 or loss < 0.0:
            raise ValueError(f"gains and losses are 0 or more, found {gain} and {loss}")
        self.count, self.last, self.gain, self.loss = count, last, gain, loss


cdef class Atr(Indicator):
    """Wilder's average true range of bars."""

    def __cinit__(self, period=14):
        self.period = period_of(period, "period")

    cdef void push(self, const double* values, double* found) noexcept nogil:
        cdef double high = values[0], low = values[1], before = self.close, true_range
        self.close = values[2]
        found[0] = NAN
        if self.count == 1:
            return
        true_range = max(high - low, fabs(high - before), fabs(low - before))
        if self.count <= self.period + 1:
            self.average += true_range
            if self.count <= self.period:
                return
            self.average /= self.period
        else:
            self.average = (self.average * (self.period - 1) + true_range) / self.period
        found[0] = self.average

    def add(self, double high, double low, double close):
        cdef double values[3]
        values[0], values[1], values[2] = high, low, close
        check_number(high)
        check_number(low)
        check_number(close)
        if high < low:
            raise ValueError(f"the high of a bar is not below its low, found {high} below {low}")
        return self.add_checked(values)

    def batch(self, high, low, close):
        columns = columns_of((high, low, close))
        if len(columns[0]) == len(columns[1]) and (columns[0] < columns[1]).any():
            raise ValueError("the high of a bar is not below its low, found a row where it is")
        return self.run(columns)

    def state(self):
        return [self.count, self.close, self.average]

    def restore(self, state):
        cdef tuple parts = parts_of(state, "count, close, average")
        cdef int64_t count = count_of(parts[0])
        cdef double close = number_of(parts[1], "close"), average = number_of(parts[2], "average")
        self.count, self.close, self.average = count, close, average


cdef class Macd(OfNumbers):
    """The distance of two exponential means, its own exponential mean, and the distance of these two."""

    def __cinit__(self, fast=12, slow=26, signal=9):
        cdef int64_t fast_period = period_of(fast, "fast")
        self.slow_period, self.signal_period = period_of(slow, "slow"), period_of(signal, "signal")
        if fast_period >= self.slow_period:
            raise ValueError(f"fast must be below slow, found {fast} and {slow}")
        self.outputs = 3
        self.fast_weight, self.slow_weight = 2.0 / (fast_period + 1), 2.0 / (self.slow_period + 1)
        self.signal_weight = 2.0 / (self.signal_period + 1)

    cdef void push(self, const double* values, double* found) noexcept nogil:
        cdef double distance
        if self.count == 1:
            self.fast = self.slow = values[0]
        else:
            self.fast += self.fast_weight * (values[0] - self.fast)
            self.slow += self.slow_weight * (values[0] - self.slow)
        found[0] = NAN
        if self.count < self.slow_period:
            return
        distance = self.fast - self.slow
        if self.count == self.slow_period:
            self.signal = distance
        else:
            self.signal += self.signal_weight * (distance - self.signal)
        if self.count >= self.slow_period + self.signal_period - 1:
            found[0], found[1], found[2] = distance, self.signal, distance - self.signal

    def state(self):
        return [self.count, self.fast, self.slow, self.signal]

    def restore(self, state):
        cdef tuple parts = parts_of(state, "count, fast, slow, signal")
        cdef int64_t count = count_of(parts[0])
        cdef double fast = number_of(parts[1], "fast"), slow = number_of(parts[2], "slow")
        cdef double signal = number_of(parts[3], "signal")
        self.count, self.fast, self.slow, self.signal = count, fast, slow, signal
