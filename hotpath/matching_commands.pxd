"""Whole commands to a matching engine: checked first, refused before they change anything, then carried out."""
from libc.stdint cimport INT64_MAX, int32_t, int64_t, uint8_t

from letrade.hotpath.conditional cimport begin_waiting, run_triggers
from letrade.hotpath.constants cimport (
    AMEND, BAD_TERMS, BUY, CANCEL, CANCEL_NEWEST, DECREMENT, ENGINE_FULL, EXPIRED, FILLED, FILLS_FULL, GTC, GTD,
    LIMIT_ORDER, MARKET_ORDER, NOTHING_TO_REDUCE, PLACE, RESTING, SELL, STOP_LIMIT, TAKE_PROFIT_LIMIT,
    TIME_OVER, TRAILING_STOP, UNKNOWN_ORDER, WAITING, WOULD_CROSS,
)
from letrade.hotpath.int_table cimport table_get, table_put
from letrade.hotpath.levels cimport KEY_MAX
from letrade.hotpath.matching_core cimport enter, match, meets, parts_of, reducible, shrink_order
from letrade.hotpath.matching_queues cimport (
    count_lots, end_order, join_book, leave_queue, leave_waiting, open_lots, store_of,
)
from letrade.hotpath.matching_state cimport (
    Command, MatchState, has_report_room, owner_place, reserve_group, reserve_order, reserve_owner, reserve_reports,
    reserve_store,
)
from letrade.hotpath.order_pool cimport (
    HAS_TERMS, POST_ONLY, REDUCE_ONLY, SELF_TRADE_SHIFT, Order, Terms, claim_place, handle_of, place_of, pool_is_full,
)

cdef enum Fault:
    NO_FAULT = 0
    BAD_SIDE = 1
    BAD_PRICE = 2
    BAD_SIZE = 3
    BAD_TIME_IN_FORCE = 4
    BAD_POST_ONLY = 5
    TOO_MANY_LOTS = 6
    ID_IN_USE = 7
    BAD_KIND = 8
    PRICE_AT_MARKET = 9
    BAD_EXPIRES = 10
    BAD_REDUCE_ONLY = 11
    BAD_TRIGGER = 12
    BAD_TRAIL = 13
    BAD_SHOWN = 14
    BAD_SELF_TRADE = 15
    BAD_SOURCE = 16
    POSITION_TOO_LARGE = 17
    BAD_ACTION = 18
    NO_START = 19


cdef inline bint has_limit(int64_t kind) noexcept nogil:
    return kind == LIMIT_ORDER or kind == STOP_LIMIT or kind == TAKE_PROFIT_LIMIT


cdef inline bint is_plain(const Command* command) noexcept nogil:
    """A limit or market order with nothing special about it."""
    return (
        command.shown | command.group | command.expires | command.trigger | command.trail
        | (command.kind & ~MARKET_ORDER) | command.post_only | command.reduce_only | command.source
    ) == 0 and command.time_in_force != GTD


cdef inline bint is_simple(MatchState* state, const Command* command) noexcept nogil:
    """Whether a command is what most are: a sound limit or market order of nobody, without terms, with room for it."""
    return (
        (
            command.owner | command.expires | command.trigger | command.trail | command.shown | command.group
            | (command.kind & ~MARKET_ORDER) | command.time_in_force | command.post_only | command.reduce_only
            | command.self_trade | command.source | state.has_ids
        ) == 0
        and command.side * command.side == 1  # one comparison, as sides come in no order that could be foretold
        and (command.price == 0 if command.kind == MARKET_ORDER else 0 < command.price <= KEY_MAX)
        and 0 < command.size <= INT64_MAX - state.side_lots[command.side < 0]
        and state.parts < state.fills_max
        and not pool_is_full(&state.pool)
        and has_report_room(state, 1)
    )


