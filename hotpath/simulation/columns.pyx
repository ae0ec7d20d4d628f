# cython: boundscheck=False, wraparound=False, initializedcheck=False
"""A window of one feed's typed columns: checked once when it comes, read row by row without Python."""
from libc.math cimport isfinite
from libc.stdint cimport INT64_MAX, int8_t, int64_t

from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.simulation.events cimport (
    BAR_EVENT, BAR_OPEN_EVENT, FUNDING_EVENT, INDEX_EVENT, LEVELS_EVENT, MARK_EVENT, ORDERS_EVENT, QUOTE_EVENT,
    SNAPSHOT_EVENT, TRADE_EVENT, Event,
)

KINDS = {
    "quotes": QUOTE_EVENT, "trades": TRADE_EVENT, "levels": LEVELS_EVENT, "snapshots": SNAPSHOT_EVENT,
    "bar_opens": BAR_OPEN_EVENT, "bars": BAR_EVENT, "marks": MARK_EVENT, "indexes": INDEX_EVENT,
    "funding": FUNDING_EVENT, "orders": ORDERS_EVENT,
}
COLUMNS = {
    QUOTE_EVENT: ("bid", "bid_size", "ask", "ask_size"),
    TRADE_EVENT: ("price", "size", "side", "trade_id"),
    LEVELS_EVENT: ("price", "size"),
    SNAPSHOT_EVENT: ("price", "size"),
    BAR_OPEN_EVENT: ("open",),
    BAR_EVENT: ("start", "open", "high", "low", "close", "volume"),
    MARK_EVENT: (),
    INDEX_EVENT: (),
    FUNDING_EVENT: ("due",),
    ORDERS_EVENT: ("action", "order_id", "side", "price", "size"),
}
VALUES = (MARK_EVENT, INDEX_EVENT, FUNDING_EVENT)
LEVELS = (LEVELS_EVENT, SNAPSHOT_EVENT)
UPDATES = ("first_update", "last_update", "previous_update")
SIGNED = ("side", "order_id", "action", "start", "due", "trade_id")


cdef const int64_t* integers(list kept, str name, object column, Py_ssize_t count) except? NULL:
    """The column's data; the window keeps it alive."""
    cdef const int64_t[::1] view
    if len(column) != count:
        raise ValueError(f"expected {count} rows of {name}, found {len(column)}")
    view = column
    kept.append(column)
    return &view[0] if count else NULL


cdef const int8_t* bytes_of(list kept, str name, object column, Py_ssize_t count) except? NULL:
    cdef const int8_t[::1] view
    if len(column) != count:
        raise ValueError(f"expected {count} rows of {name}, found {len(column)}")
    view = column
    kept.append(column)
    return &view[0] if count else NULL


cdef const double* doubles(list kept, str name, object column, Py_ssize_t count) except? NULL:
    cdef const double[::1] view
    cdef Py_ssize_t place
    if len(column) != count:
        raise ValueError(f"expected {count} rows of {name}, found {len(column)}")
    view = column
    kept.append(column)
    for place in range(count):
        if not isfinite(view[place]):
            raise ValueError(f"row {place}: expected a finite {name}, found {view[place]}")
    return &view[0] if count else NULL


cdef Py_ssize_t first_below(const int64_t* column, Py_ssize_t count, int64_t least) noexcept nogil:
    """The first row below the least that is allowed; -1 when there is none."""
    cdef Py_ssize_t place
    for place in range(count):
        if column[place] < least:
            return place
    return -1


cdef Py_ssize_t first_falling(const int64_t* column, Py_ssize_t count, int64_t before) noexcept nogil:
    cdef Py_ssize_t place
    for place in range(count):
        if column[place] < before:
            return place
        before = column[place]
    return -1


