"""All that a matching engine holds, as one C struct, and the memory for it, taken before a command begins."""
from libc.stdint cimport int8_t, int32_t, int64_t
from libc.stdlib cimport free, realloc

from letrade.hotpath.enlarging cimport enlarged
from letrade.hotpath.int_table cimport IntTable, table_free, table_get, table_put, table_reserve
from letrade.hotpath.levels cimport Level, Levels, levels_free, levels_open, levels_reserve
from letrade.hotpath.order_pool cimport PLACES_MAX, Pool, pool_free, pool_is_full, pool_reserve

cdef enum:
    STORES = 6  # of conditional orders: one for each source and direction
    START_CAPACITY = 1024
    FILLS_MAX = 16777216  # more than this many fills are never kept, whatever the caller allows


cdef struct Command:  # 88 bytes; a row of a batch is the same
    int64_t id  # the caller's own, to be found again in fills; 0: its handle
    int64_t order  # CANCEL, AMEND: a handle; in a batch -1 - row for the order that an earlier row made
    int64_t owner  # 0: nobody
    int64_t price  # ticks; 0 for market kinds
    int64_t size  # lots
    int64_t expires  # ns, of GTD
    int64_t trigger  # ticks, of conditional kinds; a trailing stop without one begins at its source's price
    int64_t trail  # ticks, of a trailing stop
    int64_t shown  # lots that an iceberg shows at a time; 0: all
    int64_t group  # one cancels the other; 0: none
    int8_t action
    int8_t side
    int8_t kind
    int8_t time_in_force
    int8_t post_only
    int8_t reduce_only
    int8_t self_trade
    int8_t source


cdef struct Fill:
    int64_t maker  # ids
    int64_t taker
    int64_t price  # the maker's
    int64_t size


cdef struct Notice:  # what became of an order other than by a fill or by its own command
    int64_t order  # id
    int64_t status
    int64_t lots  # that are left of it, or gone
    int64_t after  # how many of the fills that are not taken yet came before it


cdef struct Owner:
    int64_t owner
    int64_t position  # lots
    int64_t open_lots  # of its live orders of both sides


cdef struct MatchState:
    Levels books[2]  # bids, asks
    int64_t side_lots[2]  # of all live orders of a side, hidden and waiting ones too
    int64_t unsure[2]  # resting orders of a side that have terms, or only reduce
    Pool pool
    int64_t parts  # an upper bound of the fills that all live orders can still have
    Levels waiting[STORES]  # by 2 * source + (1 when it is the rising price that triggers)
    int32_t trailing[STORES]  # the class of trailing stops that moves first
    Level in_turn  # triggered orders in the order in which they will be handled
    int64_t prices[3]  # last, mark, index; 0 while unknown
    int64_t first_trade  # since triggers were looked at; 0: none
    int64_t time  # ns
    int64_t sequence
    int32_t* due  # heap of the orders that expire
    int32_t due_count
    IntTable groups  # group -> a member
    IntTable ids  # of live orders, where the caller's ids are to be used once
    bint has_ids
    IntTable owner_places
    Owner* owners
    int32_t owners_count
    int32_t owners_capacity
    Fill* fills
    int64_t fills_count
    int64_t fills_capacity
    int64_t fills_max
    Notice* notices
    int64_t notices_count
    int64_t notices_capacity
    int64_t left  # open lots of the last command's order, or lots of it that are gone
    int64_t placed  # its handle; 0: it stands nowhere
    int64_t fault  # why its terms make no sense


cdef inline bint state_open(MatchState* state, int64_t fills_max, bint has_ids) noexcept nogil:
    """Makes a zeroed state ready; False without the memory for it. Either way state_free comes at the end."""
    state.fills_max = fills_max
    state.has_ids = has_ids
    state.owners_count = 1
    return (
        levels_open(&state.books[0], START_CAPACITY)
        and levels_open(&state.books[1], START_CAPACITY)
        and reserve_places(state, START_CAPACITY)
        and reserve_owner(state)
        and reserve_reports(state, 1)
    )


cdef inline void state_free(MatchState* state) noexcept nogil:
    cdef int store
    for store in range(2):
        levels_free(&state.books[store])
    for store in range(STORES):
        levels_free(&state.waiting[store])
    pool_free(&state.pool)
    table_free(&state.groups)
    table_free(&state.ids)
    table_free(&state.owner_places)
    free(state.due)
    free(state.owners)
    free(state.fills)
    free(state.notices)


