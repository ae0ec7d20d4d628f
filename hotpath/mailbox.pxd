"""What waits for one actor, sorted: what comes in order is a queue, what comes out of order a heap beside it."""
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from libc.stdint cimport int64_t
from libc.string cimport memmove

cdef extern from "Python.h":
    int PyUnicode_Compare(PyObject* left, PyObject* right) noexcept

cdef enum:
    QUEUE = 0
    HEAP = 1
    ROOM_KEPT = 4_096  # entries; an empty mailbox gives back more


cdef struct Entry:
    int64_t time
    int64_t rank
    int64_t sequence
    int64_t count  # of deliveries: no two entries of a mailbox have the same
    PyObject* source  # owned, a str
    PyObject* message  # owned


cdef struct Entries:
    Entry* items
    Py_ssize_t start
    Py_ssize_t end
    Py_ssize_t room


cdef struct Mailbox:
    Entries parts[2]  # the queue, from start to end, and the heap, from 0 to end


cdef inline void let_entry_go(Entry* entry) noexcept:
    Py_XDECREF(entry.source)
    Py_XDECREF(entry.message)


cdef inline bint comes_before(Entry* left, Entry* right) noexcept:
    cdef int order
    if left.time != right.time:
        return left.time < right.time
    if left.rank != right.rank:
        return left.rank < right.rank
    if left.sequence != right.sequence:
        return left.sequence < right.sequence
    if left.source != right.source:
        order = PyUnicode_Compare(left.source, right.source)
        if order != 0:
            return order < 0
    return left.count < right.count


cdef inline int entries_reserve(Entries* entries) except -1:
    """Makes room for one more at the end."""
    cdef Py_ssize_t room, count = entries.end - entries.start
    cdef Entry* items
    if entries.end < entries.room:
        return 0
    if entries.start > count:
        memmove(entries.items, entries.items + entries.start, count * sizeof(Entry))
        entries.start, entries.end = 0, count
        return 0
    room = max(2 * entries.room, 16)
    items = <Entry*>PyMem_Realloc(entries.items, room * sizeof(Entry))
    if items == NULL:
        raise MemoryError(f"no memory for {room} entries of a mailbox")
    entries.items, entries.room = items, room
    return 0


cdef inline void entries_free(Entries* entries) noexcept:
    cdef Py_ssize_t place
    for place in range(entries.start, entries.end):
        let_entry_go(&entries.items[place])
    PyMem_Free(entries.items)
    entries.items = NULL
    entries.start = entries.end = entries.room = 0


cdef inline void entries_emptied(Entries* entries) noexcept:
    """The last one was taken: a great backlog's memory is not kept for ever."""
    entries.start = entries.end = 0
    if entries.room > ROOM_KEPT:
        entries_free(entries)


cdef inline void sift_up(Entries* heap, Py_ssize_t place) noexcept:
    cdef Entry moved = heap.items[place]
    cdef Py_ssize_t parent
    while place > 0:
        parent = (place - 1) // 2
        if not comes_before(&moved, &heap.items[parent]):
            break
        heap.items[place] = heap.items[parent]
        place = parent
    heap.items[place] = moved


cdef inline void sift_down(Entries* heap, Py_ssize_t place) noexcept:
    cdef Entry moved = heap.items[place]
    cdef Py_ssize_t child = 2 * place + 1
    while child < heap.end:
        if child + 1 < heap.end and comes_before(&heap.items[child + 1], &heap.items[child]):
            child += 1
        if not comes_before(&heap.items[child], &moved):
            break
        heap.items[place] = heap.items[child]
        place, child = child, 2 * child + 1
    heap.items[place] = moved


cdef inline int mailbox_put(Mailbox* mailbox, Entry* entry) except -1:
    """Takes over the entry's references."""
    cdef Entries* queue = &mailbox.parts[QUEUE]
    cdef Entries* heap = &mailbox.parts[HEAP]
    if queue.start == queue.end or not comes_before(entry, &queue.items[queue.end - 1]):
        entries_reserve(queue)
        queue.items[queue.end] = entry[0]
        queue.end += 1
        return 0
    entries_reserve(heap)
    heap.items[heap.end] = entry[0]
    heap.end += 1
    sift_up(heap, heap.end - 1)
    return 0


cdef inline Entry* mailbox_first(Mailbox* mailbox) noexcept:
    """NULL when it is empty; good until the mailbox changes."""
    cdef Entry* queued = NULL
    if mailbox.parts[QUEUE].start < mailbox.parts[QUEUE].end:
        queued = &mailbox.parts[QUEUE].items[mailbox.parts[QUEUE].start]
    if mailbox.parts[HEAP].end == 0:
        return queued
    if queued != NULL and comes_before(queued, &mailbox.parts[HEAP].items[0]):
        return queued
    return &mailbox.parts[HEAP].items[0]


cdef inline Entry mailbox_take(Mailbox* mailbox) noexcept:
    """The first of a mailbox that is not empty; its references are the caller's."""
    cdef Entry* first = mailbox_first(mailbox)
    cdef Entry taken = first[0]
    cdef Entries* heap = &mailbox.parts[HEAP]
    if heap.end == 0 or first != &heap.items[0]:
        mailbox.parts[QUEUE].start += 1
        if mailbox.parts[QUEUE].start == mailbox.parts[QUEUE].end:
            entries_emptied(&mailbox.parts[QUEUE])
        return taken
    heap.end -= 1
    if heap.end == 0:
        entries_emptied(heap)
    else:
        heap.items[0] = heap.items[heap.end]
        sift_down(heap, 0)
    return taken


cdef inline Py_ssize_t mailbox_count(Mailbox* mailbox) noexcept:
    return mailbox.parts[QUEUE].end - mailbox.parts[QUEUE].start + mailbox.parts[HEAP].end


cdef inline void mailbox_free(Mailbox* mailbox) noexcept:
    entries_free(&mailbox.parts[QUEUE])
    entries_free(&mailbox.parts[HEAP])


cdef inline tuple as_tuple(Entry* entry):
    return (
        entry.time, entry.rank, entry.sequence, <object>entry.source, entry.count, <object>entry.message
    )


cdef inline Entry as_entry(tuple given, int64_t count) except *:
    """The entry owns its source and message."""
    cdef Entry entry
    time, rank, sequence, source, _, message = given
    entry.time, entry.rank, entry.sequence, entry.count = time, rank, sequence, count
    Py_INCREF(source)
    Py_INCREF(message)
    entry.source, entry.message = <PyObject*>source, <PyObject*>message
    return entry
