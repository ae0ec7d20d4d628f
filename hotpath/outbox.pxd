"""The sending side of a NATS connection; see outbox.pyi."""
from libc.stdint cimport int64_t

# Commands from one offset to the next run's, all of which may be sent late, or none.
cdef struct Run:
    Py_ssize_t end
    int64_t messages
    bint late

cdef struct Text:
    const char* start
    Py_ssize_t length


cdef class Outbox:
    cdef char* buffer
    cdef Py_ssize_t capacity
    cdef Py_ssize_t length
    cdef Run* runs
    cdef int run_count
    cdef int run_capacity
    cdef object error
    cdef object wake
    cdef public bytes inbox
    cdef public bint open
    cdef public bint awake
    cdef public Py_ssize_t unwritten
    cdef public Py_ssize_t waiting_max
    cdef public Py_ssize_t payload_max
    cdef readonly int64_t sent
    cdef readonly int64_t sent_bytes
    cdef readonly int64_t dropped

    cdef int write_publish(self, str subject, bytes payload, Text answer, int64_t token, headers, bint late_ok) except -1
    cdef bytes block(self, headers)
    cdef Text subject(self, str subject, bint literal) except *
    cdef int make_room(self, Py_ssize_t room, str what, bint late_ok) except -1
    cdef int put(self, const char* data, Py_ssize_t length) noexcept
    cdef int put_number(self, Py_ssize_t number) noexcept
    cdef int finish(self, bint late, int64_t messages) except -1
    cdef int grow(self, Py_ssize_t room) except -1
