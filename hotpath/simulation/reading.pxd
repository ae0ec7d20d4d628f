"""The C side of reading: columns to fill."""

cdef object zeros(str code, Py_ssize_t count)
