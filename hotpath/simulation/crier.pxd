"""The C side of the crier, for the engine."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.desk_told cimport Told

cdef struct FillPlaces:  # where the fields lie
    Py_ssize_t time, sequence, order_id, client_order_id, trade_id, side, price, size, fee, maker, venue_time
    Py_ssize_t fill_number


cdef struct UpdatePlaces:
    Py_ssize_t time, sequence, order_id, client_order_id, venue_order_id, state, side, size, filled, price
    Py_ssize_t reduce_only, reason


cdef class Crier:
    cdef Desk desk
    cdef public int64_t sequence  # of messages of the desk so far
    cdef object make_fill, make_update
    cdef dict fills, updates  # copiers of messages by key
    cdef list copy_fees, names, scales, states
    cdef dict reasons
    cdef FillPlaces of_fill
    cdef UpdatePlaces of_update
    cdef Py_ssize_t fee_units
    cdef char* text  # the desk's uid and a zero, then room for an order id and a digest
    cdef Py_ssize_t start
    cdef int64_t known_order
    cdef object known_id, known_client_id

    cdef object fill(self, const Told* told)
    cdef object update(self, const Told* told)
    cdef int name(self, const Told* told) except -1
    cdef object because(self, const Told* told)
    cdef int64_t key(self, int64_t strategy, int64_t instrument) noexcept
    cdef object first_fill(self, int64_t strategy, int64_t instrument)
    cdef object first_update(self, int64_t strategy, int64_t instrument)
    cdef void complete(self, Told* told) noexcept
