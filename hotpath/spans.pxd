"""Parts of a buffer, read as numbers and texts without copying them first."""
cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcmp, memcpy

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* length) except NULL

# Valid as long as the buffer that it is a part of.
cdef struct Span:
    const char* start
    Py_ssize_t length


cdef inline bint is_blank(char c) noexcept:
    return c == b" " or c == b"\t"


cdef inline Span span(const char* start, Py_ssize_t length) noexcept:
    cdef Span found
    found.start = start
    found.length = length
    return found


cdef inline bytes bytes_of(Span part):
    return PyBytes_FromStringAndSize(part.start, part.length)


cdef inline str text_of(Span part):
    return PyUnicode_DecodeUTF8(part.start, part.length, "replace")


cdef inline bint starts_with(Span part, const char* prefix, Py_ssize_t length) noexcept:
    return part.length >= length and memcmp(part.start, prefix, length) == 0


cdef inline int64_t number_of(Span digits) noexcept:
    """A decimal number; -1 when it is none, or has over 15 digits."""
    cdef Py_ssize_t place
    cdef int64_t number = 0
    if not 0 < digits.length <= 15:
        return -1
    for place in range(digits.length):
        if not 48 <= digits.start[place] <= 48 + 9:
            return -1
        number = number * 10 + (digits.start[place] - 48)
    return number


@cython.overflowcheck(False)
cdef inline Py_ssize_t mix_of(Span subject) noexcept:
    """A number that depends on all bytes, eight at a time."""
    cdef uint64_t mixed = <uint64_t>subject.length, word
    cdef Py_ssize_t place = 0
    while place + 8 <= subject.length:
        memcpy(&word, subject.start + place, 8)
        mixed = (mixed ^ word) * <uint64_t>0x9E3779B97F4A7C15ULL
        mixed ^= mixed >> 29
        place += 8
    if place < subject.length:
        word = 0
        memcpy(&word, subject.start + place, subject.length - place)
        mixed = (mixed ^ word) * <uint64_t>0x9E3779B97F4A7C15ULL
        mixed ^= mixed >> 29
    return <Py_ssize_t>(mixed >> 1)


cdef inline bint is_same(str text, Span part) except -1:
    cdef Py_ssize_t length = 0
    cdef const char* start = PyUnicode_AsUTF8AndSize(text, &length)
    return length == part.length and memcmp(start, part.start, length) == 0
