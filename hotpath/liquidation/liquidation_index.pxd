"""The C side of the index of liquidation prices, for other compiled modules."""
from libc.stdint cimport int8_t, int32_t, int64_t, uint64_t

from letrade.hotpath.liquidation.edge_tree cimport EdgeTree
from letrade.hotpath.liquidation.first_units cimport FirstUnits
from letrade.hotpath.liquidation.unit_pool cimport UnitPool


cdef enum:
    HELD_MAX = 16  # moves that are put off at a time


cdef struct HeldMove:
    int32_t place  # of an armed position
    double price


cdef class LiquidationIndex:
    cdef EdgeTree[2] trees  # long, short: side * price, a leaf for each place of the pool
    cdef UnitPool pool
    cdef FirstUnits firsts
    cdef HeldMove[HELD_MAX] moves  # those put off, the oldest first
    cdef int held
    cdef Py_buffer crossed  # the array that the last mark was to write into
    cdef object crossed_array

    # The price is right already; the handle, or -1 without memory.
    cdef int64_t add_position(self, int64_t side, double price) noexcept nogil
    cdef void arm(self, int32_t place, double price) noexcept nogil
    # The handles that the mark crosses, and of those before that were not told yet; how many were written.
    cdef int64_t mark_into(self, double price, int64_t* handles, int64_t room) noexcept nogil
    cdef bint is_quiet(self, double price) noexcept nogil  # mark_into would write nothing
    cdef double price_at(self, int32_t place) noexcept nogil  # 0: it is not armed
    cdef uint64_t hash_all(self) noexcept nogil

    cdef void wake(self, int32_t place) noexcept nogil
    cdef void hold(self, int32_t place, double price) noexcept nogil
    cdef void settle(self) noexcept nogil
    cdef int32_t known(self, int64_t handle) except -1
    cdef int reserve(self, int64_t extra) noexcept nogil
    cdef int out_of_memory(self, int64_t extra) except -1
    cdef void load_rows(
        self, const int8_t* sides, const double* prices, int64_t* handles, Py_ssize_t count
    ) noexcept nogil
    cdef int64_t sweep_side(
        self, EdgeTree* tree, double value, int64_t* handles, int64_t told, int64_t room
    ) noexcept nogil
    cdef void move_rows(self, const int64_t* handles, const double* prices, Py_ssize_t count) noexcept nogil
    cdef int write_into(self, object crossed) except -1
