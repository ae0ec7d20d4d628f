"""Exact conversion between the nearest doubles of decimals and integers at a number of decimal places."""
from decimal import Decimal
from operator import index

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from libc.math cimport fabs, isfinite, rint
from libc.stdint cimport INT64_MAX, int64_t
from libc.string cimport memcpy

from letrade.hotpath.whole cimport whole

DIGITS_MAX = 15
DECIMALS_MAX = 64
SCALE_MAX = 96

cdef enum:
    EXACT_POWERS = 23  # 10**0 to 10**22 are doubles without error

cdef double[EXACT_POWERS] POWERS
POWERS[:] = [10.0 ** <object>exponent for exponent in range(EXACT_POWERS)]
cdef double UNITS_QUICK_MAX = 1e15  # up to 15 digits, where value * power is off by less than half a unit
cdef double INTEGERS_EXACT_MAX = 9007199254740992.0  # 2**53


cdef int whole_decimals(object value) except -1:
    cdef int64_t decimals = whole(value)
    if decimals < 0 or decimals > DECIMALS_MAX:
        raise ValueError(f"decimals must be from 0 to {DECIMALS_MAX}, found {decimals}")
    return <int>decimals


cdef bint quick_units(double value, int decimals, int64_t* units) noexcept nogil:
    """Converts what doubles alone can prove exact; False says that the slow way must decide.

    A division of two exact doubles is rounded correctly, so the quotient is the value exactly when the value is the
    nearest double of units / 10**decimals.
    """
    cdef double rounded
    if decimals >= EXACT_POWERS:
        return False
    rounded = rint(value * POWERS[decimals])
    if not fabs(rounded) < UNITS_QUICK_MAX or rounded / POWERS[decimals] != value:
        return False
    units[0] = <int64_t>rounded
    return True


cdef object slow_units(double value, int decimals, str name):
    """By way of the shortest decimal that reads back as the same double; the text of every refusal is here."""
    if not isfinite(value):
        raise ValueError(f"{name} {value} is not finite")
    sign, digits, exponent = Decimal(repr(value)).as_tuple()  # no arithmetic on it: that would obey the caller's context
    number = int("".join(map(str, digits)))
    while number and number % 10 == 0:
        number //= 10
        exponent += 1
    if len(str(number)) > DIGITS_MAX:
        raise ValueError(f"{name} {value!r} has more than {DIGITS_MAX} significant digits")
    if number and exponent + decimals < 0:
        raise ValueError(f"{name} {value!r} is not a multiple of 1e-{decimals}")
    units = number * 10 ** max(exponent + decimals, 0)
    return -units if sign else units


cdef object units_of(double value, int decimals):
    cdef int64_t units = 0
    if quick_units(value, decimals, &units):
        return units
    return slow_units(value, decimals, "number")


def to_units(double value, decimals):
    return units_of(value, whole_decimals(decimals))


def from_units(units, decimals):
    cdef int places = whole_decimals(decimals)
    units = index(units)
    if places < EXACT_POWERS and -INTEGERS_EXACT_MAX <= units <= INTEGERS_EXACT_MAX:
        return <double>units / POWERS[places]
    return units / 10 ** <object>places


cdef int64_t whole_steps(double value, int decimals, int64_t step, str name) except? -1:
    """The value as a number of steps (ticks or lots) of `step` units each."""
    cdef int64_t units = 0
    if value < 0.0:
        raise ValueError(f"{name} {value!r} is below 0")
    if quick_units(value, decimals, &units):
        if units % step == 0:
            return units // step
        raise ValueError(f"{name} {value!r} is not a multiple of {step}e-{decimals}")
    steps, rest = divmod(slow_units(value, decimals, name), step)
    if rest:
        raise ValueError(f"{name} {value!r} is not a multiple of {step}e-{decimals}")
    if steps > INT64_MAX:
        raise ValueError(f"{name} {value!r} is more than {INT64_MAX} times {step}e-{decimals}")
    return steps


cdef bint quick_digits(double value, int64_t* digits, int* decimals) noexcept nogil:
    """The shortest decimal of up to 15 digits that reads back as this double; False when there is none.

    Found at the fewest decimals, and no other decimal of so few digits is as near, by the argument of quick_units.
    """
    cdef double rounded
    cdef int places
    for places in range(EXACT_POWERS):
        rounded = rint(value * POWERS[places])
        if not fabs(rounded) < UNITS_QUICK_MAX:
            return False
        if rounded / POWERS[places] == value:
            digits[0], decimals[0] = <int64_t>rounded, places
            return True
    return False


@cython.final
cdef class Scale:
    """Counts decimals in whole units of 1e-decimals; what is not plain is left to `slow`."""
    cdef object slow
    cdef tuple powers

    def __init__(self, decimals, slow):
        if not 0 <= decimals <= SCALE_MAX:
            raise ValueError(f"decimals must be from 0 to {SCALE_MAX}, found {decimals}")
        self.slow = slow
        self.powers = tuple([10 ** places for places in range(decimals, -1, -1)])

    def units(self, double value):
        cdef int64_t digits = 0
        cdef int decimals = 0
        if quick_digits(value, &digits, &decimals) and decimals < len(self.powers):
            return digits * self.powers[decimals]
        return self.slow(value)


def shortest(double value):
    cdef int64_t digits = 0
    cdef int decimals = 0
    return (digits, decimals) if quick_digits(value, &digits, &decimals) else None


def levels_to_units(bytes packed, price_decimals, size_decimals, tick_units, lot_units):
    cdef int price_places = whole_decimals(price_decimals), size_places = whole_decimals(size_decimals)
    cdef int64_t tick = whole(tick_units), lot = whole(lot_units)
    cdef Py_ssize_t length = len(packed), count = length // 16, place
    cdef const char* data = PyBytes_AS_STRING(packed)
    cdef double[2] pair
    cdef int64_t price
    cdef list prices = [], sizes = []
    if tick < 1 or lot < 1:
        raise ValueError(f"a tick and a lot are at least 1 unit, found {tick} and {lot}")
    if length % 16:
        raise ValueError(f"packed levels are 16 bytes each (price and size), found {length} bytes")
    for place in range(count):
        memcpy(pair, data + 16 * place, 16)
        price = whole_steps(pair[0], price_places, tick, "price")
        if price == 0:
            raise ValueError("price 0.0 is not above 0")
        prices.append(price)
        sizes.append(whole_steps(pair[1], size_places, lot, "size"))
    return prices, sizes
