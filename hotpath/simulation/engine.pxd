"""The C side of the engine."""
from libc.stdint cimport int8_t, int64_t

from letrade.hotpath.simulation.calm cimport Calm
from letrade.hotpath.simulation.crier cimport Crier
from letrade.hotpath.simulation.curve cimport Curve
from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.desk_told cimport Told
from letrade.hotpath.simulation.events cimport Event
from letrade.hotpath.simulation.exchange cimport Exchange
from letrade.hotpath.simulation.tape cimport Tape
from letrade.hotpath.simulation.troupe cimport Troupe
from letrade.hotpath.simulation.watch cimport Watch


cdef class Engine:
    cdef Tape tape
    cdef Exchange exchange
    cdef Desk desk
    cdef Troupe troupe
    cdef Watch watch
    cdef Curve curve
    cdef object herald
    cdef Crier crier
    cdef object listening
    cdef dict listeners  # as they were found
    cdef dict ranks
    cdef int64_t step
    cdef readonly int64_t time
    cdef readonly int64_t steps
    cdef int64_t quiet_until  # before it data alone comes; 0: not looked up
    cdef bint levels_came  # at this time
    cdef bint listened  # somebody hears an event of this time
    cdef int8_t* hears  # by source of the tape: somebody does
    cdef dict own_books  # by instrument: what we see of a book that the exchange is ahead of
    cdef list seen_books  # by instrument: the exchange's or our own; None: nobody follows it
    cdef Calm calm  # None before the first event
    cdef bint stops  # at this time the desk is told to stop
    cdef bint stop_cancels
    cdef int8_t* quoted  # by instrument: quotes tell its best prices
    cdef Event* events
    cdef Py_ssize_t events_room

    cdef int64_t next_time(self) except -2
    cdef int pass_time(self, int64_t time) except -1
    cdef int open_calm(self) except -1
    cdef bint pass_calm(self, int64_t events) except -1
    cdef int pass_data(self, int64_t time) except -1
    cdef int follow(self, int64_t time, Py_ssize_t count) except -1
    cdef Py_ssize_t take_events(self, int64_t time) except -1
    cdef int tell_middles(self, int64_t time, Py_ssize_t count) except -1
    cdef int tell_middle(self, int64_t instrument, int64_t time, double price) except -1
    cdef int see_levels(self, const Event* event) except -1
    cdef int check_crossed(self, int64_t instrument, int64_t time) except -1
    cdef double book_middle(self, int64_t instrument) except? -1
    cdef int tell_price(self, Event* event) except -1
    cdef void see_middle(self, int64_t instrument, int64_t kind, double price) noexcept
    cdef int tell_news(self, int64_t time) except -1
    cdef int tell(self, const Told* told, int64_t time) except -1
    cdef int take_wishes(self, int64_t time) except -1