cdef inline bint reserve_places(MatchState* state, int32_t capacity) noexcept nogil:
    """Lets every structure hold `capacity` orders, whatever they do; a failure leaves larger arrays at most."""
    cdef int store
    cdef int32_t* due = <int32_t*>enlarged(state.due, state.due_count * sizeof(int32_t), capacity * sizeof(int32_t))
    if due == NULL:
        return False
    state.due = due
    for store in range(2):
        if not levels_reserve(&state.books[store], capacity):
            return False
    for store in range(STORES):
        if state.waiting[store].window != NULL and not levels_reserve(&state.waiting[store], capacity):
            return False
    return (not state.has_ids or table_reserve(&state.ids, capacity)) and pool_reserve(&state.pool, capacity)


cdef inline bint reserve_order(MatchState* state) noexcept nogil:
    """Room for one more order."""
    if not pool_is_full(&state.pool):
        return True
    return state.pool.capacity < PLACES_MAX and reserve_places(state, 2 * state.pool.capacity)


cdef inline bint reserve_group(MatchState* state, int64_t group) noexcept nogil:
    """Room for one more group, where an order is of one."""
    return group == 0 or table_reserve(&state.groups, state.groups.count + 1)


cdef inline bint reserve_owner(MatchState* state) noexcept nogil:
    """Room for one more owner."""
    cdef int32_t capacity = 2 * state.owners_capacity if state.owners_capacity else 16
    cdef Owner* owners
    if state.owners_count < state.owners_capacity:
        return True
    if capacity > PLACES_MAX or not table_reserve(&state.owner_places, capacity):
        return False
    owners = <Owner*>realloc(state.owners, capacity * sizeof(Owner))
    if owners == NULL:
        return False
    owners[0] = Owner(0, 0, 0)
    state.owners = owners
    state.owners_capacity = capacity
    return True


cdef inline int32_t owner_place(MatchState* state, int64_t owner) noexcept nogil:
    """The place of an owner, made at need; reserve_owner comes first."""
    cdef int32_t place
    if owner == 0:
        return 0
    place = table_get(&state.owner_places, owner)
    if place == 0:
        place = state.owners_count
        state.owners_count += 1
        state.owners[place] = Owner(owner, 0, 0)
        table_put(&state.owner_places, owner, place)
    return place


cdef inline bint reserve_store(MatchState* state, int store) noexcept nogil:
    return state.waiting[store].window != NULL or levels_open(&state.waiting[store], state.pool.capacity)


cdef inline bint has_report_room(MatchState* state, int64_t parts) noexcept nogil:
    """Whether all that can happen fits: each fill ends a part, and at most six notices come with a part."""
    return (
        state.fills_count + state.parts + parts <= state.fills_capacity
        and state.notices_count + 6 * (state.parts + parts) <= state.notices_capacity
    )


cdef inline bint reserve_reports(MatchState* state, int64_t parts) noexcept nogil:
    """Room for what all live orders and `parts` more can have to say; False beyond the limit or without memory."""
    cdef int64_t fills_needed = state.fills_count + state.parts + parts
    cdef int64_t notices_needed = state.notices_count + 6 * (state.parts + parts)
    if has_report_room(state, parts):
        return True
    if fills_needed > state.fills_max or notices_needed > 6 * state.fills_max:
        return False
    return (
        grow_fills(state, min(state.fills_max, 2 * fills_needed + START_CAPACITY))
        and grow_notices(state, min(6 * state.fills_max, 2 * notices_needed + START_CAPACITY))
    )


cdef inline bint grow_fills(MatchState* state, int64_t capacity) noexcept nogil:
    cdef Fill* fills
    if capacity <= state.fills_capacity:
        return True
    fills = <Fill*>enlarged(state.fills, state.fills_count * sizeof(Fill), capacity * sizeof(Fill))
    if fills == NULL:
        return False
    state.fills = fills
    state.fills_capacity = capacity
    return True


cdef inline bint grow_notices(MatchState* state, int64_t capacity) noexcept nogil:
    cdef Notice* notices
    if capacity <= state.notices_capacity:
        return True
    notices = <Notice*>enlarged(state.notices, state.notices_count * sizeof(Notice), capacity * sizeof(Notice))
    if notices == NULL:
        return False
    state.notices = notices
    state.notices_capacity = capacity
    return True
