"""What a MarginBook holds: tier tables, haircuts, instruments, and accounts with their lines and collaterals."""
from libc.stdint cimport int32_t, int64_t

from letrade.hotpath.margin.bounded cimport Bounded

cdef enum Basis:  # what a tier is looked up by
    MARK_NOTIONAL = 0
    ENTRY_NOTIONAL = 1
    CONTRACTS = 2
    COIN = 3


cdef enum Legs:  # which legs of a hedge are maintained
    EACH = 0
    LARGER = 1
    NET = 2


cdef struct Table:
    int32_t count
    bint flat
    bint inclusive_caps  # a size equal to a floor is of the tier below it
    bint jumps  # maintenance is not continuous in the value that the tier is looked up by
    double cap  # of the last tier
    double* floors
    double* rates
    Bounded* amounts  # 0 in a flat table
    double* spreads  # of the doubts of amounts: Σ floor × (rate + rate below)


cdef struct Haircut:
    int32_t count
    bint by_amount
    double* floors
    double* rates  # the share that counts; 0 beyond a cap


cdef struct Instrument:
    bint known, inverse, at_entry  # at_entry: maintenance on the value at entry
    int32_t table, settle, base  # base: the coin that is its underlying, -1 where it does not move with the mark
    Basis basis
    Legs legs
    double multiplier, fee


cdef struct Leg:  # one position
    double size, entry, fixed  # fixed: further maintenance, whatever the mark
    int64_t handle
    Bounded volume  # size × multiplier
    Bounded worth  # value at entry


cdef struct Maintained:  # what a margin is kept for: a leg, or what is left of two
    Bounded size  # as the tiers by contracts see it
    Bounded volume, worth, fixed


cdef struct Line:  # the legs of one instrument in one account; unrealised = slope × v + offset, v = mark or 1 / mark
    int32_t instrument
    int32_t collateral  # of its settle coin, where unrealised adds to it before the haircut; or -1
    Leg legs[2]  # long, short
    Bounded slope, offset
    double slopes, offsets  # sums of what they are made of, all of it positive
    int32_t count
    Maintained maintained[2]


cdef struct Collateral:
    int32_t coin, haircut  # haircut -1: all of it counts
    double balance, liability  # liability: how much a debt counts for
    bint joins  # unrealised adds to the balance before the haircut


cdef struct Account:
    int32_t line_count, line_room, collateral_count, collateral_room
    Line* lines
    Collateral* collaterals


cdef struct Place:  # of one position
    int32_t account, line, leg


cdef struct Scene:  # where the marks are: an array of them, and how far those of one ray have moved from it.
    const double* marks
    const double* indexes
    double haircut_scale, rate_scale
    int32_t instrument  # that moves; -1: all of them; -2: none
    int32_t coin  # that moves; -1: all that are not fixed; -2: none
    Bounded times


cdef enum Moves:
    ALL = -1
    NONE = -2


cdef struct Sums:
    Bounded equity, maintenance
    int32_t above  # an instrument whose size is above its last tier, or -1


cdef struct Book:  # all that the nogil parts read.
    double doubt  # of each number that was given: 0, or half an ulp
    int32_t instrument_count, coin_count, table_count, haircut_count, account_count
    int32_t table_room, haircut_room, account_room, position_room
    int64_t position_count
    Instrument* instruments
    bint* moving  # by coin: it moves in a common move
    double* marks
    double* indexes
    Table* tables
    Haircut* haircuts
    Account* accounts
    Place* places
