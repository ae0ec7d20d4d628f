"""The C side of the index of cross accounts, for other compiled modules."""
from libc.stdint cimport int32_t, int64_t, uint64_t

from letrade.hotpath.liquidation.account_rows cimport AccountRows
from letrade.hotpath.liquidation.cross_account cimport Account
from letrade.hotpath.liquidation.cross_market cimport Market
from letrade.hotpath.liquidation.edge_tree cimport EdgeTree
from letrade.hotpath.liquidation.place_set cimport PlaceSet
from letrade.hotpath.liquidation.unit_pool cimport UnitPool


cdef class CrossIndex:
    cdef Market* markets  # by instrument
    cdef double* values  # by instrument
    cdef readonly int64_t instruments
    cdef readonly int64_t bands_per_tick
    cdef UnitPool pool
    cdef Account* accounts  # by place
    cdef int64_t room
    cdef PlaceSet loose  # armed accounts that no band guards: computed anew at each tick
    cdef int64_t band_from  # the place from which on accounts are given bands next
    cdef Py_buffer crossed  # the array that the last tick was to write into
    cdef object crossed_array

    # The handles that the value fires, and of those before that were not told yet; how many were written.
    cdef int64_t tick_into(self, int64_t instrument, double value, int64_t* handles, int64_t room) noexcept nogil
    cdef double slack_at(self, int32_t place) noexcept nogil

    cdef int32_t known(self, int64_t handle) except -1
    cdef int reserve(self, int64_t extra) noexcept nogil
    cdef int reserve_legs(self, const AccountRows* rows) noexcept nogil
    cdef int fill_account(self, Account* account, const AccountRows* rows, int64_t row, int64_t leg) noexcept nogil
    cdef int fill_accounts(self, Account* fresh, const AccountRows* rows) except -1
    cdef void take_over(self, int32_t place, Account* fresh) noexcept nogil
    cdef void let_go(self, int32_t place) noexcept nogil
    cdef void loosen(self, EdgeTree* tree, Market* market, double value) noexcept nogil
    cdef bint give_bands(self, Account* account, double slack) noexcept nogil
    cdef int64_t look_at_loose(self, int64_t* handles, int64_t told, int64_t room) noexcept nogil
    cdef int write_into(self, object crossed) except -1
    cdef int check_instrument(self, int64_t instrument) except -1
    cdef uint64_t hash_all(self) noexcept nogil
