"""Execution in the compiled desk: what goes to the exchange, and what its answers make of orders."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk_orders cimport OrderRecord
from letrade.hotpath.simulation.orders cimport Said
from letrade.hotpath.simulation.patience cimport Patience


cdef struct Approval:
    int64_t order
    int64_t amends
    int64_t price, size
    int64_t opens  # of an amend: whether it opens more


cdef struct Withdrawal:  # an order that is to be cancelled
    int64_t order
    int64_t reason, newer  # as of Told


cdef class Execution(Patience):
    """Cancels of capital go before approvals of risk, as at one time a lower stage is heard first."""

    cdef Withdrawal* cancels
    cdef Py_ssize_t cancels_count
    cdef Py_ssize_t cancels_room
    cdef Approval* approvals
    cdef Py_ssize_t approvals_count
    cdef Py_ssize_t approvals_room
    cdef readonly bint stopping  # the desk stops: nothing opens any more
    cdef readonly bint drained  # since then there was a moment with nothing on its way
    cdef bint joins  # the end in hand is one answer with the amend that was told of just before
    cdef int64_t live  # while the desk stops: orders that may still trade

    cdef int ask_cancel(self, int64_t number, int64_t reason, int64_t newer) except -1
    cdef int approve(self, int64_t number, bint amends, int64_t price, int64_t size, bint opens) except -1
    cdef int execute(self, int64_t time) except -1
    cdef int cancel_order(self, OrderRecord* order, int64_t time, int64_t reason, int64_t newer) except -1
    cdef int take_order(self, OrderRecord* order, int64_t time) except -1
    cdef int take_amend(self, const Approval* approval, int64_t time) except -1
    cdef int answer(self, OrderRecord* order, const Said* said, int64_t fee, int64_t time) except -1
    cdef int overdue(self, int64_t time) except -1  # asks for the orders of which no answer came in time
    cdef int stands(self, OrderRecord* order, const Said* said, int64_t time) except -1
    cdef bint is_early(self, OrderRecord* order, const Said* said) noexcept
    cdef int ask(self, OrderRecord* order, int64_t time) except -1
    cdef int64_t settle_size(self, OrderRecord* order, const Said* said) except -1
    cdef int go_on_after(self, OrderRecord* order, int64_t verb, int64_t time) except -1
    cdef int traded(self, OrderRecord* order, const Said* said, int64_t fee, int64_t time) except -1
    cdef int ended(self, OrderRecord* order, const Said* said, int64_t time) except -1
    cdef int move(self, OrderRecord* order, int64_t state, int64_t time, int64_t reason) except -1
