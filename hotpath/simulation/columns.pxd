"""A window of typed columns, for other compiled modules."""
from libc.stdint cimport int8_t, int64_t

from letrade.hotpath.simulation.events cimport Event

cdef enum:
    COLUMNS_MAX = 6


cdef extern from *:
    """
    #if defined(__GNUC__)
    #define letrade_prefetch(address) __builtin_prefetch(address)
    #else
    #define letrade_prefetch(address) ((void)0)
    #endif
    """
    void prefetch "letrade_prefetch"(const void* address) noexcept nogil


cdef extern from *:
    """
    #include <stdint.h>
    /* Whole columns at the speed of reading them: no branch in the loops, which the compiler makes wide ones. */
    #if defined(__GNUC__) && !defined(__clang__)
    #define LETRADE_WIDE __attribute__((optimize("O3")))
    #else
    #define LETRADE_WIDE
    #endif
    LETRADE_WIDE static int letrade_all_from(const int64_t *column, Py_ssize_t count, int64_t least) {
        uint64_t signs = 0;
        for (Py_ssize_t place = 0; place < count; place++)
            signs |= (uint64_t)column[place] | ((uint64_t)column[place] - (uint64_t)least);
        return signs >> 63 == 0;
    }
    LETRADE_WIDE static int letrade_none_falls(const int64_t *column, Py_ssize_t count) {
        uint64_t signs = count ? (uint64_t)column[0] : 0;
        for (Py_ssize_t place = 1; place < count; place++)
            signs |= (uint64_t)column[place] | ((uint64_t)column[place] - (uint64_t)column[place - 1]);
        return signs >> 63 == 0;
    }
    LETRADE_WIDE static int letrade_none_above(const int64_t *column, const int64_t *most, Py_ssize_t count) {
        uint64_t signs = 0;
        for (Py_ssize_t place = 0; place < count; place++)
            signs |= (uint64_t)column[place] | ((uint64_t)most[place] - (uint64_t)column[place]);
        return signs >> 63 == 0;
    }
    LETRADE_WIDE static int letrade_all_sides(const int8_t *sides, Py_ssize_t count) {
        uint8_t wrong = 0;
        for (Py_ssize_t place = 0; place < count; place++)
            wrong |= (uint8_t)(sides[place] + 1) & (uint8_t)~2;
        return wrong == 0;
    }
    """
    # Of numbers of 0 or more, and of a least of 0 or more; False where one is below 0. BUY is 1 and SELL is -1.
    bint all_from "letrade_all_from"(const int64_t* column, Py_ssize_t count, int64_t least) noexcept nogil
    bint none_falls "letrade_none_falls"(const int64_t* column, Py_ssize_t count) noexcept nogil
    bint none_above "letrade_none_above"(const int64_t* column, const int64_t* most, Py_ssize_t count) noexcept nogil
    bint all_sides "letrade_all_sides"(const int8_t* sides, Py_ssize_t count) noexcept nogil


cdef class Window:
    cdef readonly int64_t kind
    cdef readonly Py_ssize_t count  # events
    cdef const int64_t* times
    cdef const int64_t* venue_times
    cdef const int64_t* sequences  # NULL: counted on
    cdef const int64_t* columns[COLUMNS_MAX]
    cdef const int64_t* updates[3]  # of levels, by event; NULL: not told
    cdef const double* values
    cdef const int8_t* sides  # of levels
    cdef const int8_t* kinds  # of levels: of each event; NULL: all of one kind
    cdef const int64_t* starts  # of levels: event i has the rows starts[i] to starts[i + 1]
    cdef readonly int64_t first_sequence
    cdef bint levels_are_right  # as a book wants them
    cdef list kept
    cdef Window following

    cdef void fill(self, Py_ssize_t place, Event* event) noexcept nogil
    cdef Py_ssize_t take_levels(self, starts, sides, kinds) except -1
    cdef int check_least(self, str name, const int64_t* column, Py_ssize_t count) except -1
    cdef int check(self) except -1
    cdef int check_venue_times(self) except -1
    cdef int check_bars(self) except -1


cdef inline int64_t sequence_at(Window window, Py_ssize_t place) noexcept nogil:
    return window.sequences[place] if window.sequences != NULL else window.first_sequence + place


cdef inline void fetch_ahead(Window window, Py_ssize_t place) noexcept nogil:
    """Asks for the levels of an event whose turn comes after those of other sources."""
    cdef int64_t start
    if window.starts != NULL:
        start = window.starts[place]
        prefetch(window.sides + start)
        prefetch(window.columns[0] + start)
        prefetch(window.columns[1] + start)
