"""What a double is certainly not above, and not below, as whole numbers: their sums follow changes without an error."""
from libc.math cimport ceil, fabs, floor
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.money cimport int128, letrade_fits64

cdef enum:
    PARTS = 10_000  # of a unit of currency
    PARTS_MAX = 1_000_000_000_000_000_000  # of one amount: the sum of as many as there can be fits 128 bits


cdef struct Band:  # of a price, within which bounds hold; 0 and infinity: none depend on it
    double low, high


cdef inline bint is_countable(double value) noexcept nogil:
    return fabs(value) * PARTS < PARTS_MAX  # no NaN is


cdef inline int64_t not_above(double value) noexcept nogil:
    """Parts that it certainly has."""
    return <int64_t>floor(value * PARTS) - 1


cdef inline int64_t not_below(double value) noexcept nogil:
    """Parts that it certainly has no more than."""
    return <int64_t>ceil(value * PARTS) + 1


cdef inline double of_parts(int128 parts) noexcept nogil:
    return (<double><int64_t>parts if letrade_fits64(parts) else <double>parts) / PARTS


cdef inline Band band_around(double price) noexcept nogil:
    """Wide enough that prices seldom leave it, narrow enough that few answers hang on it."""
    cdef Band band
    band.low, band.high = price * 0.95, price * 1.05
    return band
