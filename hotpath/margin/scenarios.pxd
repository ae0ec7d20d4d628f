# cython: cdivision=True
"""Slack of every account under many joint scenarios: position by position over blocks of scenarios, in doubles.

Each slack has a bound made of the sizes of all that was added up to it; what is within its bound of 0 is computed again
with some 106 bits, so that its sign is known unless the given numbers themselves leave it open.
"""
from libc.math cimport INFINITY, fabs
from libc.stdlib cimport free, malloc

from letrade.hotpath.margin.bounded cimport HALF_ULP, NOT_SURE, Bounded, bound_of, exactly, less, sign_of
from letrade.hotpath.margin.columns cimport (
    BLOCK, COLUMN, add_credit, add_fee, add_gain, add_sizes, add_total, count_debt, count_part, doubt_near, fill,
    invert, join_gain, keep, keep_above, range_of, scale_by, settle, turn, value_held,
)
from letrade.hotpath.margin.doors cimport LEAST, MOST
from letrade.hotpath.margin.rows cimport (
    CONTRACTS, MARK_NOTIONAL, NONE, Account, Book, Collateral, Haircut, Instrument, Line, Maintained, Scene, Sums,
    Table,
)
from letrade.hotpath.margin.valuation cimport is_near, rate_in, size_of, tier_of, value_account

cdef struct Wanted:  # one row a scenario; NULL where nothing but the present is given
    Py_ssize_t count
    const double* marks
    const double* indexes
    const double* haircuts
    const double* rates
    double* slacks
    double* bounds


cdef struct Told:
    Py_ssize_t uncertain
    Py_ssize_t bad_row  # -1: none
    int bad_column
    int bad_kind  # 0: a mark, 1: an index, 2: a haircut scale, 3: a maintenance scale


cdef struct Columns:  # a block of scenarios by column
    double* memory
    double* v  # by instrument: its mark, or 1 / mark
    double* index  # by coin
    double* held  # by collateral of one account, and the sizes of what is in it
    double* held_sizes
    double* lowest  # of v by instrument
    double* highest
    double haircut[COLUMN]
    double rate[COLUMN]
    double slack[COLUMN]
    double sizes[COLUMN]
    double kept[COLUMN]
    double total[COLUMN]
    double haircut_most, rate_most
    bint scaled  # maintenance is, in some scenario


cdef inline int collaterals_most(const Book* book) noexcept nogil:
    cdef int account, most = 0
    for account in range(book.account_count):
        most = max(most, book.accounts[account].collateral_count)
    return most


cdef inline bint open_columns(const Book* book, Columns* columns) noexcept nogil:
    """False: no memory."""
    cdef Py_ssize_t most = collaterals_most(book)
    cdef Py_ssize_t count = book.instrument_count + book.coin_count + 2 * most
    columns.memory = <double*>malloc((count * COLUMN + 2 * <Py_ssize_t>book.instrument_count) * sizeof(double))
    if columns.memory == NULL:
        return False
    columns.v = columns.memory
    columns.index = columns.v + COLUMN * <Py_ssize_t>book.instrument_count
    columns.held = columns.index + COLUMN * <Py_ssize_t>book.coin_count
    columns.held_sizes = columns.held + COLUMN * most
    columns.lowest = columns.held_sizes + COLUMN * most
    columns.highest = columns.lowest + book.instrument_count
    return True


cdef inline bint bring(
    const double* rows, Py_ssize_t first, int used, int width, double* columns, double least,
    double* lowest, double* highest,
) noexcept nogil:
    """A block of rows as columns, with the lowest and highest of each. False: there is a bad number among them."""
    cdef double low, high
    cdef bint right = True
    cdef int column
    turn(columns, rows + first * width, used, width)
    for column in range(width):
        right &= range_of(columns + COLUMN * <Py_ssize_t>column, least, MOST, &low, &high)
        if lowest != NULL:
            lowest[column] = low
        if highest != NULL:
            highest[column] = high
    return right


cdef inline void find_bad(
    Told* told, const double* rows, Py_ssize_t first, int used, int width, double least, int kind
) noexcept nogil:
    cdef Py_ssize_t place
    for place in range(first * width, (first + used) * width):
        if not least <= rows[place] <= MOST:
            told.bad_row, told.bad_column, told.bad_kind = place // width, <int>(place % width), kind
            return