cdef inline int64_t place_simply(MatchState* state, const Command* command) noexcept nogil:
    """The same as place_order does for a simple command."""
    cdef int32_t place = claim_place(&state.pool)
    cdef Order* order = &state.pool.orders[place]
    cdef int64_t reach = KEY_MAX if command.kind == MARKET_ORDER else command.side * command.price
    order.price = command.price
    order.size = command.size
    order.owner = 0
    order.side = command.side
    order.kind = command.kind
    order.flags = 0
    order.time_in_force = GTC
    state.placed = handle_of(&state.pool, place)
    order.id = command.id if command.id else state.placed
    state.parts += 1
    state.side_lots[command.side < 0] += command.size
    if meets(state, command.side, reach):
        match(state, place, reach)
        state.left = order.size
        if order.size == 0 or command.kind == MARKET_ORDER:
            return settle(state, place, EXPIRED if order.size else FILLED)
        join_book(state, place)
        return settle(state, place, RESTING)
    state.left = command.size
    if command.kind == MARKET_ORDER:
        return settle(state, place, EXPIRED)
    join_book(state, place)
    return RESTING


cdef inline int64_t fault_of_lots(MatchState* state, int64_t side, int64_t owner, int64_t more) noexcept nogil:
    """Sums of lots stay below 2**63, whatever trades."""
    cdef int64_t place, position
    if more > INT64_MAX - state.side_lots[side < 0]:
        return TOO_MANY_LOTS
    if owner and more > 0:
        place = table_get(&state.owner_places, owner)
        position = state.owners[place].position if place else 0
        position = -position if position < 0 else position
        if place and more > INT64_MAX - position - state.owners[place].open_lots:
            return POSITION_TOO_LARGE
    return NO_FAULT


cdef inline int64_t fault_of_terms(MatchState* state, const Command* command) noexcept nogil:
    """Why an order that is not plain makes no sense."""
    cdef bint waits = command.kind > MARKET_ORDER, stays = command.time_in_force == GTC or command.time_in_force == GTD
    if (command.expires != 0) != (command.time_in_force == GTD) or command.expires < 0:
        return BAD_EXPIRES
    if command.post_only and not (stays and has_limit(command.kind)):
        return BAD_POST_ONLY
    if command.reduce_only and command.owner == 0:
        return BAD_REDUCE_ONLY
    if not 0 <= command.source <= 2 or (command.source and not waits):
        return BAD_SOURCE
    if (command.trail > 0) != (command.kind == TRAILING_STOP) or not 0 <= command.trail <= KEY_MAX:
        return BAD_TRAIL
    if not 0 <= command.trigger <= KEY_MAX or (command.trigger and not waits):
        return BAD_TRIGGER
    if waits and command.trigger == 0:
        if command.trail == 0:
            return BAD_TRIGGER
        if state.prices[command.source] == 0:
            return NO_START
    if command.shown and (not 0 < command.shown <= command.size or not stays or not has_limit(command.kind)):
        return BAD_SHOWN
    return NO_FAULT


cdef inline int64_t fault_of(MatchState* state, const Command* command) noexcept nogil:
    """Why a new order makes no sense, or NO_FAULT."""
    cdef int64_t fault
    if command.side != BUY and command.side != SELL:
        return BAD_SIDE
    if not LIMIT_ORDER <= command.kind <= TRAILING_STOP:
        return BAD_KIND
    if has_limit(command.kind):
        if not 0 < command.price <= KEY_MAX:
            return BAD_PRICE
    elif command.price:
        return PRICE_AT_MARKET
    if command.size <= 0:
        return BAD_SIZE
    if not GTC <= command.time_in_force <= GTD:
        return BAD_TIME_IN_FORCE
    if not CANCEL_NEWEST <= command.self_trade <= DECREMENT:
        return BAD_SELF_TRADE
    if state.has_ids and table_get(&state.ids, command.id):
        return ID_IN_USE
    if not is_plain(command):
        fault = fault_of_terms(state, command)
        if fault:
            return fault
    return fault_of_lots(state, command.side, command.owner, command.size)


