"""Reads a Python int of one digit without asking Python for errors; all others go the way of `whole`."""
from libc.stdint cimport int64_t

from letrade.hotpath.whole cimport whole


cdef extern from *:
    """
    #include <stdint.h>
    /* 1 and the number when it is an int of one digit (below 2**30 on all common builds), else 0. */
    static CYTHON_INLINE int letrade_small_int(PyObject *value, int64_t *number) {
        if (!PyLong_CheckExact(value)) return 0;
    #if PY_VERSION_HEX >= 0x030C0000
        if (!PyUnstable_Long_IsCompact((PyLongObject *)value)) return 0;
        *number = (int64_t)PyUnstable_Long_CompactValue((PyLongObject *)value);
        return 1;
    #else
        Py_ssize_t size = Py_SIZE(value);
        if (size < -1 || size > 1) return 0;
        *number = size * (int64_t)((PyLongObject *)value)->ob_digit[0];
        return 1;
    #endif
    }
    """
    bint small_int "letrade_small_int"(object value, int64_t* number) noexcept


cdef inline int read_whole(object value, int64_t* number) except -1:
    """TypeError for what is not a whole number, OverflowError beyond 64 bits."""
    if not small_int(value, number):
        number[0] = whole(value)
    return 0
