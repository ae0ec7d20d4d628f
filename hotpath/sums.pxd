"""Sums of doubles that never drift: error-free partial sums, as math.fsum keeps them, to add to and to take away from."""
from libc.math cimport fabs

cdef enum:
    PARTIALS_MAX = 48  # more than that are compressed: 2,098 bits of range at 53 each need 40


cdef struct ExactSum:
    int count
    double partials[PARTIALS_MAX]  # of growing magnitude, none overlapping another; their sum is the exact one


cdef struct Twice:
    double high, low  # the unevaluated sum of both: some 106 bits


cdef inline Twice two_sum(double x, double y) noexcept nogil:
    """x + y and what rounding took away, exactly (Knuth)."""
    cdef Twice found
    cdef double back
    found.high = x + y
    back = found.high - x
    found.low = (x - (found.high - back)) + (y - back)
    return found


cdef inline Twice two_product(double x, double y) noexcept nogil:
    """x × y and what rounding took away, exactly (Dekker), while no number passes 1e290."""
    cdef Twice found
    cdef double split = 134217729.0, x_high, x_low, y_high, y_low, held
    held = split * x
    x_high = held - (held - x)
    x_low = x - x_high
    held = split * y
    y_high = held - (held - y)
    y_low = y - y_high
    found.high = x * y
    found.low = ((x_high * y_high - found.high) + x_high * y_low + x_low * y_high) + x_low * y_low
    return found


cdef inline void sum_compress(ExactSum* total) noexcept nogil:
    """The same sum in as few partials as can be, each below half a last place of the next (Shewchuk): 40 at most."""
    cdef int bottom = total.count - 1, kept = 0, place
    cdef double high = total.partials[bottom]
    cdef Twice found
    for place in range(total.count - 2, -1, -1):
        found = two_sum(high, total.partials[place])
        high = found.high
        if found.low != 0.0:
            total.partials[bottom] = found.high
            bottom -= 1
            high = found.low
    for place in range(bottom + 1, total.count):
        found = two_sum(total.partials[place], high)
        high = found.high
        if found.low != 0.0:
            total.partials[kept] = found.low
            kept += 1
    total.partials[kept] = high
    total.count = kept + 1


cdef inline void sum_add(ExactSum* total, double x) noexcept nogil:
    """Adds x exactly (Shewchuk)."""
    cdef int kept = 0, place
    cdef double y, high, low
    if total.count == PARTIALS_MAX:
        sum_compress(total)
    for place in range(total.count):
        y = total.partials[place]
        if fabs(x) < fabs(y):
            x, y = y, x
        high = x + y
        low = y - (high - x)
        if low != 0.0:
            total.partials[kept] = low
            kept += 1
        x = high
    total.count = kept
    if x != 0.0:
        total.partials[kept] = x
        total.count += 1


cdef inline void sum_add_product(ExactSum* total, double x, double y, double sign) noexcept nogil:
    """Adds sign × x × y exactly; sign is 1 or -1."""
    cdef Twice product = two_product(x, y)
    sum_add(total, sign * product.high)
    if product.low != 0.0:
        sum_add(total, sign * product.low)


cdef inline double sum_rounded(const ExactSum* total) noexcept nogil:
    """The double nearest to the exact sum, ties to even, as math.fsum gives it."""
    cdef int place = total.count - 1
    cdef double high, low = 0.0, x, y, back
    if place < 0:
        return 0.0
    high = total.partials[place]
    while place > 0:
        place -= 1
        x, y = high, total.partials[place]
        high = x + y
        back = high - x
        low = y - back
        if low != 0.0:
            break
    # Half-way cases are decided by the next partial.
    if place > 0 and ((low < 0.0 and total.partials[place - 1] < 0.0) or (low > 0.0 and total.partials[place - 1] > 0.0)):
        y = low * 2.0
        x = high + y
        if y == x - high:
            high = x
    return high


cdef inline Twice sum_twice(const ExactSum* total) noexcept nogil:
    """The exact sum, rounded to some 106 bits."""
    cdef Twice found
    cdef int place = total.count - 1
    cdef double low = 0.0
    found.high = found.low = 0.0
    if place < 0:
        return found
    found.high = total.partials[place]
    while place > 0:
        place -= 1
        low += total.partials[place]
    return two_sum(found.high, low)


cdef inline list sum_list(const ExactSum* total):
    """The partial sums, for a snapshot."""
    cdef int place
    return [total.partials[place] for place in range(total.count)]


cdef inline int sum_restore(ExactSum* total, list partials) except -1:
    """The sum of what sum_list gave, none of it beyond PARTIAL_MAX."""
    cdef double partial
    total.count = 0
    for partial in partials:
        sum_add(total, partial)
    return 0
