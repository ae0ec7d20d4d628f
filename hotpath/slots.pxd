"""The C side of who is next: slots with their mailboxes, and a heap of them."""
from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from letrade.hotpath.mailbox cimport Entry, Mailbox
from letrade.hotpath.speaker cimport Speaker

cdef enum:
    ABSENT = -1  # not in the heap
    ASIDE = -2  # taken out of it for a while, whatever comes


cdef class MailSlot:
    cdef readonly Speaker actor
    cdef readonly str name
    cdef readonly int64_t stage
    cdef readonly int64_t rank
    cdef readonly int64_t timer_rank
    cdef readonly int64_t feedback_rank  # of feedback to it, with the sender's place in its lower bits; 0: as the sender's
    cdef readonly dict handlers
    cdef public dict timers
    cdef public int64_t sequence
    cdef public int64_t failures
    cdef public bint stopped
    cdef public Py_ssize_t index
    cdef Mailbox mailbox
    cdef Py_ssize_t stale_timers
    cdef Py_ssize_t place  # in the heap of slots; ABSENT or ASIDE when it is not there
    cdef object last_kind
    cdef object last_handler
    cdef object timer_kind  # of the timer last looked at, and where its key lies
    cdef Py_ssize_t timer_key

    cdef object key_of(self, PyObject* timer)
    cdef bint is_stale(self, Entry* entry) except -1
    cdef Entry* first(self, bint drop_stale) except? NULL
    cdef int forget_timer(self, object key) except -1
    cdef int drop_all_stale(self) except -1


cdef struct Due:
    int64_t time  # of the first in the slot's mailbox, or earlier
    Py_ssize_t index  # of the slot


cdef class Agenda:
    cdef readonly list slots
    cdef int64_t deliveries
    cdef Due* due
    cdef Py_ssize_t due_count
    cdef Py_ssize_t due_room

    cdef int put(self, MailSlot slot, Entry* entry) except -1
    cdef int list_slot(self, MailSlot slot) except -1
    cdef void place_due(self, Py_ssize_t place, Due item) noexcept
    cdef void rise(self, Py_ssize_t place) noexcept
    cdef void sink(self, Py_ssize_t place) noexcept
    cdef void unlist(self, MailSlot slot) noexcept
    cdef MailSlot next_slot(self, bint drop_stale)
