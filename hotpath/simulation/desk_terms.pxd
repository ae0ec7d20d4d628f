"""A desk's terms as C structs, read once from the NamedTuples of terms.py."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.money cimport int128


cdef struct Instrument:
    int64_t spot, venue, base, quote, settle
    int64_t price_decimals, size_decimals, tick_units, lot_units
    int64_t position_decimals  # of a new position's prices
    int64_t lot_decimals
    int64_t lot_power  # units of size in one of the position's
    int64_t multiplier, multiplier_decimals
    double price_power, size_power, times  # 10**price_decimals, 10**size_decimals, the multiplier
    double opening, holding  # cash for each unit of notional that is opened, that is held
    double size_min, notional_min


cdef struct Venue:
    int64_t maker_fee, taker_fee, fee_decimals
    int64_t fee_max  # of all tiers; at least 0
    int64_t first_tier, tiers  # where those that have traded more stand
    double leverage_max


cdef struct Tier:  # of a venue, for each currency that volumes are counted in
    int64_t maker_fee, taker_fee


cdef struct Limits:  # of one account in one instrument; below 0: none
    int64_t order_size  # units, rounded down
    int64_t stale_after
    double order_notional, position_notional, gross_exposure, price_band, orders_per_second


cdef struct Strategy:
    int64_t account
    int64_t allotted  # ALLOTTED_…
    double allowance, sizing


cdef enum:
    ROOMS_MAX = 64


cdef enum Allotted:
    ALLOTTED_NOTHING = 0
    ALLOTTED_AMOUNT = 1
    ALLOTTED_FRACTION = 2


cdef class Terms:
    """All structs by place; the arrays live as long as this object."""

    cdef readonly object source
    cdef readonly int64_t instruments_count, accounts_count, strategies_count, currencies_count, venues_count
    cdef readonly int64_t reporting, step
    cdef Instrument* instruments
    cdef Venue* venues
    cdef Tier* tiers
    cdef int128* tier_volumes  # tier × currencies + currency: from this volume on, at the scale of wallets
    cdef Strategy* strategies
    cdef Limits* limits  # account × instrument
    cdef int64_t* account_venues
    cdef int64_t* money_decimals  # by currency: fine enough for every amount that can come
    cdef int64_t* rate_starts  # by currency, one more: where its rates stand
    cdef int64_t* rate_instruments
    cdef int64_t* rate_inverse
    cdef object slip_top, slip_bottom  # the same as whole numbers
    cdef double slip_units, slip_power  # 1 + the slippage as a quotient
    cdef bint one_order  # a position turns in one order
    cdef int64_t patience, patience_max  # ns: how long an answer is awaited, at first and at most
    cdef void* rooms[ROOMS_MAX]
    cdef Py_ssize_t rooms_count

    cdef int read_venues(self) except -1
    cdef int read_tiers(self) except -1
    cdef int read_instruments(self) except -1
    cdef int read_costs(self, Instrument* one, each) except -1
    cdef int read_strategies(self) except -1
    cdef int read_limits(self) except -1
    cdef int read_rates(self) except -1
    cdef void* room(self, Py_ssize_t count, Py_ssize_t size) except NULL
    cdef int64_t fee(self, int64_t instrument, int64_t price, int64_t size, int64_t rate) except? -1
    cdef int128 settled(self, int64_t instrument, int128 realised, int64_t price_decimals) except? -1