cdef class Window:
    """Events of one kind about one instrument, in the order of time.

    `time` and `venue_time` (None: the same) are ns UTC; `columns` are int64 arrays by name, in units; `values` are
    doubles by row, of marks, indexes and funding rates. Of levels, event i has the rows starts[i] to starts[i + 1],
    `sides` says BUY or SELL of each, `kinds` which events are snapshots, and the columns first_update, last_update and
    previous_update, by event, may be left out. ValueError names the row that is wrong.
    """

    def __init__(self, kind, time, columns, *, venue_time=None, sequence=None, values=None, starts=None, sides=None,
                 kinds=None, first_sequence=1):
        if kind not in COLUMNS:
            raise ValueError(f"expected a kind of event, found {kind!r}")
        self.kind, self.count, self.kept, self.first_sequence = kind, len(time), [], first_sequence
        self.times = self.venue_times = integers(self.kept, "time", time, self.count)
        if venue_time is not None:
            self.venue_times = integers(self.kept, "venue_time", venue_time, self.count)
        if sequence is not None:
            self.sequences = integers(self.kept, "sequence", sequence, self.count)
        rows = self.count
        if kind in LEVELS:
            rows = self.take_levels(starts, sides, kinds)
            for place, name in enumerate(UPDATES):
                if name in columns:
                    self.updates[place] = integers(self.kept, name, columns[name], self.count)
        for place, name in enumerate(COLUMNS[kind]):
            self.columns[place] = integers(self.kept, name, columns[name], rows)
            if name not in SIGNED:
                self.check_least(name, self.columns[place], rows)
        if kind in LEVELS:
            self.levels_are_right = all_from(self.columns[0], rows, 1)
        if kind in VALUES:
            self.values = doubles(self.kept, "value", values, self.count)
        self.check()

    cdef Py_ssize_t take_levels(self, starts, sides, kinds) except -1:
        cdef Py_ssize_t rows, place
        self.starts = integers(self.kept, "starts", starts, self.count + 1)
        rows = self.starts[self.count]
        if not none_falls(self.starts, self.count + 1):
            raise ValueError("expected starts of events that never fall")
        self.sides = bytes_of(self.kept, "sides", sides, len(sides))
        if len(sides) < rows:
            raise ValueError(f"expected {rows} levels, found {len(sides)}")
        for place in range(0 if all_sides(self.sides, rows) else rows):
            if self.sides[place] != BUY and self.sides[place] != SELL:
                raise ValueError(f"level {place}: expected the side {BUY} or {SELL}, found {self.sides[place]}")
        if kinds is not None:
            self.kinds = bytes_of(self.kept, "kinds", kinds, self.count)
        return len(sides)

    cdef int check_least(self, str name, const int64_t* column, Py_ssize_t count) except -1:
        cdef Py_ssize_t wrong = -1 if all_from(column, count, 0) else first_below(column, count, 0)
        if wrong >= 0:
            raise ValueError(f"row {wrong}: expected a {name} of 0 or more, found {column[wrong]}")
        return 0

    cdef int check(self) except -1:
        cdef Py_ssize_t place = -1 if none_falls(self.times, self.count) else first_falling(self.times, self.count, 0)
        if place >= 0:
            raise ValueError(f"row {place}: time runs backwards: {self.times[place]} ns after a later one")
        if self.venue_times != self.times and not none_above(self.venue_times, self.times, self.count):
            self.check_venue_times()
        if self.kind == BAR_EVENT:
            self.check_bars()
        return 0

    cdef int check_venue_times(self) except -1:
        cdef Py_ssize_t place
        for place in range(self.count):
            if self.venue_times[place] > self.times[place]:
                raise ValueError(f"row {place}: the exchange's time is after ours")
        return 0

    cdef int check_bars(self) except -1:
        cdef Py_ssize_t place
        cdef int64_t start, open_, high, low, close
        for place in range(self.count):
            start, open_, high = self.columns[0][place], self.columns[1][place], self.columns[2][place]
            low, close = self.columns[3][place], self.columns[4][place]
            if start >= self.times[place]:
                raise ValueError(f"row {place}: expected a bar that starts before its end")
            if low <= 0 or low > min(open_, close) or high < max(open_, close):
                raise ValueError(f"row {place}: expected low <= open, close <= high, found {open_} {high} {low} {close}")
        return 0

    cdef void fill(self, Py_ssize_t place, Event* event) noexcept nogil:
        """All of the event but its feed and its instrument."""
        cdef const int64_t** columns = <const int64_t**>self.columns
        cdef int64_t start
        event.time, event.venue_time, event.kind = self.times[place], self.venue_times[place], self.kind
        event.sequence = sequence_at(self, place)
        event.venue_time_told = 0 if self.venue_times == self.times else event.venue_time
        if self.kind == LEVELS_EVENT or self.kind == SNAPSHOT_EVENT:
            start = self.starts[place]
            if self.kinds != NULL:
                event.kind = self.kinds[place]
            event.row.levels.sides, event.row.levels.count = self.sides + start, self.starts[place + 1] - start
            event.row.levels.prices, event.row.levels.sizes = columns[0] + start, columns[1] + start
            event.row.levels.first_update = self.updates[0] + place if self.updates[0] != NULL else NULL
            event.row.levels.last_update = self.updates[1] + place if self.updates[1] != NULL else NULL
            event.row.levels.previous_update = self.updates[2] + place if self.updates[2] != NULL else NULL
        elif self.kind == QUOTE_EVENT:
            event.row.quote.bid, event.row.quote.bid_size = columns[0][place], columns[1][place]
            event.row.quote.ask, event.row.quote.ask_size = columns[2][place], columns[3][place]
        elif self.kind == TRADE_EVENT:
            event.row.trade.price, event.row.trade.size = columns[0][place], columns[1][place]
            event.row.trade.side, event.row.trade.trade_id = columns[2][place], columns[3][place]
        elif self.kind == BAR_EVENT:
            event.row.bar.start, event.row.bar.open = columns[0][place], columns[1][place]
            event.row.bar.high, event.row.bar.low = columns[2][place], columns[3][place]
            event.row.bar.close, event.row.bar.volume = columns[4][place], columns[5][place]
        elif self.kind == BAR_OPEN_EVENT:
            event.row.bar.start, event.row.bar.open = self.times[place], columns[0][place]
            event.row.bar.high = event.row.bar.low = event.row.bar.close = event.row.bar.volume = 0
        elif self.kind == ORDERS_EVENT:
            event.row.order.action, event.row.order.order_id = columns[0][place], columns[1][place]
            event.row.order.side, event.row.order.price = columns[2][place], columns[3][place]
            event.row.order.size = columns[4][place]
        else:
            event.row.funding.rate = self.values[place]
            event.row.funding.due = columns[0][place] if self.kind == FUNDING_EVENT else 0
