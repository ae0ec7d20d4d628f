"""The desk's ledger: wallets, net positions and strategies' shares, exact."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk_orders cimport FillRecord, OrderRecord
from letrade.hotpath.simulation.money cimport int128
from letrade.hotpath.simulation.order_table cimport OrderTable
from letrade.hotpath.simulation.orders cimport Said
from letrade.hotpath.simulation.positions cimport Netting


cdef struct Share:  # of one strategy in one instrument, or of an account
    Netting held
    int128 realised  # without fees, at the scale of the wallets
    int128 fees  # paid, in units of 1e-8
    int128 funding  # received, in units of 1e-8
    int64_t orders, fills, entries, exits, refused
    int64_t told  # a position was told of


cdef class Books(OrderTable):
    """By account and currency, by account and instrument, and by key: strategy × instruments + instrument."""

    cdef int128* wallets
    cdef int64_t* known  # currencies that an account has, or had
    cdef Share* accounts
    cdef Share* shares

    cdef int move_money(self, int128* wallets, const OrderRecord* order, const FillRecord* fill) except -1
    cdef int64_t book_fill(self, OrderRecord* order, const Said* said, int64_t fee, int64_t time) except -1
    cdef int book_funding(self, int64_t account, int64_t instrument, int64_t amount) except -1
    cdef int fund_shares(self, int64_t account, int64_t instrument, int64_t amount) except -1
