"""Where an order stands: in the queue of a price or trigger, among those that expire, in a group; and how it ends."""
from libc.stdint cimport int32_t, int64_t

from letrade.hotpath.constants cimport BUY, GROUP_DONE, MARKET_ORDER, STOP_LIMIT, STOP_MARKET, TIME_OVER, TRAILING_STOP
from letrade.hotpath.int_table cimport table_get, table_put, table_remove
from letrade.hotpath.levels cimport Level, Levels, level_of, level_to_join, remove_level
from letrade.hotpath.matching_state cimport MatchState, Notice
from letrade.hotpath.order_pool cimport HAS_TERMS, REDUCE_ONLY, Order, Terms, release_place
from letrade.hotpath.trailing cimport leave_trailing

cdef enum:
    IN_TURN = 3  # in place of a source: the order has been triggered and waits for its turn


cdef inline void tell(MatchState* state, int32_t place, int64_t status, int64_t lots) noexcept nogil:
    """Adds a notice; there is room."""
    state.notices[state.notices_count] = Notice(state.pool.orders[place].id, status, lots, state.fills_count)
    state.notices_count += 1


cdef inline void count_lots(MatchState* state, Order* order, int64_t lots) noexcept nogil:
    """Lots that become open (or no longer are, below 0) on the order's side and for its owner."""
    state.side_lots[order.side < 0] += lots
    if order.owner:
        state.owners[order.owner].open_lots += lots


cdef inline void count_unsure(MatchState* state, const Order* order, int64_t count) noexcept nogil:
    """Counts a resting order of which the lots that its price shows do not say what is sure to trade."""
    if order.flags & (REDUCE_ONLY | HAS_TERMS):
        state.unsure[order.side < 0] += count


cdef inline void link_last(MatchState* state, Level* level, int32_t place) noexcept nogil:
    """Puts an order at the end of a queue."""
    cdef Order* order = &state.pool.orders[place]
    order.previous = level.tail
    order.next = 0
    state.pool.orders[level.tail].next = place  # without a tail that is place 0, which is nobody's
    level.head = level.head if level.tail else place
    level.tail = place


cdef inline void unlink_order(MatchState* state, Level* level, int32_t place) noexcept nogil:
    """Takes an order out of a queue, without branches: whether it has neighbours cannot be foretold."""
    cdef Order* order = &state.pool.orders[place]
    cdef int32_t before = order.previous, behind = order.next
    state.pool.orders[before].next = behind
    state.pool.orders[behind].previous = before
    level.head = level.head if before else behind
    level.tail = level.tail if behind else before


cdef inline void join_book(MatchState* state, int32_t place) noexcept nogil:
    """Puts an order at the end of the queue of its price."""
    cdef Order* order = &state.pool.orders[place]
    cdef Level* level = level_to_join(&state.books[order.side < 0], order.side * order.price)
    link_last(state, level, place)
    level.shown_lots += order.size


cdef inline int store_of(Order* order, Terms* terms) noexcept nogil:
    """The store of a conditional order: to buy, a stop waits for a rising price, a take-profit for a falling one."""
    cdef bint is_stop = order.kind == STOP_MARKET or order.kind == STOP_LIMIT or order.kind == TRAILING_STOP
    return 2 * terms.source + (is_stop == (order.side == BUY))


cdef inline int64_t trigger_key(int store, int64_t trigger) noexcept nogil:
    """Falling prices meet the highest trigger first, rising ones the lowest."""
    return -trigger if store & 1 else trigger


cdef inline void join_waiting(MatchState* state, int32_t place) noexcept nogil:
    """Puts a conditional order at the end of the queue of its trigger."""
    cdef Terms* terms = &state.pool.terms[place]
    cdef int store = store_of(&state.pool.orders[place], terms)
    link_last(state, level_to_join(&state.waiting[store], trigger_key(store, terms.trigger)), place)


cdef inline void leave_waiting(MatchState* state, int32_t place) noexcept nogil:
    """Takes a conditional order out of the queue of its trigger; a trailing stop stays one."""
    cdef Terms* terms = &state.pool.terms[place]
    cdef int store = store_of(&state.pool.orders[place], terms)
    leave_level(state, &state.waiting[store], trigger_key(store, terms.trigger), place, 0)


cdef inline void leave_level(
    MatchState* state, Levels* levels, int64_t key, int32_t place, int64_t shown
) noexcept nogil:
    """Takes an order out of a queue, and the level with it when it was the last."""
    cdef Level* level = level_of(levels, key)
    unlink_order(state, level, place)
    level.shown_lots -= shown
    if level.head == 0:
        remove_level(levels, key)


cdef inline void leave_queue(MatchState* state, int32_t place) noexcept nogil:
    """Takes an order out of whichever queue it stands in."""
    cdef Order* order = &state.pool.orders[place]
    cdef Terms* terms = &state.pool.terms[place]
    if order.kind <= MARKET_ORDER:
        count_unsure(state, order, -1)
        leave_level(state, &state.books[order.side < 0], order.side * order.price, place, order.size)
    elif terms.source == IN_TURN:
        unlink_order(state, &state.in_turn, place)
    else:
        leave_waiting(state, place)
        if terms.trail:
            leave_trailing(state, store_of(order, terms), place)


