"""The desk between strategies and exchange in numbers alone: what capital, risk, execution and ledger actors do."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk_told cimport (
    AMEND_REQUEST, CANCEL_REQUEST, QUERY_REQUEST, SUBMIT_REQUEST, TOLD_CASH, TOLD_FILL, TOLD_REFUSED, TOLD_UPDATE,
    Request, Told
)
from letrade.hotpath.simulation.losses cimport LossWatch
from letrade.hotpath.simulation.orders cimport Said, SimulatedOrder


cdef class Desk(LossWatch):
    """Knows what the desk has heard by now. Raises Doubtful where only the actors can tell what they would do.

    Calls at one time come in this order: hear_price and hear_bar, hear_execution, judge_hears, want_*, settle. A time at which
    anything was wanted, or at which `feedback_at` is due, is settled once, after the strategies have heard their data
    and then all that was told to them with heard <= time (told[:told_count], order_table.pxd).
    """

    cdef SimulatedOrder asked
    cdef Told hearing

    cdef int hear_price(self, int64_t instrument, int64_t time, double price) except -1
    # ^ a trade or the middle of a quote or book; 0: a quote with an empty side, which is news and no price
    cdef int hear_mark(self, int64_t instrument, int64_t time, double price) except -1
    cdef int hear_bar(self, int64_t instrument, int64_t time, double close) except -1  # told to strategies, at its end
    cdef int want_position(
        self, int64_t strategy, int64_t instrument, int64_t signal, int64_t time, double position, bint sized,
        double limit, bint post_only,
    ) except -1  # a Target; limit 0: at the market
    cdef int want_quotes(
        self, int64_t strategy, int64_t instrument, int64_t signal, int64_t time, Py_ssize_t count,
        const int64_t* sides, const double* prices, const double* sizes, bint post_only,
    ) except -1  # Quotes
    cdef int want_protection(
        self, int64_t strategy, int64_t instrument, int64_t signal, int64_t time, double stop, double take_profit,
        double size, double trail, int64_t source,
    ) except -1  # Protect; prices of 0, sizes and sources below 0: none
    cdef int hear_execution(self, int64_t instrument, const Said* said, int64_t fee, int64_t time) except -1
    # ^ an answer of the exchange reaches the desk; `fee` of SAID_TRADED is what Clearing found
    cdef int hear_funding(
        self, int64_t account, int64_t instrument, int64_t amount, int64_t due, int64_t time
    ) except -1
    # ^ units of 1e-8 of the settlement currency reach the desk; negative is paid
    cdef int judge_hears(self, int64_t time) except -1  # risk, what is due of what was told
    cdef int settle(self, int64_t time) except -1  # capital, risk and execution do what is to be done now
    cdef int watch_fill(self, const Told* told, int64_t time) except -1
    cdef int stop(self, int64_t time, bint cancels) except -1  # the desk stops: nothing opens, working orders may go
    cdef const SimulatedOrder* order(self, int64_t number) except NULL  # as it was approved; valid until the next call
    cdef int64_t strategy_of(self, int64_t number) except -2
    cdef int64_t account_of(self, int64_t number) except -2
    cdef int64_t lots_of(self, int64_t instrument, double value) except? -1
    cdef int64_t ticks_of(self, int64_t instrument, double value) except? -1
    cdef int64_t sizes_of(self, int64_t instrument, double value) except? -1
