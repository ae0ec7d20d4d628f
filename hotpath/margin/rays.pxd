# cython: cdivision=True
"""What moves when one mark moves, or all of them, and which way it hurts."""
from letrade.hotpath.margin.bounded cimport exactly
from letrade.hotpath.margin.rows cimport ALL, NONE, Book, Instrument, Line, Scene, Table
from letrade.hotpath.margin.pieces cimport start_of
from letrade.hotpath.margin.valuation cimport size_of, tier_of
from letrade.hotpath.margin.walk cimport FARTHEST, NEVER, Crossing, Work, first_crossing


cdef inline Scene still(const Book* book) noexcept nogil:
    """The present marks and indexes, none of which moves."""
    cdef Scene scene
    scene.marks, scene.indexes = book.marks, book.indexes
    scene.haircut_scale = scene.rate_scale = 1.0
    scene.instrument = scene.coin = NONE
    scene.times = exactly(1.0)
    return scene


cdef inline Scene ray_of(const Book* book, int instrument) noexcept nogil:
    """One mark moves, and with it the coin that it is the price of."""
    cdef Scene scene = still(book)
    scene.instrument = instrument
    scene.coin = book.instruments[instrument].base if book.instruments[instrument].base >= 0 else NONE
    return scene


cdef inline int hurtful_direction(
    const Book* book, const Scene* scene, const Line* line, bint maintained
) noexcept nogil:
    """1: the legs of this line together lose slack when the mark rises, -1: when it falls, 0: neither."""
    cdef const Instrument* instrument = &book.instruments[line.instrument]
    cdef const Table* table = &book.tables[instrument.table]
    cdef double gained = line.slope.high, rate
    cdef int place
    if maintained and not instrument.at_entry:
        for place in range(line.count):
            rate = table.rates[tier_of(table, size_of(book, line, place, start_of(book, scene, line)))]
            gained -= line.maintained[place].volume.high * (scene.rate_scale * rate + instrument.fee)
    if instrument.inverse:
        gained = -gained  # v falls when the mark rises
    return (gained < 0.0) - (gained > 0.0)


cdef inline Crossing price_crossing(
    const Book* book, int account, const Line* line, Work* work, bint maintained
) noexcept nogil:
    """How far this line's mark goes until the account's slack, or its equity, is used up."""
    cdef Scene scene = ray_of(book, line.instrument)
    cdef int direction = hurtful_direction(book, &scene, line, maintained)
    cdef Crossing found = first_crossing(
        book, &scene, account, work, direction, FARTHEST if direction > 0 else 1.0 / FARTHEST, maintained
    )
    return found


cdef inline Crossing common_crossing(const Book* book, int account, Work* work) noexcept nogil:
    """The nearer one of the two ways that everything can move together."""
    cdef Scene scene = still(book)
    cdef Crossing down, up
    scene.instrument = scene.coin = ALL
    down = first_crossing(book, &scene, account, work, -1, 1.0 / FARTHEST, True)
    if down.x == 1.0 and down.answer != NEVER:
        return down
    up = first_crossing(book, &scene, account, work, 1, 2.0 - down.x if down.answer != NEVER else FARTHEST, True)
    return down if up.answer == NEVER else up
