# cython: cdivision=True
"""The first place along a ray where an account's slack is used up: edge by edge, a segment solved and then proved."""
from libc.math cimport fabs, sqrt
from libc.stdlib cimport free, qsort

from letrade.hotpath.margin.bounded cimport (
    GAIN, HALF_ULP, LOSS, Bounded, Sign, exactly, less, sign_of,
)
from letrade.hotpath.margin.pieces cimport (
    HELD_POWERS, Piece, hold, line_moves, piece_around, piece_at, slope_at, start_of,
)
from letrade.hotpath.margin.rows cimport (
    MARK_NOTIONAL, Account, Book, Collateral, Haircut, Instrument, Line, Scene, Sums, Table,
)
from letrade.hotpath.margin.valuation cimport coin_moves, value_account

cdef extern from *:
    """
    #define LETRADE_FARTHEST 1e12  /* times the present mark, or a part of it: beyond there is no price */
    #define LETRADE_PROOF_MAX 1e-6  /* a crossing that cannot be shown within this is not sure */
    """
    const double FARTHEST "LETRADE_FARTHEST"
    const double PROOF_MAX "LETRADE_PROOF_MAX"


cdef enum Answer:
    UNCERTAIN = -1
    NEVER = 0
    CROSSED = 1
    ALREADY = 2


cdef struct Work:  # room for one account: four numbers for each collateral, and edges
    Bounded* held
    double* edges
    int count


cdef struct Crossing:
    Answer answer
    double x, spread  # the true place is within x × (1 ± spread)


cdef inline int edges_of(const Book* book, const Account* account) noexcept nogil:
    """How many edges there may be at most."""
    cdef const Collateral* collateral
    cdef int place, count = 4
    for place in range(account.line_count):
        count += 2 * book.tables[book.instruments[account.lines[place].instrument].table].count
    for place in range(account.collateral_count):
        collateral = &account.collaterals[place]
        count += 2
        if collateral.haircut >= 0:
            count += 2 * book.haircuts[collateral.haircut].count
    return count


cdef inline void close_work(Work* work) noexcept nogil:
    free(work.held)
    free(work.edges)


cdef inline int smaller(const void* one, const void* other) noexcept nogil:
    cdef double first = (<const double*>one)[0], second = (<const double*>other)[0]
    return (first > second) - (first < second)


cdef inline void note(Work* work, double x) noexcept nogil:
    if 1.0 / FARTHEST < x < FARTHEST:
        work.edges[work.count] = x
        work.count += 1


cdef inline void note_roots(Work* work, double a, double b, double c) noexcept nogil:
    """Where a x² + b x + c = 0."""
    cdef double inner, far
    if a == 0.0:
        if b != 0.0:
            note(work, -c / b)
        return
    inner = b * b - 4.0 * a * c
    if inner < 0.0:
        return
    far = -0.5 * (b + (sqrt(inner) if b >= 0.0 else -sqrt(inner)))
    note(work, far / a)
    if far != 0.0:
        note(work, c / far)


cdef inline void note_tiers(Work* work, const Book* book, const Scene* scene, const Line* line) noexcept nogil:
    """Where a leg's notional reaches a floor."""
    cdef const Instrument* instrument = &book.instruments[line.instrument]
    cdef const Table* table = &book.tables[instrument.table]
    cdef double start
    cdef int place, tier
    if instrument.basis != MARK_NOTIONAL or not line_moves(scene, line):
        return
    for place in range(line.count):
        start = line.maintained[place].volume.high * start_of(book, scene, line).high
        for tier in range(1, table.count if start > 0.0 else 0):
            note(work, start / table.floors[tier] if instrument.inverse else table.floors[tier] / start)


cdef inline void note_haircuts(
    Work* work, const Book* book, const Scene* scene, const Collateral* collateral, const Bounded* held
) noexcept nogil:
    """Where a balance becomes a debt, or what is held reaches a floor: all of it times x, by powers."""
    cdef const Haircut* haircut
    cdef double a = held[2].high, b = held[1].high, c = held[0].high, index, floor
    cdef bint moved = coin_moves(book, scene, collateral.coin)
    cdef int tier
    note_roots(work, a, b, c)
    if collateral.haircut < 0:
        return
    haircut = &book.haircuts[collateral.haircut]
    index = 1.0 if haircut.by_amount else scene.indexes[collateral.coin]
    for tier in range(1, haircut.count):
        floor = haircut.floors[tier] / index
        if moved and not haircut.by_amount:
            note_roots(work, a, b, c - floor)
        else:
            note_roots(work, a, b - floor, c)


cdef inline void note_edges(Work* work, const Book* book, const Scene* scene, const Account* account) noexcept nogil:
    cdef int place
    work.count = 0
    for place in range(account.line_count):
        note_tiers(work, book, scene, &account.lines[place])
    for place in range(account.collateral_count):
        note_haircuts(work, book, scene, &account.collaterals[place], work.held + HELD_POWERS * place)
    qsort(work.edges, work.count, sizeof(double), smaller)


cdef inline double solved(const Piece* piece, double safe, double beyond) noexcept nogil:
    """Where slack is used up between two places: Newton's method, held within them by halving (geometrically)."""
    cdef double x = safe, tried, step
    cdef Bounded slack
    cdef int turn
    for turn in range(400):
        slack = piece_at(piece, x)
        if slack.high > 0.0:
            safe = x
        else:
            beyond = x
        step = slope_at(piece, x)
        tried = x - slack.high / step if step != 0.0 else x
        if fabs(tried - x) <= 2.0 * HALF_ULP * x and step != 0.0:
            return x
        if not min(safe, beyond) < tried < max(safe, beyond) or turn % 4 == 3:
            tried = sqrt(safe) * sqrt(beyond)
        if fabs(safe - beyond) <= 4.0 * HALF_ULP * safe:
            return beyond
        x = tried
    return beyond


