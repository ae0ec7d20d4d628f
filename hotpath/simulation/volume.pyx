"""What accounts have traded, by currency and day (UTC): exact, and no more days than fees ask for."""
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

from letrade.hotpath.simulation.money cimport add, from_python, int128, to_python

cdef enum:
    DAY_NS = 86_400_000_000_000


cdef class Volume:
    """What is traded today counts from tomorrow on, for thirty days; places are those of accounts and currencies."""

    def __init__(self, int64_t count):
        free(self.kept)
        self.count = max(count, 0)
        self.kept = <Days*>calloc(self.count + 1, sizeof(Days))
        if self.kept == NULL:
            raise MemoryError("no memory for what accounts have traded")

    def __dealloc__(self):
        free(self.kept)

    cdef int128 before(self, int64_t place, int64_t time) except? -1:
        cdef Days* days = &self.kept[place]
        cdef int64_t today = time // DAY_NS + 1, slot
        cdef int128 total = <int128>0
        if days.known != today:
            for slot in range(DAYS_KEPT):
                if max(today - DAYS, 1) <= days.numbers[slot] < today:
                    total = add(total, days.traded[slot])
            days.known, days.before = today, total
        return days.before

    cdef int add(self, int64_t place, int64_t time, int128 amount) except -1:
        cdef Days* days = &self.kept[place]
        cdef int64_t today = time // DAY_NS + 1, slot = today % DAYS_KEPT
        if days.numbers[slot] != today:
            days.numbers[slot], days.traded[slot] = today, <int128>0
        days.traded[slot] = add(days.traded[slot], amount)
        return 0

    cdef int check(self, int64_t place) except -1:
        if not 0 <= place < self.count:
            raise IndexError(f"expected a place below {self.count}, found {place}")
        return 0

    def traded(self, int64_t place, int64_t time, amount):
        self.check(place)
        self.add(place, time, from_python(amount))

    def known(self, int64_t place, int64_t time):
        self.check(place)
        return to_python(self.before(place, time))
