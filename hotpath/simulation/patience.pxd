"""When execution asks by itself: for an order of which no answer comes, and now and then for whole accounts."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.books cimport Books
from letrade.hotpath.simulation.desk_orders cimport OrderRecord


cdef struct Wait:
    int64_t due
    int64_t order  # in vain while it is still what the order waits for


cdef struct Comparison:  # of an account with what its exchange says of it
    int64_t due  # 0: none is
    int64_t doublings
    int64_t works  # orders that may still trade
    int64_t instrument  # one of its exchange; -1: there is none


cdef class Patience(Books):
    """Waits in the order of their ends, those that were answered are taken away when they come to the front."""

    cdef Comparison* comparisons  # by account
    cdef int64_t next_comparison

    cdef Wait* waits  # [waits_first:waits_end]
    cdef Py_ssize_t waits_first, waits_end, waits_room

    cdef int await_answer(self, OrderRecord* order, int64_t time) except -1
    cdef int make_room(self) except -1
    cdef void answered(self, OrderRecord* order) noexcept
    cdef int ask_account(self, int64_t account, int64_t time) except -1
    cdef int compare_soon(self, int64_t account, int64_t time) except -1  # if it is not due already
    cdef int compare_again(self, int64_t account, int64_t time) except -1  # later than the last time
    cdef int compare_due(self, int64_t time) except -1
    cdef int compared(self, int64_t account) except -1  # the exchange's answer came
    cdef int64_t await_comparison(self) noexcept
    cdef int64_t next_overdue(self) noexcept  # INT64_MAX: nothing is awaited
    cdef int64_t take_overdue(self) noexcept  # the number of the order that has waited longest
