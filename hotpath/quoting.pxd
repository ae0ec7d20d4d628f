"""The C side of quotes that are made by copying."""


cdef class Quoter:
    cdef object copier
    cdef object order  # the type of one
    cdef object slow
    cdef Py_ssize_t strategy  # from here on: the offset of the field
    cdef Py_ssize_t account
    cdef Py_ssize_t instrument
    cdef Py_ssize_t signal
    cdef Py_ssize_t orders
    cdef Py_ssize_t post_only
    cdef Py_ssize_t side
    cdef Py_ssize_t price
    cdef Py_ssize_t size

    cdef bint is_plain(self, object orders) except -1
