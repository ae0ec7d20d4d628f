# cython: boundscheck=False, wraparound=False, initializedcheck=False
"""The tape: any number of sources merged by (time, feed, sequence), a window of each in memory; two views where the
exchange's time and ours differ."""
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport INT64_MAX, int64_t

from letrade.hotpath.simulation.columns cimport Window, fetch_ahead, sequence_at
from letrade.hotpath.simulation.events cimport LEVELS_EVENT, SNAPSHOT_EVENT, Event


cdef bint comes_first(const Head* left, const Head* right) noexcept:
    """Of two at the same time."""
    if left.feed != right.feed:
        return left.feed < right.feed
    if left.sequence != right.sequence:
        return left.sequence < right.sequence
    if left.reel != right.reel:
        return left.reel < right.reel
    return left.view < right.view


cdef inline bint is_sooner(const Head* heads, const Spot* left, const Spot* right) noexcept:
    if left.time != right.time:
        return left.time < right.time
    return comes_first(heads + left.head, heads + right.head)


cdef inline int64_t time_of(const Head* head) noexcept:
    """In the order of its view: the exchange's times never fall either."""
    cdef Window window = <Window>head.window
    if head.view == VENUE_VIEW:
        return max(head.time, window.venue_times[head.place])
    return window.times[head.place]


