"""Reads packed (price, size) pairs of float64, as messages carry them, straight into checked rows of ticks and lots."""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from letrade.hotpath.decimals cimport quick_units
from letrade.hotpath.level_rows cimport Row, Rows, add_row, reserve_rows
from letrade.hotpath.whole cimport whole


@cython.cdivision(True)
cdef inline int stage_decimals(
    Rows* rows, int64_t side, bytes packed, object price_decimals, object size_decimals, int64_t tick, int64_t lot
) except -1:
    """Reads float64 pairs as ticks and lots; what doubles alone cannot prove exact goes the slow way, refusals too."""
    cdef Py_ssize_t length = len(packed), place
    cdef int64_t price_places = whole(price_decimals), size_places = whole(size_decimals)
    cdef const char* data = PyBytes_AS_STRING(packed)
    cdef double[2] pair
    cdef Row* row
    cdef bint plain = 0 <= price_places < 23 and 0 <= size_places < 23 and tick > 0 and lot > 0 and length % 16 == 0
    reserve_rows(rows, length // 16)
    for place in range(length // 16 if plain else 0):
        memcpy(pair, data + 16 * place, 16)
        row = &rows.rows[rows.count + place]
        row.side = side
        plain = quick_units(pair[0], <int>price_places, &row.price) and quick_units(pair[1], <int>size_places, &row.size)
        plain = plain and row.price > 0 and row.size >= 0
        if plain and (tick | lot) != 1:
            plain = row.price % tick == 0 and row.size % lot == 0
            row.price //= tick
            row.size //= lot
        if not plain:
            break
    if plain:
        rows.count += length // 16
        return 0
    from letrade.hotpath.decimals import levels_to_units

    prices, sizes = levels_to_units(packed, price_decimals, size_decimals, tick, lot)
    for price, size in zip(prices, sizes):
        add_row(rows, side, price, size)
    return 0
