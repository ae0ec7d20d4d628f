"""The C side of indicators over rolling windows, for other compiled modules."""
from libc.stdint cimport int64_t

from letrade.hotpath.candidates cimport Candidates
from letrade.hotpath.indicators cimport Indicator
from letrade.hotpath.sums cimport ExactSum
from letrade.hotpath.window cimport Window


cdef class Bollinger(Indicator):
    cdef readonly double width
    cdef Window window
    cdef ExactSum total, squares


cdef class Volatility(Indicator):
    cdef readonly double scale
    cdef double last
    cdef Window window
    cdef ExactSum total, squares


cdef class Vwap(Indicator):
    cdef readonly int64_t period
    cdef Window prices, volumes
    cdef ExactSum worth, volume


cdef class OrderFlow(Indicator):
    cdef readonly int64_t period
    cdef double last[4]  # bid, bid size, ask, ask size
    cdef Window window
    cdef ExactSum total


cdef class Extremes(Indicator):
    cdef Window window
    cdef Candidates lowest, highest
