"""The C side of the conversion between float64 decimals and integers, for other compiled modules."""
from libc.stdint cimport int64_t

cdef bint quick_units(double value, int decimals, int64_t* units) noexcept nogil
