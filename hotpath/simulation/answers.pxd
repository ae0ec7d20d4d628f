"""What a market said of one request or event, put as the exchange answers: trades first, then a word on each order."""
from letrade.hotpath.simulation.orders cimport Said


cdef void arrange(Said* said, Py_ssize_t* count) noexcept