cdef class Tape:
    """Reads sources as one. What `take` gave points into windows that stay until `settle`."""

    def __cinit__(self):
        self.until = INT64_MAX
        self.sources, self.names, self.retired = [], [], []

    def __dealloc__(self):
        cdef Py_ssize_t place
        for place in range(self.spots_count):
            Py_DECREF(<object>self.heads[self.spots[place].head].window)
        PyMem_Free(self.heads)
        PyMem_Free(self.spots)

    def add(self, feed, instrument, windows, *, str name="", bint two_views=False, bint exchange_only=False):
        cdef Py_ssize_t reel = len(self.sources)
        cdef Window first
        self.sources.append(iter(windows))
        self.names.append(name or f"feed {feed}")
        first = self.load(reel, None)
        if first is None:
            return
        if exchange_only or two_views:
            self.start(feed, instrument, VENUE_VIEW, exchange_only, first)
        if not exchange_only:
            self.start(feed, instrument, OUR_VIEW if two_views else BOTH_VIEWS, True, first)

    cdef int start(self, int64_t feed, int64_t instrument, int64_t view, bint counts, Window first) except -1:
        """Puts a view of the newest source on the tape."""
        cdef Head* head
        cdef Head* heads
        cdef Spot* spots
        cdef Py_ssize_t room
        if self.heads_count == self.heads_room:
            room = max(2 * self.heads_room, 8)
            heads = <Head*>PyMem_Realloc(self.heads, room * sizeof(Head))
            if heads != NULL:
                self.heads = heads
            spots = <Spot*>PyMem_Realloc(self.spots, room * sizeof(Spot))
            if spots != NULL:
                self.spots = spots
            if heads == NULL or spots == NULL:
                raise MemoryError(f"no memory for {room} sources")
            self.heads_room = room
        head = &self.heads[self.heads_count]
        self.heads_count += 1
        head.time, head.feed, head.reel, head.view, head.place = 0, feed, len(self.sources) - 1, view, 0
        head.instrument, head.counts = instrument, counts
        head.window = <PyObject*>first
        head.time, head.sequence = time_of(head), sequence_at(first, 0)
        Py_INCREF(first)
        self.push(Spot(head.time, self.heads_count - 1))

    def read(self):
        cdef Event event
        cdef int view = self.take(&event)
        if not view:
            self.settle()
            return None
        row = told(&event)
        self.settle()
        return (event.time, event.venue_time, view, event.kind, event.instrument, event.feed, event.sequence, row)

    def first_kind(self, Py_ssize_t reel):
        cdef Event event
        cdef Py_ssize_t place
        for place in range(self.heads_count):
            if self.heads[place].reel == reel:
                (<Window>self.heads[place].window).fill(0, &event)
                return event.kind
        return None

    @property
    def first_seen(self):
        cdef Py_ssize_t place
        cdef int64_t time = INT64_MAX
        for place in range(self.heads_count):
            if self.heads[place].counts:
                time = min(time, self.heads[place].time)
        return None if time == INT64_MAX else time

    @property
    def next(self):
        cdef int64_t time = self.next_time()
        return None if time == INT64_MAX else time

    def close(self):
        self.until = 0

    cdef int64_t next_time(self) noexcept:
        if self.spots_count == 0 or self.spots[0].time >= self.until:
            return INT64_MAX
        return self.spots[0].time

    cdef Head* first(self) noexcept:
        return &self.heads[self.spots[0].head]

    cdef int take(self, Event* event) except -1:
        cdef Head* head
        cdef Window window
        cdef int64_t view
        if self.next_time() == INT64_MAX:
            return 0
        head = self.first()
        window, view = <Window>head.window, head.view
        window.fill(head.place, event)
        event.feed, event.instrument, event.reel = head.feed, head.instrument, head.reel
        self.last_time = head.time
        if view == VENUE_VIEW:
            event.venue_time = head.time
        if head.counts:
            self.count += 1
            self.rows += event.row.levels.count if event.kind in (LEVELS_EVENT, SNAPSHOT_EVENT) else 1
        self.advance()
        return view

    cdef int settle(self) except -1:
        if self.retired:
            self.retired.clear()
        return 0

    cdef int advance(self) except -1:
        """The first head moves on to its next row, or goes."""
        cdef Head* head = self.first()
        cdef Window window = <Window>head.window
        cdef Window following
        head.place += 1
        if head.place == window.count:
            following = window.following
            if following is None:
                following = window.following = self.load(head.reel, window)
            self.retired.append(window)
            Py_DECREF(window)
            if following is None:
                self.spots_count -= 1
                self.spots[0] = self.spots[self.spots_count]
                if self.spots_count:
                    self.sink()
                return 0
            Py_INCREF(following)
            head.window, head.place, window = <PyObject*>following, 0, following
        head.time, head.sequence = time_of(head), sequence_at(window, head.place)
        if not head.counts and window.times[head.place] >= self.until:
            head.time = INT64_MAX  # what we shall never see did not happen
        self.spots[0].time = head.time
        if self.spots_count > 2:
            fetch_ahead(window, head.place)
        self.sink()
        return 0

    cdef Window load(self, int64_t reel, Window before):
        """The next window of a source that holds any row; None at its end."""
        cdef Window window
        for found in self.sources[reel]:
            window = found
            if not window.count:
                continue
            if before is not None and window.times[0] < before.times[before.count - 1]:
                raise ValueError(f"{self.names[reel]}: time runs backwards at sequence {sequence_at(window, 0)}")
            return window
        return None

    cdef void push(self, Spot spot) noexcept:
        cdef Py_ssize_t place = self.spots_count, parent
        self.spots_count += 1
        while place:
            parent = (place - 1) // 2
            if not is_sooner(self.heads, &spot, &self.spots[parent]):
                break
            self.spots[place] = self.spots[parent]
            place = parent
        self.spots[place] = spot

    cdef void sink(self) noexcept:
        """The first of the heap to where it belongs."""
        cdef Spot moved = self.spots[0]
        cdef Py_ssize_t place = 0, child = 1
        while child < self.spots_count:
            if child + 1 < self.spots_count and is_sooner(self.heads, &self.spots[child + 1], &self.spots[child]):
                child += 1
            if not is_sooner(self.heads, &self.spots[child], &moved):
                break
            self.spots[place] = self.spots[child]
            place, child = child, 2 * child + 1
        self.spots[place] = moved


cdef object told(const Event* event):
    """An event's row as Python sees it."""
    cdef Py_ssize_t place
    if event.kind == LEVELS_EVENT or event.kind == SNAPSHOT_EVENT:
        return [
            (event.row.levels.sides[place], event.row.levels.prices[place], event.row.levels.sizes[place])
            for place in range(event.row.levels.count)
        ]
    if event.kind == 1:
        return (event.row.quote.bid, event.row.quote.bid_size, event.row.quote.ask, event.row.quote.ask_size)
    if event.kind == 2:
        return (event.row.trade.price, event.row.trade.size, event.row.trade.side)
    if event.kind in (5, 6):
        return (
            event.row.bar.start, event.row.bar.open, event.row.bar.high, event.row.bar.low, event.row.bar.close,
            event.row.bar.volume,
        )
    if event.kind == 10:
        return (
            event.row.order.action, event.row.order.order_id, event.row.order.side, event.row.order.price,
            event.row.order.size,
        )
    return (event.row.funding.rate, event.row.funding.due)