cdef inline int32_t make_order(MatchState* state, const Command* command, int64_t parts) noexcept nogil:
    """An order in the pool that stands in no queue; there is room for it."""
    cdef int32_t place = claim_place(&state.pool)
    cdef Order* order = &state.pool.orders[place]
    cdef Terms* terms
    cdef bint has_terms = command.kind > MARKET_ORDER or command.shown or command.group or command.expires
    order.id = command.id if command.id or state.has_ids else handle_of(&state.pool, place)
    order.price = command.price
    order.size = command.size
    order.owner = owner_place(state, command.owner)
    order.side = command.side
    order.kind = command.kind
    order.time_in_force = command.time_in_force
    order.flags = <uint8_t>(
        (POST_ONLY if command.post_only else 0) | (REDUCE_ONLY if command.reduce_only else 0)
        | (HAS_TERMS if has_terms else 0) | (command.self_trade << SELF_TRADE_SHIFT)
    )
    if has_terms:
        state.sequence += 1
        state.pool.terms_used = max(state.pool.terms_used, place + 1)
        state.pool.terms[place] = Terms(
            0, command.shown, parts, command.expires, command.group, command.trigger, command.trail, state.sequence,
            0, 0, 0, 0, 0, 0, 0, 0, command.source,
        )
    if state.has_ids:
        table_put(&state.ids, order.id, place)
    state.parts += parts
    count_lots(state, order, order.size)
    return place


cdef inline int64_t settle(MatchState* state, int32_t place, int64_t status) noexcept nogil:
    """Ends what does not stay, and handles what its trades have triggered."""
    if status == RESTING or status == WAITING:
        state.placed = handle_of(&state.pool, place)
    else:
        state.placed = 0
        end_order(state, place)
    if state.waiting[0].count or state.waiting[1].count:
        run_triggers(state)
    state.first_trade = 0
    return status


cdef inline int64_t place_order(MatchState* state, const Command* command) noexcept nogil:
    """The status of a new order; `left` and `placed` tell the rest, `fault` what is wrong where it is BAD_TERMS."""
    cdef int64_t parts = 1, reach
    cdef int32_t place
    if is_simple(state, command):
        return place_simply(state, command)
    state.left = command.size
    state.placed = 0
    state.fault = fault_of(state, command)
    if state.fault:
        return BAD_TERMS
    if command.expires and command.expires <= state.time:
        return TIME_OVER
    if command.shown:
        parts = parts_of(command.size, command.shown)
    if parts > state.fills_max - state.parts:
        return ENGINE_FULL
    if not (reserve_order(state) and reserve_owner(state) and reserve_group(state, command.group)):
        return ENGINE_FULL
    reach = KEY_MAX if command.kind == MARKET_ORDER else command.side * command.price
    if command.kind > MARKET_ORDER or command.reduce_only or meets(state, command.side, reach):
        if not reserve_reports(state, parts):
            return FILLS_FULL
    place = make_order(state, command, parts)
    if command.kind <= MARKET_ORDER:
        return settle(state, place, enter(state, place))
    if not reserve_store(state, store_of(&state.pool.orders[place], &state.pool.terms[place])):
        end_order(state, place)
        return ENGINE_FULL
    return settle(state, place, begin_waiting(state, place))


cdef inline int64_t cancel_order(MatchState* state, int32_t place) noexcept nogil:
    """Takes a live order away; its open lots."""
    cdef int64_t lots
    if place == 0:
        return 0
    lots = open_lots(state, place)
    leave_queue(state, place)
    end_order(state, place)
    return lots


cdef inline int64_t set_size(MatchState* state, int32_t place, int64_t size, int64_t parts) noexcept nogil:
    """Gives an order that stands in no queue of the book other open lots, none of them hidden; the old ones."""
    cdef Order* order = &state.pool.orders[place]
    cdef Terms* terms = &state.pool.terms[place]
    cdef int64_t old = open_lots(state, place)
    count_lots(state, order, size - old)
    order.size = size
    if order.flags & HAS_TERMS:
        terms.hidden = 0
        state.parts += parts - terms.parts
        terms.parts = parts
    return old


