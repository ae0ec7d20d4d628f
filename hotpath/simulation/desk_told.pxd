"""What the desk asks of the exchange, and what its rooms tell each other and the strategies."""
from libc.stdint cimport int64_t

cdef enum RequestKind:
    SUBMIT_REQUEST = 1
    CANCEL_REQUEST = 2
    AMEND_REQUEST = 3
    QUERY_REQUEST = 4  # what has become of an order: answered by its state, SAID_RESTS or SAID_ENDED, like any request


cdef struct Request:
    int64_t kind
    int64_t time  # ns: when it left the desk
    int64_t instrument
    int64_t order  # number
    int64_t price, size  # of an amend, in units; the size with what is filled


cdef enum ToldKind:
    TOLD_UPDATE = 1  # an OrderUpdate: the order as execution has it now
    TOLD_FILL = 2
    TOLD_REFUSED = 3  # an OrderRefused
    TOLD_CASH = 4  # a CashEntry of funding: its place in `cash_entries`


cdef struct Told:  # what capital, risk or execution told; strategies hear it, in this order, at `heard`
    int64_t kind
    int64_t stage  # of its teller: 4 capital, 5 risk, 6 execution
    int64_t time  # when it was told
    int64_t heard  # the start of the next window
    int64_t strategy, instrument, signal, leg  # of the order id
    int64_t order  # number; 0: a refusal of what never became an order
    int64_t state  # of an update: OrderState
    int64_t size, filled  # of an update, in units
    int64_t price  # of an update, in units; 0: a market order
    int64_t reason  # of an update: UpdateReason
    int64_t newer  # of an update BY_SIGNAL: the signal that wants the order gone
    int64_t fill  # of a fill: its place in `fills`
    int64_t rule, what  # of a refusal: Rule and Refused
