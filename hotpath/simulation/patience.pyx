"""How long execution waits for an answer about each order before it asks what became of it."""
from libc.stdint cimport INT64_MAX
from libc.stdlib cimport free, realloc
from libc.string cimport memmove

cdef enum:
    DOUBLINGS_MAX = 6
    ROOM_LEAST = 64


cdef class Patience(Books):
    def __dealloc__(self):
        free(self.waits)

    cdef int await_answer(self, OrderRecord* order, int64_t time) except -1:
        """Each wait in vain doubles the next."""
        cdef int64_t wait = self.terms.patience
        cdef Py_ssize_t place
        if order.attempts:
            wait = max(min(wait << min(order.attempts, <int64_t>DOUBLINGS_MAX), self.terms.patience_max), wait)
        order.due = time + wait
        self.next_overdue()
        if self.waits_end == self.waits_room:
            self.make_room()
        place = self.waits_end
        self.waits_end += 1
        while place > self.waits_first and self.waits[place - 1].due > order.due:
            self.waits[place] = self.waits[place - 1]
            place -= 1
        self.waits[place].due, self.waits[place].order = order.due, order.number
        return 0

    cdef int make_room(self) except -1:
        cdef Wait* found
        cdef Py_ssize_t count = self.waits_end - self.waits_first
        if 2 * count >= self.waits_room:
            self.waits_room = max(2 * self.waits_room, ROOM_LEAST)
            found = <Wait*>realloc(self.waits, self.waits_room * sizeof(Wait))
            if found == NULL:
                raise MemoryError("no memory for waits")
            self.waits = found
        if count:
            memmove(self.waits, self.waits + self.waits_first, count * sizeof(Wait))
        self.waits_first, self.waits_end = 0, count
        return 0

    cdef void answered(self, OrderRecord* order) noexcept:
        order.due = order.attempts = 0

    cdef int64_t next_overdue(self) noexcept:
        cdef Wait* first
        while self.waits_first < self.waits_end:
            first = &self.waits[self.waits_first]
            if self.orders[first.order].due == first.due:
                return first.due
            self.waits_first += 1
        self.waits_first = self.waits_end = 0
        return INT64_MAX

    cdef int64_t take_overdue(self) noexcept:
        self.waits_first += 1
        return self.waits[self.waits_first - 1].order
