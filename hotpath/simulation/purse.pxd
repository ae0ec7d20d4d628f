"""Capital's money in the compiled desk: who may spend how much, in doubles where they are sure."""
from libc.stdint cimport int8_t, int32_t, int64_t

from letrade.hotpath.simulation.desk_orders cimport CashRecord, FillRecord, OrderRecord
from letrade.hotpath.simulation.money cimport int128
from letrade.hotpath.simulation.positions cimport Netting
from letrade.hotpath.simulation.risk cimport Risk


cdef struct Costly:  # what an order may still trade, and the worst price to expect
    double basis, size


cdef struct Key:  # one strategy in one instrument, as capital knows it
    int64_t share
    int64_t first, last  # its working orders, in the order in which they were proposed
    int64_t taken, used  # of cash and of the strategy's allocation at most, in parts (bounds.pxd)
    int32_t strategy, instrument
    int8_t active  # it has, or had, something
    int8_t touched  # it may have changed since its bounds were counted
    int8_t unsure, unsure_use  # nothing is known of what it takes, or uses


cdef class Purse(Risk):
    """Wallets, positions and shares as the fills that capital has heard leave them."""

    cdef int128* cash  # account × currencies + currency
    cdef Netting* positions  # account × instruments + instrument
    cdef Key* keys  # strategy × instruments + instrument
    cdef int64_t* active  # those that have, or had, something, ascending
    cdef Py_ssize_t active_count
    cdef public bint compares  # every short way is compared with the long one: for tests
    cdef int64_t* touched  # of which bounds are to be counted again
    cdef Py_ssize_t touched_count
    cdef int64_t* others  # by account: whether it has money that is not the reporting currency; below 0: to be counted
    cdef Costly* buys
    cdef Costly* sells
    cdef Py_ssize_t sides_room

    cdef inline void touch(self, int64_t key) noexcept:
        if not self.keys[key].touched:
            self.keys[key].touched = True
            self.touched[self.touched_count] = key
            self.touched_count += 1

    cdef void activate(self, int64_t key) noexcept
    cdef int link(self, OrderRecord* order) except -1
    cdef int unlink(self, OrderRecord* order) except -1
    cdef int purse_hears(self, const OrderRecord* order, const FillRecord* fill) except -1
    cdef int purse_hears_cash(self, const CashRecord* cash) except -1
    cdef double basis(self, int64_t instrument, int64_t side, double price) except? -1.0
    cdef double slipped(self, int64_t instrument) except? -1.0
    cdef bint holds_others(self, int64_t account) noexcept
    cdef int costs(
        self, int64_t key, int64_t without, const Costly* added, int64_t added_side, double* long_cost,
        double* short_cost,
    ) except -1
    cdef double beyond(self, int64_t key, int64_t without, const Costly* added, int64_t added_side) except? -1.0
    cdef double margin(self, int64_t key) noexcept
    cdef int grow_sides(self) except -1
    cdef double gross_value(self, int64_t account) except? -1.0
    cdef double equity(self, int64_t account) except? -1.0
    cdef double allowed(self, int64_t strategy, double* tolerance) except? -1.0
    cdef bint is_ample(self, const OrderRecord* order, double needed, double had, double wanted) except -1
    cdef int compare(self, const OrderRecord* order, double taken) except -1
    cdef double taken_of(self, int64_t account, int64_t currency) except? -1.0
    cdef bint lacks(self, OrderRecord* order, int64_t size, double basis, int64_t without) except -1
    cdef bint is_short(self, OrderRecord* order, int64_t size, double basis, int64_t without) except -1
    cdef int overdrawn(self, int64_t strategy, int64_t key, double own) except -2  # 1, 0, or -1: not sure
    cdef bint lacks_exactly(self, OrderRecord* order, int64_t size, double basis, int64_t without) except -1
    cdef int64_t sized_exactly(self, int64_t strategy, int64_t instrument, double wish) except? -1
    cdef int64_t sized(self, int64_t strategy, int64_t instrument, double wish, bint* known) except? -1
