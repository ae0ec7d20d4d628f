# cython: auto_pickle=False, boundscheck=False, wraparound=False
"""The actors of a compiled backtest: strategies and what they live on hear events and say what they want."""
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject, Py_TYPE
from cpython.ref cimport Py_INCREF
from libc.stdint cimport INT64_MAX, int64_t

from letrade.hotpath.book cimport Book
from letrade.hotpath.dispatch cimport Dispatcher, Kind
from letrade.hotpath.fields cimport number, offset_of, set_value
from letrade.hotpath.mailbox cimport Entry
from letrade.hotpath.simulation.doubt import Doubtful
from letrade.hotpath.simulation.events cimport LEVELS_EVENT, SNAPSHOT_EVENT, Event
from letrade.hotpath.simulation.orders cimport BY_INDEX, BY_LAST, BY_MARK
from letrade.hotpath.simulation.telling cimport Teller
from letrade.hotpath.slots cimport MailSlot
from letrade.hotpath.speaker cimport Speaker

WISHES = {
    "target": (TARGET_WISH, ("instrument", "account", "strategy", "signal", "position", "sized", "price", "post_only")),
    "quotes": (QUOTES_WISH, ("instrument", "account", "strategy", "signal", "orders", "post_only")),
    "protect": (PROTECT_WISH, ("instrument", "account", "strategy", "signal", "stop", "take_profit", "size", "trigger_by", "trail")),
}
SOURCES = {"last": BY_LAST, "mark": BY_MARK, "index": BY_INDEX}


cdef double NUMBER_MAX = 1e15  # as messages have it


cdef inline double double_or_zero(PyObject* message, Py_ssize_t offset) except? -1:
    cdef object found = <object>set_value(message, offset)
    return 0.0 if found is None else found


cdef class Line:
    """What one source brings, and whom it is for.

    `takers` and `snapshot_takers` are slots; `readers` are pairs of a slot and what is called when `book`, of which no
    message is made for them, has changed.
    """

    def __init__(self, feed, rank, Teller teller, takers=(), Teller snapshots=None, snapshot_takers=(), Book book=None,
                 readers=()):
        self.feed, self.rank, self.teller, self.snapshots = feed, rank, teller, snapshots
        self.takers, self.snapshot_takers, self.readers = tuple(takers), tuple(snapshot_takers), tuple(readers)
        self.book, self.has_book = book, False

    @property
    def has_hearers(self):
        return bool(self.takers or self.snapshot_takers or self.book is not None)


