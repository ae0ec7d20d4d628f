"""What an account at the exchange has to spare at the least: most orders are far from what leverage allows."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.wallets cimport Line, Wallets


cdef class Leverage(Wallets):
    """Sums of bounds in whole numbers, kept as lines change; they hold while prices stay in their bands."""

    cdef public bint compares  # every short way is compared with the long one: for tests
    cdef readonly int64_t spared  # how many orders needed no sum over all lines

    cdef int open_band(self, int64_t instrument) except -1
    cdef int refresh(self, int64_t place) except -1
    cdef double worth_at(self, int64_t instrument, double price, const Line* line, int64_t buys, int64_t sells) noexcept
    cdef bint is_ample(self, int64_t account, int64_t instrument, int64_t buys, int64_t sells) except -1
    # ^ whether contracts are worth far less than leverage allows, had an account so many more orders at work
    cdef int compare(self, int64_t account, int64_t currency, double equity) except -1
