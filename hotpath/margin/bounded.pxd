# cython: cdivision=True
"""Numbers of some 106 bits that know how wrong they may be: |true − (high + low)| <= error, always.

With u = 2**-53, sums of two such numbers are within 3 u² of the exact one, products 8 u² and quotients 16 u² (Joldes,
Muller, Popescu: Tight and rigorous error bounds for basic building blocks of double-word arithmetic, 2017). Numbers
that enter are 0 or of 1e-25 to 1e25 either way: no product or quotient here comes near an under- or overflow.
"""
from libc.math cimport fabs

from letrade.hotpath.sums cimport Twice, two_product, two_sum

cdef enum Sign:
    LOSS = -1
    NOT_SURE = 0
    GAIN = 1


cdef struct Bounded:
    double high, low, error


cdef extern from *:
    """
    #define LETRADE_HALF_ULP 1.1102230246251565e-16  /* u = 2**-53 */
    #define LETRADE_SUM_ERROR 4.930380657631324e-32  /* 4 u*u */
    #define LETRADE_PRODUCT_ERROR 1.9721522630525295e-31  /* 16 u*u */
    #define LETRADE_QUOTIENT_ERROR 3.944304526105059e-31  /* 32 u*u */
    #define LETRADE_UP 1.0000000000000036  /* 1 + 2**-48: more than a few errors lose when they are added */
    """
    const double HALF_ULP "LETRADE_HALF_ULP"
    const double SUM_ERROR "LETRADE_SUM_ERROR"
    const double PRODUCT_ERROR "LETRADE_PRODUCT_ERROR"
    const double QUOTIENT_ERROR "LETRADE_QUOTIENT_ERROR"
    const double UP "LETRADE_UP"


cdef inline Bounded exactly(double x) noexcept nogil:
    cdef Bounded found
    found.high, found.low, found.error = x, 0.0, 0.0
    return found


cdef inline Bounded given(double x, double doubt) noexcept nogil:
    """A number from outside that may stand for another one, up to `doubt` of it away."""
    cdef Bounded found
    found.high, found.low, found.error = x, 0.0, doubt * fabs(x)
    return found


cdef inline Bounded doubted(Bounded a, double error) noexcept nogil:
    a.error = (a.error + error) * UP
    return a


cdef inline Bounded minus(Bounded a) noexcept nogil:
    a.high, a.low = -a.high, -a.low
    return a


cdef inline Bounded normal(double high, double low, double error) noexcept nogil:
    """The sum of two parts of which the first is the greater, as one number."""
    cdef Bounded found
    found.high = high + low
    found.low = low - (found.high - high)
    found.error = error
    return found


cdef inline Bounded plus(Bounded a, Bounded b) noexcept nogil:
    cdef Twice high = two_sum(a.high, b.high), low = two_sum(a.low, b.low)
    cdef Bounded found
    if a.low == 0.0 and b.low == 0.0:
        found.high, found.low, found.error = high.high, high.low, (a.error + b.error) * UP
        return found
    found = normal(high.high, high.low + low.high, 0.0)
    found = normal(found.high, low.low + found.low, 0.0)
    found.error = (a.error + b.error + SUM_ERROR * fabs(found.high)) * UP
    return found


cdef inline Bounded less(Bounded a, Bounded b) noexcept nogil:
    return plus(a, minus(b))


cdef inline Bounded times(Bounded a, Bounded b) noexcept nogil:
    cdef Twice product = two_product(a.high, b.high)
    cdef Bounded found = normal(product.high, product.low + (a.high * b.low + a.low * b.high), 0.0)
    found.error = fabs(a.high) * b.error + fabs(b.high) * a.error
    if found.error != 0.0:
        found.error = (found.error * (1.0 + 2.0 * HALF_ULP) + a.error * b.error) * UP
    if a.low != 0.0 or b.low != 0.0:
        found.error = (found.error + PRODUCT_ERROR * fabs(found.high)) * UP
    return found


cdef inline Bounded over(Bounded a, Bounded b) noexcept nogil:
    """a / b, where b is further from 0 than its error."""
    cdef double first = a.high / b.high
    cdef Bounded whole = times(exactly(first), Bounded(b.high, b.low, 0.0))
    cdef Bounded rest = less(Bounded(a.high, a.low, 0.0), whole)
    cdef Bounded found = normal(first, rest.high / b.high, 0.0)
    cdef double least = fabs(b.high) * (1.0 - 4.0 * HALF_ULP) - b.error
    found.error = QUOTIENT_ERROR * fabs(found.high)
    if a.error != 0.0 or b.error != 0.0:
        found.error += (a.error + fabs(found.high) * (1.0 + 4.0 * HALF_ULP) * b.error) / least
    found.error *= UP
    return found


cdef inline Sign sign_of(Bounded a) noexcept nogil:
    """GAIN: above 0 for certain; LOSS: 0 or below for certain."""
    cdef double least = fabs(a.high) * (1.0 - 4.0 * HALF_ULP)
    if a.high == 0.0 and a.error == 0.0:
        return LOSS
    if least <= a.error * UP:
        return NOT_SURE
    return GAIN if a.high > 0.0 else LOSS


cdef inline bint is_below(Bounded a, Bounded b) noexcept nogil:
    """Whether the middle of a is below that of b: the errors are not looked at."""
    return a.high < b.high or (a.high == b.high and a.low < b.low)


cdef inline double bound_of(Bounded a) noexcept nogil:
    """How far the true number is from `high` at most."""
    return (a.error + fabs(a.low)) * UP
