"""The C side of margin ratios of whole columns, for other compiled modules."""
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #include <math.h>
    #include <stdint.h>
    typedef struct {
        const double *floors, *rates, *amounts;
        int64_t count;
    } letrade_tiers;
    typedef struct {
        const double *quantities, *entries, *margins;
        double *answers;
        int64_t count;
    } letrade_columns;
    static CYTHON_INLINE double letrade_row(
        const letrade_tiers *tiers, double value, double quantity, double entry, double margin, int slack
    ) {
        const double worth = fabs(quantity) * value, equity = margin + quantity * (value - entry);
        double maintenance;
        int64_t tier = 0, place;
        for (place = 1; place < tiers->count; place++) tier += worth >= tiers->floors[place];
        maintenance = tiers->rates[tier] * worth - tiers->amounts[tier];
        if (slack) return equity - maintenance;
        return equity <= 0.0 ? INFINITY : maintenance / equity;
    }
    #if defined(__x86_64__) || defined(_M_X64)
    #include <emmintrin.h>
    /* The same for two rows in one; every step is that of a single row, so the answers are the same doubles. */
    static CYTHON_INLINE __m128d letrade_two_rows(
        const letrade_tiers *tiers, __m128d value, __m128d quantity, __m128d entry, __m128d margin, int slack
    ) {
        const __m128d worth = _mm_mul_pd(_mm_andnot_pd(_mm_set1_pd(-0.0), quantity), value);
        const __m128d equity = _mm_add_pd(margin, _mm_mul_pd(quantity, _mm_sub_pd(value, entry)));
        __m128i tier = _mm_setzero_si128();
        __m128d maintenance, none;
        int64_t place, low, high;
        for (place = 1; place < tiers->count; place++)
            tier = _mm_sub_epi64(tier, _mm_castpd_si128(_mm_cmpge_pd(worth, _mm_set1_pd(tiers->floors[place]))));
        low = _mm_cvtsi128_si64(tier);
        high = _mm_cvtsi128_si64(_mm_unpackhi_epi64(tier, tier));
        maintenance = _mm_mul_pd(_mm_set_pd(tiers->rates[high], tiers->rates[low]), worth);
        maintenance = _mm_sub_pd(maintenance, _mm_set_pd(tiers->amounts[high], tiers->amounts[low]));
        if (slack) return _mm_sub_pd(equity, maintenance);
        none = _mm_cmple_pd(equity, _mm_setzero_pd());
        return _mm_or_pd(
            _mm_and_pd(none, _mm_set1_pd(INFINITY)), _mm_andnot_pd(none, _mm_div_pd(maintenance, equity))
        );
    }
    static CYTHON_INLINE int64_t letrade_even_rows(
        const letrade_tiers *tiers, const letrade_columns *columns, double value, int slack
    ) {
        int64_t row;
        for (row = 0; row + 2 <= columns->count; row += 2)
            _mm_storeu_pd(columns->answers + row, letrade_two_rows(
                tiers, _mm_set1_pd(value), _mm_loadu_pd(columns->quantities + row),
                _mm_loadu_pd(columns->entries + row), _mm_loadu_pd(columns->margins + row), slack));
        return row;
    }
    #else
    #define letrade_even_rows(tiers, columns, value, slack) 0
    #endif
    static void letrade_all_rows(
        const letrade_tiers *tiers, const letrade_columns *columns, double value, int slack
    ) {
        int64_t row = slack ? letrade_even_rows(tiers, columns, value, 1) : letrade_even_rows(tiers, columns, value, 0);
        for (; row < columns->count; row++)
            columns->answers[row] = letrade_row(
                tiers, value, columns->quantities[row], columns->entries[row], columns->margins[row], slack);
    }
    """
    ctypedef struct Tiers "letrade_tiers":
        const double* floors
        const double* rates
        const double* amounts
        int64_t count
    ctypedef struct Columns "letrade_columns":
        const double* quantities
        const double* entries
        const double* margins
        double* answers
        int64_t count
    # Writes maintenance / equity of each row, or with `slack` equity - maintenance.
    void all_rows "letrade_all_rows"(
        const Tiers* tiers, const Columns* columns, double value, bint slack
    ) noexcept nogil


cdef class PositionRatios:
    cdef double* numbers  # floors, rates, amounts
    cdef Tiers tiers

    cdef object answer(self, double value, tuple arrays, bint slack)
