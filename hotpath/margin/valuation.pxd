# cython: cdivision=True
"""Equity and maintenance of an account in a scene, each with its error."""
from libc.math cimport fabs

from letrade.hotpath.margin.bounded cimport (
    HALF_ULP, UP, Bounded, bound_of, doubted, exactly, given, is_below, less, over, plus, times,
)
from letrade.hotpath.margin.rows cimport (
    ALL, COIN, CONTRACTS, ENTRY_NOTIONAL, Account, Book, Collateral, Haircut, Instrument, Line,
    Maintained, Scene, Sums, Table,
)


cdef inline Bounded mark_of(const Book* book, const Scene* scene, int instrument) noexcept nogil:
    cdef Bounded mark = given(scene.marks[instrument], book.doubt)
    if scene.instrument == ALL or scene.instrument == instrument:
        return times(mark, scene.times)
    return mark


cdef inline bint coin_moves(const Book* book, const Scene* scene, int coin) noexcept nogil:
    return book.moving[coin] if scene.coin == ALL else scene.coin == coin


cdef inline Bounded index_of(const Book* book, const Scene* scene, int coin) noexcept nogil:
    cdef Bounded index = given(scene.indexes[coin], book.doubt)
    if scene.indexes[coin] == 1.0:
        index = exactly(1.0)
    return times(index, scene.times) if coin_moves(book, scene, coin) else index


cdef inline Bounded kept_in(
    const Book* book, const Table* table, int tier, Bounded value, Bounded scale
) noexcept nogil:
    """Maintenance in one tier."""
    cdef Bounded kept = times(given(table.rates[tier], book.doubt), value)
    if table.flat:
        return times(scale, kept)
    return times(scale, less(kept, doubted(table.amounts[tier], 3.0 * book.doubt * table.spreads[tier])))


cdef inline bint is_within(const Table* table, int tier, Bounded size) noexcept nogil:
    """Whether a size is above the floor of a tier, the errors not looked at."""
    cdef double past = (size.high - table.floors[tier]) + size.low
    return past > 0.0 or (past == 0.0 and not table.inclusive_caps)


cdef inline int tier_of(const Table* table, Bounded size) noexcept nogil:
    cdef int tier = 0, above
    for above in range(1, table.count):
        tier += is_within(table, above, size)
    return tier


cdef inline bint is_near(const Book* book, const Table* table, int tier, Bounded size, bint direct) noexcept nogil:
    """Whether the true size may lie on the other side of a floor. Two given numbers are compared as they are."""
    cdef double floor = table.floors[tier], apart
    if direct:
        return False
    apart = fabs((size.high - floor) + size.low) * (1.0 - 4.0 * HALF_ULP)
    return apart <= (size.error + book.doubt * floor) * UP and (size.error + book.doubt * floor) > 0.0


cdef inline Bounded kept_for(
    const Book* book, const Table* table, Bounded size, bint direct, Bounded value, Bounded scale
) noexcept nogil:
    """Where the tier is in doubt, the difference to the other one is a part of the error."""
    cdef int tier = tier_of(table, size), other
    cdef Bounded kept = kept_in(book, table, tier, value, scale), apart
    for other in range(tier - 1, tier + 2):
        # The floor between both tiers is that of the upper one.
        if 0 <= other < table.count and other != tier:
            if is_near(book, table, max(tier, other), size, direct):
                apart = less(kept_in(book, table, other, value, scale), kept)
                kept = doubted(kept, fabs(apart.high) + bound_of(apart))
    return kept


cdef inline Bounded size_of(const Book* book, const Line* line, int place, Bounded v) noexcept nogil:
    """What the tier is looked up by."""
    cdef const Instrument* instrument = &book.instruments[line.instrument]
    if instrument.basis == CONTRACTS:
        return line.maintained[place].size
    if instrument.basis == COIN:
        return line.maintained[place].volume
    if instrument.basis == ENTRY_NOTIONAL:
        return line.maintained[place].worth
    return times(line.maintained[place].volume, v)


