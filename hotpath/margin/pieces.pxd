# cython: cdivision=True
"""Slack along a ray: between two edges it is a / x + b + c x + d x², where x multiplies all that moves.

A linear value grows with x, an inverse one with 1 / x, and a coin's index that moves makes one power more of either.
"""
from letrade.hotpath.margin.bounded cimport Bounded, exactly, given, less, minus, over, plus, times
from letrade.hotpath.margin.rows cimport (
    ALL, Account, Book, Collateral, Haircut, Instrument, Line, Scene, Table,
)
from letrade.hotpath.margin.valuation cimport coin_moves, share_of, size_of, tier_of

cdef enum:
    POWERS = 4  # of x: -1, 0, 1, 2
    HELD_POWERS = 3  # of x in a balance: -1, 0, 1


cdef struct Piece:
    Bounded terms[POWERS]


cdef inline Bounded power_of(double x, int power) noexcept nogil:
    cdef Bounded one = exactly(x)
    if power == 0:
        return exactly(1.0)
    if power < 0:
        return over(exactly(1.0), one)
    return one if power == 1 else times(one, one)


cdef inline Bounded piece_at(const Piece* piece, double x) noexcept nogil:
    cdef Bounded total = piece.terms[1]
    cdef int term
    for term in range(POWERS):
        if term != 1 and (piece.terms[term].high != 0.0 or piece.terms[term].error != 0.0):
            total = plus(total, times(piece.terms[term], power_of(x, term - 1)))
    return total


cdef inline double slope_at(const Piece* piece, double x) noexcept nogil:
    """d slack / dx, in doubles."""
    return piece.terms[2].high + 2.0 * x * piece.terms[3].high - piece.terms[0].high / (x * x)


cdef inline void add_to(Piece* piece, int power, Bounded value) noexcept nogil:
    piece.terms[power + 1] = plus(piece.terms[power + 1], value)


cdef inline bint line_moves(const Scene* scene, const Line* line) noexcept nogil:
    return scene.instrument == ALL or scene.instrument == line.instrument


cdef inline int power_of_line(const Book* book, const Scene* scene, const Line* line) noexcept nogil:
    if not line_moves(scene, line):
        return 0
    return -1 if book.instruments[line.instrument].inverse else 1


cdef inline Bounded start_of(const Book* book, const Scene* scene, const Line* line) noexcept nogil:
    """v of a line where x = 1."""
    cdef Bounded mark = given(scene.marks[line.instrument], book.doubt)
    return over(exactly(1.0), mark) if book.instruments[line.instrument].inverse else mark


cdef inline void add_maintenance(
    Piece* piece, const Book* book, const Scene* scene, const Line* line, Bounded start, double x
) noexcept nogil:
    """Takes away what is kept for each leg, in the tier that holds at x."""
    cdef const Instrument* instrument = &book.instruments[line.instrument]
    cdef const Table* table = &book.tables[instrument.table]
    cdef Bounded at_mark, value, scale = exactly(scene.rate_scale), rate
    cdef Bounded index = given(scene.indexes[instrument.settle], book.doubt)
    cdef int place, tier, power = power_of_line(book, scene, line), moved = coin_moves(book, scene, instrument.settle)
    for place in range(line.count):
        at_mark = times(line.maintained[place].volume, start)
        value = line.maintained[place].worth if instrument.at_entry else at_mark
        tier = tier_of(table, size_of(book, line, place, times(start, power_of(x, power))))
        rate = plus(times(scale, given(table.rates[tier], book.doubt)), given(instrument.fee, book.doubt))
        add_to(piece, (0 if instrument.at_entry else power) + moved, minus(times(times(rate, value), index)))
        add_to(piece, moved, times(less(times(scale, table.amounts[tier]), line.maintained[place].fixed), index))


cdef inline double held_at(const Bounded* held, double x) noexcept nogil:
    return held[0].high / x + held[1].high + held[2].high * x


cdef inline void add_collateral(
    Piece* piece, const Book* book, const Scene* scene, const Collateral* collateral, const Bounded* held, double x
) noexcept nogil:
    """What counts of a balance in the haircut tier that holds at x."""
    cdef const Haircut* haircut
    cdef Bounded index = given(scene.indexes[collateral.coin], book.doubt), rate, beyond = exactly(0.0)
    cdef int moved = coin_moves(book, scene, collateral.coin), tier = 0, power, beyond_power = 0
    cdef double size = held_at(held, x)
    if size < 0.0:
        rate = share_of(book, collateral.liability, scene.haircut_scale)
    elif collateral.haircut < 0:
        rate = exactly(1.0)
    else:
        haircut = &book.haircuts[collateral.haircut]
        if not haircut.by_amount:
            size *= index.high * (x if moved else 1.0)
        rate = share_of(book, haircut.rates[0], scene.haircut_scale)
        while tier + 1 < haircut.count and size >= haircut.floors[tier + 1]:
            tier += 1
            beyond = plus(beyond, times(rate, given(haircut.floors[tier], book.doubt)))
            rate = share_of(book, haircut.rates[tier], scene.haircut_scale)
            beyond = less(beyond, times(rate, given(haircut.floors[tier], book.doubt)))
        if haircut.by_amount:
            beyond, beyond_power = times(beyond, index), moved
    for power in range(-1, 2):
        if held[power + 1].high != 0.0 or held[power + 1].error != 0.0:
            add_to(piece, power + moved, times(times(rate, held[power + 1]), index))
    add_to(piece, beyond_power, beyond)


cdef inline void hold(const Book* book, const Scene* scene, const Account* account, Bounded* held) noexcept nogil:
    """The balances with the unrealised that joins them, as powers of x."""
    cdef Bounded* terms
    cdef const Line* line
    cdef int place, power
    for place in range(account.collateral_count):
        held[HELD_POWERS * place] = held[HELD_POWERS * place + 2] = exactly(0.0)
        held[HELD_POWERS * place + 1] = given(account.collaterals[place].balance, book.doubt)
    for place in range(account.line_count):
        line = &account.lines[place]
        if line.collateral >= 0 and line.slopes != 0.0:
            terms = held + HELD_POWERS * line.collateral
            power = power_of_line(book, scene, line)
            terms[1] = plus(terms[1], line.offset)
            terms[power + 1] = plus(terms[power + 1], times(line.slope, start_of(book, scene, line)))


cdef inline Piece piece_around(
    const Book* book, const Scene* scene, const Account* account, const Bounded* held, double x, bint maintained
) noexcept nogil:
    """The slack, or without maintenance the equity, in the segment that x is in."""
    cdef Piece piece
    cdef const Line* line
    cdef Bounded start, index
    cdef int place, power, moved
    for place in range(POWERS):
        piece.terms[place] = exactly(0.0)
    for place in range(account.line_count):
        line = &account.lines[place]
        if line.slopes == 0.0:
            continue
        start = start_of(book, scene, line)
        if maintained:
            add_maintenance(&piece, book, scene, line, start, x)
        if line.collateral < 0:
            power = power_of_line(book, scene, line)
            moved = coin_moves(book, scene, book.instruments[line.instrument].settle)
            index = given(scene.indexes[book.instruments[line.instrument].settle], book.doubt)
            add_to(&piece, power + moved, times(times(line.slope, start), index))
            add_to(&piece, moved, times(line.offset, index))
    for place in range(account.collateral_count):
        add_collateral(&piece, book, scene, &account.collaterals[place], held + HELD_POWERS * place, x)
    return piece
