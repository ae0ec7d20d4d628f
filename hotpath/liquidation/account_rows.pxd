"""Accounts as a caller gives them, in flat arrays: opened, and checked whole before the first is used."""
from cpython.buffer cimport PyBuffer_Release
from libc.math cimport fabs
from libc.stdint cimport int64_t

from letrade.hotpath.buffers cimport open_array
from letrade.hotpath.liquidation.cross_account cimport LEGS_MAX, SEGMENTS_MAX

cdef enum:
    ARRAYS = 7

cdef extern from *:
    """
    #define LETRADE_COEFFICIENT_MAX 1e100 /* so that no product of two, and no sum of many, is infinite */
    """
    const double COEFFICIENT_MAX "LETRADE_COEFFICIENT_MAX"


cdef struct AccountRows:
    Py_buffer[ARRAYS] views
    const double* bases
    const int64_t* legs  # how many each account has
    const int64_t* instruments  # of each leg
    const int64_t* segments  # how many each leg has
    const double* edges  # of each segment
    const double* constants
    const double* slopes
    int64_t accounts
    int64_t all_legs
    int64_t all_segments


cdef inline void close_rows(AccountRows* rows) noexcept:
    cdef int place
    for place in range(ARRAYS):
        PyBuffer_Release(&rows.views[place])


cdef inline int open_rows(AccountRows* rows, tuple arrays) except -1:
    """Seven arrays in the order of the struct, which is all 0; the caller closes them, also after an error."""
    cdef Py_ssize_t[ARRAYS] counts
    cdef int place
    for place in range(ARRAYS):
        if 1 <= place <= 3:
            counts[place] = open_array(arrays[place], &rows.views[place], b"ql", 8, False)
        else:
            counts[place] = open_array(arrays[place], &rows.views[place], b"dd", 8, False)
    if counts[0] != counts[1]:
        raise ValueError(f"bases and legs must be of one length, found {counts[0]} and {counts[1]}")
    if counts[2] != counts[3]:
        raise ValueError(f"instruments and segments must be of one length, found {counts[2]} and {counts[3]}")
    if counts[4] != counts[5] or counts[4] != counts[6]:
        raise ValueError(
            f"edges, constants and slopes must be of one length, found {counts[4]}, {counts[5]} and {counts[6]}"
        )
    rows.accounts, rows.all_legs, rows.all_segments = counts[0], counts[2], counts[4]
    rows.bases, rows.legs = <const double*>rows.views[0].buf, <const int64_t*>rows.views[1].buf
    rows.instruments, rows.segments = <const int64_t*>rows.views[2].buf, <const int64_t*>rows.views[3].buf
    rows.edges, rows.constants = <const double*>rows.views[4].buf, <const double*>rows.views[5].buf
    rows.slopes = <const double*>rows.views[6].buf
    return 0


cdef inline int check_number(double number, str what) except -1:
    # Written so that a NaN, which is in no order with anything, is refused.
    if not fabs(number) <= COEFFICIENT_MAX:
        raise ValueError(f"{what} must be a number within 1e100 of 0, found {number}")
    return 0


cdef inline int check_segments(const AccountRows* rows, int64_t first, int64_t count) except -1:
    """Of one leg: edges that begin at 0 and rise."""
    cdef int64_t place
    for place in range(first, first + count):
        if place == first and rows.edges[place] != 0.0:
            raise ValueError(f"the first segment of a leg holds from 0 on, found an edge of {rows.edges[place]}")
        if place > first and not rows.edges[place] > rows.edges[place - 1]:
            raise ValueError(
                f"the edges of a leg's segments must rise, found {rows.edges[place]} after {rows.edges[place - 1]}"
            )
        check_number(rows.edges[place], "an edge")
        check_number(rows.constants[place], "a constant")
        check_number(rows.slopes[place], "a slope")
    return 0


cdef inline int check_rows(const AccountRows* rows, int64_t instruments) except -1:
    cdef int64_t row, leg = 0, segment = 0, place
    for row in range(rows.accounts):
        check_number(rows.bases[row], "the base of an account")
        if not 0 <= rows.legs[row] <= min(<int64_t>LEGS_MAX, rows.all_legs - leg):
            raise ValueError(
                f"account {row} is to have {rows.legs[row]} legs: expected 0 to {LEGS_MAX}, and {rows.all_legs} for all"
            )
        leg += rows.legs[row]
    for place in range(leg):
        if not 0 <= rows.instruments[place] < instruments:
            raise ValueError(f"instruments are 0 to {instruments - 1}, found {rows.instruments[place]} at leg {place}")
        if not 1 <= rows.segments[place] <= min(<int64_t>SEGMENTS_MAX, rows.all_segments - segment):
            raise ValueError(
                f"leg {place} is to have {rows.segments[place]} segments: expected 1 to {SEGMENTS_MAX}, "
                f"and {rows.all_segments} for all"
            )
        check_segments(rows, segment, rows.segments[place])
        segment += rows.segments[place]
    if leg != rows.all_legs or segment != rows.all_segments:
        raise ValueError(
            f"expected {leg} legs and {segment} segments, as counted by the accounts and legs, "
            f"found {rows.all_legs} and {rows.all_segments}"
        )
    return 0
