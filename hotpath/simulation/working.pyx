"""The orders that work at one market: found by number, and side by side in priority."""
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint64_t
from libc.string cimport memmove, memset

from letrade.hotpath.constants cimport GTD
from letrade.hotpath.simulation.orders cimport SimulatedOrder

cdef void* more_room(void* items, Py_ssize_t* room, size_t item_size) except NULL:
    """The same items where there is room for twice as many."""
    cdef Py_ssize_t wanted = max(2 * room[0], 16)
    cdef void* moved = PyMem_Realloc(items, wanted * item_size)
    if moved == NULL:
        raise MemoryError(f"no memory for {wanted} items")
    room[0] = wanted
    return moved


cdef void put_at(Listed* listed, Py_ssize_t place, Py_ssize_t slot) noexcept:
    memmove(listed.slots + place + 1, listed.slots + place, (listed.count - place) * sizeof(Py_ssize_t))
    listed.slots[place] = slot
    listed.count += 1


cdef void take_at(Listed* listed, Py_ssize_t place) noexcept:
    listed.count -= 1
    memmove(listed.slots + place, listed.slots + place + 1, (listed.count - place) * sizeof(Py_ssize_t))


cdef inline Py_ssize_t bucket_of(int64_t number, Py_ssize_t buckets) noexcept:
    return <Py_ssize_t>(((<uint64_t>number) * <uint64_t>0x9E3779B97F4A7C15 >> 20) & <uint64_t>(buckets - 1))


cdef void sort_down(int64_t* numbers, Py_ssize_t count) noexcept:
    cdef Py_ssize_t place, hole
    cdef int64_t number
    for place in range(1, count):
        number, hole = numbers[place], place
        while hole > 0 and numbers[hole - 1] < number:
            numbers[hole] = numbers[hole - 1]
            hole -= 1
        numbers[hole] = number


