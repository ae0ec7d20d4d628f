"""The exchange's side of money: what each account has there, what an order may cost, what a trade moves."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk_terms cimport Instrument, Terms
from letrade.hotpath.simulation.money cimport int128
from letrade.hotpath.simulation.orders cimport Said, SimulatedOrder
from letrade.hotpath.simulation.positions cimport Netting


cdef struct Cleared:  # an order that the exchange has taken
    int64_t account, instrument, side, price, left, filled, rests
    int64_t working, accepted, reduce_only, post_only
    int64_t asked  # the price of the last amend
    int128 locked  # of the quote currency for a spot buyer, of the base for a seller; at the scale of wallets


cdef struct Line:  # of an account in an instrument
    Netting held
    int64_t buys, sells  # what working orders may still trade, in units
    int64_t reducing_buys, reducing_sells  # those of it that only reduce


cdef class Clearing:
    """A submit: judge(), Market.submit(), and book() for each Said, also for those that are no trades. An amend:
    judge_amend(), Market.amend(), book(). A refusal of either is told to book() too, as SAID_REFUSED.

    The market is previewed before judge(), so that their offers tell what the order would get at once.
    """

    cdef readonly Terms terms
    cdef readonly list markets
    cdef double* marks  # by instrument; 0: none
    cdef int128* wallets  # account × currencies + currency
    cdef int128* locked
    cdef Line* lines  # account × instruments + instrument
    cdef Cleared* orders  # by number
    cdef int64_t orders_room

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
    cdef int hear_mark(self, int64_t instrument, double price) except -1
    cdef int64_t fund(self, int64_t account, int64_t instrument, double rate) except? -1
    # ^ pays funding; what the account gets of the settlement currency, in units of 1e-8
    cdef bint holds(self, int64_t account, int64_t instrument) noexcept
    cdef double value_price(self, int64_t instrument) except? -1.0
    cdef Cleared* cleared(self, int64_t number) except NULL
    cdef int64_t judge_known(self, Cleared* one, const SimulatedOrder* order, int64_t instrument, int64_t best) except -1
    cdef bint would_take(self, const SimulatedOrder* order, int64_t instrument) except -1
    cdef int64_t below_least(self, const SimulatedOrder* order, int64_t instrument, double price) except -1
    cdef int64_t beyond_balance(self, Cleared* one, const SimulatedOrder* order, int64_t instrument) except -1
    cdef int64_t beyond_leverage(self, Cleared* one, const SimulatedOrder* order, int64_t instrument) except -1
    cdef int128 cost(self, int64_t instrument, int128 worth) except? -1
    cdef int lock(self, Cleared* one, int64_t owner, int128 amount) except -1
    cdef int count_left(self, Cleared* one, int64_t left) except -1
    cdef int64_t settle_trade(self, Cleared* one, const Said* said) except? -1
    cdef int let_go(self, Cleared* one) except -1
    cdef int lock_rest(self, Cleared* one) except -1
