# cython: cdivision=True
"""What moves when one mark moves, or all of them, and which way it hurts."""
from letrade.hotpath.margin.bounded cimport (
    NOT_SURE, Bounded, exactly, given, less, minus, plus, sign_of, times,
)
from letrade.hotpath.margin.rows cimport ALL, NONE, Book, Instrument, Line, Scene, Table
from letrade.hotpath.margin.pieces cimport start_of
from letrade.hotpath.margin.valuation cimport size_of, tier_of
from letrade.hotpath.margin.walk cimport FARTHEST, NEVER, UNCERTAIN, Crossing, Work, first_crossing


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


cdef inline Bounded gain_of_legs(
    const Book* book, const Scene* scene, const Line* line, bint maintained
) noexcept nogil:
    """What the legs of this line together gain, less what is kept for them, when its mark begins to rise."""
    cdef const Instrument* instrument = &book.instruments[line.instrument]
    cdef const Table* table = &book.tables[instrument.table]
    cdef Bounded gained = line.slope, rate
    cdef int place
    if maintained and not instrument.at_entry:
        for place in range(line.count):
            rate = given(table.rates[tier_of(table, size_of(book, line, place, start_of(book, scene, line)))], book.doubt)
            rate = plus(times(exactly(scene.rate_scale), rate), given(instrument.fee, book.doubt))
            gained = less(gained, times(line.maintained[place].volume, rate))
    return minus(gained) if instrument.inverse else gained  # v falls when the mark rises


cdef inline Crossing crossing_towards(
    const Book* book, const Scene* scene, int account, Work* work, int direction, bint maintained
) noexcept nogil:
    return first_crossing(
        book, scene, account, work, direction, FARTHEST if direction > 0 else 1.0 / FARTHEST, maintained
    )


cdef inline Crossing nearest_crossing(
    const Book* book, const Scene* scene, int account, Work* work, bint maintained
) noexcept nogil:
    """The nearer one of both ways."""
    cdef Crossing down = crossing_towards(book, scene, account, work, -1, maintained), up
    if down.answer == NEVER:
        return crossing_towards(book, scene, account, work, 1, maintained)
    if down.x == 1.0:
        return down
    up = first_crossing(book, scene, account, work, 1, 2.0 - down.x, maintained)
    return down if up.answer == NEVER else up


cdef inline Crossing price_crossing(
    const Book* book, int account, const Line* line, Work* work, bint maintained
) noexcept nogil:
    """How far this line's mark goes until the account's slack, or its equity, is used up: first on the side where its
    legs lose, else on the other; on the nearer one where they do neither."""
    cdef Scene scene = ray_of(book, line.instrument)
    cdef Bounded gained = gain_of_legs(book, &scene, line, maintained)
    cdef Crossing found, other
    cdef int way
    if gained.high == 0.0 and gained.low == 0.0:
        return nearest_crossing(book, &scene, account, work, maintained)
    way = -1 if gained.high > 0.0 else 1
    found = crossing_towards(book, &scene, account, work, way, maintained)
    if found.answer != NEVER and (found.x == 1.0 or sign_of(gained) != NOT_SURE):
        return found
    other = crossing_towards(book, &scene, account, work, -way, maintained)
    if found.answer == NEVER:
        return other
    if other.answer != NEVER:
        found.answer = UNCERTAIN  # there is one on each side, and it is open which of them is asked for
    return found


cdef inline Crossing common_crossing(const Book* book, int account, Work* work) noexcept nogil:
    """The nearer one of the two ways that everything can move together."""
    cdef Scene scene = still(book)
    scene.instrument = scene.coin = ALL
    return nearest_crossing(book, &scene, account, work, True)
