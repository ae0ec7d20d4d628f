"""An account of several legs: its slack, and how far each price may go before that must be computed anew.

slack = base + Σ legs (constant + slope × value), where constant and slope are those of the segment in which the value
of the leg's instrument lies. Doubles in this order, so that the same numbers give the same slack, bit for bit.

Safe bands: what slack there is, but for a reserve, is shared out over the legs as a loss that each may make, and a leg
is left alone while its value lies where it has not made that loss. While no leg has left its band the slack is at
least the reserve, which is larger than what rounding may do to it; whoever computed it would find it above 0.
"""
cimport cython
from libc.math cimport INFINITY, fabs
from libc.stdint cimport int16_t, int32_t

cdef enum:
    SEGMENTS_MAX = 10_000  # of a leg
    LEGS_MAX = 10_000

cdef extern from *:
    """
    #define LETRADE_SLACK_SHARED 0.9990234375 /* 1 - 2**-10: the rest is the reserve */
    #define LETRADE_SLACK_MIN 9.313225746154785e-10 /* 2**-30 of all magnitudes, for each leg: above its rounding */
    #define LETRADE_MOVE_MIN 0.000244140625 /* 2**-12: bands narrower than such a common move are soon left again */
    #define LETRADE_EVEN_SHARE 0.0625 /* of the slack, in equal parts; the rest goes by what a leg is worth */
    #define LETRADE_BAND_REACH 4.0 /* a band ends at so many times its value, whatever lies beyond */
    """
    const double SLACK_SHARED "LETRADE_SLACK_SHARED"
    const double SLACK_MIN "LETRADE_SLACK_MIN"
    const double MOVE_MIN "LETRADE_MOVE_MIN"
    const double EVEN_SHARE "LETRADE_EVEN_SHARE"
    const double BAND_REACH "LETRADE_BAND_REACH"


cdef struct Segment:
    double edge  # it holds from this value on; 0 for the first
    double constant
    double slope


cdef struct Leg:  # 48 bytes: all that computing a slack touches
    double constant  # of the present segment
    double slope
    double low  # the present segment holds from here
    double high  # to below here
    int32_t instrument
    int32_t leaf  # in the instrument's trees
    int32_t first  # segment of the account
    int16_t segments
    int16_t present


cdef struct Account:
    double base
    Leg* legs
    Segment* segments
    int32_t leg_count
    int32_t segment_count


cdef inline double segment_end(const Leg* leg, const Segment* segments, int place) noexcept nogil:
    return segments[place + 1].edge if place + 1 < leg.segments else INFINITY


@cython.overflowcheck(False)
cdef inline void seek_segment(Leg* leg, const Segment* segments, double value) noexcept nogil:
    """Makes the segment of this value the present one; the segments are the leg's own."""
    cdef int low = 0, high = leg.segments, middle
    while high - low > 1:
        middle = (low + high) >> 1
        if segments[middle].edge <= value:
            low = middle
        else:
            high = middle
    leg.present = <int16_t>low
    leg.constant, leg.slope = segments[low].constant, segments[low].slope
    leg.low, leg.high = segments[low].edge, segment_end(leg, segments, low)


@cython.overflowcheck(False)
cdef inline double slack_of(Account* account, const double* values) noexcept nogil:
    cdef double slack = account.base, value
    cdef Leg* leg = account.legs
    cdef int32_t place
    for place in range(account.leg_count):
        value = values[leg.instrument]
        if value < leg.low or value >= leg.high:
            seek_segment(leg, account.segments + leg.first, value)
        slack += leg.constant + leg.slope * value
        leg += 1
    return slack


@cython.overflowcheck(False)
cdef inline double low_end(
    const Leg* leg, const Segment* segments, double value, double loss, double limit
) noexcept nogil:
    """The value, down from the present one, at which the leg has made the loss, or at which it must be looked at."""
    cdef double floor = leg.constant + leg.slope * value - loss, cap = value / BAND_REACH, found, start
    cdef int place = leg.present
    found = value - loss / leg.slope if leg.slope > 0.0 else -1.0
    while True:
        start = segments[place].edge
        if found >= start or start <= cap:
            return max(found, cap)
        place -= 1
        if fabs(segments[place].constant) + fabs(segments[place].slope) * value > limit:
            return start
        if segments[place].constant + segments[place].slope * start < floor:
            return start
        found = -1.0
        if segments[place].slope > 0.0:
            found = min(start, (floor - segments[place].constant) / segments[place].slope)


@cython.overflowcheck(False)
cdef inline double high_end(
    const Leg* leg, const Segment* segments, double value, double loss, double limit
) noexcept nogil:
    """The same upwards."""
    cdef double floor = leg.constant + leg.slope * value - loss, cap = value * BAND_REACH, found, end
    cdef int place = leg.present
    found = value - loss / leg.slope if leg.slope < 0.0 else INFINITY
    while True:
        end = segment_end(leg, segments, place)
        if found <= end or end >= cap:
            return min(found, cap)
        place += 1
        if fabs(segments[place].constant) + fabs(segments[place].slope) * cap > limit:
            return end
        if segments[place].constant + segments[place].slope * end < floor:
            return end
        found = INFINITY
        if segments[place].slope < 0.0:
            found = max(end, (floor - segments[place].constant) / segments[place].slope)
