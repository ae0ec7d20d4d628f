"""The C side of the exchange, for the engine."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.clearing cimport Clearing
from letrade.hotpath.simulation.curve cimport Curve
from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.desk_told cimport Request
from letrade.hotpath.simulation.events cimport Event
from letrade.hotpath.simulation.market cimport Market
from letrade.hotpath.simulation.orders cimport Said, SimulatedOrder
from letrade.hotpath.simulation.parcels cimport Parcel, Parcels
from letrade.hotpath.simulation.watch cimport Watch


cdef struct Funding:  # of an instrument: what is told for its next funding time
    int64_t due  # 0: nothing
    int64_t paid  # the last time that was paid
    int64_t marked  # when the last mark price came
    double rate


cdef struct Before:  # of an instrument: its best prices before what came at a time; 0: not known
    int64_t time, bid, ask


cdef class Exchange:
    cdef Desk desk
    cdef Clearing clearing
    cdef Watch watch
    cdef list markets
    cdef list latencies  # by instrument
    cdef double* price_one
    cdef int64_t* funded  # whether funding is paid
    cdef int64_t* late  # whether its data come to us later than to the exchange
    cdef Funding* funding
    cdef int64_t next_funding
    cdef int64_t* unopened  # by instrument: a market of more than trades has heard nothing of its own kind
    cdef int64_t* kinds  # by instrument: a bit for each kind of events that tells its best or last price
    cdef Before* before
    cdef Curve curve
    cdef Py_ssize_t instruments
    cdef int64_t step
    cdef Parcels errands
    cdef Parcels answers
    cdef int64_t next_expiry  # INT64_MAX: none
    cdef readonly object trade_places  # of each fill of the desk: its place in the watch
    cdef int64_t recycle_at  # so many orders: those that are over are kept as rows then

    cdef int hear(self, const Event* event, int64_t time) except -1
    cdef int note(self, int64_t* column, instruments, int64_t value) except -1
    cdef int hear_funding(self, const Event* event, int64_t time) except -1
    cdef int fund(self, int64_t time) except -1
    cdef int act(self, int64_t time, bint all_due) except -1  # requests that are due; not those that enter only now
    cdef int expire(self, int64_t time) except -1
    cdef int deliver(self, int64_t time) except -1  # answers that are due, to the desk
    cdef int64_t next_time(self) noexcept  # INT64_MAX: nothing is under way
    cdef int doubt_mark(self, int64_t due) except -1
    cdef int doubt_fundings(self, int64_t due, int64_t told) except -1
    cdef void note_before(self, Market market, int64_t instrument, int64_t time) noexcept
    cdef int take_requests(self) except -1  # of the desk, on their way
    cdef int recycle(self) except -1
    cdef double middle(self, int64_t instrument) except? -1
    cdef double book_middle(self, int64_t instrument) except? -1
    cdef int meet(self, const Request* request, int64_t time) except -1
    cdef int submit(self, Market market, SimulatedOrder* order, int64_t instrument, int64_t time) except -1
    cdef int amend(self, Market market, const Request* request, int64_t time) except -1
    cdef int place_waiting(self, Market market, int64_t instrument, int64_t time) except -1
    cdef int book(self, Market market, int64_t instrument, int64_t time, int64_t incoming=*, int64_t verb=*) except -1
    cdef int show(self, Market market, Said* said) except -1
    cdef int say(self, int64_t instrument, int64_t time, const Said* said, int64_t fee, int64_t trade) except -1
    cdef int say_refused(
        self, int64_t instrument, int64_t time, int64_t order, int64_t reason, int64_t verb, int64_t size=*
    ) except -1
