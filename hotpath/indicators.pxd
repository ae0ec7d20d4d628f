"""The C side of streaming indicators, for other compiled modules."""
from libc.stdint cimport int64_t

from letrade.hotpath.sums cimport ExactSum
from letrade.hotpath.window cimport Window

cdef enum:
    INPUTS_MAX = 4
    OUTPUTS_MAX = 3


cdef int check_number(double value) except -1  # finite and of ordinary size, or ValueError
cdef int64_t period_of(object value, str name) except -1  # a whole number of values from 1 to 10 million, or an error
cdef int64_t count_of(object value) except -1  # how many values a restored indicator has seen
cdef double number_of(object value, str name, double most=*) except? -1  # finite and of ordinary size
cdef list numbers_of(object values, str name, double most=*)  # a copy as floats, each checked
cdef tuple parts_of(object state, str names)  # of what `state` gave: as many as there are names, split by commas
cdef tuple columns_of(tuple columns)  # as contiguous float64 arrays; nothing is looked at before all are read


cdef class Indicator:
    cdef readonly int64_t count  # values so far
    cdef int outputs  # numbers that come out for each one that goes in

    cdef void push(self, const double* values, double* found) noexcept nogil  # NaN in found[0]: not warm yet
    cdef object add_checked(self, const double* values)
    cdef object run(self, tuple columns)  # of columns_of


cdef class OfNumbers(Indicator):
    pass


cdef class OfWindow(OfNumbers):
    cdef Window window


cdef class Sma(OfWindow):
    cdef ExactSum total


cdef class Ema(OfNumbers):
    cdef readonly int64_t period
    cdef double weight
    cdef double mean


cdef class Rsi(OfNumbers):
    cdef readonly int64_t period
    cdef double last, gain, loss


cdef class Atr(Indicator):
    cdef readonly int64_t period
    cdef double close, average


cdef class Macd(OfNumbers):
    cdef readonly int64_t slow_period, signal_period
    cdef double fast_weight, slow_weight, signal_weight
    cdef double fast, slow, signal