cdef list as_row(const Working* working):
    cdef const int64_t* words = <const int64_t*>working
    return [words[place] for place in range(sizeof(Working) // sizeof(int64_t))]


cdef int from_row(list row, Working* working) except -1:
    cdef int64_t* words = <int64_t*>working
    for place in range(sizeof(Working) // sizeof(int64_t)):
        words[place] = row[place]
    working.place = FREE_SLOT
    return 0


cdef class WorkingOrders:
    """Slots stay where they are while an order works; pointers into the pool do not outlive an `add`."""

    def __cinit__(self):
        self.free = NO_SLOT
        self.note_sides()

    def __dealloc__(self):
        PyMem_Free(self.pool)
        PyMem_Free(self.buckets)
        PyMem_Free(self.sides[0].slots)
        PyMem_Free(self.sides[1].slots)
        PyMem_Free(self.triggers.slots)
        PyMem_Free(self.waiting.slots)
        PyMem_Free(self.holdings)
        PyMem_Free(self.hits)

    def __len__(self):
        return self.count

    cdef Py_ssize_t find(self, int64_t number) noexcept:
        cdef Py_ssize_t place
        if self.count == 0:
            return NO_SLOT
        place = bucket_of(number, self.buckets_count)
        while self.buckets[place] != NO_SLOT:
            if self.pool[self.buckets[place]].order.number == number:
                return self.buckets[place]
            place = (place + 1) & (self.buckets_count - 1)
        return NO_SLOT

    cdef Py_ssize_t add(self, const SimulatedOrder* order) except -1:
        cdef Py_ssize_t slot
        if self.free == NO_SLOT:
            self.grow()
        if 2 * (self.count + 1) > self.buckets_count:
            self.grow_buckets()
        slot = self.free
        self.free = <Py_ssize_t>self.pool[slot].arrival
        memset(&self.pool[slot], 0, sizeof(Working))
        self.pool[slot].order = order[0]
        self.count += 1
        self.reducing += order.reduce_only != 0
        self.bucket_insert(slot)
        return slot

    cdef int grow(self) except -1:
        cdef Py_ssize_t room = max(2 * self.room, 16), slot
        cdef Working* pool = <Working*>PyMem_Realloc(self.pool, room * sizeof(Working))
        if pool == NULL:
            raise MemoryError(f"no memory for {room} orders")
        self.pool = pool
        for slot in range(room - 1, self.room - 1, -1):
            memset(&pool[slot], 0, sizeof(Working))
            pool[slot].arrival = self.free
            self.free = slot
        self.room = room
        return 0

    cdef int grow_buckets(self) except -1:
        cdef Py_ssize_t count = max(2 * self.buckets_count, 64), slot
        cdef Py_ssize_t* buckets = <Py_ssize_t*>PyMem_Realloc(self.buckets, count * sizeof(Py_ssize_t))
        if buckets == NULL:
            raise MemoryError(f"no memory to find {count} orders")
        self.buckets = buckets
        self.buckets_count = count
        for slot in range(count):
            buckets[slot] = NO_SLOT
        for slot in range(self.room):
            if self.pool[slot].order.number:
                self.bucket_insert(slot)
        return 0

    cdef void bucket_insert(self, Py_ssize_t slot) noexcept:
        cdef Py_ssize_t place = bucket_of(self.pool[slot].order.number, self.buckets_count)
        while self.buckets[place] != NO_SLOT:
            if self.buckets[place] == slot:
                return
            place = (place + 1) & (self.buckets_count - 1)
        self.buckets[place] = slot

    cdef Listed* side(self, int64_t side) noexcept:
        return &self.sides[0 if side > 0 else 1]

    cdef Py_ssize_t lower(self, Listed* listed, int64_t key) noexcept:
        cdef Py_ssize_t low = 0, high = listed.count, middle
        cdef const SimulatedOrder* order
        while low < high:
            middle = (low + high) >> 1
            order = &self.pool[listed.slots[middle]].order
            if order.side * order.price < key:
                low = middle + 1
            else:
                high = middle
        return low

    cdef int64_t best_key(self, int64_t side) noexcept:
        return self.side(side).best

    cdef int64_t worst_key(self, int64_t side) noexcept:
        return self.side(side).worst

    cdef void note_sides(self) noexcept:
        self.note_edges(&self.sides[0])
        self.note_edges(&self.sides[1])

    cdef void note_edges(self, Listed* listed) noexcept:
        cdef const SimulatedOrder* order
        listed.worst, listed.best = INT64_MAX, INT64_MIN
        if listed.count:
            order = &self.pool[listed.slots[0]].order
            listed.worst = order.side * order.price
            order = &self.pool[listed.slots[listed.count - 1]].order
            listed.best = order.side * order.price

    cdef int enlist(self, Py_ssize_t slot, int64_t place) except -1:
        """In the book an order goes behind its equals: below them, as the best is the last."""
        cdef SimulatedOrder* order = &self.pool[slot].order
        cdef Listed* listed = self.list_of(place, order.side)
        if listed.count == listed.room:
            listed.slots = <Py_ssize_t*>more_room(listed.slots, &listed.room, sizeof(Py_ssize_t))
        if place == RESTS_IN_BOOK:
            put_at(listed, self.lower(listed, order.side * order.price), slot)
            self.note_edges(listed)
        else:
            put_at(listed, listed.count, slot)
        self.pool[slot].place = place
        return 0

    cdef Listed* list_of(self, int64_t place, int64_t side) noexcept:
        if place == RESTS_IN_BOOK:
            return self.side(side)
        return &self.triggers if place == AWAITS_TRIGGER else &self.waiting

    cdef void unlist(self, Py_ssize_t slot) noexcept:
        cdef Working* working = &self.pool[slot]
        cdef Listed* listed
        cdef Py_ssize_t place = 0
        if working.place == FREE_SLOT:
            return
        listed = self.list_of(working.place, working.order.side)
        if working.place == RESTS_IN_BOOK:
            place = self.lower(listed, working.order.side * working.order.price)
        while place < listed.count and listed.slots[place] != slot:
            place += 1
        if place < listed.count:
            take_at(listed, place)
        if working.place == RESTS_IN_BOOK:
            self.note_edges(listed)
        working.place = FREE_SLOT

    cdef void remove(self, Py_ssize_t slot) noexcept:
        """Forgets an order. The gap that it leaves among the buckets is closed, so that all behind it are found."""
        cdef Py_ssize_t mask = self.buckets_count - 1, hole, place, home
        self.unlist(slot)
        hole = bucket_of(self.pool[slot].order.number, self.buckets_count)
        while self.buckets[hole] != slot:
            hole = (hole + 1) & mask
        place = (hole + 1) & mask
        while self.buckets[place] != NO_SLOT:
            home = bucket_of(self.pool[self.buckets[place]].order.number, self.buckets_count)
            if ((place - home) & mask) >= ((place - hole) & mask):
                self.buckets[hole] = self.buckets[place]
                hole = place
            place = (place + 1) & mask
        self.buckets[hole] = NO_SLOT
        self.reducing -= self.pool[slot].order.reduce_only != 0
        self.pool[slot].order.number = 0
        self.pool[slot].arrival = self.free
        self.free = slot
        self.count -= 1

    cdef Holding* holding(self, int64_t owner) except NULL:
        cdef Py_ssize_t place
        cdef Holding* holdings
        for place in range(self.holdings_count):
            if self.holdings[place].owner == owner:
                return &self.holdings[place]
        holdings = <Holding*>PyMem_Realloc(self.holdings, (self.holdings_count + 1) * sizeof(Holding))
        if holdings == NULL:
            raise MemoryError("no memory for one more owner")
        self.holdings = holdings
        place = self.holdings_count
        self.holdings_count += 1
        holdings[place].owner, holdings[place].position, holdings[place].closed = owner, 0, 0
        return &holdings[place]

    cdef int64_t reducible(self, const SimulatedOrder* order) except -1:
        """How much of a reduce-only order may stand: what is held and no other such order of its side closes."""
        cdef int64_t position = self.holding(order.owner).position, size
        cdef Py_ssize_t slot
        cdef Working* other
        if position * order.side >= 0:
            return 0
        size = abs(position)
        for slot in range(self.room if self.reducing else 0):
            other = &self.pool[slot]
            if other.order.number == 0 or not other.order.reduce_only or other.order.number == order.number:
                continue
            if other.order.owner != order.owner or other.order.side != order.side or other.place == AWAITS_TRIGGER:
                continue
            if other.order.group == 0 or other.order.group != order.group:
                size -= left_of(&other.order) if other.place != FREE_SLOT else 0
        return max(size, 0)

    cdef int note_hit(self, Py_ssize_t place, int64_t number) except -1:
        if place == self.hits_room:
            self.hits = <int64_t*>more_room(self.hits, &self.hits_room, sizeof(int64_t))
        self.hits[place] = number
        return 0

    cdef Py_ssize_t next_due(self) noexcept:
        """The order that expires first, of several the one with the lowest number; or NO_SLOT."""
        cdef Py_ssize_t slot, due = NO_SLOT
        cdef const SimulatedOrder* order
        for slot in range(self.room):
            order = &self.pool[slot].order
            if order.number == 0 or order.time_in_force != GTD:
                continue
            if due == NO_SLOT or order.expires < self.pool[due].order.expires:
                due = slot
            elif order.expires == self.pool[due].order.expires and order.number < self.pool[due].order.number:
                due = slot
        return due

    cdef Py_ssize_t list_reducing(self) except -1:
        """The numbers of reduce-only orders, newest first, into hits; how many."""
        cdef Py_ssize_t slot, count = 0
        for slot in range(self.room):
            if self.pool[slot].order.number and self.pool[slot].order.reduce_only:
                self.note_hit(count, self.pool[slot].order.number)
                count += 1
        sort_down(self.hits, count)
        return count

    cdef void forget_closed(self) noexcept:
        cdef Py_ssize_t place
        for place in range(self.holdings_count):
            self.holdings[place].closed = 0

    cdef Py_ssize_t next_of_group(self, int64_t group, int64_t after) noexcept:
        cdef Py_ssize_t slot, found = NO_SLOT
        cdef const SimulatedOrder* order
        for slot in range(self.room):
            order = &self.pool[slot].order
            if order.number > after and order.group == group:
                if found == NO_SLOT or order.number < self.pool[found].order.number:
                    found = slot
        return found

    cdef list state(self):
        """Every order in the order of its list, and what each owner holds, as plain numbers."""
        cdef list lists = []
        cdef Py_ssize_t place
        cdef Listed* listed
        for which in range(4):
            listed = self.list_of((RESTS_IN_BOOK, RESTS_IN_BOOK, AWAITS_TRIGGER, AWAITS_MARKET)[which], 1 - 2 * which)
            lists.append([as_row(&self.pool[listed.slots[place]]) for place in range(listed.count)])
        return [lists, [[self.holdings[place].owner, self.holdings[place].position]
                        for place in range(self.holdings_count)]]

    cdef int restore(self, list state) except -1:
        """Into an empty store; bids and asks are told worst first, and are put back best first."""
        cdef Working working
        cdef Py_ssize_t slot
        lists, holdings = state
        for which, rows in enumerate(lists):
            for row in rows if which > 1 else reversed(rows):
                from_row(row, &working)
                slot = self.add(&working.order)
                self.pool[slot] = working
                self.enlist(slot, (RESTS_IN_BOOK, RESTS_IN_BOOK, AWAITS_TRIGGER, AWAITS_MARKET)[which])
        for owner, position in holdings:
            self.holding(owner).position = position
        return 0