cdef inline bint load(
    const Book* book, const Wanted* wanted, Columns* columns, Py_ssize_t first, Told* told
) noexcept nogil:
    """One block; False, and where, when a number in it is none to compute with."""
    cdef int used = <int>min(<Py_ssize_t>BLOCK, wanted.count - first), place
    cdef double* lowest = columns.lowest
    cdef double* highest = columns.highest
    if not bring(wanted.marks, first, used, book.instrument_count, columns.v, LEAST, lowest, highest):
        find_bad(told, wanted.marks, first, used, book.instrument_count, LEAST, 0)
    if wanted.indexes != NULL:
        if not bring(wanted.indexes, first, used, book.coin_count, columns.index, LEAST, NULL, NULL):
            find_bad(told, wanted.indexes, first, used, book.coin_count, LEAST, 1)
    if wanted.haircuts != NULL:
        if not bring(wanted.haircuts, first, used, 1, columns.haircut, 0.0, NULL, &columns.haircut_most):
            find_bad(told, wanted.haircuts, first, used, 1, 0.0, 2)
    if wanted.rates != NULL:
        if not bring(wanted.rates, first, used, 1, columns.rate, 0.0, NULL, &columns.rate_most):
            find_bad(told, wanted.rates, first, used, 1, 0.0, 3)
    if told.bad_row >= 0:
        return False
    for place in range(book.instrument_count):
        if book.instruments[place].inverse:
            invert(columns.v + COLUMN * <Py_ssize_t>place)
            lowest[place], highest[place] = 1.0 / highest[place], 1.0 / lowest[place]
        lowest[place] *= 1.0 - 32.0 * HALF_ULP
        highest[place] *= 1.0 + 32.0 * HALF_ULP
    return True


cdef inline void keep_leg(const Book* book, Columns* columns, const Line* line, int leg) noexcept nogil:
    """Takes what is kept for one leg from the slack, tier by tier where the block lies in several."""
    cdef const Instrument* instrument = &book.instruments[line.instrument]
    cdef const Table* table = &book.tables[instrument.table]
    cdef const Maintained* kept = &line.maintained[leg]
    cdef const double* v = columns.v + COLUMN * <Py_ssize_t>line.instrument
    cdef double volume = kept.volume.high, value = 0.0 if instrument.at_entry else kept.volume.high
    cdef double worth = kept.worth.high if instrument.at_entry else 0.0, floor
    cdef double* now = columns.kept
    cdef double* then = columns.total
    cdef Bounded low = size_of(book, line, leg, exactly(columns.lowest[line.instrument]))
    cdef Bounded high = size_of(book, line, leg, exactly(columns.highest[line.instrument]))
    cdef int tier = tier_of(table, low), top = tier_of(table, high), other
    keep(now, v, table.rates[tier] * value, table.amounts[tier].high - table.rates[tier] * worth)
    for other in range(tier + 1, top + 1):
        floor = table.floors[other] / volume
        keep_above(
            then, now, v, floor,
            table.rates[other] * value, table.amounts[other].high - table.rates[other] * worth,
        )
        now, then = then, now
        if table.jumps:
            doubt_near(columns.sizes, v, floor, floor * (32.0 * HALF_ULP))
    if instrument.basis != MARK_NOTIONAL and table.jumps:
        for other in range(1, table.count):
            if is_near(book, table, other, low, instrument.basis == CONTRACTS and low.error == 0.0):
                fill(columns.sizes, INFINITY)
    if columns.scaled:
        scale_by(now, columns.rate)
    if instrument.fee != 0.0 or kept.fixed.high != 0.0:
        add_fee(now, v, instrument.fee * value, instrument.fee * worth + kept.fixed.high)
    settle(
        columns.slack, columns.sizes, now, columns.index + COLUMN * <Py_ssize_t>instrument.settle,
        2.0 * columns.rate_most * table.spreads[top],
    )


cdef inline void add_line(const Book* book, Columns* columns, const Line* line) noexcept nogil:
    cdef const double* v = columns.v + COLUMN * <Py_ssize_t>line.instrument
    cdef Py_ssize_t held = COLUMN * <Py_ssize_t>line.collateral
    cdef int leg
    if line.collateral >= 0:
        join_gain(
            columns.held + held, columns.held_sizes + held, v,
            line.slope.high, line.offset.high, line.slopes, line.offsets,
        )
    else:
        add_gain(
            columns.slack, columns.sizes, v,
            columns.index + COLUMN * <Py_ssize_t>book.instruments[line.instrument].settle,
            line.slope.high, line.offset.high, line.slopes, line.offsets,
        )
    for leg in range(line.count):
        keep_leg(book, columns, line, leg)


