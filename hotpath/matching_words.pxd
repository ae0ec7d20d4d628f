"""A matching engine as int64 words and back: for snapshots, and to be compared with another by a hash."""
from libc.stdint cimport INT64_MAX, int32_t, int64_t

from letrade.hotpath.constants cimport GTC, GTD, MARKET_ORDER, PLACE
from letrade.hotpath.levels cimport KEY_MAX, Levels, NO_KEY, key_below, level_of
from letrade.hotpath.matching_commands cimport fault_of, make_order
from letrade.hotpath.matching_core cimport meets, parts_of, stand_by
from letrade.hotpath.matching_queues cimport count_unsure, join_book, join_waiting, store_of
from letrade.hotpath.matching_state cimport (
    STORES, Command, MatchState, owner_place, reserve_group, reserve_order, reserve_owner, reserve_store,
)
from letrade.hotpath.order_pool cimport (
    HAS_TERMS, POST_ONLY, REDUCE_ONLY, SELF_TRADE_SHIFT, Order, Terms, handle_of, place_of,
)
from letrade.hotpath.trailing cimport join_trailing

cdef extern from *:
    """
    #define LETRADE_MATCH_MARK 0x32484354414D544CLL
    """
    const int64_t DUMP_MARK "LETRADE_MATCH_MARK"  # "LTMATCH2" as little-endian bytes

cdef enum:
    HEADER_WORDS = 8  # mark, orders, owners with a position, time, sequence, last, mark and index price
    OWNER_WORDS = 2
    ORDER_WORDS = 18


cdef inline list handles_of(MatchState* state, Levels* levels):
    """The handles of a side or store in priority."""
    cdef list handles = []
    cdef int64_t key = levels.best if levels.count else NO_KEY
    cdef int32_t place
    while key != NO_KEY:
        place = level_of(levels, key).head
        while place:
            handles.append(handle_of(&state.pool, place))
            place = state.pool.orders[place].next
        key = key_below(levels, key)
    return handles


cdef inline list all_handles(MatchState* state):
    """Bids, asks, then conditional orders: by last, mark and index price, each first by a falling, then by a rise."""
    cdef list handles = handles_of(state, &state.books[0]) + handles_of(state, &state.books[1])
    cdef int store
    for store in range(STORES):
        handles += handles_of(state, &state.waiting[store])
    return handles


