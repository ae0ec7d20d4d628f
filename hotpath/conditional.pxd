"""Orders that wait for a price: who is triggered, in which order, and trailing stops that follow.

When a command, or an order that was triggered, has been handled, the trade prices that it made are looked at, the
first and then the last. What they reach takes its turn behind those already triggered: first those that a falling price
triggers, from the highest trigger down, then those that a rising price triggers, from the lowest up; in one trigger the
first to come is first. Each turn ends before the next begins. As nothing triggers twice, there are at most as many
turns as orders wait.
"""
from libc.stdint cimport int32_t, int64_t

from letrade.hotpath.constants cimport (
    BY_LAST, FILLS_FULL, LIMIT_ORDER, MARKET_ORDER, RESTING, STOP_LIMIT, TAKE_PROFIT_LIMIT, TRIGGERED, WAITING,
)
from letrade.hotpath.levels cimport KEY_MAX, Levels
from letrade.hotpath.matching_core cimport enter, stand_by
from letrade.hotpath.matching_queues cimport (
    IN_TURN, close_group, end_order, join_waiting, leave_queue, leave_waiting, link_last, store_of, tell, trigger_key,
    unlink_order,
)
from letrade.hotpath.matching_state cimport MatchState, reserve_reports
from letrade.hotpath.order_pool cimport Order, Terms
from letrade.hotpath.trailing cimport form_class, join_trailing, leave_trailing, take_behind


cdef inline int64_t trailed(int store, int64_t price, int64_t trail) noexcept nogil:
    """The trigger at a distance from the price: below it (0 is never reached), above it where a rising one triggers."""
    return min(price + trail, KEY_MAX) if store & 1 else max(price - trail, <int64_t>0)


cdef inline int64_t begin_waiting(MatchState* state, int32_t place) noexcept nogil:
    """Lets a conditional order wait, or be triggered now if the known price has reached it; WAITING or its outcome."""
    cdef Order* order = &state.pool.orders[place]
    cdef Terms* terms = &state.pool.terms[place]
    cdef int store = store_of(order, terms)
    cdef int64_t price = state.prices[terms.source]
    if terms.trail and terms.trigger == 0:
        terms.trigger = trailed(store, price, terms.trail)
    state.left = order.size
    if price and trigger_key(store, terms.trigger) >= trigger_key(store, price):
        if terms.trail_next:
            leave_trailing(state, store, place)
        return trigger_order(state, place)
    stand_by(state, place)
    join_waiting(state, place)
    if terms.trail:
        join_trailing(state, store, place)
    return WAITING


cdef inline int64_t trigger_order(MatchState* state, int32_t place) noexcept nogil:
    """Turns a conditional order that stands in no queue into what it becomes, and lets it trade."""
    cdef Order* order = &state.pool.orders[place]
    cdef Terms* terms = &state.pool.terms[place]
    cdef bint has_price = order.kind == STOP_LIMIT or order.kind == TAKE_PROFIT_LIMIT
    order.kind = LIMIT_ORDER if has_price else MARKET_ORDER
    terms.trigger = 0
    terms.trail = 0
    terms.source = 0
    tell(state, place, TRIGGERED, order.size)
    if terms.group:
        close_group(state, place)
    return enter(state, place)


cdef inline void follow(MatchState* state, int store, int64_t price) noexcept nogil:
    """Moves the triggers of trailing stops that the price has left behind."""
    cdef int32_t first = take_behind(state, store, trigger_key(store, price)), place = first
    cdef Terms* terms
    while place:
        terms = &state.pool.terms[place]
        leave_waiting(state, place)
        terms.trigger = trailed(store, price, terms.trail)
        join_waiting(state, place)
        place = terms.trail_next
    if first:
        form_class(state, store, first)


cdef inline void take_reached(MatchState* state, int store, int64_t price) noexcept nogil:
    """Lets those whose trigger the price has reached line up for their turn."""
    cdef Levels* levels = &state.waiting[store]
    cdef int64_t key = trigger_key(store, price)
    cdef int32_t place
    while levels.count and levels.best >= key:
        place = levels.window[levels.best - levels.base].head
        leave_queue(state, place)
        state.pool.terms[place].source = IN_TURN
        link_last(state, &state.in_turn, place)


cdef inline void look_at_price(MatchState* state, int source, int64_t price) noexcept nogil:
    cdef int store
    for store in range(2 * source, 2 * source + 2):
        if state.waiting[store].count:
            follow(state, store, price)
            take_reached(state, store, price)


cdef inline int64_t run_triggers(MatchState* state) noexcept nogil:
    """Handles all that the last trades have triggered, and what that triggers; says how many. `left` stays."""
    cdef int64_t first, status, turns = 0, left = state.left
    cdef int32_t place
    while True:
        if state.first_trade:
            first = state.first_trade
            state.first_trade = 0
            look_at_price(state, BY_LAST, first)
            if state.prices[BY_LAST] != first:
                look_at_price(state, BY_LAST, state.prices[BY_LAST])
        place = state.in_turn.head
        if place == 0:
            break
        turns += 1
        unlink_order(state, &state.in_turn, place)
        status = trigger_order(state, place)
        tell(state, place, status, state.left)
        if status != RESTING:
            end_order(state, place)
    state.left = left
    return turns


cdef inline int64_t tell_price(MatchState* state, int source, int64_t price) noexcept nogil:
    """A price from outside; how many orders it triggered, or -FILLS_FULL."""
    if not reserve_reports(state, 0):
        return -FILLS_FULL
    state.prices[source] = price
    look_at_price(state, source, price)
    return run_triggers(state)