cdef inline void add_collateral(
    const Book* book, Columns* columns, const Collateral* collateral, int place
) noexcept nogil:
    cdef const double* index = columns.index + COLUMN * <Py_ssize_t>collateral.coin
    cdef double* held = columns.held + COLUMN * <Py_ssize_t>place
    cdef const Haircut* haircut = NULL
    cdef double liability = collateral.liability, width
    cdef int tier
    value_held(columns.kept, held, index)
    if collateral.haircut >= 0:
        haircut = &book.haircuts[collateral.haircut]
    if haircut != NULL and haircut.by_amount:
        count_debt(columns.total, held, columns.haircut, liability - 1.0)
    else:
        count_debt(columns.total, columns.kept, columns.haircut, liability - 1.0)
    if haircut == NULL:
        count_part(columns.total, columns.kept, columns.haircut, 0.0, INFINITY, 0.0)
    else:
        for tier in range(haircut.count):
            width = haircut.floors[tier + 1] - haircut.floors[tier] if tier + 1 < haircut.count else INFINITY
            count_part(
                columns.total, held if haircut.by_amount else columns.kept, columns.haircut,
                haircut.floors[tier], width, 1.0 - haircut.rates[tier],
            )
    if haircut != NULL and haircut.by_amount:
        add_credit(columns.slack, columns.total, index)
    else:
        add_total(columns.slack, columns.total)
    add_sizes(
        columns.sizes, columns.held_sizes + COLUMN * <Py_ssize_t>place, index,
        (1.0 + columns.haircut_most) * rate_in(liability, columns.haircut_most),
    )


cdef inline double rounding_of(const Book* book, const Account* account) noexcept nogil:
    """The part of all sizes together that a slack in doubles may be wrong by."""
    cdef int place, tiers = 1
    for place in range(account.collateral_count):
        if account.collaterals[place].haircut >= 0:
            tiers = max(tiers, book.haircuts[account.collaterals[place].haircut].count)
    return (64.0 + 4.0 * account.line_count + account.collateral_count + 8.0 * tiers) * HALF_ULP * (1.0 + 1e-9)


cdef inline void sum_account(const Book* book, Columns* columns, const Account* account) noexcept nogil:
    cdef int place
    fill(columns.slack, 0.0)
    fill(columns.sizes, 0.0)
    for place in range(account.collateral_count):
        fill(columns.held + COLUMN * <Py_ssize_t>place, account.collaterals[place].balance)
        fill(columns.held_sizes + COLUMN * <Py_ssize_t>place, fabs(account.collaterals[place].balance))
    for place in range(account.line_count):
        if account.lines[place].count:
            add_line(book, columns, &account.lines[place])
    for place in range(account.collateral_count):
        add_collateral(book, columns, &account.collaterals[place], place)


cdef inline Bounded slack_in(
    const Book* book, const Wanted* wanted, Py_ssize_t row, int account, Bounded* held
) noexcept nogil:
    """One account in one scenario, with some 106 bits."""
    cdef Scene scene
    cdef Sums sums
    scene.marks = wanted.marks + row * book.instrument_count
    scene.indexes = book.indexes
    if wanted.indexes != NULL:
        scene.indexes = wanted.indexes + row * book.coin_count
    scene.haircut_scale = 1.0 if wanted.haircuts == NULL else wanted.haircuts[row]
    scene.rate_scale = 1.0 if wanted.rates == NULL else wanted.rates[row]
    scene.instrument = scene.coin = NONE
    scene.times = exactly(1.0)
    sums = value_account(book, &scene, account, held)
    return less(sums.equity, sums.maintenance)


cdef inline void tell(
    const Book* book, const Wanted* wanted, const Columns* columns, Py_ssize_t first, int account, Bounded* held,
    Told* told,
) noexcept nogil:
    """Writes one account's answers of a block; those that doubles leave open are computed again."""
    cdef double rounding = rounding_of(book, &book.accounts[account]), slack, bound
    cdef int used = <int>min(<Py_ssize_t>BLOCK, wanted.count - first), place
    cdef Py_ssize_t at
    cdef Bounded again
    for place in range(used):
        slack, bound = columns.slack[place], columns.sizes[place] * rounding
        if not fabs(slack) > bound:
            again = slack_in(book, wanted, first + place, account, held)
            slack, bound = again.high, bound_of(again)
            told.uncertain += sign_of(again) == NOT_SURE
        at = (first + place) * book.account_count + account
        wanted.slacks[at] = slack
        wanted.bounds[at] = bound


cdef inline bint run_scenarios(const Book* book, const Wanted* wanted, Bounded* held, Told* told) noexcept nogil:
    """False: no memory, or a bad number, which `told` then has the place of. `held` has room for any account."""
    cdef Columns columns
    cdef Py_ssize_t block, first
    cdef int place
    told.uncertain, told.bad_row, told.bad_kind, told.bad_column = 0, -1, 0, 0
    if not open_columns(book, &columns):
        return False
    columns.scaled = wanted.rates != NULL
    columns.haircut_most = columns.rate_most = 1.0
    fill(columns.haircut, 1.0)
    fill(columns.rate, 1.0)
    for place in range(book.coin_count):
        fill(columns.index + COLUMN * <Py_ssize_t>place, book.indexes[place])
    for block in range((wanted.count + BLOCK - 1) // BLOCK):
        first = block * BLOCK
        if not load(book, wanted, &columns, first, told):
            break
        for place in range(book.account_count):
            sum_account(book, &columns, &book.accounts[place])
            tell(book, wanted, &columns, first, place, held, told)
    free(columns.memory)
    return told.bad_row < 0
