"""Who is next: the mailbox and the timers of each actor, and all of them by what waits first."""
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject, Py_TYPE
from libc.stdint cimport int64_t

from letrade.hotpath.fields cimport NO_FIELD, offset_of, set_value
from letrade.hotpath.mailbox cimport (
    HEAP, Entries, Entry, as_entry, as_tuple, let_entry_go, mailbox_count, mailbox_first, mailbox_free, mailbox_put,
    mailbox_take, sift_down,
)
from letrade.hotpath.speaker cimport Speaker
from letrade.hotpath.whole cimport whole

STALE_TIMERS_MAX = 1_000

cdef enum:
    STALE_MAX = 1_000


cdef inline bint is_sooner(Due* left, Due* right) noexcept:
    return left.index < right.index if left.time == right.time else left.time < right.time


cdef class MailSlot:
    """One speaker with its mailbox, its timers and its counter of messages sent."""

    def __init__(self, Speaker actor not None, str name not None, stage, rank, timer_rank, dict handlers not None,
                 feedback_rank=0):
        self.actor, self.name, self.handlers, self.timers = actor, name, handlers, {}
        self.stage, self.rank, self.timer_rank = whole(stage), whole(rank), whole(timer_rank)
        self.feedback_rank = whole(feedback_rank)

    def __cinit__(self, *arguments, **named):
        self.place = ABSENT

    def __dealloc__(self):
        mailbox_free(&self.mailbox)

    @classmethod
    def __class_getitem__(cls, item, /):
        return cls

    @property
    def inbox(self):
        cdef Entries* entries
        cdef Py_ssize_t part, place
        found = []
        for part in range(2):
            entries = &self.mailbox.parts[part]
            for place in range(entries.start, entries.end):
                found.append(as_tuple(&entries.items[place]))
        found.sort()
        return found

    def stop(self):
        self.stopped = True
        mailbox_free(&self.mailbox)
        self.timers.clear()
        self.stale_timers = 0

    cdef object key_of(self, PyObject* timer):
        cdef object kind = <object>Py_TYPE(<object>timer)
        if kind is not self.timer_kind:
            self.timer_key, self.timer_kind = offset_of(kind, "key"), kind
        return (<object>timer).key if self.timer_key == NO_FIELD else <object>set_value(timer, self.timer_key)

    cdef bint is_stale(self, Entry* entry) except -1:
        """Whether it is a timer that was replaced or cancelled."""
        if entry.rank != self.timer_rank:
            return False
        timer = self.timers.get(self.key_of(entry.message))
        return timer is None or <int64_t>(<tuple>timer)[1] != entry.sequence

    cdef Entry* first(self, bint drop_stale) except? NULL:
        """What is next in the mailbox; NULL when it is empty."""
        cdef Entry* entry = mailbox_first(&self.mailbox)
        cdef Entry dropped
        while drop_stale and entry != NULL and self.is_stale(entry):
            dropped = mailbox_take(&self.mailbox)
            let_entry_go(&dropped)
            self.stale_timers -= 1
            entry = mailbox_first(&self.mailbox)
        return entry

    cdef int forget_timer(self, object key) except -1:
        """Take back a timer, if it is set. Mailboxes stay small also when far timers are replaced all the time."""
        if self.timers.pop(key, None) is None:
            return 0
        self.stale_timers += 1
        if self.stale_timers > max(STALE_MAX, mailbox_count(&self.mailbox) // 2):
            self.drop_all_stale()
        return 0

    cdef int drop_all_stale(self) except -1:
        cdef Entries* entries
        cdef Entry* entry
        cdef Py_ssize_t part, place, kept
        for part in range(2):
            entries = &self.mailbox.parts[part]
            kept = entries.start
            for place in range(entries.start, entries.end):
                entry = &entries.items[place]
                if self.is_stale(entry):
                    let_entry_go(entry)
                else:
                    entries.items[kept] = entry[0]
                    kept += 1
            entries.end = kept
        for place in reversed(range(self.mailbox.parts[HEAP].end // 2)):
            sift_down(&self.mailbox.parts[HEAP], place)
        self.stale_timers = 0
        return 0


cdef class Agenda:
    """The slots of one process by what waits first in each; slots earlier in the list come first at the same time."""

    def __cinit__(self, *arguments, **named):
        self.slots = []

    def __dealloc__(self):
        PyMem_Free(self.due)

    @classmethod
    def __class_getitem__(cls, item, /):
        return cls

    def place(self, slots):
        cdef MailSlot slot
        self.slots[:] = slots
        for index, slot in enumerate(self.slots):
            slot.index = index

    def give(self, MailSlot slot not None, entries):
        cdef Entry entry
        for given in entries:
            self.deliveries += 1
            entry = as_entry(given, self.deliveries)
            self.put(slot, &entry)

    def next_time(self):
        return None if self.next_slot(True) is None else self.due[0].time

    cdef int put(self, MailSlot slot, Entry* entry) except -1:
        """Takes over the entry's references."""
        if slot.stopped:
            let_entry_go(entry)
            return 0
        mailbox_put(&slot.mailbox, entry)
        if slot.place == ABSENT:
            self.list_slot(slot)
        elif slot.place != ASIDE and entry.time < self.due[slot.place].time:
            self.due[slot.place].time = entry.time
            self.rise(slot.place)
        return 0

    cdef int list_slot(self, MailSlot slot) except -1:
        """Into the heap of slots, when something waits in its mailbox."""
        cdef Entry* first = mailbox_first(&slot.mailbox)
        cdef Due* due
        if first == NULL:
            return 0
        if self.due_count == self.due_room:
            due = <Due*>PyMem_Realloc(self.due, len(self.slots) * sizeof(Due))
            if due == NULL:
                raise MemoryError(f"no memory for {len(self.slots)} actors")
            self.due, self.due_room = due, len(self.slots)
        self.due_count += 1
        self.place_due(self.due_count - 1, Due(first.time, slot.index))
        self.rise(self.due_count - 1)
        return 0

    cdef void place_due(self, Py_ssize_t place, Due item) noexcept:
        self.due[place] = item
        (<MailSlot>self.slots[item.index]).place = place

    cdef void rise(self, Py_ssize_t place) noexcept:
        cdef Due moved = self.due[place]
        cdef Py_ssize_t parent
        while place > 0:
            parent = (place - 1) // 2
            if not is_sooner(&moved, &self.due[parent]):
                break
            self.place_due(place, self.due[parent])
            place = parent
        self.place_due(place, moved)

    cdef void sink(self, Py_ssize_t place) noexcept:
        cdef Due moved = self.due[place]
        cdef Py_ssize_t child = 2 * place + 1
        while child < self.due_count:
            if child + 1 < self.due_count and is_sooner(&self.due[child + 1], &self.due[child]):
                child += 1
            if not is_sooner(&self.due[child], &moved):
                break
            self.place_due(place, self.due[child])
            place, child = child, 2 * child + 1
        self.place_due(place, moved)

    cdef void unlist(self, MailSlot slot) noexcept:
        """Out of the heap, whose first it is."""
        slot.place = ABSENT
        self.due_count -= 1
        if self.due_count:
            self.place_due(0, self.due[self.due_count])
            self.sink(0)

    cdef MailSlot next_slot(self, bint drop_stale):
        """Whose turn it is, as the first of the heap then says; None when nothing waits."""
        cdef MailSlot slot
        cdef Entry* first
        while self.due_count:
            slot = <MailSlot>self.slots[self.due[0].index]
            first = slot.first(drop_stale)
            if first == NULL:
                self.unlist(slot)
            elif first.time != self.due[0].time:
                self.due[0].time = first.time
                self.sink(0)
            else:
                return slot
        return None
