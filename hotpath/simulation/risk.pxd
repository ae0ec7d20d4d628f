"""Risk in the compiled desk: the rules that an opening request must pass, and what is reserved for approved ones."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk_orders cimport OrderRecord, View
from letrade.hotpath.simulation.desk_terms cimport Limits
from letrade.hotpath.simulation.desk_told cimport Told
from letrade.hotpath.simulation.execution cimport Execution


cdef struct Exposure:  # of an account in an instrument: net position, what working orders may still buy and sell
    int64_t net, buys, sells


cdef struct Times:  # of approved openings of an account, the last second's
    int64_t* times
    Py_ssize_t first, count, room


cdef class Risk(Execution):
    """Judges in exact whole numbers where a limit is a size, else in doubles where they are sure, else in fractions."""

    cdef Exposure* exposures  # account × instruments + instrument
    cdef int64_t* first_resting  # by instrument: the list of resting orders, all accounts
    cdef int64_t* last_resting
    cdef Times* opened
    cdef int64_t opened_count
    cdef bint watches  # some account has a limit of losses

    cdef int judge_order(self, int64_t number, int64_t time) except -1
    cdef int judge_amend(self, int64_t number, int64_t price, int64_t size, int64_t time) except -1
    cdef int64_t rule_against(
        self, const OrderRecord* order, const Exposure* exposure, int64_t size, int64_t opening, int64_t price,
        int64_t time,
    ) except -1
    cdef bint outside_band(self, const OrderRecord* order, double price, double reference) except -1
    cdef int64_t least_rule(self, const OrderRecord* order, int64_t size, int64_t price) except -1
    cdef int64_t worth_rule(
        self, const OrderRecord* order, const Limits* limits, const Exposure* with_order, int64_t opening,
        double price, int64_t time,
    ) except -1
    cdef bint above(self, int64_t units, int64_t instrument, double price, double limit, name, account) except -1
    cdef bint gross_above(
        self, const OrderRecord* order, const Exposure* with_order, double price, double limit
    ) except -1
    cdef bint gross_above_exactly(self, const OrderRecord* order, const Exposure* with_order, double price) except -1
    cdef bint crosses(self, const OrderRecord* order, int64_t price) except -1
    cdef Py_ssize_t recent(self, int64_t account, int64_t time) except -1
    cdef int note_opening(self, int64_t account, int64_t time) except -1
    cdef int reserve(self, OrderRecord* order) except -1
    cdef int release(self, OrderRecord* order) except -1
    cdef int count_again(self, OrderRecord* order, int64_t before) except -1
    cdef int risk_hears(self, const Told* told) except -1
    cdef int refuse_by_risk(self, const OrderRecord* order, int64_t rule, int64_t what, int64_t time) except -1
    cdef bint equity_is_known(self, int64_t account) except -1
