# cython: auto_pickle=False, boundscheck=False, wraparound=False
"""Events as the messages that actors hear: one message of each source is written over while nobody has kept it."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from letrade.hotpath.fields cimport NO_FIELD, offset_of, set_field
from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.simulation.events cimport (
    BAR_EVENT, BAR_OPEN_EVENT, FUNDING_EVENT, INDEX_EVENT, LEVELS_EVENT, MARK_EVENT, QUOTE_EVENT, SNAPSHOT_EVENT,
    TRADE_EVENT, Event,
)

FIELDS = {
    QUOTE_EVENT: ("bid", "bid_size", "ask", "ask_size"),
    TRADE_EVENT: ("price", "size", "side", "trade_id"),
    LEVELS_EVENT: ("first_update", "last_update", "previous_update", "bids", "asks"),
    SNAPSHOT_EVENT: ("last_update", "bids", "asks"),
    BAR_EVENT: ("open", "high", "low", "close", "volume", "start"),
    MARK_EVENT: ("price",),
    INDEX_EVENT: ("price",),
    FUNDING_EVENT: ("rate", "funding_time"),
}

cdef extern from "Python.h":
    Py_ssize_t Py_REFCNT(PyObject* item) noexcept


cdef inline int put_double(object message, Py_ssize_t offset, double value) except -1:
    cdef object number = value
    set_field(<PyObject*>message, offset, <PyObject*>number)
    return 0


cdef inline int put_integer(object message, Py_ssize_t offset, int64_t value) except -1:
    cdef object number = value
    set_field(<PyObject*>message, offset, <PyObject*>number)
    return 0


cdef inline int64_t told(const int64_t* update) noexcept:
    return update[0] if update != NULL else 0


cdef class Teller:
    """Writes events of one kind from one source into a message like `blank`, whose other fields are right already.

    `blank` is an instance of the message type with slots for its fields; decimals are those of the columns.
    """

    def __init__(self, kind, blank, price_decimals=0, size_decimals=0):
        self.kind, self.kept, self.copier = kind, blank.__copy__(), blank.__copy__
        self.price_one, self.size_one = 10.0**price_decimals, 10.0**size_decimals
        found = type(blank)
        self.time, self.sequence = offset_of(found, "time"), offset_of(found, "sequence")
        self.venue_time = offset_of(found, "venue_time")
        if kind == BAR_EVENT:
            self.venue_time = offset_of(found, "end")
        for place, name in enumerate(FIELDS[kind]):
            self.fields[place] = offset_of(found, name)
            if self.fields[place] == NO_FIELD:
                raise TypeError(f"expected a message with a slot {name}, found a {found.__name__}")

    cdef object fresh(self):
        """A message that nobody else holds."""
        self.kept = self.copier()
        return self.kept

    cdef object tell(self, const Event* event):
        """The event's message; it is written over at the next call, unless somebody keeps it."""
        cdef object message = self.kept if Py_REFCNT(<PyObject*>self.kept) == 1 else self.fresh()
        cdef Py_ssize_t* fields = self.fields
        cdef double price_one = self.price_one, size_one = self.size_one
        put_integer(message, self.time, event.time)
        put_integer(message, self.sequence, event.sequence)
        if self.kind == QUOTE_EVENT:
            put_double(message, fields[0], event.row.quote.bid / price_one)
            put_double(message, fields[1], event.row.quote.bid_size / size_one)
            put_double(message, fields[2], event.row.quote.ask / price_one)
            put_double(message, fields[3], event.row.quote.ask_size / size_one)
        elif self.kind == TRADE_EVENT:
            put_double(message, fields[0], event.row.trade.price / price_one)
            put_double(message, fields[1], event.row.trade.size / size_one)
            put_integer(message, fields[2], event.row.trade.side)
            name = str(event.row.trade.trade_id) if event.row.trade.trade_id else ""
            set_field(<PyObject*>message, fields[3], <PyObject*>name)
        elif self.kind == LEVELS_EVENT or self.kind == SNAPSHOT_EVENT:
            self.fill_levels(event)
        elif self.kind == BAR_EVENT:
            put_double(message, fields[0], event.row.bar.open / price_one)
            put_double(message, fields[1], event.row.bar.high / price_one)
            put_double(message, fields[2], event.row.bar.low / price_one)
            put_double(message, fields[3], event.row.bar.close / price_one)
            put_double(message, fields[4], event.row.bar.volume / size_one)
            put_integer(message, fields[5], event.row.bar.start)
            put_integer(message, self.venue_time, event.time)
            return message
        else:
            put_double(message, fields[0], event.row.funding.rate)
            if self.kind == FUNDING_EVENT:
                put_integer(message, fields[1], event.row.funding.due)
                return message
        put_integer(message, self.venue_time, event.venue_time_told)
        return message

    cdef int fill_levels(self, const Event* event) except -1:
        cdef object message = self.kept
        cdef Py_ssize_t* fields = self.fields
        cdef bytes bids = self.packed(event, BUY), asks = self.packed(event, SELL)
        cdef Py_ssize_t place = 0
        if self.kind == LEVELS_EVENT:
            put_integer(message, fields[0], told(event.row.levels.first_update))
            put_integer(message, fields[1], told(event.row.levels.last_update))
            put_integer(message, fields[2], told(event.row.levels.previous_update))
            place = 3
        else:
            put_integer(message, fields[0], told(event.row.levels.last_update))
            place = 1
        set_field(<PyObject*>message, fields[place], <PyObject*>bids)
        set_field(<PyObject*>message, fields[place + 1], <PyObject*>asks)
        return 0

    cdef bytes packed(self, const Event* event, int64_t side):
        """(price, size) pairs of one side as doubles."""
        cdef Py_ssize_t place, count = 0
        cdef bytes found
        cdef double* pairs
        for place in range(event.row.levels.count):
            count += event.row.levels.sides[place] == side
        found = PyBytes_FromStringAndSize(NULL, count * 2 * sizeof(double))
        pairs = <double*>PyBytes_AS_STRING(found)
        for place in range(event.row.levels.count):
            if event.row.levels.sides[place] == side:
                pairs[0] = event.row.levels.prices[place] / self.price_one
                pairs[1] = event.row.levels.sizes[place] / self.size_one
                pairs += 2
        return found
