"""The exchange's side of money: which orders it takes, and what their trades and ends move."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.leverage cimport Leverage
from letrade.hotpath.simulation.orders cimport Said, SimulatedOrder
from letrade.hotpath.simulation.wallets cimport Cleared, Line


cdef class Clearing(Leverage):
    """A submit: judge(), Market.submit(), and book() for each Said, also for those that are no trades. An amend:
    judge_amend(), Market.amend(), book(). A refusal of either is told to book() too, as SAID_REFUSED.

    The market is previewed before judge(), so that their offers tell what the order would get at once.
    """

    cdef int64_t judge(self, const SimulatedOrder* order, int64_t instrument, int64_t best, int64_t time) except -1
    # ^ a Reason to refuse it, or NO_REASON; `best` is the price it would trade at now, 0 when not known
    cdef int64_t judge_amend(
        self, int64_t number, int64_t instrument, int64_t price, int64_t size, int64_t best, int64_t time
    ) except -1
    cdef int64_t fitted(self, int64_t number, int64_t size) except -1  # of an amend: what only reduces shrinks first
    cdef int64_t reducible(self, const SimulatedOrder* order, int64_t instrument) except -1
    # ^ how much of a reduce-only order may stand, in units
    cdef int64_t book(self, int64_t order, int64_t instrument, const Said* said) except? -1
    # ^ moves money and position at once; the fee in units of 1e-8 of the fee's currency, positive is paid
    cdef int64_t judge_known(self, Cleared* one, const SimulatedOrder* order, int64_t instrument, int64_t best) except -1
    cdef int check_alone(self, const Cleared* one) except -1
    cdef bint would_take(self, const SimulatedOrder* order, int64_t instrument) except -1
    cdef int64_t below_least(self, const SimulatedOrder* order, int64_t instrument, double price) except -1
    cdef int64_t beyond_balance(self, Cleared* one, const SimulatedOrder* order, int64_t instrument) except -1
    cdef int64_t beyond_leverage(self, Cleared* one, const SimulatedOrder* order, int64_t instrument) except -1
    cdef int64_t beyond_sum(
        self, int64_t account, const SimulatedOrder* order, int64_t instrument, int64_t more_buys, int64_t more_sells
    ) except -1
