"""What capital has to spare at the least: most orders are far from any limit, and need no sum over all instruments."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.bounds cimport Band
from letrade.hotpath.simulation.desk_orders cimport OrderRecord
from letrade.hotpath.simulation.money cimport int128
from letrade.hotpath.simulation.purse cimport Purse


cdef struct Stake:  # of an account in an instrument
    int64_t gain  # at least, in parts
    int64_t moved  # amounts that it is made of, without their signs, at most
    int64_t unsure


cdef struct Total:  # of keys, or of stakes
    int128 amount  # what keys take at most, or what stakes gain at least
    int128 moved
    int64_t unsure  # how many of them nothing is known of


cdef class Headroom(Purse):
    """Sums of bounds in whole numbers, kept as shares and orders change; they hold while prices stay in their bands."""

    cdef Band* bands  # by instrument
    cdef Stake* stakes  # account × instruments + instrument
    cdef Total* equities  # by account
    cdef Total* taken  # account × currencies + currency
    cdef Total* used  # by strategy
    cdef readonly int64_t spared  # how many orders needed no sum

    cdef inline void take_price(self, int64_t instrument, double price) noexcept:
        self.prices[instrument] = price
        if not self.bands[instrument].low <= price <= self.bands[instrument].high:
            self.leave_band(instrument)

    cdef void leave_band(self, int64_t instrument) noexcept
    cdef int refresh(self, int64_t key) except -1
    cdef int refresh_key(self, int64_t key) except -1
    cdef int refresh_stake(self, int64_t account, int64_t instrument) except -1
    cdef double allowed_least(self, int64_t strategy) noexcept
