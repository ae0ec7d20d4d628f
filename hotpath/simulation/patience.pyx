"""When execution asks by itself: for an order of which no answer comes, and now and then for whole accounts."""
from libc.stdint cimport INT64_MAX
from libc.stdlib cimport free, realloc
from libc.string cimport memmove

from letrade.hotpath.simulation.desk_terms cimport Terms
from letrade.hotpath.simulation.desk_told cimport ACCOUNT_REQUEST

cdef enum:
    DOUBLINGS_MAX = 6
    ROOM_LEAST = 64


cdef class Patience(Books):
    def __cinit__(self, Terms terms not None, *arguments):
        cdef int64_t account, instrument
        self.next_comparison = INT64_MAX
        self.comparisons = <Comparison*>terms.room(terms.accounts_count, sizeof(Comparison))
        for account in range(terms.accounts_count):
            self.comparisons[account].instrument = -1
            venue = terms.source.venues[terms.source.accounts[account].venue].name
            for instrument in range(terms.instruments_count):
                if terms.source.instruments[instrument].name.partition(".")[0] == venue:
                    self.comparisons[account].instrument = instrument

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

    def begin(self, int64_t time):
        """Asks for every account."""
        cdef int64_t account
        for account in range(self.terms.accounts_count):
            self.comparisons[account].doublings = -1
            self.ask_account(account, time)
            self.compare_again(account, time)

    cdef int ask_account(self, int64_t account, int64_t time) except -1:
        if self.comparisons[account].instrument < 0:
            return 0
        self.request(ACCOUNT_REQUEST, &self.orders[0], time)
        self.requests[self.requests_count - 1].order = account
        self.requests[self.requests_count - 1].instrument = self.comparisons[account].instrument
        return 0

    cdef int compare_soon(self, int64_t account, int64_t time) except -1:
        if self.comparisons[account].due == 0:
            self.comparisons[account].doublings = -1
            self.compare_again(account, time)
        return 0

    cdef int compare_again(self, int64_t account, int64_t time) except -1:
        cdef Comparison* one = &self.comparisons[account]
        one.doublings = min(one.doublings + 1, <int64_t>DOUBLINGS_MAX)
        one.due = time + (self.terms.compares_after << one.doublings)
        self.next_comparison = self.await_comparison()
        return 0

    cdef int compare_due(self, int64_t time) except -1:
        cdef int64_t account
        for account in range(self.terms.accounts_count):
            if 0 < self.comparisons[account].due <= time:
                self.ask_account(account, time)
                self.compare_again(account, time)
        return 0

    cdef int compared(self, int64_t account) except -1:
        """What nothing is under way of has no need of another comparison."""
        if not self.comparisons[account].works:
            self.comparisons[account].due = 0
            self.next_comparison = self.await_comparison()
        return 0

    cdef int64_t await_comparison(self) noexcept:
        cdef int64_t account, due, soonest = INT64_MAX
        for account in range(self.terms.accounts_count):
            due = self.comparisons[account].due
            soonest = min(soonest, due) if due else soonest
        return soonest

    cdef int64_t next_overdue(self) noexcept:
        cdef Wait* first
        while self.waits_first < self.waits_end:
            first = &self.waits[self.waits_first]
            if self.orders[first.order].due == first.due:
                return min(first.due, self.next_comparison)
            self.waits_first += 1
        self.waits_first = self.waits_end = 0
        return self.next_comparison

    cdef int64_t take_overdue(self) noexcept:
        self.waits_first += 1
        return self.waits[self.waits_first - 1].order
