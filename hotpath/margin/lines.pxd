# cython: cdivision=True
"""Keeps what is computed from the legs of a line, and the room for lines and collaterals."""
from libc.stdint cimport int32_t
from libc.stdlib cimport realloc
from libc.string cimport memset

from letrade.hotpath.margin.bounded cimport Bounded, exactly, given, is_below, less, minus, over, plus, times
from letrade.hotpath.margin.rows cimport (
    EACH, LARGER, Account, Book, Instrument, Leg, Line, Maintained,
)


cdef inline void* with_room(void* rows, Py_ssize_t count, int32_t* room, Py_ssize_t itemsize) except NULL:
    """The rows, or a longer copy of them, with zeroed room for one more."""
    cdef Py_ssize_t wanted = max(4, count * 2)
    cdef void* longer
    if count < room[0]:
        return rows
    if wanted > 0x7FFFFFFF:
        raise MemoryError("a margin book has no room for more rows than 31 bits count")
    longer = realloc(rows, wanted * itemsize)
    if longer == NULL:
        raise MemoryError("no memory for more rows of a margin book")
    memset(<char*>longer + count * itemsize, 0, (wanted - count) * itemsize)
    room[0] = <int32_t>wanted
    return longer


cdef inline Line* line_of(Account* account, int instrument) noexcept nogil:
    """The account's line of an instrument, or NULL."""
    cdef int place
    for place in range(account.line_count):
        if account.lines[place].instrument == instrument:
            return &account.lines[place]
    return NULL


cdef inline int collateral_of(const Account* account, int coin) noexcept nogil:
    cdef int place
    for place in range(account.collateral_count):
        if account.collaterals[place].coin == coin:
            return place
    return -1


cdef inline void link_line(const Book* book, const Account* account, Line* line) noexcept nogil:
    """Where unrealised goes to."""
    line.collateral = collateral_of(account, book.instruments[line.instrument].settle)
    if line.collateral >= 0 and not account.collaterals[line.collateral].joins:
        line.collateral = -1


cdef inline void add_maintained(Line* line, const Leg* leg, Bounded fixed) noexcept nogil:
    cdef Maintained* kept = &line.maintained[line.count]
    kept.size, kept.volume, kept.worth, kept.fixed = exactly(leg.size), leg.volume, leg.worth, fixed
    line.count += 1


cdef inline void add_net(const Book* book, Line* line, Bounded fixed) noexcept nogil:
    """One leg is taken off the other."""
    cdef Maintained* kept = &line.maintained[0]
    kept.volume, kept.worth = less(line.legs[0].volume, line.legs[1].volume), exactly(0.0)
    if kept.volume.high < 0.0:
        kept.volume = minus(kept.volume)
    kept.size = less(given(line.legs[0].size, book.doubt), given(line.legs[1].size, book.doubt))
    if kept.size.high < 0.0:
        kept.size = minus(kept.size)
    kept.fixed = fixed
    line.count = 1


cdef inline void maintain(const Book* book, Line* line) noexcept nogil:
    cdef const Instrument* instrument = &book.instruments[line.instrument]
    cdef const Leg* long_leg = &line.legs[0]
    cdef const Leg* short_leg = &line.legs[1]
    cdef Bounded fixed = plus(given(long_leg.fixed, book.doubt), given(short_leg.fixed, book.doubt))
    cdef bint longer
    line.count = 0
    if long_leg.size == 0.0 or short_leg.size == 0.0:
        if long_leg.size != 0.0 or short_leg.size != 0.0:
            add_maintained(line, long_leg if long_leg.size != 0.0 else short_leg, fixed)
    elif instrument.legs == EACH:
        add_maintained(line, long_leg, fixed)
        add_maintained(line, short_leg, exactly(0.0))
    elif instrument.legs == LARGER:
        longer = long_leg.size >= short_leg.size
        if instrument.at_entry:
            longer = not is_below(long_leg.worth, short_leg.worth)
        add_maintained(line, long_leg if longer else short_leg, fixed)
    else:
        add_net(book, line, fixed)


cdef inline void update_line(const Book* book, Line* line) noexcept nogil:
    """Everything that follows from the sizes and entries of its legs."""
    cdef const Instrument* instrument = &book.instruments[line.instrument]
    cdef Bounded multiplier = given(instrument.multiplier, book.doubt)
    cdef Leg* leg
    cdef int side
    for side in range(2):
        leg = &line.legs[side]
        leg.volume = leg.worth = exactly(0.0)
        if leg.size != 0.0:
            leg.volume = times(given(leg.size, book.doubt), multiplier)
            leg.worth = given(leg.entry, book.doubt)
            leg.worth = over(leg.volume, leg.worth) if instrument.inverse else times(leg.volume, leg.worth)
    line.slope = less(line.legs[0].volume, line.legs[1].volume)
    line.offset = less(line.legs[1].worth, line.legs[0].worth)
    if instrument.inverse:
        line.slope, line.offset = minus(line.slope), minus(line.offset)
    line.slopes = line.legs[0].volume.high + line.legs[1].volume.high
    line.offsets = line.legs[0].worth.high + line.legs[1].worth.high
    maintain(book, line)