cdef inline int turning_points(const Piece* piece, double near, double far, double* points) noexcept nogil:
    """Where slack turns between two places (2 d x³ + c x² = a), in the order in which they are met; then the end."""
    cdef double a = piece.terms[0].high, c = piece.terms[2].high, d = piece.terms[3].high
    cdef double low = min(near, far), high = max(near, far), bend, x
    cdef double marks[3]
    cdef int count = 0, part
    if d == 0.0:
        if c != 0.0 and a / c > 0.0:
            x = sqrt(a / c)
            if low < x < high:
                points[0] = x
                count = 1
        points[count] = far
        return count + 1
    # Each side of the cubic's own turning point it has one root at most.
    bend = -c / (3.0 * d)
    if not low < bend < high:
        bend = high
    marks[0], marks[1], marks[2] = low, bend, high
    for part in range(2):
        x = halved(a, c, d, marks[part], marks[part + 1])
        if x > 0.0:
            points[count] = x
            count += 1
    if near > far and count == 2:
        points[0], points[1] = points[1], points[0]
    points[count] = far
    return count + 1


cdef inline double halved(double a, double c, double d, double low, double high) noexcept nogil:
    """A root of 2 d x³ + c x² − a between two places, or 0."""
    cdef double at_low = (2.0 * d * low + c) * low * low - a, middle
    cdef int turn
    if (at_low > 0.0) == ((2.0 * d * high + c) * high * high - a > 0.0):
        return 0.0
    for turn in range(200):
        middle = sqrt(low) * sqrt(high)
        if not low < middle < high:
            break
        if ((2.0 * d * middle + c) * middle * middle - a > 0.0) == (at_low > 0.0):
            low = middle
        else:
            high = middle
    return high


cdef inline bint crosses(const Piece* piece, double near, double far, double* place) noexcept nogil:
    """Whether slack is used up, or may be, within a segment; `place` is where first."""
    cdef double points[4]
    cdef double before = near
    cdef int count, point
    if sign_of(piece_at(piece, near)) != GAIN:
        place[0] = near
        return True
    count = turning_points(piece, near, far, points)
    for point in range(count):
        if sign_of(piece_at(piece, points[point])) != GAIN:
            place[0] = solved(piece, before, points[point])
            return True
        before = points[point]
    return False


cdef inline Sign sign_at(
    const Book* book, Scene scene, int account, Bounded* held, Bounded moved, bint maintained
) noexcept nogil:
    """Of the slack, or without maintenance the equity, where all that moves is multiplied by `moved`."""
    cdef Sums sums
    scene.times = moved
    sums = value_account(book, &scene, account, held)
    return sign_of(less(sums.equity, sums.maintenance) if maintained else sums.equity)


cdef inline Crossing proved(
    const Book* book, const Scene* scene, int account, const Work* work, double x, int direction, bint maintained
) noexcept nogil:
    """The least distance either side of x at which the signs are certain."""
    cdef Crossing found
    cdef Bounded* held = work.held + HELD_POWERS * book.accounts[account].collateral_count
    cdef Bounded before, beyond
    found.x, found.spread, found.answer = x, 4.0 * HALF_ULP, CROSSED
    while found.spread <= PROOF_MAX:
        before = exactly(x * (1.0 - direction * found.spread))
        beyond = exactly(x * (1.0 + direction * found.spread))
        if sign_at(book, scene[0], account, held, before, maintained) == GAIN:
            if sign_at(book, scene[0], account, held, beyond, maintained) == LOSS:
                return found
        found.spread *= 2.0
    found.answer = UNCERTAIN
    return found


cdef inline Crossing first_crossing(
    const Book* book, const Scene* scene, int number, Work* work, int direction, double limit, bint maintained
) noexcept nogil:
    """From x = 1 upwards (direction 1) or downwards (-1), no further than `limit`."""
    cdef const Account* account = &book.accounts[number]
    cdef Bounded* held = work.held + HELD_POWERS * account.collateral_count
    cdef double near = 1.0, far, x = 0.0
    cdef Piece piece
    cdef int place
    cdef Crossing found
    cdef Sign now = sign_at(book, scene[0], number, held, exactly(1.0), maintained)
    found.x, found.spread, found.answer = 1.0, 0.0, ALREADY if now == LOSS else UNCERTAIN
    if now != GAIN:
        return found
    found.answer = NEVER
    hold(book, scene, account, work.held)
    note_edges(work, book, scene, account)
    for place in range(work.count + 1):
        far = limit
        if place < work.count:
            far = work.edges[place] if direction > 0 else work.edges[work.count - 1 - place]
        if (far - near) * direction <= 0.0:
            continue
        if (far - limit) * direction > 0.0:
            far = limit
        if fabs(far - near) > 4.0 * HALF_ULP * near:
            piece = piece_around(book, scene, account, work.held, sqrt(near) * sqrt(far), maintained)
            if crosses(&piece, near, far, &x):
                return proved(book, scene, number, work, x, direction, maintained)
        near = far
        if near == limit:
            break
    return found
