"""Reads numbers and words from outside: what is not a number that margin can be computed from is refused."""
from libc.math cimport fabs
from libc.stdint cimport int64_t

from letrade.hotpath.whole cimport whole

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


cdef inline int count_of(object value, str name) except -1:
    cdef int64_t count = whole(value)
    if not 1 <= count <= 1_048_576:
        raise ValueError(f"expected from 1 to 1048576 {name}, found {count}")
    return <int>count


cdef inline int within(object value, Py_ssize_t count, str name) except -1:
    cdef int64_t number = whole(value)
    if not 0 <= number < count:
        known = f"from 0 to {count - 1}, found {number}" if count else f"found {number}: there is none yet"
        raise IndexError(f"expected {name} {known}" if count else f"expected {name}, {known}")
    return <int>number
