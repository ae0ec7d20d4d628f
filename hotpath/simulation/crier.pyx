# cython: boundscheck=False, wraparound=False
"""What the desk tells of its orders, as the messages that strategies hear."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t
from libc.string cimport memcpy, memset

from letrade.hotpath.fields cimport NO_FIELD, offset_of, set_field
from letrade.hotpath.sha256 cimport sha256_hex
from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.desk_orders cimport BY_SIGNAL, ORDER_PENDING, ORDER_SENT, FillRecord, OrderRecord
from letrade.hotpath.simulation.desk_told cimport Told
from letrade.hotpath.simulation.text cimport NUMBER_ROOM, put_number, put_text

FILL_FIELDS = (
    "time", "sequence", "order_id", "client_order_id", "trade_id", "side", "price", "size", "fee", "maker",
    "venue_time", "fill_number",
)
UPDATE_FIELDS = (
    "time", "sequence", "order_id", "client_order_id", "venue_order_id", "state", "side", "size", "filled", "price",
    "reduce_only", "reason",
)

cdef enum:
    CLIENT_ID = 32  # digits of a client order id (core/ids.py)
    DIGEST = 64


cdef inline void put(object message, Py_ssize_t offset, object value) noexcept:
    set_field(<PyObject*>message, offset, <PyObject*>value)


cdef object shown(int64_t number):
    cdef char[NUMBER_ROOM] text
    return PyUnicode_DecodeUTF8(text, put_number(text, number) - text, NULL)


cdef int find(object kind, tuple names, Py_ssize_t* offsets) except -1:
    for place, name in enumerate(names):
        offsets[<Py_ssize_t>place] = offset_of(kind, name)
        if offsets[<Py_ssize_t>place] == NO_FIELD:
            raise TypeError(f"expected a message with a slot {name}, found a {kind.__name__}")
    return 0


cdef class Crier:
    """Makes fills and updates of orders by copying one of the same strategy and instrument, and writing what differs.

    `make_fill` and `make_update` make such a message for (strategy, instrument); `fees` are fees of nothing by
    instrument, `names` those of strategies, `scales` units to the whole of prices and sizes by instrument, `states`
    words by state and `reasons` by reason of an update.
    """

    def __init__(self, Desk desk not None, str uid not None, make_fill, make_update, fees, names, scales, states,
                 reasons):
        cdef bytes prefix = uid.encode() + b"\0"
        self.desk, self.make_fill, self.make_update = desk, make_fill, make_update
        self.fills, self.updates, self.reasons, self.states = {}, {}, dict(reasons), list(states)
        self.copy_fees = [each.__copy__ for each in fees]
        self.names, self.scales = [name.encode() for name in names], [(each[0], each[1]) for each in scales]
        if fees:
            find(type(fees[0]), ("units",), &self.fee_units)
        self.start = PyBytes_GET_SIZE(prefix)
        PyMem_Free(self.text)
        self.text = <char*>PyMem_Malloc(self.start + max(map(len, self.names), default=0) + 2 * NUMBER_ROOM + DIGEST)
        if self.text == NULL:
            raise MemoryError("no memory for the names of orders")
        memcpy(self.text, PyBytes_AS_STRING(prefix), self.start)

    def __dealloc__(self):
        PyMem_Free(self.text)

    def told_fill(self, time, place):
        cdef Told told
        if not 0 <= place < self.desk.fills_count:
            raise IndexError(f"no fill {place}")
        memset(&told, 0, sizeof(told))
        told.time, told.fill, told.order = time, place, self.desk.fill_at(place).order
        self.complete(&told)
        return self.fill(&told)

    def told_update(self, time, order, reason):
        cdef Told told
        if not 1 <= order <= self.desk.orders_count:
            raise IndexError(f"no order {order}")
        memset(&told, 0, sizeof(told))
        told.time, told.order, told.reason = time, order, reason
        self.complete(&told)
        return self.update(&told)

    cdef void complete(self, Told* told) noexcept:
        cdef const OrderRecord* order = self.desk.record(told.order)
        told.strategy, told.instrument, told.signal, told.leg = (
            order.strategy, order.instrument, order.signal, order.leg
        )
        told.state, told.size, told.filled, told.price = order.state, order.size, order.filled, order.price

    cdef object fill(self, const Told* told):
        """A part of an order was traded."""
        cdef const FillRecord* fill = self.desk.fill_at(told.fill)
        cdef const FillPlaces* at = &self.of_fill
        cdef double price_one, size_one
        copy = self.fills.get(self.key(told.strategy, told.instrument))
        if copy is None:
            copy = self.first_fill(told.strategy, told.instrument)
        message = copy()
        self.name(told)
        self.sequence += 1
        price_one, size_one = <tuple>self.scales[told.instrument]
        fee = self.copy_fees[told.instrument]()
        put(fee, self.fee_units, fill.fee)
        put(message, at.time, told.time)
        put(message, at.sequence, self.sequence)
        put(message, at.order_id, self.known_id)
        put(message, at.client_order_id, self.known_client_id)
        put(message, at.trade_id, shown(told.fill + 1))
        put(message, at.side, self.desk.record(fill.order).side)
        put(message, at.price, fill.price / price_one)
        put(message, at.size, fill.size / size_one)
        put(message, at.fee, fee)
        put(message, at.maker, fill.maker != 0)
        put(message, at.venue_time, fill.venue_time)
        put(message, at.fill_number, told.fill + 1)
        return message

    cdef object update(self, const Told* told):
        """The state of an order."""
        cdef const OrderRecord* order = self.desk.record(told.order)
        cdef const UpdatePlaces* at = &self.of_update
        cdef double price_one, size_one
        copy = self.updates.get(self.key(told.strategy, told.instrument))
        if copy is None:
            copy = self.first_update(told.strategy, told.instrument)
        message = copy()
        self.name(told)
        self.sequence += 1
        price_one, size_one = <tuple>self.scales[told.instrument]
        put(message, at.time, told.time)
        put(message, at.sequence, self.sequence)
        put(message, at.order_id, self.known_id)
        put(message, at.client_order_id, self.known_client_id)
        put(message, at.venue_order_id, "" if told.state in (ORDER_PENDING, ORDER_SENT) else shown(told.order))
        put(message, at.state, self.states[told.state])
        put(message, at.side, order.side)
        put(message, at.size, told.size / size_one)
        put(message, at.filled, told.filled / size_one)
        put(message, at.price, told.price / price_one if told.price else None)
        put(message, at.reduce_only, order.reduce_only != 0)
        put(message, at.reason, self.because(told))
        return message

    cdef int64_t key(self, int64_t strategy, int64_t instrument) noexcept:
        return strategy * self.desk.terms.instruments_count + instrument

    cdef object first_fill(self, int64_t strategy, int64_t instrument):
        blank = self.make_fill(strategy, instrument)
        find(type(blank), FILL_FIELDS, <Py_ssize_t*>&self.of_fill)
        self.fills[self.key(strategy, instrument)] = blank.__copy__
        return blank.__copy__

    cdef object first_update(self, int64_t strategy, int64_t instrument):
        blank = self.make_update(strategy, instrument)
        find(type(blank), UPDATE_FIELDS, <Py_ssize_t*>&self.of_update)
        self.updates[self.key(strategy, instrument)] = blank.__copy__
        return blank.__copy__

    cdef int name(self, const Told* told) except -1:
        """The order's two ids, as core/ids.py makes them; an order is told of several times in a row."""
        cdef bytes name
        cdef char* first = self.text + self.start
        cdef char* end
        if told.order == self.known_order:
            return 0
        name = <bytes>self.names[told.strategy]
        end = put_text(put_text(first, PyBytes_AS_STRING(name), PyBytes_GET_SIZE(name)), b".", 1)
        end = put_number(put_text(put_number(end, told.signal), b".", 1), told.leg)
        self.known_id = PyUnicode_DecodeUTF8(first, end - first, NULL)
        sha256_hex(self.text, end - self.text, end)
        self.known_client_id = PyUnicode_DecodeUTF8(end, CLIENT_ID, NULL)
        self.known_order = told.order
        return 0

    cdef object because(self, const Told* told):
        found = self.reasons.get(told.reason)
        if found is not None:
            return found
        return f"signal {told.newer}" if told.reason == BY_SIGNAL else ""
