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


def orders_of(Desk desk not None):
    cdef int64_t number, count = desk.orders_count
    columns = [array.array("q", bytes(8 * count)) for _ in ORDER_COLUMNS]
    for number in range(1, count + 1):
        for column, value in zip(columns, order_row(&desk.orders[number])):
            column[number - 1] = value
    return dict(zip(ORDER_COLUMNS, columns))


def fills_of(Desk desk not None):
    cdef int64_t place, count = desk.fills_count
    columns = [array.array("q", bytes(8 * count)) for _ in FILL_COLUMNS]
    for place in range(count):
        for column, value in zip(columns, fill_row(&desk.fills[place])):
            column[place] = value
    return dict(zip(FILL_COLUMNS, columns))


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
