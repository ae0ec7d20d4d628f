# cython: boundscheck=False, wraparound=False
"""What a compiled desk has done, as Python reads it: its orders, its fills, and the order in which both came."""
import array

from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.desk_orders cimport FillRecord, OrderRecord

ORDER_COLUMNS = (
    "number", "strategy", "account", "instrument", "signal", "leg", "side", "limit", "post_only", "reduce_only",
    "opening", "first_price", "first_size", "size", "price", "filled", "state", "decided", "sent", "ended",
)
FILL_COLUMNS = ("order", "time", "venue_time", "price", "size", "fee", "maker")


cdef tuple order_row(const OrderRecord* order):
    return (
        order.number, order.strategy, order.account, order.instrument, order.signal, order.leg, order.side, order.limit,
        order.post_only, order.reduce_only, order.opening, order.first_price, order.first_size, order.size, order.price,
        order.filled, order.state, order.decided, order.sent, order.ended,
    )  # fmt: skip


cdef tuple fill_row(const FillRecord* fill):
    return (fill.order, fill.time, fill.venue_time, fill.price, fill.size, fill.fee, fill.maker)


cdef int check_place(int64_t place, int64_t first, int64_t last, str what) except -1:
    if not first <= place <= last:
        raise IndexError(f"expected a number from {first} to {last} of {what}, found {place}")
    return 0


def order_of(Desk desk not None, int64_t number):
    check_place(number, 1, desk.orders_count, "orders")
    return order_row(&desk.orders[number])


def fill_of(Desk desk not None, int64_t place):
    check_place(place, 0, desk.fills_count - 1, "fills")
    return fill_row(&desk.fills[place])


cdef object column_of(const char* first, Py_ssize_t step, Py_ssize_t count):
    """An int64 field of so many structs, each a step after the one before."""
    cdef Py_ssize_t place
    cdef int64_t[::1] view
    column = array.array("q", bytes(8 * count))
    view = column
    for place in range(count):
        view[place] = (<const int64_t*>(first + place * step))[0]
    return column


def orders_of(Desk desk not None):
    cdef int64_t count = desk.orders_count
    cdef OrderRecord* first = &desk.orders[1] if count else NULL
    cdef int64_t** fields = [
        &first.number, &first.strategy, &first.account, &first.instrument, &first.signal, &first.leg, &first.side,
        &first.limit, &first.post_only, &first.reduce_only, &first.opening, &first.first_price, &first.first_size,
        &first.size, &first.price, &first.filled, &first.state, &first.decided, &first.sent, &first.ended,
    ]  # fmt: skip
    return {
        name: column_of(<const char*>fields[place], sizeof(OrderRecord), count)
        for place, name in enumerate(ORDER_COLUMNS)
    }


def fills_of(Desk desk not None):
    cdef int64_t count = desk.fills_count
    cdef FillRecord* first = desk.fills if count else NULL
    cdef int64_t** fields = [
        &first.order, &first.time, &first.venue_time, &first.price, &first.size, &first.fee, &first.maker
    ]  # fmt: skip
    return {
        name: column_of(<const char*>fields[place], sizeof(FillRecord), count)
        for place, name in enumerate(FILL_COLUMNS)
    }


def middles_of(Desk desk not None):
    cdef int64_t number
    return array.array("d", [desk.orders[number].mid for number in range(1, desk.orders_count + 1)])


def realised_of(Desk desk not None):
    cdef int64_t place
    return array.array("d", [desk.fills[place].own_realised for place in range(desk.fills_count)])


def course_of(Desk desk not None):
    cdef Py_ssize_t place
    return array.array("q", [desk.course[place] for place in range(desk.course_count)])


def refusals_of(Desk desk not None):
    cdef int rule
    return {rule: desk.refusals[rule] for rule in range(32) if desk.refusals[rule]}


def prices_of(Desk desk not None):
    cdef int64_t place
    return [desk.prices[place] for place in range(desk.terms.instruments_count)]
