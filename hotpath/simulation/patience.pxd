"""How long execution waits for an answer about each order before it asks what became of it."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.books cimport Books
from letrade.hotpath.simulation.desk_orders cimport OrderRecord


cdef struct Wait:
    int64_t due
    int64_t order  # in vain while it is still what the order waits for


cdef class Patience(Books):
    """Waits in the order of their ends, those that were answered are taken away when they come to the front."""

    cdef Wait* waits  # [waits_first:waits_end]
    cdef Py_ssize_t waits_first, waits_end, waits_room

    cdef int await_answer(self, OrderRecord* order, int64_t time) except -1
    cdef int make_room(self) except -1
    cdef void answered(self, OrderRecord* order) noexcept
    cdef int64_t next_overdue(self) noexcept  # INT64_MAX: nothing is awaited
    cdef int64_t take_overdue(self) noexcept  # the number of the order that has waited longest
