"""The C side of calm stretches, for the engine."""
from cpython.object cimport PyObject
from libc.stdint cimport int8_t, int64_t

from letrade.hotpath.simulation.columns cimport Window
from letrade.hotpath.simulation.exchange cimport Exchange
from letrade.hotpath.simulation.levels cimport LevelsMarket
from letrade.hotpath.simulation.tape cimport Head, Tape


cdef struct Middle:  # what price boards see of a book: its best prices, and when they were told
    int64_t time  # below 0: nothing that is not known already
    int64_t bid
    int64_t ask


cdef struct Stretch:  # of one instrument
    PyObject* market  # the exchange's; NULL: its events always take the long way
    bint levels_are_calm  # levels only move places in queues
    bint trades_are_calm  # trades only fill makers at their price
    int64_t due  # when a middle after one of our trades is to be written down
    int64_t levels_time  # of the last levels
    int64_t bid, ask  # as they left the book; 0: none
    Middle middle
    Middle before  # the last of an earlier time
    int64_t turn  # the run that it last had a part in


cdef class Calm:
    cdef Tape tape
    cdef Exchange exchange
    cdef const int8_t* quoted  # by instrument: quotes tell its best prices
    cdef Stretch* stretches  # by instrument
    cdef int8_t* lanes  # by source of the tape: whether its events may pass here
    cdef int64_t* touched  # the instruments of this run
    cdef Py_ssize_t touched_count
    cdef int64_t turn
    cdef int64_t until  # at or before the last time that passed: something follows at that time
    cdef int64_t steps  # how many times passed in the last run
    cdef int64_t last  # the last of them
    cdef int64_t began  # the first of them
    cdef int64_t open_time  # the same, where there may be more of it; else -1

    cdef bint may_be_calm(self, const Head* head) except -1
    cdef int close_lane(self, Py_ssize_t reel) except -1
    cdef int64_t run(self, int64_t until, int64_t events) except -1  # how many events passed
    cdef bint has_levels_of(self, int64_t instrument, int64_t time) noexcept
    cdef int follow_head(self, Head* head, int64_t time, int64_t end) except -1
    cdef Py_ssize_t follow_levels(self, Head* head, Window window, Stretch* one, int64_t time, int64_t end) except -1
    cdef Py_ssize_t follow_trades(self, Head* head, Window window, Stretch* one, int64_t time, int64_t end) except -1
    cdef int resolve(self, int64_t instrument, int64_t time, Stretch* one) except -1
    cdef int go_long_way(self, Head* head, Window window, Py_ssize_t place, Stretch* one) except -1
    cdef int look_again(self, int64_t instrument) except -1
    cdef int note_middle(self, int64_t instrument, int64_t time, LevelsMarket market, Stretch* one) except -1
    cdef double take_middle(self, int64_t instrument, int64_t time) noexcept
    cdef void tell_middles(self) noexcept


cdef int doubt_crossed(Exchange exchange, int64_t instrument, int64_t time, int64_t bid, int64_t ask) except -1
