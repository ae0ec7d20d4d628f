"""Protections in the compiled desk: which orders stand for a stop and a take-profit, and when they come anew."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk_orders cimport OrderRecord
from letrade.hotpath.simulation.exact_purse cimport ExactPurse


cdef struct Protection:  # the newest Protect of a key
    int64_t signal, legs  # signal 0: there is none
    int64_t stop, take_profit, size, trail  # units; 0: none
    int64_t source  # a TriggerSource
    int64_t side, placed  # of its orders
    int64_t orders[2]  # those that stand for it, oldest first; 0: none


cdef class Protections(ExactPurse):
    """A pair of which one order shrinks as the other trades; cancels of replaced ones go before those that follow."""

    cdef Protection* protections  # by key
    cdef int64_t protected  # how many keys are

    cdef int replace_protection(
        self, int64_t key, int64_t signal, int64_t stop, int64_t take_profit, int64_t size, int64_t trail,
        int64_t source,
    ) except -1
    cdef int protect(self, int64_t key, int64_t wanted, int64_t time) except -1  # as the share is held now
    cdef int lift(self, int64_t key, int64_t reason) except -1  # so that what it holds back can be sold
    cdef int withdraw(self, Protection* one, int64_t reason, int64_t newer) except -1
    cdef int place(self, int64_t key, int64_t kind, int64_t trigger, int64_t trail, int64_t time) except -1
    cdef bint end_protection(self, OrderRecord* order) except -1  # whether it stood for the newest
    cdef int refuse_protection(self, int64_t key, int64_t signal, int64_t rule, int64_t time) except -1
    cdef int refuse_borrowed(self, int64_t key, int64_t signal, int64_t time) except -1
