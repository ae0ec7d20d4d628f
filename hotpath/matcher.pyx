# cython: boundscheck=False, wraparound=False
"""Price-time matching of one instrument in whole ticks and lots, by handles: numbers in, numbers out."""
import struct

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.bytearray cimport PyByteArray_FromStringAndSize
from libc.stdint cimport INT64_MAX, int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc

from letrade.hotpath.conditional cimport tell_price
from letrade.hotpath.constants cimport (
    BAD_TERMS, BUY, CANCEL_NEWEST, BY_LAST, FILLS_FULL, GTC, LIMIT_ORDER, SELL,
)
from letrade.hotpath.hashing cimport HASH_START, hash_word
from letrade.hotpath.int_table cimport table_get
from letrade.hotpath.levels cimport KEY_MAX, Levels, NO_KEY, key_below, level_of
from letrade.hotpath.matching_commands cimport (
    Fault, amend_order, answer_of, cancel_order, execute, place_order,
)
from letrade.hotpath.matching_doors cimport read_limit, read_market, read_terms
from letrade.hotpath.matching_queues cimport expire_due, open_lots
from letrade.hotpath.matching_state cimport (
    FILLS_MAX, Command, Fill, MatchState, Notice, owner_place, reserve_owner, reserve_reports, state_free, state_open,
)
from letrade.hotpath.matching_words cimport all_handles, take_words, words_of
from letrade.hotpath.order_pool cimport HAS_TERMS, Order, place_of
from letrade.hotpath.whole cimport whole

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    /* The empty asm keeps gcc from taking a function that only prefetches for one that does nothing. */
    #define letrade_prefetch(address) do { __builtin_prefetch(address); __asm__ volatile (""); } while (0)
    #else
    #define letrade_prefetch(address)
    #endif
    """
    void letrade_prefetch(const void* address) noexcept nogil

cdef enum:
    AHEAD = 8  # rows between an order's handle, the order itself and the command that needs it

    HANDED_MIN = 4096  # fills: fewer are copied

cdef dict FAULTS = {
    Fault.BAD_SIDE: "side must be BUY (1) or SELL (-1), found {side}",
    Fault.BAD_PRICE: f"the price of an order must be at least 1 tick, found {{price}} (and at most {KEY_MAX})",
    Fault.BAD_SIZE: "the size of an order must be at least 1 lot, found {size}",
    Fault.BAD_TIME_IN_FORCE: "time in force must be GTC (0), IOC (1), FOK (2) or GTD (3)",
    Fault.BAD_POST_ONLY: "a post-only order must be GTC or GTD and have a price: IOC and FOK never rest",
    Fault.TOO_MANY_LOTS: f"a side holds at most {INT64_MAX} lots, found {{resting}} resting and {{size}} more",
    Fault.ID_IN_USE: "order {order_id} is resting already: ids are used once",
    Fault.BAD_KIND: "kind must be one of LIMIT_ORDER (0) to TRAILING_STOP (6)",
    Fault.PRICE_AT_MARKET: "an order that trades at any price must have the price 0, found {price}",
    Fault.BAD_EXPIRES: "expires must be above 0 for a GTD order and 0 for all others",
    Fault.BAD_REDUCE_ONLY: "a reduce-only order must have an owner other than 0, whose position it reduces",
    Fault.BAD_TRIGGER: f"a conditional order must have a trigger of 1 to {KEY_MAX} ticks, all others 0",
    Fault.BAD_TRAIL: f"a trailing stop must trail by 1 to {KEY_MAX} ticks, all others by 0",
    Fault.BAD_SHOWN: "an iceberg must show 1 lot to all of them, have a price and be GTC or GTD",
    Fault.BAD_SELF_TRADE: "self_trade must be one of CANCEL_NEWEST (0) to DECREMENT (3)",
    Fault.BAD_SOURCE: "source must be BY_LAST (0), BY_MARK (1) or BY_INDEX (2), and 0 for orders without trigger",
    Fault.POSITION_TOO_LARGE: f"an owner's position and open orders hold at most {INT64_MAX} lots: owner {{owner}}",
    Fault.NO_START: "a trailing stop must have a trigger as long as its source's price is not known",
}


cdef Levels* side_of(MatchState* state, int64_t side) except NULL:
    if side != BUY and side != SELL:
        raise ValueError(f"side must be BUY (1) or SELL (-1), found {side}")
    return &state.books[side < 0]


cdef object best_of(Levels* levels, int64_t side):
    if levels.best == NO_KEY:
        return None
    return side * levels.best, levels.window[levels.best - levels.base].shown_lots


cdef inline void look_ahead(
    MatchState* state, const Command* command, const int64_t* answers, int64_t row
) noexcept nogil:
    """Lets the memory bring the orders of later rows while this row is handled."""
    cdef int64_t handle = command[AHEAD].order
    cdef uint64_t last = row
    cdef uint64_t later = -1 - command[2 * AHEAD].order, soon = -1 - handle
    cdef uint32_t place
    # Without branches: which rows name an earlier one cannot be foretold.
    letrade_prefetch(&answers[later if later < last else last])
    soon = soon if soon < last else last
    place = <uint32_t>(handle if handle > 0 else answers[soon])
    letrade_prefetch(&state.pool.orders[place if place < <uint32_t>state.pool.used else 0])


cdef class Handed:
    """A block of memory that an engine has given away; an array lies on it."""

    cdef void* data
    cdef Py_ssize_t size

    cdef int take(self, void* data, Py_ssize_t size) except -1:
        """What lies beyond `size` is given back."""
        cdef void* cut = realloc(data, size)
        self.data, self.size = cut if cut != NULL else data, size
        return 0

    def __dealloc__(self):
        free(self.data)

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        PyBuffer_FillInfo(buffer, self, self.data, self.size, 0, flags)


cdef class Matching:
    """What both views of a matching engine share: what rests, and what has happened."""

    def __cinit__(self, fills_max=1048576):
        if not 0 < whole(fills_max) <= FILLS_MAX:
            raise ValueError(f"fills_max must be 1 to {FILLS_MAX}, found {fills_max}")
        if not state_open(&self.state, fills_max, False):
            raise MemoryError("no memory for a matching engine")

    def __dealloc__(self):
        state_free(&self.state)

    cdef int64_t execute(self, const Command* command) noexcept nogil:
        return execute(&self.state, command, NULL, 0)

    cdef object fail(self, int64_t order_id, int64_t side, int64_t owner, int64_t price, int64_t size):
        """Raises what is wrong with a command that was answered with BAD_TERMS."""
        text = FAULTS[self.state.fault]
        resting = self.state.side_lots[side < 0]
        raise ValueError(
            text.format(order_id=order_id, side=side, owner=owner, price=price, size=size, resting=resting)
        )

    @property
    def left(self):
        return self.state.left

    @property
    def fills_waiting(self):
        return self.state.fills_count

    @property
    def notices_waiting(self):
        return self.state.notices_count

    def take_fills(self):
        from letrade.hotpath.matching_rows import FILL
        from numpy import frombuffer
        cdef Fill* fresh
        if self.state.fills_count >= HANDED_MIN:
            fresh = <Fill*>malloc(self.state.fills_capacity * sizeof(Fill))
            if fresh != NULL:
                handed = Handed()
                (<Handed>handed).take(self.state.fills, self.state.fills_count * sizeof(Fill))
                self.state.fills, self.state.fills_count = fresh, 0
                return frombuffer(handed, FILL)
        found = PyByteArray_FromStringAndSize(<char*>self.state.fills, self.state.fills_count * sizeof(Fill))
        self.state.fills_count = 0
        return frombuffer(found, FILL)

    def take_notices(self):
        from letrade.hotpath.matching_rows import NOTICE
        from numpy import frombuffer
        found = PyByteArray_FromStringAndSize(<char*>self.state.notices, self.state.notices_count * sizeof(Notice))
        self.state.notices_count = 0
        return frombuffer(found, NOTICE)

    def take_trades(self):
        return self.take_tuples()

    cdef list take_tuples(self):
        cdef list trades = []
        cdef int64_t index = 0
        cdef Fill* fill
        # Asked anew for each: a tuple that is made may run a collection, and that code which takes the fills itself.
        while index < self.state.fills_count:
            fill = &self.state.fills[index]
            trades.append((fill.maker, fill.taker, fill.price, fill.size))
            index += 1
        self.state.fills_count = 0
        return trades

    def trigger_price(self, source, price):
        cdef int64_t number = whole(source), ticks = whole(price)
        if not 0 <= number <= 2:
            raise ValueError(f"source must be BY_LAST (0), BY_MARK (1) or BY_INDEX (2), found {number}")
        if not 0 < ticks <= KEY_MAX:
            raise ValueError(f"a price must be 1 to {KEY_MAX} ticks, found {ticks}")
        return tell_price(&self.state, number, ticks)

    def price(self, source):
        cdef int64_t number = whole(source)
        if not 0 <= number <= 2:
            raise ValueError(f"source must be BY_LAST (0), BY_MARK (1) or BY_INDEX (2), found {number}")
        return self.state.prices[number]

    def advance(self, time):
        cdef int64_t now = whole(time)
        if now < self.state.time:
            raise ValueError(f"time must not run back: it is {self.state.time}, found {now}")
        if not reserve_reports(&self.state, 0):
            return -FILLS_FULL
        return expire_due(&self.state, now)

    def position(self, owner):
        return self.state.owners[table_get(&self.state.owner_places, whole(owner))].position

    def set_position(self, owner, lots):
        cdef int64_t number = whole(owner), position = whole(lots), room
        cdef int32_t place = table_get(&self.state.owner_places, number)
        if number == 0:
            raise ValueError("owner 0 is nobody and has no position")
        room = INT64_MAX - self.state.owners[place].open_lots
        if not -room <= position <= room:
            raise ValueError(FAULTS[Fault.POSITION_TOO_LARGE].format(owner=owner))
        if not reserve_owner(&self.state):
            raise MemoryError("no memory for another owner")
        self.state.owners[owner_place(&self.state, number)].position = position

    def order_count(self):
        return self.state.pool.live

    def best_bid(self):
        return best_of(&self.state.books[0], BUY)

    def best_ask(self):
        return best_of(&self.state.books[1], SELL)

    def best(self):
        return best_of(&self.state.books[0], BUY), best_of(&self.state.books[1], SELL)

    def depth(self, side, n):
        cdef int64_t side_number = whole(side), count = whole(n), key
        cdef Levels* levels = side_of(&self.state, side_number)
        cdef list found = []
        if count < 0:
            raise ValueError(f"the number of levels must be 0 or more, found {count}")
        key = levels.best
        while key != NO_KEY and len(found) < count:
            found.append((side_number * key, level_of(levels, key).shown_lots))
            key = key_below(levels, key)
        return found

    def levels(self, side):
        return side_of(&self.state, whole(side)).count

    def state_hash(self):
        cdef uint64_t state = HASH_START
        for word in words_of(&self.state):
            state = hash_word(state, word)
        return state

    def dump(self):
        words = words_of(&self.state)
        return struct.pack(f"<{len(words)}q", *words)

    def load_bytes(self, bytes data):
        cdef Matching fresh = type(self)(self.state.fills_max)
        cdef MatchState old
        if len(data) % 8:
            raise ValueError(f"an engine's dump is whole words of 8 bytes, found {len(data)} bytes")
        try:
            take_words(&fresh.state, list(struct.unpack(f"<{len(data) // 8}q", data)))
        except OverflowError as error:
            raise ValueError("a number of an engine's dump is far too large") from error
        if fresh.dump() != data:
            raise ValueError("the orders of an engine's dump must be bids then asks, in price-time priority")
        old = self.state
        self.state = fresh.state
        fresh.state = old


cdef class Matcher(Matching):
    """A matching engine whose orders are addressed by handles."""

    cdef int32_t place_of(self, object handle) except -1:
        return place_of(&self.state.pool, whole(handle))

    cdef int64_t answer(self, const Command* command) except? -1:
        cdef int64_t status = place_order(&self.state, command)
        if status == BAD_TERMS:
            self.fail(command.id, command.side, command.owner, command.price, command.size)
        return answer_of(&self.state, status)

    def limit(self, side, price, size, owner=0, time_in_force=GTC, bint post_only=False, id=0):
        cdef Command command
        read_limit(&command, id, owner, side, price, size, time_in_force, post_only)
        return self.answer(&command)

    def market(self, side, size, owner=0, id=0):
        cdef Command command
        read_market(&command, id, owner, side, size)
        return self.answer(&command)

    def place(
        self, kind, side, size, price=0, *, owner=0, id=0, time_in_force=GTC, expires=0, trigger=0, trail=0,
        source=BY_LAST, shown=0, group=0, bint post_only=False, bint reduce_only=False, self_trade=CANCEL_NEWEST,
    ):
        cdef Command command
        read_terms(
            &command, id, owner, kind, side, size, price, time_in_force, expires, trigger, trail, source, shown, group,
            post_only, reduce_only, self_trade,
        )
        return self.answer(&command)

    def cancel(self, handle):
        return cancel_order(&self.state, self.place_of(handle))

    def amend(self, handle, price, size, trigger=0):
        cdef int64_t number = whole(handle), ticks = whole(price), lots = whole(size), new_trigger = whole(trigger)
        # The place is looked up last: reading the others may run code that ends the order.
        cdef int64_t status = amend_order(&self.state, place_of(&self.state.pool, number), ticks, lots, new_trigger)
        if status == BAD_TERMS:
            self.fail(number, 0, 0, ticks, lots)
        return answer_of(&self.state, status)

    def run(self, const Command[::1] commands, int64_t[::1] answers, Py_ssize_t start=0):
        cdef Py_ssize_t row, count = commands.shape[0]
        if answers.shape[0] < count or not 0 <= start <= count:
            raise ValueError(f"{count} commands need as many answers, found {answers.shape[0]}, and start in them")
        if count and <size_t>&answers[0] < <size_t>(&commands[0] + count) and (
            <size_t>&commands[0] < <size_t>(&answers[0] + count)
        ):
            raise ValueError("the answers must not lie in the memory of the commands")
        row = start
        # The GIL stays held: no other thread may change the engine, or a command that has been checked.
        while row < count:
            if row + 2 * AHEAD < count:
                look_ahead(&self.state, &commands[row], &answers[0], row)
            answers[row] = execute(&self.state, &commands[row], &answers[0], row)
            if answers[row] == -FILLS_FULL:
                break
            row += 1
        return row

    def order(self, handle):
        cdef int32_t place = self.place_of(handle)
        cdef Order* order = &self.state.pool.orders[place]
        cdef int64_t trigger = 0
        if place == 0:
            return None
        if order.flags & HAS_TERMS:
            trigger = self.state.pool.terms[place].trigger
        owner = self.state.owners[order.owner].owner
        return order.id, owner, order.side, order.kind, order.price, open_lots(&self.state, place), trigger

    def handles(self):
        return all_handles(&self.state)
