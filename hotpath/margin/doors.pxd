"""Reads numbers and words from outside: what is not a number that margin can be computed from is refused."""
from libc.math cimport fabs

cdef extern from *:
    """
    #define LETRADE_LEAST 1e-25
    #define LETRADE_MOST 1e25
    """
    const double LEAST "LETRADE_LEAST"
    const double MOST "LETRADE_MOST"


cdef inline double positive(object value, object name) except? -1.0:
    cdef double number = value
    if not LEAST <= number <= MOST:
        raise ValueError(f"expected {name} from {LEAST:g} to {MOST:g}, found {number}")
    return number


cdef inline double not_negative(object value, object name) except? -1.0:
    cdef double number = value
    if number != 0.0 and not LEAST <= number <= MOST:
        raise ValueError(f"expected {name} of 0, or from {LEAST:g} to {MOST:g}, found {number}")
    return number


cdef inline double either_way(object value, object name) except? -1.0:
    cdef double number = value
    if number != 0.0 and not LEAST <= fabs(number) <= MOST:
        raise ValueError(f"expected {name} of 0, or from {LEAST:g} to {MOST:g} either way, found {number}")
    return number


cdef inline double share(object value, object name) except? -1.0:
    cdef double number = value
    if number != 0.0 and not LEAST <= number <= 1.0:
        raise ValueError(f"expected {name} from 0 to 1, found {number}")
    return number


cdef inline int word(object value, tuple words, object name) except -1:
    if value not in words:
        raise ValueError(f"expected {name} to be one of {', '.join(words)}, found {value!r}")
    return words.index(value)
