"""The C side of indicators over rolling windows, for other compiled modules."""
from libc.stdint cimport int64_t

from letrade.hotpath.candidates cimport Candidates
from letrade.hotpath.indicators cimport Indicator, OfWindow
from letrade.hotpath.sums cimport ExactSum
from letrade.hotpath.window cimport Window


cdef class Bollinger(OfWindow):
    cdef readonly double width
    cdef ExactSum total, squares


cdef class Volatility(OfWindow):
    cdef readonly double scale
    cdef double last
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


cdef class Extremes(OfWindow):
    cdef Candidates lowest, highest
