"""Money in 128 bits as Python sees it: for tests, and for reading accounts out at the end of a run."""
from libc.stdint cimport INT64_MAX, INT64_MIN

from letrade.hotpath.simulation.doubt import Doubtful

for _power in range(POWER_MAX + 1):
    POWERS_OF_TEN[_power] = letrade_join((10**_power) >> 64, (10**_power) & 0xFFFFFFFFFFFFFFFF)
    TENS[_power] = 10.0**_power


cdef int128 too_large() except? -1:
    raise Doubtful("an amount of money has more digits than 128 bits hold")


cdef object to_python(int128 value):
    return (<object>letrade_high(value) << 64) | <object>letrade_low(value)


cdef int128 from_python(object value) except? -1:
    if not -(2**127) <= value < 2**127:
        return too_large()
    return letrade_join(value >> 64, value & 0xFFFFFFFFFFFFFFFF)


cdef double to_double(int128 units, int64_t decimals) noexcept nogil:
    """The nearest double, off by two roundings at most."""
    return <double>units / TENS[decimals]


def product(left, right):
    return to_python(multiply(from_python(left), from_python(right)))


def total(left, right):
    return to_python(add(from_python(left), from_python(right)))


def difference(left, right):
    return to_python(subtract(from_python(left), from_python(right)))


def quotient_half_even(numerator, denominator):
    if denominator <= 0:
        raise ValueError(f"the denominator must be above 0, found {denominator}")
    return to_python(letrade_half_even(from_python(numerator), from_python(denominator)))


def with_fewer_decimals(units, places):
    return to_python(rounded(from_python(units), places))
