"""Whole numbers of 128 bits for money: every product, sum and change of scale is checked, division is half to even."""
from libc.stdint cimport int64_t, uint64_t

cdef extern from *:
    """
    #ifndef LETRADE_INT128
    #define LETRADE_INT128
    typedef __int128 letrade_int128;
    #define letrade_add(a, b, out) __builtin_add_overflow((letrade_int128)(a), (letrade_int128)(b), out)
    #define letrade_subtract(a, b, out) __builtin_sub_overflow((letrade_int128)(a), (letrade_int128)(b), out)
    #define letrade_multiply(a, b, out) __builtin_mul_overflow((letrade_int128)(a), (letrade_int128)(b), out)
    static inline letrade_int128 letrade_join(long long high, unsigned long long low) {
        return (letrade_int128)(((unsigned __int128)(unsigned long long)high << 64) | low);
    }
    static inline long long letrade_high(letrade_int128 value) { return (long long)(value >> 64); }
    static inline unsigned long long letrade_low(letrade_int128 value) { return (unsigned long long)value; }
    static inline int letrade_fits64(letrade_int128 value) { return value == (letrade_int128)(long long)value; }
    static inline letrade_int128 letrade_half_even(letrade_int128 numerator, letrade_int128 denominator) {
        letrade_int128 quotient, rest, other;
        if (letrade_fits64(numerator) && letrade_fits64(denominator)) {
            quotient = (long long)numerator / (long long)denominator;
        } else {
            quotient = numerator / denominator;
        }
        rest = numerator - quotient * denominator;  /* towards zero: the sign of the numerator */
        if (rest == 0) return quotient;
        if (rest < 0) rest = -rest;
        other = denominator - rest;
        if (rest > other || (rest == other && (quotient & 1))) quotient += numerator < 0 ? -1 : 1;
        return quotient;
    }
    #endif
    """
    ctypedef long long int128 "letrade_int128"
    bint letrade_add(int128 left, int128 right, int128* out) noexcept nogil
    bint letrade_subtract(int128 left, int128 right, int128* out) noexcept nogil
    bint letrade_multiply(int128 left, int128 right, int128* out) noexcept nogil
    int128 letrade_join(int64_t high, uint64_t low) noexcept nogil
    int64_t letrade_high(int128 value) noexcept nogil
    uint64_t letrade_low(int128 value) noexcept nogil
    bint letrade_fits64(int128 value) noexcept nogil
    int128 letrade_half_even(int128 numerator, int128 denominator) noexcept nogil

cdef enum:
    POWER_MAX = 38  # 10**38 is the largest power of ten within 127 bits
    MONEY_DECIMALS = 8

cdef int128[39] POWERS_OF_TEN
cdef double[39] TENS

cdef int128 too_large() except? -1
cdef object to_python(int128 value)
cdef int128 from_python(object value) except? -1
cdef double to_double(int128 units, int64_t decimals) noexcept nogil


cdef inline int128 add(int128 left, int128 right) except? -1:
    cdef int128 out
    if letrade_add(left, right, &out):
        return too_large()
    return out


cdef inline int128 subtract(int128 left, int128 right) except? -1:
    cdef int128 out
    if letrade_subtract(left, right, &out):
        return too_large()
    return out


cdef inline int128 multiply(int128 left, int128 right) except? -1:
    cdef int128 out
    if letrade_multiply(left, right, &out):
        return too_large()
    return out


cdef inline int128 scaled_up(int128 units, int64_t places) except? -1:
    """The same amount with so many decimals more."""
    if places < 0 or places > POWER_MAX:
        return too_large()
    return multiply(units, POWERS_OF_TEN[places])


cdef inline int128 rounded(int128 units, int64_t places) except? -1:
    """The same amount with so many decimals fewer, half to even; with more where `places` is below 0."""
    if places <= 0:
        return scaled_up(units, -places)
    if places > POWER_MAX:
        return too_large()
    return letrade_half_even(units, POWERS_OF_TEN[places])
