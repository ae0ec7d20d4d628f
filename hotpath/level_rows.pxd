"""Rows of (side, price, size): the packed form of a message to a book, read and checked before the first is applied."""
cimport cython
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.whole cimport whole


cdef struct Row:
    int64_t side
    int64_t price
    int64_t size


cdef struct Rows:
    Row* rows
    Py_ssize_t count
    Py_ssize_t room


cdef inline int check_side(int64_t side) except -1:
    if side != BUY and side != SELL:
        raise ValueError(f"side must be BUY (1) or SELL (-1), found {side}")
    return 0


cdef inline int check_level(int64_t price, int64_t size) except -1:
    if price <= 0:
        raise ValueError(f"the price of a level must be at least 1 tick, found {price}")
    if size < 0:
        raise ValueError(f"the size of a level must be 0 lots or more, found {size} at price {price}")
    return 0


cdef inline bint is_right(int64_t side, int64_t price, int64_t size) noexcept nogil:
    """No branches, so that a whole message is checked at the speed of reading it."""
    return ((side == BUY) | (side == SELL)) & (price > 0) & (size >= 0)


@cython.overflowcheck(False)
cdef inline int reserve_rows(Rows* rows, Py_ssize_t extra) except -1:
    cdef Py_ssize_t room = rows.room
    cdef Row* larger
    if rows.count + extra <= room:
        return 0
    room = max(rows.count + extra, 2 * room, 32)
    larger = <Row*>PyMem_Realloc(rows.rows, room * sizeof(Row))
    if larger == NULL:
        raise MemoryError(f"no memory for {room} levels")
    rows.rows = larger
    rows.room = room
    return 0


cdef inline int add_row(Rows* rows, int64_t side, object price, object size) except -1:
    """Reads and checks one level."""
    cdef Row row
    row.side, row.price, row.size = side, whole(price), whole(size)
    check_level(row.price, row.size)
    reserve_rows(rows, 1)
    rows.rows[rows.count] = row
    rows.count += 1
    return 0


cdef inline void free_rows(Rows* rows) noexcept:
    PyMem_Free(rows.rows)


cdef inline Row packed_row(const char* data, Py_ssize_t place) noexcept nogil:
    """The row at this place of packed bytes, whatever their alignment."""
    cdef Row row
    memcpy(&row, data + place * <Py_ssize_t>sizeof(Row), sizeof(Row))
    return row


cdef inline bint best_first(const Rows* rows) noexcept nogil:
    """Whether each row is at a worse price than the one before."""
    cdef Py_ssize_t place
    for place in range(1, rows.count):
        if rows.rows[place].side * rows.rows[place].price >= rows.rows[place].side * rows.rows[place - 1].price:
            return False
    return True


cdef inline bint is_dumped(const Rows* rows) noexcept nogil:
    """Whether these can be the levels of one side as dump gives them."""
    cdef Py_ssize_t place
    for place in range(rows.count):
        if rows.rows[place].size == 0:
            return False
    return best_first(rows)
