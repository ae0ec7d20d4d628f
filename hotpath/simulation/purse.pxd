"""Capital's money in the compiled desk: who may spend how much, in doubles where they are sure."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk_orders cimport CashRecord, FillRecord, OrderRecord
from letrade.hotpath.simulation.money cimport int128
from letrade.hotpath.simulation.positions cimport Netting
from letrade.hotpath.simulation.risk cimport Risk


cdef struct Costly:  # what an order may still trade, and the worst price to expect
    double basis, size


cdef struct Key:  # one strategy in one instrument, as capital knows it
    int64_t share
    int64_t first, last  # its working orders, in the order in which they were proposed
    int64_t strategy, instrument
    bint active  # it has, or had, something


cdef class Purse(Risk):
    """Wallets, positions and shares as the fills that capital has heard leave them."""

    cdef int128* cash  # account × currencies + currency
    cdef Netting* positions  # account × instruments + instrument
    cdef Key* keys  # strategy × instruments + instrument
    cdef int64_t* active  # those that have, or had, something, ascending
    cdef Py_ssize_t active_count
    cdef Costly* buys
    cdef Costly* sells
    cdef Py_ssize_t sides_room

    cdef void activate(self, int64_t key) noexcept
    cdef int link(self, OrderRecord* order) except -1
    cdef int unlink(self, OrderRecord* order) except -1
    cdef int purse_hears(self, const OrderRecord* order, const FillRecord* fill) except -1
    cdef int purse_hears_cash(self, const CashRecord* cash) except -1
    cdef double basis(self, int64_t instrument, int64_t side, double price) except? -1.0
    cdef double slipped(self, int64_t instrument) except? -1.0
    cdef double beyond(self, int64_t key, int64_t without, const Costly* added, int64_t added_side) except? -1.0
    cdef double margin(self, int64_t key) noexcept
    cdef int grow_sides(self) except -1
    cdef double gross_value(self, int64_t account) except? -1.0
    cdef double equity(self, int64_t account) except? -1.0
    cdef double allowed(self, int64_t strategy, double* tolerance) except? -1.0
    cdef bint lacks(self, OrderRecord* order, int64_t size, double basis, int64_t without) except -1
    cdef int overdrawn(self, int64_t strategy, int64_t key, double own) except -2  # 1, 0, or -1: not sure
    cdef bint lacks_exactly(self, OrderRecord* order, int64_t size, double basis, int64_t without) except -1
    cdef int64_t sized_exactly(self, int64_t strategy, int64_t instrument, double wish) except? -1
    cdef int64_t sized(self, int64_t strategy, int64_t instrument, double wish, bint* known) except? -1
