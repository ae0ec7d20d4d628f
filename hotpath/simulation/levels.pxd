"""The C side of a market that is known by its price levels."""
from libc.stdint cimport int8_t, int64_t

from letrade.hotpath.book cimport Book
from letrade.hotpath.simulation.events cimport LevelRows
from letrade.hotpath.simulation.recorded cimport RecordedMarket


cdef struct Taken:  # what we have had of a level that still shows it
    int64_t side
    int64_t price
    int64_t shown
    int64_t size


cdef class LevelsMarket(RecordedMarket):
    cdef readonly Book book  # as it was told
    cdef Taken* taken
    cdef Py_ssize_t taken_count
    cdef Py_ssize_t taken_room
    cdef int64_t worst[2]  # side * price of the worst level that a side showed since the last snapshot
    cdef int64_t* prices  # of levels that a taker looks at
    cdef int64_t* sizes
    cdef Py_ssize_t levels_room

    # What a taker sees, and how the book learns of what it took.
    cdef int64_t top_size(self, int64_t side) noexcept
    cdef int64_t shown_at(self, int64_t side, int64_t price) noexcept
    cdef Py_ssize_t depth_into(self, int64_t side, int64_t* prices, int64_t* sizes, Py_ssize_t count) noexcept
    cdef int load(self, const LevelRows* rows) except -1
    cdef int follow_rows(self, const LevelRows* rows) except -1
    cdef int apply(self, const LevelRows* rows, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int pass_levels(
        self, const int8_t* sides, const int64_t* prices, const int64_t* sizes, Py_ssize_t count
    ) except -1  # levels that are right already, where nobody has to hear of them
    cdef bint is_ours(self, int64_t side, int64_t price) noexcept
    cdef bint may_be_ours(self, const LevelRows* rows) noexcept
    cdef int meet_book(self, int64_t side) except -1
    cdef int after_levels(self) except -1
    cdef int more_room(self) except -1
    cdef Py_ssize_t find_taken(self, int64_t side, int64_t price) noexcept  # taken_count: nothing
    cdef int64_t taken_of(self, int64_t side, int64_t price) noexcept
    cdef void retell(self, int64_t side, int64_t price, int64_t size) noexcept
