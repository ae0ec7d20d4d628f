"""Dispatch among the actors of one process: mailboxes, timers, routes, stamps, and a loop over what is due."""
import copy

cimport cython
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject, Py_TYPE
from cpython.ref cimport Py_INCREF
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from letrade.hotpath.fields cimport NO_FIELD, number, offset_of, set_field, set_value
from letrade.hotpath.mailbox cimport Entry, as_entry, as_tuple, let_entry_go, mailbox_first, mailbox_take
from letrade.hotpath.ranges cimport Ranges
from letrade.hotpath.slots cimport ABSENT, ASIDE, Agenda, MailSlot
from letrade.hotpath.speaker cimport Said, Speaker
from letrade.hotpath.whole cimport whole

STEP_MESSAGES_MAX = 100_000
INPUT_FANOUT_MAX = 10
ROUTES_MAX = 100_000
NO_STRATEGY = "-"

cdef enum:
    STAGE_SHIFT = 24  # of the sender, above its order in the desk file
    ORDER_MASK = 0xFFFFFF
    SAID_MAX = 100_000
    ID_TAIL_MAX = 42

cdef extern from "Python.h":
    bint PyUnicode_CheckExact(object text) noexcept
    bint PyUnicode_IS_COMPACT_ASCII(object text) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(object text) noexcept
    void* PyUnicode_DATA(object text) noexcept
    object PyUnicode_New(Py_ssize_t length, unsigned int greatest)


cdef inline char* digits_before(char* end, int64_t number) noexcept:
    """Writes the number so that it ends there, a colon before it; where that begins."""
    while True:
        end -= 1
        end[0] = <char>(48 + number % 10)
        number //= 10
        if number == 0:
            break
    end -= 1
    end[0] = b":"
    return end


@cython.final
cdef class Kind:
    """A message type: where the fields of its header lie, its ranges, and who takes it."""

    def __init__(self, kind, Ranges ranges):
        self.kind, self.ranges, self.routes = kind, ranges, {}
        self.time, self.source = offset_of(kind, "time"), offset_of(kind, "source")
        self.epoch, self.sequence = offset_of(kind, "epoch"), offset_of(kind, "sequence")
        self.cause, self.key = offset_of(kind, "cause"), offset_of(kind, "key")
        self.instrument, self.strategy = offset_of(kind, "instrument"), offset_of(kind, "strategy")
        if NO_FIELD in (self.time, self.source, self.epoch, self.sequence, self.cause):
            raise TypeError(f"expected a message, with slots for its header, found a {kind.__name__}")

    cdef str id_of(self, PyObject* message):
        """source:epoch:sequence."""
        cdef object source = <object>set_value(message, self.source)
        cdef int64_t epoch = number(message, self.epoch), sequence = number(message, self.sequence)
        cdef char tail[ID_TAIL_MAX]
        cdef char* start
        cdef char* data
        cdef Py_ssize_t head, rest
        if epoch < 0 or sequence < 0 or not PyUnicode_IS_COMPACT_ASCII(source):
            return f"{source}:{epoch}:{sequence}"
        start = digits_before(digits_before(tail + ID_TAIL_MAX, sequence), epoch)
        head, rest = PyUnicode_GET_LENGTH(source), tail + ID_TAIL_MAX - start
        text = PyUnicode_New(head + rest, 127)
        data = <char*>PyUnicode_DATA(text)
        memcpy(data, PyUnicode_DATA(source), head)
        memcpy(data + head, start, rest)
        return text


