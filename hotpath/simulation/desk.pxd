"""The desk between strategies and exchange in numbers alone: what capital, risk, execution and ledger actors do."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.orders cimport Said, SimulatedOrder

cdef enum RequestKind:
    SUBMIT_REQUEST = 1
    CANCEL_REQUEST = 2
    AMEND_REQUEST = 3


cdef struct Request:
    int64_t kind
    int64_t time  # ns: when it left the desk
    int64_t instrument
    int64_t order  # number
    int64_t price, size  # of an amend, in units


cdef class Desk:
    """Knows what the desk has heard by now. Raises Doubtful where only the actors can tell what they would do."""

    cdef Request* requests  # the engine reads requests[:requests_count] after each call, and sets the count to 0
    cdef Py_ssize_t requests_count
    cdef Py_ssize_t requests_room

    cdef int hear_price(self, int64_t instrument, int64_t time, double price) except -1  # what price boards see
    cdef int want_position(
        self, int64_t strategy, int64_t instrument, int64_t time, double position, bint sized, double limit, bint post_only
    ) except -1  # a Target; limit 0: at the market
    cdef int want_quotes(
        self, int64_t strategy, int64_t instrument, int64_t time, Py_ssize_t count, const int64_t* sides,
        const double* prices, const double* sizes, bint post_only,
    ) except -1  # Quotes
    cdef int want_protection(
        self, int64_t strategy, int64_t instrument, int64_t time, double stop, double take_profit, double size
    ) except -1  # Protect; 0: none
    cdef int hear_execution(self, int64_t instrument, const Said* said, int64_t fee, int64_t time) except -1
    # ^ an answer of the exchange reaches the desk; `fee` of SAID_TRADED is what Clearing found
    cdef int hear_feedback(self, int64_t instrument, const Said* said, int64_t fee, int64_t time) except -1
    # ^ the same answer reaches capital, risk and strategies: at the next window
    cdef const SimulatedOrder* order(self, int64_t number) except NULL  # as it was approved
    cdef int64_t strategy_of(self, int64_t number) except -2


cdef class Clearing:
    """The exchange's side of money: what each account has there, what an order may cost, what a trade moves."""

    cdef int64_t judge(self, const SimulatedOrder* order, int64_t instrument, int64_t best, int64_t time) except -1
    # ^ a Reason to refuse it, or NO_REASON; `best` is the price it would trade at now, 0 when not known
    cdef int64_t reducible(self, const SimulatedOrder* order, int64_t instrument) except -1  # of a reduce-only order, in units
    cdef int64_t book(self, int64_t order, int64_t instrument, const Said* said) except? -(2**62)
    # ^ moves money and position at once; the fee in units of 1e-8 of the fee's currency, positive is paid
