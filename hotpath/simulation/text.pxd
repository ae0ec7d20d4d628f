"""Numbers as text into the caller's memory, as Python shows them."""
from cpython.mem cimport PyMem_Free
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy, strlen

cdef enum:
    NUMBER_ROOM = 40  # no number below takes more

cdef extern from "Python.h":
    char* PyOS_double_to_string(double value, char format_code, int precision, int flags, int* kind) except NULL
    int Py_DTSF_ADD_DOT_0


cdef inline char* put_text(char* end, const char* text, Py_ssize_t length) noexcept nogil:
    memcpy(end, text, length)
    return end + length


cdef inline char* put_digits(char* end, uint64_t number, int least) noexcept nogil:
    """With zeros in front, to at least so many digits."""
    cdef char[24] digits
    cdef int place = 24
    while number or least > 0:
        place -= 1
        digits[place] = 48 + <char>(number % 10)
        number, least = number // 10, least - 1
    memcpy(end, &digits[place], 24 - place)
    return end + 24 - place


cdef inline char* put_number(char* end, int64_t number) noexcept nogil:
    if number < 0:
        end[0] = 45
        return put_digits(end + 1, 0 - <uint64_t>number, 1)
    return put_digits(end, number, 1)


cdef inline char* put_money(char* end, int64_t units) noexcept nogil:
    """Units of 1e-8 as Money shows them."""
    cdef uint64_t size = units
    if units < 0:
        end[0], end, size = 45, end + 1, 0 - <uint64_t>units
    end = put_digits(end, size // 100_000_000, 1)
    end[0] = 46
    return put_digits(end + 1, size % 100_000_000, 8)


cdef inline char* put_quotient(char* end, int64_t units, int decimals) except NULL:
    """repr(units / 10.0**decimals). The shortest decimal of a double is the one that it was made of, while that has at
    most 15 digits; below 1e-4 Python writes an exponent."""
    cdef uint64_t power = 1, least
    cdef double value
    cdef char* shown
    cdef int place
    for place in range(min(decimals, 18)):
        power *= 10
    least = (power + 9999) // 10_000
    if decimals > 15 or units < <int64_t>least or units >= 1_000_000_000_000_000:
        value = units / (10.0 ** decimals)
        shown = PyOS_double_to_string(value, 114, 0, Py_DTSF_ADD_DOT_0, NULL)
        end = put_text(end, shown, strlen(shown))
        PyMem_Free(shown)
        return end
    end = put_digits(end, units // power, 1)
    end[0] = 46
    if decimals == 0:
        end[1] = 48
        return end + 2
    end = put_digits(end + 1, units % power, decimals)
    while end[-1] == 48 and end[-2] != 46:
        end -= 1
    return end
