"""The C side of dispatch: what a message type looks like, and what happens to a message."""
from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from letrade.hotpath.mailbox cimport Entry
from letrade.hotpath.ranges cimport Ranges
from letrade.hotpath.slots cimport Agenda, MailSlot
from letrade.hotpath.speaker cimport Speaker


cdef class Kind:
    cdef object kind
    cdef Ranges ranges  # None: nothing to ask
    cdef Py_ssize_t time  # from here on: the offset of the field, or NO_FIELD
    cdef Py_ssize_t source
    cdef Py_ssize_t epoch
    cdef Py_ssize_t sequence
    cdef Py_ssize_t cause
    cdef Py_ssize_t instrument
    cdef Py_ssize_t strategy
    cdef Py_ssize_t key
    cdef dict routes  # (instrument, strategy) -> the slots that take it
    cdef object last_instrument
    cdef object last_strategy
    cdef tuple last_route

    cdef str id_of(self, PyObject* message)


cdef struct Held:
    Py_ssize_t index  # of the slot
    Entry entry


cdef class Dispatcher(Agenda):
    cdef public int64_t epoch
    cdef public int64_t floor
    cdef public int64_t latest
    cdef public int64_t handled
    cdef readonly list observers
    cdef int64_t posted
    cdef dict kinds
    cdef Kind last_kind
    cdef Kind timer_kind
    cdef object copy_timer
    cdef dict senders
    cdef tuple outside
    cdef object last_source
    cdef int64_t last_stage
    cdef int64_t last_rank
    cdef Py_ssize_t routes_count
    cdef list outputs
    cdef object time_object
    cdef object epoch_object
    cdef Held* held
    cdef Py_ssize_t held_count
    cdef Py_ssize_t held_room

    cdef Kind kind_of(self, PyObject* message)
    cdef tuple route(self, Kind kind, PyObject* message)
    cdef int sender(self, PyObject* source) except -1
    cdef int hold_back(self, MailSlot slot, Entry* entry) except -1
    cdef void let_held_go(self) noexcept
    cdef int drain(self, MailSlot slot, int64_t time) except -1
    cdef int handle(self, MailSlot slot, int64_t time, object message) except -1
    cdef int check_said(self, Speaker actor) except -1
    cdef int let_go(self, MailSlot slot, object cause) except -1
    cdef int set_timer(self, MailSlot slot, object key, int64_t at, object cause) except -1
    cdef int send(self, MailSlot slot, object message, int64_t time, object cause) except -1
    cdef int deliver(self, Kind kind, object message, int64_t stage, int64_t rank, int64_t time) except -1
    cdef int stamp(self, PyObject* message, Kind kind, MailSlot slot, int64_t time, object cause) except -1
