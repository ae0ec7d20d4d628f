"""What a market said of one request or event, put as the exchange answers: trades first, then a word on each order."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.orders cimport Said


cdef int arrange(Said* said, Py_ssize_t* count, int64_t incoming) except -1

cdef inline bint is_joined(const Said* said) noexcept nogil:
    """Whether an end is one answer with the amend that was told of just before, and the amend with the end that is told
    of next; they use `maker` for nothing else."""
    return said.maker