cdef inline void join_group(MatchState* state, int32_t place) noexcept nogil:
    """Adds an order at the end of the ring of its group, whose first member the table knows."""
    cdef Terms* terms = state.pool.terms
    cdef int32_t first = table_get(&state.groups, terms[place].group)
    if first == 0:
        table_put(&state.groups, terms[place].group, place)
        first = place
        terms[first].group_previous = place
    terms[place].group_next = first
    terms[place].group_previous = terms[first].group_previous
    terms[terms[place].group_previous].group_next = place
    terms[first].group_previous = place


cdef inline void leave_group(MatchState* state, int32_t place) noexcept nogil:
    cdef Terms* terms = state.pool.terms
    cdef int32_t next_place = terms[place].group_next
    if next_place == place:
        table_remove(&state.groups, terms[place].group)
    elif next_place:
        terms[next_place].group_previous = terms[place].group_previous
        terms[terms[place].group_previous].group_next = next_place
        if table_get(&state.groups, terms[place].group) == place:
            table_put(&state.groups, terms[place].group, next_place)
    terms[place].group_next = 0
    terms[place].group = 0


cdef inline void close_group(MatchState* state, int32_t place) noexcept nogil:
    """Ends the others of an order's group, first come first; the order goes on alone."""
    cdef int64_t group = state.pool.terms[place].group
    cdef int32_t other
    leave_group(state, place)
    other = table_get(&state.groups, group)
    while other:
        remove_order(state, other, GROUP_DONE)
        other = table_get(&state.groups, group)


cdef inline bint is_due_before(MatchState* state, int32_t place, int32_t other) noexcept nogil:
    cdef Terms* terms = state.pool.terms
    if terms[place].expires != terms[other].expires:
        return terms[place].expires < terms[other].expires
    return terms[place].sequence < terms[other].sequence


cdef inline void settle_due(MatchState* state, int32_t index, int32_t place) noexcept nogil:
    """Lets an order that is put into the heap at `index` (from 1) rise or sink to where it belongs."""
    cdef int32_t* due = state.due - 1
    cdef int32_t child
    while index > 1 and is_due_before(state, place, due[index >> 1]):
        due[index] = due[index >> 1]
        state.pool.terms[due[index]].due_place = index
        index >>= 1
    while 2 * index <= state.due_count:
        child = 2 * index
        if child < state.due_count and is_due_before(state, due[child + 1], due[child]):
            child += 1
        if is_due_before(state, place, due[child]):
            break
        due[index] = due[child]
        state.pool.terms[due[index]].due_place = index
        index = child
    due[index] = place
    state.pool.terms[place].due_place = index


cdef inline void join_due(MatchState* state, int32_t place) noexcept nogil:
    state.due_count += 1
    settle_due(state, state.due_count, place)


cdef inline void leave_due(MatchState* state, int32_t place) noexcept nogil:
    cdef int32_t index = state.pool.terms[place].due_place
    cdef int32_t last = state.due[state.due_count - 1]
    state.pool.terms[place].due_place = 0
    state.due_count -= 1
    if last != place:
        settle_due(state, index, last)


cdef inline void end_order(MatchState* state, int32_t place) noexcept nogil:
    """Ends an order that stands in no queue of a price any more."""
    cdef Order* order = &state.pool.orders[place]
    cdef Terms* terms
    cdef int64_t parts = 1, size = order.size
    if order.flags & HAS_TERMS:
        terms = &state.pool.terms[place]
        parts = terms.parts
        size += terms.hidden
        if terms.due_place:
            leave_due(state, place)
        if terms.group_next:
            leave_group(state, place)
    state.parts -= parts
    if size:
        count_lots(state, order, -size)
    if state.has_ids:
        table_remove(&state.ids, order.id)
    release_place(&state.pool, place)


cdef inline int64_t open_lots(MatchState* state, int32_t place) noexcept nogil:
    """Shown and hidden lots of an order."""
    cdef int64_t size = state.pool.orders[place].size
    return size + state.pool.terms[place].hidden if state.pool.orders[place].flags & HAS_TERMS else size


cdef inline void remove_order(MatchState* state, int32_t place, int64_t status) noexcept nogil:
    """Takes an order out of its queue, ends it and says why."""
    leave_queue(state, place)
    tell(state, place, status, open_lots(state, place))
    end_order(state, place)


cdef inline int64_t expire_due(MatchState* state, int64_t time) noexcept nogil:
    """Ends what is good till `time` or earlier, the earliest and then the first to come first; says how many."""
    cdef int64_t count = 0
    state.time = max(state.time, time)
    while state.due_count and state.pool.terms[state.due[0]].expires <= time:
        remove_order(state, state.due[0], TIME_OVER)
        count += 1
    return count
