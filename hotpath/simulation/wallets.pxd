"""What each account has and holds at the exchange, what its orders set aside, and what a trade moves."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk_terms cimport Terms
from letrade.hotpath.simulation.money cimport int128
from letrade.hotpath.simulation.order_table cimport OrderTable
from letrade.hotpath.simulation.orders cimport Said
from letrade.hotpath.simulation.positions cimport Netting
from letrade.hotpath.simulation.volume cimport Volume


cdef struct Cleared:  # an order that the exchange has taken
    int64_t number, account, instrument, side, price, left, filled, rests
    int64_t working, accepted, reduce_only, post_only
    int64_t asked  # the price of the last amend
    int64_t kept  # what was left at its end
    int64_t awaits  # its trigger: until then it only protects, and counts in no line
    int64_t group  # one cancels the other; 0: none
    int128 locked  # of the quote currency for a spot buyer, of the base for a seller; at the scale of wallets


cdef struct Line:  # of an account in an instrument
    Netting held
    int64_t buys, sells  # what working orders may still trade, in units
    int64_t reducing_buys, reducing_sells  # those of it that only reduce
    int64_t gain, moved, worth  # bounds, in parts (bounds.pxd): LineSums says of what
    int64_t unsure, touched  # nothing is known of it; it may have changed since its bounds were counted


cdef struct LineSums:  # of an account's lines that are settled in one currency
    int128 gain  # of positions, at least
    int128 moved  # amounts that it is made of, without their signs, at most
    int128 worth  # of all that is held, were all that works to trade, at most
    int64_t unsure  # how many lines nothing is known of


cdef struct ValueBand:  # of the price that positions are valued at
    double low, high
    int64_t last_low, last_high  # the same for last prices, in units


cdef class Wallets:
    cdef readonly Terms terms
    cdef readonly list markets
    cdef double* marks  # by instrument; 0: none
    cdef int128* wallets  # account × currencies + currency
    cdef int128* locked
    cdef Line* lines  # account × instruments + instrument
    cdef LineSums* sums  # account × currencies + currency
    cdef ValueBand* bands  # by instrument
    cdef int64_t* touched  # lines of which bounds are to be counted again
    cdef Py_ssize_t touched_count
    cdef Volume volume
    cdef Cleared** pages  # of orders by number; NULL: of none that the exchange is asked about
    cdef int64_t* fat  # the pages that are not NULL
    cdef Py_ssize_t pages_room, fat_count

    cdef inline void touch(self, int64_t place) noexcept:
        if not self.lines[place].touched:
            self.lines[place].touched = 1
            self.touched[self.touched_count] = place
            self.touched_count += 1

    cdef inline void hear_last(self, int64_t instrument, int64_t price) noexcept:
        if not self.bands[instrument].last_low <= price <= self.bands[instrument].last_high:
            self.leave_band(instrument)

    cdef void leave_band(self, int64_t instrument) noexcept
    cdef int hear_mark(self, int64_t instrument, double price) except -1
    cdef int64_t fund(self, int64_t account, int64_t instrument, double rate) except? -1
    # ^ pays funding; what the account gets of the settlement currency, in units of 1e-8
    cdef bint holds(self, int64_t account, int64_t instrument) noexcept
    cdef double value_price(self, int64_t instrument) except? -1.0
    cdef Cleared* cleared(self, int64_t number) except NULL
    cdef int add_page(self, int64_t page) except -1
    cdef int forget(self, OrderTable table) except -1  # orders that the desk keeps as rows alone
    cdef int128 cost(self, int64_t instrument, int128 worth) except? -1
    cdef int lock(self, Cleared* one, int64_t owner, int128 amount) except -1
    cdef int count_left(self, Cleared* one, int64_t left) except -1
    cdef int64_t rate_of(self, const Cleared* one, const Said* said) except? -1
    cdef int64_t settle_trade(self, Cleared* one, const Said* said) except? -1
    cdef int count_triggered(self, Cleared* one) except -1
    cdef int let_go(self, Cleared* one) except -1
    cdef int lock_rest(self, Cleared* one) except -1
    cdef bint is_covered(self, const Cleared* one, int64_t left) except -1
