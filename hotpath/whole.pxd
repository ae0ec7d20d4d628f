"""Reads an int64 from Python, where Cython's own conversion would cut 1.5 to 1 without a word."""
from cpython.long cimport PyLong_Check
from cpython.number cimport PyNumber_Index
from libc.stdint cimport int8_t, int64_t


cdef inline int64_t whole(object value) except? -1:
    """TypeError for what is not a whole number, OverflowError beyond 64 bits."""
    return value if PyLong_Check(value) else PyNumber_Index(value)


cdef inline int8_t small(object value) except? -1:
    """A side, a kind, a mode: a whole number that must fit into a byte."""
    cdef int64_t number = whole(value)
    if not -128 <= number <= 127:
        raise ValueError(f"a side, kind or mode is a small number, found {number}")
    return <int8_t>number
