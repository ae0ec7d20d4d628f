# cython: cdivision=True
"""Arithmetic on columns of a block of scenarios, written so that every compiler makes vectors of it.

All columns have BLOCK numbers and none overlaps another that is written: a known length and no doubt about memory are
what the plain optimisation level needs. C, as Cython has no word for either.
"""

cdef enum:
    BLOCK = 256  # as in C below
    COLUMN = 264  # BLOCK + 8: apart in memory, so that the same place of each does not fall into one set of the cache


cdef extern from *:
    """
    #include <math.h>
    #include <stddef.h>
    #define LETRADE_BLOCK 256
    #define LETRADE_COLUMN (LETRADE_BLOCK + 8)
    #if defined(_MSC_VER)
    #define LETRADE_ALONE __restrict
    #else
    #define LETRADE_ALONE __restrict__
    #endif
    #define LETRADE_EACH for (int i = 0; i < LETRADE_BLOCK; i++)
    typedef double *LETRADE_ALONE letrade_out;
    typedef const double *LETRADE_ALONE letrade_in;

    static inline void letrade_fill(letrade_out out, double value) { LETRADE_EACH out[i] = value; }

    static inline void letrade_invert(letrade_out v) { LETRADE_EACH v[i] = 1.0 / v[i]; }

    /* held += slope v + offset, and the sizes of what was added */
    static inline void letrade_join(letrade_out held, letrade_out sizes, letrade_in v,
                                    double slope, double offset, double slopes, double offsets) {
        LETRADE_EACH held[i] += slope * v[i] + offset;
        LETRADE_EACH sizes[i] += slopes * v[i] + offsets;
    }

    /* slack += (slope v + offset) index */
    static inline void letrade_gain(letrade_out slack, letrade_out sizes, letrade_in v, letrade_in index,
                                    double slope, double offset, double slopes, double offsets) {
        LETRADE_EACH slack[i] += (slope * v[i] + offset) * index[i];
        LETRADE_EACH sizes[i] += (slopes * v[i] + offsets) * index[i];
    }

    static inline void letrade_keep(letrade_out kept, letrade_in v, double rate, double amount) {
        LETRADE_EACH kept[i] = rate * v[i] - amount;
    }

    /* The same, or in a higher tier where its floor is passed. (A choice of
       two products would not become a vector; a product with 0 or 1 is exact.) */
    static inline void letrade_keep_above(letrade_out out, letrade_in kept, letrade_in v,
                                          double floor, double rate, double amount) {
        LETRADE_EACH {
            double passed = v[i] > floor ? 1.0 : 0.0;
            out[i] = passed * (rate * v[i] - amount) + (1.0 - passed) * kept[i];
        }
    }

    /* Where a size is too near a floor to tell the tier, no bound is good enough. */
    static inline void letrade_doubt_near(letrade_out sizes, letrade_in v, double floor, double apart) {
        LETRADE_EACH {
            sizes[i] += fabs(v[i] - floor) <= apart ? HUGE_VAL : 0.0;
        }
    }

    /* Rows become columns, LETRADE_COLUMN apart; the last row is repeated where there are fewer than a block. */
    static inline void letrade_turn(letrade_out columns, letrade_in rows, int used, int width) {
        for (int place = 0; place < LETRADE_BLOCK; place += 8) {
            const double *row[8];
            for (int k = 0; k < 8; k++) row[k] = rows + (size_t)(place + k < used ? place + k : used - 1) * width;
            for (int column = 0; column < width; column++) {
                double *out = columns + (size_t)column * LETRADE_COLUMN + place;
                for (int k = 0; k < 8; k++) out[k] = row[k][column];
            }
        }
    }

    /* The lowest and the highest of a column; 0 when one is not a number from `least` to `most`. First in 32 lanes, of
       which `wrong` stays 0 but for what is not finite. */
    #define LETRADE_LANE(k) { double x = v[i + 32 * k]; l = x < l ? x : l; h = x > h ? x : h; w += x * 0.0; }
    static inline int letrade_range(letrade_in v, double least, double most, double *lowest, double *highest) {
        double low[32], high[32], wrong[32];
        for (int i = 0; i < 32; i++) {
            double l = v[i], h = l, w = l * 0.0;
            LETRADE_LANE(1) LETRADE_LANE(2) LETRADE_LANE(3) LETRADE_LANE(4)
            LETRADE_LANE(5) LETRADE_LANE(6) LETRADE_LANE(7)
            low[i] = l;
            high[i] = h;
            wrong[i] = w;
        }
        for (int k = 1; k < 32; k++) {
            low[0] = low[k] < low[0] ? low[k] : low[0];
            high[0] = high[k] > high[0] ? high[k] : high[0];
            wrong[0] += wrong[k];
        }
        *lowest = low[0];
        *highest = high[0];
        return wrong[0] == 0.0 && low[0] >= least && high[0] <= most;
    }

    static inline void letrade_scale(letrade_out kept, letrade_in scale) { LETRADE_EACH kept[i] *= scale[i]; }

    static inline void letrade_fee(letrade_out kept, letrade_in v, double fee, double fixed) {
        LETRADE_EACH kept[i] += fee * v[i] + fixed;
    }

    /* slack -= kept index */
    static inline void letrade_settle(letrade_out slack, letrade_out sizes, letrade_in kept, letrade_in index,
                                      double further) {
        LETRADE_EACH slack[i] -= kept[i] * index[i];
        LETRADE_EACH sizes[i] += (kept[i] + further) * index[i];
    }

    static inline void letrade_value(letrade_out size, letrade_in held, letrade_in index) {
        LETRADE_EACH size[i] = held[i] * index[i];
    }

    /* A debt counts for more the more haircuts are scaled. */
    static inline void letrade_debt(letrade_out total, letrade_in size, letrade_in haircut, double more) {
        LETRADE_EACH {
            double owed = size[i] < 0.0 ? size[i] : 0.0;
            total[i] = owed + owed * (haircut[i] * more);
        }
    }

    static inline void letrade_count(letrade_out total, letrade_in size, letrade_in haircut,
                                     double floor, double width, double lost) {
        LETRADE_EACH {
            double part = size[i] - floor, share = 1.0 - haircut[i] * lost;
            part = part > 0.0 ? part : 0.0;
            part = part < width ? part : width;
            share = share > 0.0 ? share : 0.0;
            total[i] += part * share;
        }
    }

    static inline void letrade_credit(letrade_out slack, letrade_in total, letrade_in index) {
        LETRADE_EACH slack[i] += total[i] * index[i];
    }

    static inline void letrade_total(letrade_out slack, letrade_in total) { LETRADE_EACH slack[i] += total[i]; }

    static inline void letrade_credit_sizes(letrade_out sizes, letrade_in held, letrade_in index, double times) {
        LETRADE_EACH sizes[i] += held[i] * index[i] * times;
    }
    """
    void fill "letrade_fill"(double* out, double value) noexcept nogil
    void invert "letrade_invert"(double* v) noexcept nogil
    void join_gain "letrade_join"(
        double* held, double* sizes, const double* v, double slope, double offset, double slopes, double offsets
    ) noexcept nogil
    void add_gain "letrade_gain"(
        double* slack, double* sizes, const double* v, const double* index,
        double slope, double offset, double slopes, double offsets,
    ) noexcept nogil
    void keep "letrade_keep"(double* kept, const double* v, double rate, double amount) noexcept nogil
    void keep_above "letrade_keep_above"(
        double* out, const double* kept, const double* v, double floor, double rate, double amount
    ) noexcept nogil
    void doubt_near "letrade_doubt_near"(double* sizes, const double* v, double floor, double apart) noexcept nogil
    void turn "letrade_turn"(double* columns, const double* rows, int used, int width) noexcept nogil
    bint range_of "letrade_range"(
        const double* v, double least, double most, double* lowest, double* highest
    ) noexcept nogil
    void scale_by "letrade_scale"(double* kept, const double* scale) noexcept nogil
    void add_fee "letrade_fee"(double* kept, const double* v, double fee, double fixed) noexcept nogil
    void settle "letrade_settle"(
        double* slack, double* sizes, const double* kept, const double* index, double further
    ) noexcept nogil
    void value_held "letrade_value"(double* size, const double* held, const double* index) noexcept nogil
    void count_debt "letrade_debt"(double* total, const double* size, const double* haircut, double more) noexcept nogil
    void count_part "letrade_count"(
        double* total, const double* size, const double* haircut, double floor, double width, double lost
    ) noexcept nogil
    void add_credit "letrade_credit"(double* slack, const double* total, const double* index) noexcept nogil
    void add_total "letrade_total"(double* slack, const double* total) noexcept nogil
    void add_sizes "letrade_credit_sizes"(
        double* sizes, const double* held, const double* index, double times
    ) noexcept nogil