cdef inline int64_t amend_waiting(
    MatchState* state, int32_t place, int64_t price, int64_t size, int64_t parts, int64_t trigger
) noexcept nogil:
    cdef Order* order = &state.pool.orders[place]
    if trigger:
        leave_waiting(state, place)
    set_size(state, place, size, parts)
    order.price = price
    if trigger == 0:
        return WAITING
    state.pool.terms[place].trigger = trigger
    return begin_waiting(state, place)


cdef inline int64_t amend_resting(
    MatchState* state, int32_t place, int64_t price, int64_t size, int64_t parts
) noexcept nogil:
    cdef Order* order = &state.pool.orders[place]
    if price == order.price and size <= open_lots(state, place):
        shrink_order(state, place, size)
        return RESTING
    if order.flags & REDUCE_ONLY and reducible(state, order) == 0:
        state.left = open_lots(state, place)
        return NOTHING_TO_REDUCE
    if order.flags & POST_ONLY and meets(state, order.side, order.side * price):
        state.left = open_lots(state, place)
        return WOULD_CROSS
    leave_queue(state, place)
    set_size(state, place, size, parts)
    order.price = price
    return enter(state, place)


cdef inline int64_t fault_of_amend(
    MatchState* state, int32_t place, int64_t price, int64_t size, int64_t trigger
) noexcept nogil:
    cdef Order* order = &state.pool.orders[place]
    if has_limit(order.kind):
        if not 0 < price <= KEY_MAX:
            return BAD_PRICE
    elif price:
        return PRICE_AT_MARKET
    if size <= 0:
        return BAD_SIZE
    if not 0 <= trigger <= KEY_MAX or (trigger and order.kind <= MARKET_ORDER):
        return BAD_TRIGGER
    return fault_of_lots(state, order.side, state.owners[order.owner].owner, size - open_lots(state, place))


cdef inline int64_t amend_order(
    MatchState* state, int32_t place, int64_t price, int64_t size, int64_t trigger
) noexcept nogil:
    """Gives a live order a new price, open lots and trigger (0: the same); its status, as for a new one."""
    cdef int64_t parts = 1, status
    cdef Order* order = &state.pool.orders[place]
    state.left = 0
    state.placed = 0
    state.fault = NO_FAULT
    if place == 0:
        return UNKNOWN_ORDER
    state.fault = fault_of_amend(state, place, price, size, trigger)
    if state.fault:
        return BAD_TERMS
    state.left = open_lots(state, place)
    state.placed = handle_of(&state.pool, place)
    if order.flags & HAS_TERMS:
        parts = parts_of(size, state.pool.terms[place].shown)
        if parts > state.fills_max - (state.parts - state.pool.terms[place].parts):
            return ENGINE_FULL
    if not reserve_reports(state, parts):
        return FILLS_FULL
    state.left = size
    if order.kind > MARKET_ORDER:
        status = amend_waiting(state, place, price, size, parts, trigger)
    else:
        status = amend_resting(state, place, price, size, parts)
        if status == WOULD_CROSS or status == NOTHING_TO_REDUCE:
            return status  # it stays as it was
    return settle(state, place, status)


cdef inline int64_t answer_of(MatchState* state, int64_t status) noexcept nogil:
    """The handle of an order that stands somewhere, else the status below 0."""
    return state.placed if status == RESTING or status == WAITING else -status


cdef inline int64_t execute(
    MatchState* state, const Command* command, const int64_t* answers, int64_t row
) noexcept nogil:
    """One row of a batch: the handle of the order, or its status below 0; for CANCEL the lots that were open, or 0."""
    cdef int64_t handle = command.order
    cdef int32_t place
    if command.action == PLACE:
        return answer_of(state, place_order(state, command))
    if handle < 0:
        handle = answers[-1 - handle] if -1 - handle < row else 0
    place = place_of(&state.pool, handle)
    if command.action == CANCEL:
        return cancel_order(state, place)
    if command.action == AMEND:
        return answer_of(state, amend_order(state, place, command.price, command.size, command.trigger))
    return -BAD_TERMS