cdef inline Bounded maintenance_of(
    const Book* book, const Scene* scene, const Line* line, Bounded v, int* above
) noexcept nogil:
    cdef const Instrument* instrument = &book.instruments[line.instrument]
    cdef const Table* table = &book.tables[instrument.table]
    cdef const Maintained* kept
    cdef Bounded total = exactly(0.0), at_mark, value, size, fee = given(instrument.fee, book.doubt)
    cdef bint direct
    cdef int place
    for place in range(line.count):
        kept = &line.maintained[place]
        at_mark = times(kept.volume, v)
        value = kept.worth if instrument.at_entry else at_mark
        size = size_of(book, line, place, v)
        if size.high - size.error - 2.0 * book.doubt * table.cap > table.cap:
            above[0] = line.instrument
        direct = instrument.basis == CONTRACTS and size.error == 0.0
        total = plus(total, kept_for(book, table, size, direct, value, exactly(scene.rate_scale)))
        if instrument.fee != 0.0:
            total = plus(total, times(fee, value))
        total = plus(total, kept.fixed)
    return total


cdef inline double rate_in(double rate, double scale) noexcept nogil:
    """The share that counts when haircuts are multiplied."""
    cdef double share
    if scale == 1.0:
        return rate
    share = 1.0 - scale * (1.0 - rate)
    return share if share > 0.0 else 0.0


cdef inline Bounded share_of(const Book* book, double rate, double scale) noexcept nogil:
    """As rate_in, with its error; a haircut or debt that is multiplied by 0 is none."""
    cdef Bounded share
    if scale == 1.0:
        return given(rate, book.doubt if rate != 1.0 else 0.0)
    share = less(exactly(1.0), times(exactly(scale), less(exactly(1.0), given(rate, book.doubt))))
    return share if share.high > 0.0 else doubted(exactly(0.0), share.error)


cdef inline Bounded counted(const Book* book, const Haircut* haircut, Bounded held, double scale) noexcept nogil:
    """What counts of an amount or value above 0, tier by tier."""
    cdef Bounded total = exactly(0.0), part, floor, top
    cdef int tier
    if haircut == NULL:
        return held
    for tier in range(haircut.count):
        floor = given(haircut.floors[tier], book.doubt)
        if is_below(held, exactly(floor.high)):
            # A floor that is a bit lower than the double would let this much count.
            return doubted(total, floor.error)
        part = less(held, floor)
        if tier + 1 < haircut.count:
            top = given(haircut.floors[tier + 1], book.doubt)
            if is_below(top, held):
                part = less(top, floor)
        total = plus(total, times(share_of(book, haircut.rates[tier], scale), part))
    return total


cdef inline Bounded credit_of(
    const Book* book, const Scene* scene, const Collateral* collateral, Bounded held, Bounded index
) noexcept nogil:
    """What a balance counts for in the unit's numeraire: continuous in the balance, so an error stays what it is."""
    cdef const Haircut* haircut = NULL
    cdef Bounded counted_by = held, middle, found
    if collateral.haircut >= 0:
        haircut = &book.haircuts[collateral.haircut]
        if not haircut.by_amount:
            counted_by = times(held, index)
    middle = counted_by
    middle.error = 0.0
    if held.high < 0.0:
        found = times(middle, share_of(book, collateral.liability, scene.haircut_scale))
    else:
        found = counted(book, haircut, middle, scene.haircut_scale)
    found = doubted(found, counted_by.error * max(1.0, rate_in(collateral.liability, scene.haircut_scale)))
    if haircut != NULL and not haircut.by_amount:
        return found
    return times(found, index)


cdef inline Sums value_account(const Book* book, const Scene* scene, int number, Bounded* held) noexcept nogil:
    """`held` has room for the account's collaterals."""
    cdef const Account* account = &book.accounts[number]
    cdef const Instrument* instrument
    cdef const Line* line
    cdef Sums found
    cdef Bounded v, gain, index
    cdef int place, above = -1
    found.equity = found.maintenance = exactly(0.0)
    for place in range(account.collateral_count):
        held[place] = given(account.collaterals[place].balance, book.doubt)
    for place in range(account.line_count):
        line = &account.lines[place]
        if line.legs[0].size == 0.0 and line.legs[1].size == 0.0:
            continue
        instrument = &book.instruments[line.instrument]
        v = mark_of(book, scene, line.instrument)
        if instrument.inverse:
            v = over(exactly(1.0), v)
        gain = plus(times(line.slope, v), line.offset)
        index = index_of(book, scene, instrument.settle)
        found.maintenance = plus(found.maintenance, times(index, maintenance_of(book, scene, line, v, &above)))
        if line.collateral >= 0:
            held[line.collateral] = plus(held[line.collateral], gain)
        else:
            found.equity = plus(found.equity, times(index, gain))
    for place in range(account.collateral_count):
        index = index_of(book, scene, account.collaterals[place].coin)
        found.equity = plus(found.equity, credit_of(book, scene, &account.collaterals[place], held[place], index))
    found.above = above
    return found
