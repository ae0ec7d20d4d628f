"""The receiving side of a NATS connection; see wire.pyi."""
from libc.stdint cimport int64_t

from letrade.hotpath.spans cimport Span

cdef enum Kind:
    PLAIN = 0      # handler(subject, payload, reply)
    DECODED = 1    # handler(subject, message, payload)
    CONFLATED = 2  # as DECODED, the newest of each subject at the end of a pass
    BATCH = 3      # handler(subjects, payloads) at the end of a pass
    STREAM = 4     # handler(subject, payload, reply, headers)
    REPLY = 5      # handler(token, payload, headers)
    SERVICE = 6    # as STREAM, but for what anybody publishes

cdef class Route:
    cdef readonly int64_t sid
    cdef readonly str subject
    cdef readonly str queue
    cdef public str refused
    cdef readonly int64_t received
    cdef readonly int64_t limit
    cdef int kind
    cdef bint removed
    cdef object handler
    cdef object decode
    cdef object refuse
    cdef list subjects
    cdef list payloads
    cdef dict newest


cdef class Wire:
    cdef char* buffer
    cdef Py_ssize_t capacity
    cdef Py_ssize_t begin
    cdef Py_ssize_t end
    cdef Py_ssize_t wanted
    cdef int exports
    cdef bint stopped
    cdef object listener
    cdef tuple caught
    cdef list near_routes
    cdef dict far_routes
    cdef int64_t last_sid
    cdef list waiting_routes
    cdef list known_subjects
    cdef readonly int64_t received
    cdef readonly int64_t received_bytes
    cdef readonly int64_t conflated
    cdef readonly int64_t forged

    cdef int reserve(self, Py_ssize_t room) except -1
    cdef Py_ssize_t parse_one(self) except -1
    cdef Py_ssize_t parse_message(self, const char* line, Py_ssize_t length, bint with_headers) except -1
    cdef int parse_control(self, const char* line, Py_ssize_t length) except -1
    cdef Route find(self, int64_t sid)
    cdef str subject_of(self, Route route, Span subject)
    cdef int deliver(self, Route route, Span subject, Span reply, Span headers, Span payload) except -1
    cdef int hand_over(self, Route route, Span subject, Span reply, Span headers, bytes data) except -1
    cdef int keep(self, Route route, str subject, bytes data) except -1
    cdef int hand_over_waiting(self) except -1
    cdef int hand_over_batch(self, Route route) except -1
    cdef int hand_over_newest(self, Route route) except -1
    cdef int refuse_line(self, str what, const char* line, Py_ssize_t length) except -1
