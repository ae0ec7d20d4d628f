"""What an actor is made of: it says messages and sets timers, which leave when its handler has returned."""
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF
from libc.stdint cimport INT64_MIN, int64_t

from letrade.hotpath.whole cimport whole


cdef class Speaker:
    """Holds what was said until it is let go, or taken back."""

    def __cinit__(self, *arguments, **named):
        self.timers = []

    def __dealloc__(self):
        self.clear_said()
        PyMem_Free(self.said)

    @classmethod
    def __class_getitem__(cls, item, /):
        return cls

    def now(self):
        return self.time

    def publish(self, message, *, at=None, str cause=None):
        cdef int64_t when = INT64_MIN if at is None else whole(at)
        cdef Said* said
        if self.said_count == self.said_room:
            self.make_room()
        said = &self.said[self.said_count]
        self.said_count += 1
        Py_INCREF(message)
        said.message, said.cause, said.at = <PyObject*>message, NULL, when
        if cause is not None:
            Py_INCREF(cause)
            said.cause = <PyObject*>cause

    def set_timer(self, at, str key not None, *, str cause=None):
        self.timers.append((key, whole(at), cause))

    def cancel_timer(self, str key not None):
        self.timers.append((key, None, None))

    @property
    def outgoing(self):
        cdef Py_ssize_t place
        cdef Said* said
        found = []
        for place in range(self.said_count):
            said = &self.said[place]
            at = None if said.at == INT64_MIN else said.at
            found.append((<object>said.message, at, None if said.cause == NULL else <object>said.cause))
        return found

    @property
    def timers_set(self):
        return list(self.timers)

    def take_back(self):
        self.clear_said()
        self.timers = []

    cdef void clear_said(self) noexcept:
        cdef Py_ssize_t place, count = self.said_count
        self.said_count = 0
        for place in range(count):
            Py_DECREF(<object>self.said[place].message)
            Py_XDECREF(self.said[place].cause)

    cdef int make_room(self) except -1:
        cdef Py_ssize_t room = max(2 * self.said_room, 4)
        cdef Said* said = <Said*>PyMem_Realloc(self.said, room * sizeof(Said))
        if said == NULL:
            raise MemoryError(f"no memory for {room} messages of one handler")
        self.said, self.said_room = said, room
        return 0

    cdef list take_timers(self):
        cdef list timers = self.timers
        self.timers = []
        return timers
