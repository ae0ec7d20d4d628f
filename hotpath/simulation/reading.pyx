# cython: boundscheck=False, wraparound=False
"""What a compiled desk has done, as Python reads it: its orders, its fills, and the order in which both came."""
import array

from libc.stdint cimport int8_t, int32_t, int64_t

from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.desk_orders cimport FillRow, OrderRow

ORDER_COLUMNS = (
    "number", "strategy", "account", "instrument", "signal", "leg", "side", "limit", "post_only", "reduce_only",
    "opening", "first_price", "first_size", "asked_size", "price", "filled", "state", "decided", "sent", "ended",
    "replaced", "protects",
)
FILL_COLUMNS = ("order", "time", "venue_time", "price", "size", "fee", "maker")
cdef dict CODES = {  # of columns that are not of 64 bits
    **dict.fromkeys(("strategy", "account", "instrument", "leg", "replaced"), "i"),
    **dict.fromkeys(("side", "limit", "post_only", "reduce_only", "opening", "state", "protects"), "b"),
}  # fmt: skip


cdef int check_place(int64_t place, int64_t first, int64_t last, str what) except -1:
    if not first <= place <= last:
        raise IndexError(f"expected a number from {first} to {last} of {what}, found {place}")
    return 0


def order_of(Desk desk not None, int64_t number):
    cdef OrderRow order
    check_place(number, 1, desk.orders_count, "orders")
    order = desk.order_row(number)
    return (
        number, order.strategy, order.account, order.instrument, order.signal, order.leg, order.side, order.limit,
        order.post_only, order.reduce_only, order.opening, order.first_price, order.first_size, order.asked_size,
        order.price, order.filled, order.state, order.decided, order.sent, order.ended, order.replaced, order.protects,
    )  # fmt: skip


def fill_of(Desk desk not None, int64_t place):
    cdef FillRow fill
    check_place(place, 0, desk.fills_count - 1, "fills")
    fill = desk.fill_row(place)
    return (fill.order, fill.time, fill.venue_time, fill.price, fill.size, fill.fee, fill.maker)


cdef object zeros(str code, Py_ssize_t count):
    """A column."""
    return array.array(code, bytes(array.array(code).itemsize * count))


def orders_of(Desk desk not None):
    cdef Py_ssize_t place, count = desk.orders_count
    cdef OrderRow row
    cdef dict found = {name: zeros(CODES.get(name, "q"), count) for name in ORDER_COLUMNS}
    cdef int64_t[::1] number = found["number"], signal = found["signal"], first_price = found["first_price"]
    cdef int64_t[::1] first_size = found["first_size"], asked_size = found["asked_size"], price = found["price"]
    cdef int64_t[::1] filled = found["filled"], decided = found["decided"], sent = found["sent"], ended = found["ended"]
    cdef int32_t[::1] strategy = found["strategy"], account = found["account"], instrument = found["instrument"]
    cdef int32_t[::1] leg = found["leg"], replaced = found["replaced"]
    cdef int8_t[::1] side = found["side"], limit = found["limit"], post_only = found["post_only"]
    cdef int8_t[::1] reduce_only = found["reduce_only"], opening = found["opening"], state = found["state"]
    cdef int8_t[::1] protects = found["protects"]
    for place in range(count):
        row = desk.order_row(place + 1)
        number[place], signal[place], leg[place] = place + 1, row.signal, row.leg
        strategy[place], account[place], instrument[place] = row.strategy, row.account, row.instrument
        side[place], limit[place], post_only[place] = row.side, row.limit, row.post_only
        reduce_only[place], opening[place], state[place] = row.reduce_only, row.opening, row.state
        first_price[place], first_size[place] = row.first_price, row.first_size
        asked_size[place], price[place], filled[place] = row.asked_size, row.price, row.filled
        decided[place], sent[place], ended[place] = row.decided, row.sent, row.ended
        replaced[place], protects[place] = row.replaced, row.protects
    return found


def fills_of(Desk desk not None):
    cdef Py_ssize_t place, count = desk.fills_count
    cdef FillRow row
    cdef dict found = {name: zeros("b" if name == "maker" else "q", count) for name in FILL_COLUMNS}
    cdef int64_t[::1] order = found["order"], time = found["time"], venue_time = found["venue_time"]
    cdef int64_t[::1] price = found["price"], size = found["size"], fee = found["fee"]
    cdef int8_t[::1] maker = found["maker"]
    for place in range(count):
        row = desk.fill_row(place)
        order[place], time[place], venue_time[place] = row.order, row.time, row.venue_time
        price[place], size[place], fee[place], maker[place] = row.price, row.size, row.fee, row.maker
    return found


def middles_of(Desk desk not None):
    cdef Py_ssize_t place
    column = zeros("d", desk.orders_count)
    cdef double[::1] view = column
    for place in range(desk.orders_count):
        view[place] = desk.order_row(place + 1).mid
    return column


def realised_of(Desk desk not None):
    cdef Py_ssize_t place
    column = zeros("d", desk.fills_count)
    cdef double[::1] view = column
    for place in range(desk.fills_count):
        view[place] = desk.fill_row(place).own_realised
    return column


def rates_of(Desk desk not None):
    cdef Py_ssize_t place
    column = zeros("d", desk.fills_count)
    cdef double[::1] view = column
    for place in range(desk.fills_count):
        view[place] = desk.fill_row(place).rate
    return column


def course_of(Desk desk not None):
    cdef Py_ssize_t place
    return array.array("q", [desk.course[place] for place in range(desk.course_count)])


def refusals_of(Desk desk not None):
    cdef int rule
    return {rule: desk.refusals[rule] for rule in range(32) if desk.refusals[rule]}


def prices_of(Desk desk not None):
    cdef int64_t place
    return [desk.prices[place] for place in range(desk.terms.instruments_count)]