cdef class Dispatcher(Agenda):
    """Mailboxes in the order of what waits in them; a subclass says who takes what, and what becomes of failures."""

    def __cinit__(self, *arguments, **named):
        self.observers, self.outputs, self.kinds = [], [], {}
        self.time_object = self.epoch_object = 0

    def __init__(self, senders, outside, timer, epoch=1):
        self.senders, self.outside, self.epoch = dict(senders), outside, whole(epoch)
        self.timer_kind = self.kind_of(<PyObject*>timer)
        self.copy_timer = timer.__copy__

    def __dealloc__(self):
        self.let_held_go()
        PyMem_Free(self.held)

    def place(self, slots):
        super().place(slots)
        self.forget_routes()

    def forget_routes(self):
        cdef Kind kind
        self.routes_count = 0
        for kind in self.kinds.values():
            kind.routes.clear()
            kind.last_route = None

    def post(self, message):
        cdef PyObject* item = <PyObject*>message
        cdef Kind kind = self.kind_of(item)
        cdef int64_t before = self.deliveries, time = number(item, kind.time)
        self.sender(set_value(item, kind.source))
        self.deliver(kind, message, self.last_stage, self.last_rank, max(time, self.floor))
        self.posted += self.deliveries - before

    def run(self, until, stages=(0, 8)):
        cdef int64_t end = whole(until), low = whole(stages[0]), high = whole(stages[1])
        cdef int64_t alarm_every = (STEP_MESSAGES_MAX + INPUT_FANOUT_MAX * self.posted) // 2
        cdef int64_t alarm = self.handled + alarm_every
        cdef MailSlot slot
        cdef list aside = []
        sent_before = None
        try:
            while (slot := self.next_slot(False)) is not None and self.due[0].time <= end:
                if not low <= slot.stage <= high:
                    self.unlist(slot)
                    slot.place = ASIDE
                    aside.append(slot)
                    continue
                self.drain(slot, self.due[0].time)
                if self.handled > alarm:
                    alarm = self.handled + alarm_every
                    sent_before = self.stop_busiest(sent_before)
        finally:
            for slot in aside:
                slot.place = ABSENT
                self.list_slot(slot)
        outputs = self.outputs
        self.outputs = []
        return outputs

    def resume(self, at):
        cdef Held* held = self.held
        cdef Py_ssize_t place, count = self.held_count
        cdef int64_t earliest = whole(at)
        # What is put into a mailbox may not be held back again meanwhile: nothing here calls an actor.
        self.held_count = 0
        self.posted = 0
        for place in range(count):
            held[place].entry.time = max(held[place].entry.time, earliest)
            self.put(<MailSlot>self.slots[held[place].index], &held[place].entry)
        return count > 0

    @property
    def feedback(self):
        return [
            (self.slots[self.held[place].index], as_tuple(&self.held[place].entry)) for place in range(self.held_count)
        ]

    @property
    def has_feedback(self):
        return self.held_count > 0

    def drop_feedback(self):
        self.let_held_go()

    cdef void let_held_go(self) noexcept:
        cdef Py_ssize_t place, count = self.held_count
        self.held_count = 0
        for place in range(count):
            let_entry_go(&self.held[place].entry)

    def give_feedback(self, MailSlot slot not None, given):
        cdef Entry entry = as_entry(given, 0)
        self.hold_back(slot, &entry)

    def check(self, MailSlot slot not None):
        self.check_said(slot.actor)

    def let_out(self, MailSlot slot not None, str cause not None):
        self.let_go(slot, cause)

    cdef Kind kind_of(self, PyObject* message):
        cdef Kind kind
        cdef object found = <object>Py_TYPE(<object>message)
        if self.last_kind is not None and self.last_kind.kind is found:
            return self.last_kind
        kind = self.kinds.get(found)
        if kind is None:
            kind = self.kinds[found] = Kind(found, self.ranges_of(found))
        self.last_kind = kind
        return kind

    cdef int sender(self, PyObject* source) except -1:
        """Sets the stage and the rank of what comes from there."""
        cdef object name = <object>source
        if name is self.last_source:
            return 0
        if not PyUnicode_CheckExact(name):
            raise TypeError(f"the source of a message must be text, found {name!r}")
        self.last_stage, self.last_rank = self.senders.get(name, self.outside)
        self.last_source = name
        return 0

    cdef int deliver(self, Kind kind, object message, int64_t stage, int64_t rank, int64_t time) except -1:
        """To higher stages at once; to others, as feedback, when resume() is called.

        Who judges what is asked for knows first what has happened: a slot may take feedback before what is derived
        at the same time.
        """
        cdef PyObject* item = <PyObject*>message
        cdef MailSlot slot
        cdef Entry entry
        entry.time, entry.rank, entry.sequence = time, rank, number(item, kind.sequence)
        entry.source, entry.message = set_value(item, kind.source), item
        for slot in self.route(kind, item):
            self.deliveries += 1
            entry.count = self.deliveries
            Py_INCREF(<object>entry.source)
            Py_INCREF(message)
            if slot.stage > stage:
                self.put(slot, &entry)
            else:
                if slot.feedback_rank:
                    entry.rank = slot.feedback_rank | stage << STAGE_SHIFT | rank & ORDER_MASK
                self.hold_back(slot, &entry)
                entry.rank = rank
        if self.observers:
            for observer in self.observers:
                observer(message)
        return 0

    cdef tuple route(self, Kind kind, PyObject* message):
        cdef object instrument = "", strategy = NO_STRATEGY
        if kind.instrument != NO_FIELD:
            instrument = <object>set_value(message, kind.instrument)
        if kind.strategy != NO_FIELD:
            strategy = <object>set_value(message, kind.strategy)
        if kind.last_route is None or instrument is not kind.last_instrument or strategy is not kind.last_strategy:
            route = kind.routes.get((instrument, strategy))
            if route is None:
                if self.routes_count >= ROUTES_MAX:
                    self.forget_routes()
                route = kind.routes[instrument, strategy] = self.route_of(kind.kind, instrument, strategy)
                self.routes_count += 1
            kind.last_instrument, kind.last_strategy, kind.last_route = instrument, strategy, route
        return kind.last_route

    cdef int hold_back(self, MailSlot slot, Entry* entry) except -1:
        """Takes over the entry's references, until `resume`."""
        cdef Py_ssize_t room
        cdef Held* held
        if self.held_count == self.held_room:
            room = max(2 * self.held_room, 16)
            held = <Held*>PyMem_Realloc(self.held, room * sizeof(Held))
            if held == NULL:
                raise MemoryError(f"no memory for {room} messages of feedback")
            self.held, self.held_room = held, room
        self.held[self.held_count].index = slot.index
        self.held[self.held_count].entry = entry[0]
        self.held_count += 1
        return 0

    cdef int drain(self, MailSlot slot, int64_t time) except -1:
        """Handle what is due at one time, and nothing that comes meanwhile for a later one."""
        cdef Entry* first
        cdef Entry entry
        cdef object message
        cdef bint is_timer, is_stale
        while True:
            first = mailbox_first(&slot.mailbox)
            if first == NULL or first.time != time:
                return 0
            is_timer, is_stale = first.rank == slot.timer_rank, slot.is_stale(first)
            entry = mailbox_take(&slot.mailbox)
            message = <object>entry.message
            let_entry_go(&entry)
            if is_stale:
                slot.stale_timers -= 1
                continue
            if is_timer:
                del slot.timers[slot.key_of(<PyObject*>message)]
            if time > self.latest:
                self.latest = time
            self.handle(slot, time, message)

    cdef int handle(self, MailSlot slot, int64_t time, object message) except -1:
        cdef Speaker actor = slot.actor
        cdef object kind = <object>Py_TYPE(message)
        cdef Kind known
        self.handled += 1
        actor.time = time
        actor.in_hand = message
        try:
            if kind is not slot.last_kind:
                slot.last_handler = slot.handlers[kind]
                slot.last_kind = kind
            slot.last_handler(message)
            if actor.said_count:
                self.check_said(actor)
        except Exception as error:
            self.fail(slot, error)
        if actor.said_count or actor.timers:
            known = self.kind_of(<PyObject*>message)
            if known is self.timer_kind:
                self.let_go(slot, <object>set_value(<PyObject*>message, known.cause))
            else:
                self.let_go(slot, known.id_of(<PyObject*>message))
        return 0

    cdef int check_said(self, Speaker actor) except -1:
        cdef Py_ssize_t place
        cdef Kind kind
        if actor.said_count > SAID_MAX:
            self.refuse_flood(actor.said_count)
        for place in range(actor.said_count):
            kind = self.kind_of(actor.said[place].message)
            if kind.ranges is not None and not kind.ranges.all_hold(actor.said[place].message):
                self.refuse(<object>actor.said[place].message)
        return 0

    cdef int let_go(self, MailSlot slot, object cause) except -1:
        """Set the timers and publish the messages that waited for the handler to return."""
        cdef Speaker actor = slot.actor
        cdef Py_ssize_t place = 0
        cdef Said said
        if actor.timers:
            for key, at, timer_cause in actor.take_timers():
                slot.forget_timer(key)
                if at is not None:
                    self.set_timer(slot, key, at, timer_cause or cause)
        try:
            while place < actor.said_count:
                said = actor.said[place]
                place += 1
                own_cause = cause if said.cause == NULL else <object>said.cause
                self.send(slot, <object>said.message, max(said.at, actor.time), own_cause)
        finally:
            actor.clear_said()
        return 0

    cdef int set_timer(self, MailSlot slot, object key, int64_t at, object cause) except -1:
        cdef object timer = self.copy_timer()
        cdef PyObject* item = <PyObject*>timer
        cdef Entry entry
        slot.sequence += 1
        entry.time, entry.rank, entry.sequence = max(at, slot.actor.time + 1), slot.timer_rank, slot.sequence
        slot.timers[key] = (entry.time, entry.sequence, cause)
        self.stamp(item, self.timer_kind, slot, entry.time, cause)
        set_field(item, self.timer_kind.key, <PyObject*>key)
        self.deliveries += 1
        entry.count = self.deliveries
        entry.source, entry.message = <PyObject*>slot.name, item
        Py_INCREF(slot.name)
        Py_INCREF(timer)
        self.put(slot, &entry)
        return 0

    cdef int send(self, MailSlot slot, object message, int64_t time, object cause) except -1:
        cdef Kind kind = self.kind_of(<PyObject*>message)
        if number(<PyObject*>message, kind.sequence) != 0:  # it was published before, and others may still hold it
            message = copy.copy(message)
        slot.sequence += 1
        self.stamp(<PyObject*>message, kind, slot, time, cause)
        self.outputs.append(message)
        self.deliver(kind, message, slot.stage, slot.rank, time)
        return 0

    cdef int stamp(self, PyObject* message, Kind kind, MailSlot slot, int64_t time, object cause) except -1:
        cdef object sequence = slot.sequence
        if <int64_t>self.time_object != time:
            self.time_object = time
        if <int64_t>self.epoch_object != self.epoch:
            self.epoch_object = self.epoch
        set_field(message, kind.time, <PyObject*>self.time_object)
        set_field(message, kind.source, <PyObject*>slot.name)
        set_field(message, kind.epoch, <PyObject*>self.epoch_object)
        set_field(message, kind.sequence, <PyObject*>sequence)
        set_field(message, kind.cause, <PyObject*>cause)
        return 0
