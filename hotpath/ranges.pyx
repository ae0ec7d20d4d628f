"""Whether the numbers of a message are in the ranges of their fields: floats that lie in its slots, in C."""
cimport cython
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.object cimport PyObject, Py_TYPE

from letrade.hotpath.fields cimport NO_FIELD, offset_of, set_value


@cython.final
cdef class Ranges:
    """The ranges of one message type."""

    def __init__(self, kind, limits, rest, slowly):
        cdef Py_ssize_t place
        self.kind, self.rest, self.slowly = kind, rest, slowly
        PyMem_Free(self.ranges)
        self.count = 0
        self.ranges = <Range*>PyMem_Calloc(max(len(limits), 1), sizeof(Range))
        if self.ranges == NULL:
            raise MemoryError(f"no memory for {len(limits)} ranges")
        for place, (name, low, above, high) in enumerate(limits):
            self.ranges[place] = Range(offset_of(kind, name), low, high, above)
            if self.ranges[place].offset == NO_FIELD:
                raise TypeError(f"expected a slot {name!r} in {kind.__name__}")
        self.count = len(limits)

    def __dealloc__(self):
        PyMem_Free(self.ranges)

    def hold(self, message):
        if <PyObject*>Py_TYPE(message) != <PyObject*>self.kind:
            raise TypeError(f"expected a {self.kind.__name__}, found {type(message).__name__}")
        return self.all_hold(<PyObject*>message)

    cdef bint all_hold(self, PyObject* message) except -1:
        cdef Py_ssize_t place
        cdef Range* limit
        cdef PyObject* value
        cdef double number
        for place in range(self.count):
            limit = &self.ranges[place]
            value = set_value(message, limit.offset)
            if not PyFloat_CheckExact(<object>value):
                return bool(self.slowly(<object>message))
            number = PyFloat_AS_DOUBLE(<object>value)
            # Written so that a NaN, which is in no order with anything, is outside.
            if not (number <= limit.high and (number > limit.low if limit.above else number >= limit.low)):
                return False
        return self.rest is None or bool(self.rest(<object>message))