cdef class Troupe(Dispatcher):
    """Dispatches as any node does; what strategies want goes to the desk, and a message is made only for who takes it.

    Where all actors are strategies, data goes to their handlers at once: no message of theirs reaches another of them
    before the next window. Else everything goes through mailboxes.
    """

    def __cinit__(self, *arguments, **named):
        self.lines, self.strategies, self.accounts = [], [], []
        self.instruments, self.meanings, self.offsets, self.only_actors = {}, {}, {}, ()
        self.order, self.resume_at = None, INT64_MAX

    def __dealloc__(self):
        PyMem_Free(self.wishes)
        PyMem_Free(self.sides)
        PyMem_Free(self.prices)
        PyMem_Free(self.sizes)

    def learn(self, kinds, order, only_actors):
        for name, kind in kinds.items():
            meaning, fields = WISHES[name]
            self.meanings[kind] = meaning
            self.offsets[kind] = tuple([offset_of(kind, field) for field in fields])
        self.order = order
        self.offsets["order"] = tuple([offset_of(order, field) for field in ("side", "price", "size")])
        self.only_actors = tuple(only_actors)

    def cast(self, strategies, accounts, instruments, bint chained):
        self.strategies = [strategies.get(slot.name) for slot in self.slots]
        self.accounts = [accounts.get(slot.name) for slot in self.slots]
        self.instruments, self.chained = dict(instruments), chained

    def add_line(self, Line line not None):
        self.lines.append(line)

    @property
    def said(self):
        """(kind, strategy, instrument, signal) of what was wanted and not taken yet."""
        return [
            (self.wishes[place].kind, self.wishes[place].strategy, self.wishes[place].instrument,
             self.wishes[place].signal)
            for place in range(self.wishes_count)
        ]  # fmt: skip

    cdef int64_t next_due(self, int64_t latest) except -2:
        """When a timer is due or feedback enters, if that is before `latest`, else `latest`: whether a timer still
        stands is only looked up when it would be next."""
        cdef int64_t found = min(latest, self.resume_at)
        if self.due_count and self.due[0].time < found and self.next_slot(True) is not None:
            found = min(found, self.due[0].time)
        return found

    cdef int perform(self, const Event* events, Py_ssize_t count, int64_t time) except -1:
        cdef Py_ssize_t place
        if time > self.latest:
            self.latest = time
        if self.chained:
            for place in range(count):
                self.post_event(&events[place])
            return 0
        for place in range(count):
            self.hear(&events[place])
        return 0

    cdef int wake(self, int64_t time) except -1:
        if not self.chained and self.due_count and self.due[0].time <= time:
            self.drain_due(time)
        return 0

    cdef int drain_due(self, int64_t time) except -1:
        """As `run`, where nothing that is said reaches anybody before the next window."""
        cdef MailSlot slot
        while (slot := self.next_slot(False)) is not None and self.due[0].time <= time:
            self.drain(slot, self.due[0].time)
        if self.outputs:
            self.outputs.clear()
        return 0

    cdef int follow(self, int64_t time) except -1:
        if self.resume_at <= time:
            self.resume_at = INT64_MAX
            self.resume(time)
        if self.due_count and self.due[0].time <= time:
            if self.chained:
                self.run(time)
            else:
                self.drain_due(time)
        return 0

    cdef int hear(self, const Event* event) except -1:
        """To the handlers of all who take it, at once."""
        cdef Line line = <Line>self.lines[event.reel]
        cdef tuple takers = line.takers
        cdef Teller teller = line.teller
        cdef MailSlot slot
        if event.kind == LEVELS_EVENT or event.kind == SNAPSHOT_EVENT:
            if line.book is not None:
                self.hear_book(line, event)
            if event.kind == SNAPSHOT_EVENT:
                takers, teller = line.snapshot_takers, line.snapshots
        if takers:
            message = teller.tell(event)
            for slot in takers:
                if not slot.stopped:
                    self.handle(slot, event.time, message)
                    slot.actor.in_hand = None
            if self.outputs:
                self.outputs.clear()
        return 0

    cdef int hear_book(self, Line line, const Event* event) except -1:
        if event.kind == SNAPSHOT_EVENT:
            line.book.clear_levels()
            line.has_book = True
        if not line.has_book:
            return 0
        line.book.apply_rows(
            event.row.levels.sides, event.row.levels.prices, event.row.levels.sizes, event.row.levels.count
        )
        for slot, changed in line.readers:
            self.look(slot, changed, line, event)
        return 0

    cdef int look(self, MailSlot slot, object changed, Line line, const Event* event) except -1:
        """As `handle`, for an actor that reads the book and needs no message."""
        cdef Speaker actor = slot.actor
        if slot.stopped:
            return 0
        self.handled += 1
        actor.time, actor.in_hand = event.time, None
        try:
            changed()
            if actor.said_count:
                self.check_said(actor)
        except Exception as error:
            self.fail(slot, error)
        if actor.said_count or actor.timers:
            self.let_go(slot, f"{line.feed}:1:{event.sequence}")
        return 0

    cdef int post_event(self, const Event* event) except -1:
        """Into the mailboxes of all who take it."""
        cdef Line line = <Line>self.lines[event.reel]
        cdef tuple takers = line.takers
        cdef Teller teller = line.teller
        cdef MailSlot slot
        if event.kind == SNAPSHOT_EVENT:
            takers, teller = line.snapshot_takers, line.snapshots
        if takers:
            message = teller.tell(event)
            for slot in takers:
                self.post_news(slot, message, event.time, line.rank)
        return 0

    cdef int post_news(self, MailSlot slot, object message, int64_t time, int64_t rank) except -1:
        cdef Entry entry
        cdef PyObject* item = <PyObject*>message
        cdef Kind kind = self.kind_of(item)
        self.deliveries += 1
        entry.time, entry.rank, entry.sequence, entry.count = time, rank, number(item, kind.sequence), self.deliveries
        entry.source, entry.message = set_value(item, kind.source), item
        Py_INCREF(<object>entry.source)
        Py_INCREF(message)
        return self.put(slot, &entry)

    cdef int check_said(self, Speaker actor) except -1:
        """As for any node; Quotes are looked at without Python, before anything is read from where an order has it."""
        cdef Py_ssize_t place
        cdef bint quotes_alone = True
        for place in range(actor.said_count):
            if self.meanings.get(<object>Py_TYPE(<object>actor.said[place].message)) == QUOTES_WISH:
                self.check_quotes(actor.said[place].message)
            else:
                quotes_alone = False
        return 0 if quotes_alone else Dispatcher.check_said(self, actor)

    cdef int check_quotes(self, PyObject* message) except -1:
        """A strategy's own program made these: nothing of them is sure."""
        cdef tuple places = <tuple>self.offsets[<object>Py_TYPE(<object>message)]
        cdef tuple fields = <tuple>self.offsets["order"]
        cdef double price, size
        orders = <object>set_value(message, places[4])
        if type(orders) is not tuple:
            raise TypeError(f"quotes.orders: expected a tuple of {self.order.__name__}, found {repr(orders)[:80]}")
        number(message, places[3])
        for item in <tuple>orders:
            if type(item) is not self.order:
                raise TypeError(f"quotes.orders: expected a {self.order.__name__}, found {repr(item)[:80]}")
            number(<PyObject*>item, fields[0])
            price, size = <object>set_value(<PyObject*>item, fields[1]), <object>set_value(<PyObject*>item, fields[2])
            if not (0.0 < price <= NUMBER_MAX and 0.0 < size <= NUMBER_MAX):
                self.refuse(<object>message)
                raise ValueError(f"quotes.orders: expected a price and a size above 0, found {size!r} at {price!r}")
        return 0

    cdef int send(self, MailSlot slot, object message, int64_t time, object cause) except -1:
        kind = <object>Py_TYPE(message)
        meaning = self.meanings.get(kind)
        if meaning is None:
            if kind in self.only_actors:
                raise Doubtful(f"{slot.name} says {kind.__name__}, which only the desk's actors understand")
            Dispatcher.send(self, slot, message, time, cause)
            return 0
        if time != slot.actor.time:
            raise Doubtful(f"{slot.name} wants something from a later time on")
        slot.sequence += 1
        return self.wish(slot, <PyObject*>message, meaning)

    cdef int wish(self, MailSlot slot, PyObject* message, int64_t kind) except -1:
        cdef tuple places = <tuple>self.offsets[<object>Py_TYPE(<object>message)]
        cdef Wish* found
        strategy = self.strategies[slot.index]
        instrument = self.instruments.get(<object>set_value(message, places[0]))
        account = <object>set_value(message, places[1])
        if strategy is None or instrument is None or account != self.accounts[slot.index]:
            raise Doubtful(f"{slot.name} wants something for an account or an instrument that is not its own")
        if <object>set_value(message, places[2]) != slot.name:
            raise Doubtful(f"{slot.name} speaks for another strategy")
        self.make_room()
        found = &self.wishes[self.wishes_count]
        found.kind, found.place, found.count = kind, slot.index, self.wishes_count
        found.strategy, found.instrument, found.signal = strategy, instrument, number(message, places[3])
        if kind == TARGET_WISH:
            found.position, found.limit = <object>set_value(message, places[4]), double_or_zero(message, places[6])
            found.sized, found.post_only = <object>set_value(message, places[5]), <object>set_value(message, places[7])
        elif kind == QUOTES_WISH:
            self.wish_quotes(message, places, found)
        else:
            found.stop, found.take_profit = double_or_zero(message, places[4]), double_or_zero(message, places[5])
            found.source = SOURCES.get(<object>set_value(message, places[7]), -1)
            found.trail = double_or_zero(message, places[8])
            found.size = -1.0 if <object>set_value(message, places[6]) is None else double_or_zero(message, places[6])
        self.wishes_count += 1
        return 0

    cdef int wish_quotes(self, PyObject* message, tuple places, Wish* found) except -1:
        cdef tuple orders = <tuple?><object>set_value(message, places[4])
        cdef tuple fields = <tuple>self.offsets["order"]
        cdef PyObject* order
        cdef Py_ssize_t place
        found.post_only, found.first, found.orders = <object>set_value(message, places[5]), self.orders_count, len(orders)
        self.make_order_room(found.orders)
        for item in orders:
            if type(item) is not self.order:
                raise Doubtful(f"quotes of {repr(item)[:80]}")
            order, place = <PyObject*>item, self.orders_count
            self.sides[place] = number(order, fields[0])
            self.prices[place] = <object>set_value(order, fields[1])
            self.sizes[place] = <object>set_value(order, fields[2])
            if not (0.0 < self.prices[place] <= NUMBER_MAX and 0.0 < self.sizes[place] <= NUMBER_MAX):
                raise Doubtful(f"a quote of {self.sizes[place]!r} at {self.prices[place]!r}")
            self.orders_count += 1
        return 0

    cdef int make_room(self) except -1:
        cdef Py_ssize_t room = max(2 * self.wishes_room, 8)
        cdef Wish* wishes
        if self.wishes_count < self.wishes_room:
            return 0
        wishes = <Wish*>PyMem_Realloc(self.wishes, room * sizeof(Wish))
        if wishes == NULL:
            raise MemoryError(f"no memory for {room} wishes")
        self.wishes, self.wishes_room = wishes, room
        return 0

    cdef int make_order_room(self, Py_ssize_t more) except -1:
        cdef Py_ssize_t room = max(2 * self.orders_room, self.orders_count + more, 8)
        if self.orders_count + more <= self.orders_room:
            return 0
        self.sides = <int64_t*>resized(self.sides, room * sizeof(int64_t))
        self.prices = <double*>resized(self.prices, room * sizeof(double))
        self.sizes = <double*>resized(self.sizes, room * sizeof(double))
        self.orders_room = room
        return 0

    cdef void sort_wishes(self) noexcept:
        """By slot, and as each said them: a handful."""
        cdef Py_ssize_t place, before
        cdef Wish moved
        for place in range(1, self.wishes_count):
            moved, before = self.wishes[place], place
            while before and self.wishes[before - 1].place > moved.place:
                self.wishes[before] = self.wishes[before - 1]
                before -= 1
            self.wishes[before] = moved


cdef void* resized(void* memory, size_t size) except NULL:
    cdef void* found = PyMem_Realloc(memory, size)
    if found == NULL:
        raise MemoryError(f"no memory for {size} bytes of quotes")
    return found