cdef inline tuple words_of_order(MatchState* state, int32_t place):
    cdef Order* order = &state.pool.orders[place]
    cdef Terms terms
    if order.flags & HAS_TERMS:
        terms = state.pool.terms[place]
    else:
        terms = Terms(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    if not (terms.expires or terms.group or terms.trail):
        terms.sequence = 0  # who came first matters to nobody
    return (
        order.id, state.owners[order.owner].owner, order.side, order.kind, order.price, order.size, order.time_in_force,
        int(order.flags & POST_ONLY != 0), int(order.flags & REDUCE_ONLY != 0), order.flags >> SELF_TRADE_SHIFT,
        terms.hidden, terms.shown, terms.expires, terms.group, terms.trigger, terms.trail, terms.source, terms.sequence,
    )


cdef inline list words_of(MatchState* state):
    """All that decides what the engine answers from now on, but for the fills and notices that are not taken."""
    cdef int32_t place
    cdef list owners = []
    cdef list orders = all_handles(state)
    cdef list words
    for place in range(1, state.owners_count):
        if state.owners[place].position:
            owners.append((state.owners[place].owner, state.owners[place].position))
    words = [DUMP_MARK, len(orders), len(owners), state.time, state.sequence]
    words += [state.prices[0], state.prices[1], state.prices[2]]
    for pair in sorted(owners):
        words += pair
    for handle in orders:
        place = place_of(&state.pool, handle)
        if place == 0:
            raise RuntimeError("a garbage collection ran code that changed the engine while it was read")
        words += words_of_order(state, place)
    return words


cdef inline int take_words(MatchState* state, list words) except -1:
    """Fills an empty engine; ValueError where the words make no sense by themselves."""
    cdef Py_ssize_t at = HEADER_WORDS, orders, owners, index
    cdef list arrivals = []
    cdef int64_t owner, position, before = 0
    if len(words) < HEADER_WORDS or words[0] != DUMP_MARK:
        raise ValueError("these bytes are not a dump of a matching engine")
    orders, owners = words[1], words[2]
    if orders < 0 or owners < 0 or len(words) != HEADER_WORDS + OWNER_WORDS * owners + ORDER_WORDS * orders:
        raise ValueError("these bytes are not a whole dump of a matching engine: they are cut off, or too many")
    state.time = words[3]
    for index in range(3):
        if not 0 <= words[5 + index] <= KEY_MAX:
            raise ValueError(f"the prices of an engine's dump are 0 (unknown) to {KEY_MAX}, found {words[5 + index]}")
        state.prices[index] = words[5 + index]
    for index in range(owners):
        owner, position = words[at], words[at + 1]
        if owner == 0 or not -INT64_MAX <= position <= INT64_MAX or not reserve_owner(state):
            raise ValueError(f"owner {owner} of an engine's dump has the impossible position {position}")
        state.owners[owner_place(state, owner)].position = position
        at += OWNER_WORDS
    for index in range(orders):
        place = take_order(state, words[at:at + ORDER_WORDS])
        if is_attached(state, place):
            arrivals.append((words[at + ORDER_WORDS - 1], place))
        at += ORDER_WORDS
    for sequence, place in sorted(arrivals):
        if not before < sequence <= words[4]:
            raise ValueError(f"an order of an engine's dump came at the impossible place {sequence} of {words[4]}")
        before = sequence
        attach_order(state, place)
    if not 0 <= words[4] <= KEY_MAX:
        raise ValueError(f"an engine's dump cannot have had {words[4]} orders with terms")
    state.sequence = words[4]
    return 0


cdef inline bint is_attached(MatchState* state, int32_t place) noexcept nogil:
    """Whether it matters when an order came: it expires, is one of a group, or trails."""
    cdef Terms* terms = &state.pool.terms[place]
    return state.pool.orders[place].flags & HAS_TERMS and (terms.expires or terms.group or terms.trail)


cdef inline bint can_stand(list words) except -1:
    """Whether shown and hidden lots, and the time in force, are those of an order that waits or rests."""
    size, time_in_force, hidden, shown = words[5], words[6], words[10], words[11]
    if words[3] > MARKET_ORDER:
        return size > 0 and hidden == 0
    if words[3] == MARKET_ORDER or size <= 0 or hidden < 0 or (time_in_force != GTC and time_in_force != GTD):
        return False
    return 0 < size <= shown if shown else hidden == 0


cdef inline int take_order(MatchState* state, list words) except -1:
    """Puts one order of a dump into its queue; its place."""
    cdef Command command
    cdef int32_t place
    cdef Order* order
    cdef bint waits = words[3] > MARKET_ORDER
    cdef int64_t parts
    command.action, command.side, command.kind, command.time_in_force = PLACE, words[2], words[3], words[6]
    command.id, command.order, command.owner, command.price = words[0], 0, words[1], words[4]
    command.size, command.shown, command.expires, command.group = words[5] + words[10], words[11], words[12], words[13]
    command.trigger, command.trail, command.source = words[14], words[15], words[16]
    command.post_only, command.reduce_only, command.self_trade = words[7], words[8], words[9]
    if command.shown > command.size:
        command.shown = command.size  # less is left than it showed at a time
    fault = fault_of(state, &command)
    is_over = command.expires and command.expires <= state.time
    if fault or is_over or not can_stand(words):
        raise ValueError(f"order {command.id} of an engine's dump cannot be: its terms make no sense (fault {fault})")
    if not reserve_order(state) or not reserve_owner(state):
        raise MemoryError("no memory for the orders of an engine's dump")
    if not waits and meets(state, command.side, command.side * command.price):
        raise ValueError(f"order {command.id} of an engine's dump crosses the other side at price {command.price}")
    command.shown = words[11]
    # What it shows now may be less than a whole part.
    parts = parts_of(words[5], command.shown)
    if words[10]:
        parts += parts_of(words[10], command.shown)
    if parts > state.fills_max - state.parts:
        raise ValueError(f"the orders of an engine's dump can have more than {state.fills_max} fills")
    place = make_order(state, &command, parts)
    order = &state.pool.orders[place]
    if order.flags & HAS_TERMS:
        state.pool.terms[place].sequence = words[17]
        state.pool.terms[place].hidden = words[10]
        order.size = words[5]
    if not waits:
        count_unsure(state, order, 1)
        join_book(state, place)
    elif not reserve_store(state, store_of(order, &state.pool.terms[place])):
        raise MemoryError("no memory for the conditional orders of an engine's dump")
    else:
        join_waiting(state, place)
    return place


cdef inline int attach_order(MatchState* state, int32_t place) except -1:
    cdef Terms* terms = &state.pool.terms[place]
    if not reserve_group(state, terms.group):
        raise MemoryError("no memory for the groups of an engine's dump")
    stand_by(state, place)
    if terms.trail:
        join_trailing(state, store_of(&state.pool.orders[place], terms), place)
    return 0
