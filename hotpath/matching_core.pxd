"""What happens when an order arrives: it trades by price, then by time; what is left rests, or is gone."""
cimport cython
from libc.stdint cimport int32_t, int64_t

from letrade.hotpath.constants cimport (
    CANCEL_NEWEST, CANCEL_OLDEST, DECREMENT, DECREMENTED, EXPIRED, FILLED, FOK, GTC, GTD, MARKET_ORDER,
    NOTHING_TO_REDUCE, RESTING, SELF_TRADE, WOULD_CROSS,
)
from letrade.hotpath.levels cimport KEY_MAX, Level, Levels, key_below, level_of
from letrade.hotpath.matching_queues cimport (
    close_group, count_lots, count_unsure, end_order, join_book, join_due, join_group, leave_level, link_last, open_lots,
    remove_order, tell, unlink_order,
)
from letrade.hotpath.matching_state cimport Fill, MatchState
from letrade.hotpath.order_pool cimport HAS_TERMS, POST_ONLY, REDUCE_ONLY, SELF_TRADE_SHIFT, Order, Terms


cdef inline int64_t reach_of(Order* order) noexcept nogil:
    """The key of the worst price that an order trades at."""
    return KEY_MAX if order.kind == MARKET_ORDER else order.side * order.price


cdef inline bint meets(MatchState* state, int64_t side, int64_t reach) noexcept nogil:
    """Whether an order would trade at once. Keys are mirrored: the best of the other side costs -key."""
    return state.books[side > 0].best + reach >= 0


cdef inline int64_t reducible(MatchState* state, Order* order) noexcept nogil:
    """The lots by which an order could bring its owner's position nearer to nothing."""
    cdef int64_t position = -order.side * state.owners[order.owner].position
    return max(position, <int64_t>0)


@cython.cdivision(True)
cdef inline int64_t parts_of(int64_t size, int64_t shown) noexcept nogil:
    """How often an iceberg shows itself until it is gone."""
    return size // shown + (size % shown != 0) if shown else 1


cdef inline bint is_own(MatchState* state, int32_t taker, int32_t maker) noexcept nogil:
    """Orders of one owner, or of one group, never trade with each other."""
    cdef Order* order = &state.pool.orders[taker]
    cdef Order* other = &state.pool.orders[maker]
    if order.owner and order.owner == other.owner:
        return True
    if order.flags & other.flags & HAS_TERMS:
        return state.pool.terms[taker].group and state.pool.terms[taker].group == state.pool.terms[maker].group
    return False


cdef inline bint can_fill(MatchState* state, int32_t taker, int64_t reach) noexcept nogil:
    """Whether all of an order is sure to trade. Makers that may vanish, reduce-only or of a group, are not sure."""
    cdef Order* order = &state.pool.orders[taker]
    cdef int other = order.side > 0
    cdef Levels* levels = &state.books[other]
    # Where every order is a plain one of somebody else's, the lots that a price shows are sure to trade.
    cdef bint plain = state.unsure[other] == 0 and (
        order.owner == 0 or state.owners[order.owner].open_lots == order.size
    )
    cdef bint skips_own = (order.flags >> SELF_TRADE_SHIFT) == CANCEL_OLDEST
    cdef int64_t needed = order.size, hidden, key = levels.best
    cdef int32_t place
    cdef Order* maker
    cdef Level* level
    if needed > state.side_lots[other]:
        return False
    while key + reach >= 0:
        level = level_of(levels, key)
        hidden = level.shown_lots if plain else 0
        place = 0 if plain else level.head
        while place:
            maker = &state.pool.orders[place]
            if is_own(state, taker, place):
                if not skips_own:
                    return False
            elif not maker.flags & REDUCE_ONLY and not (maker.flags & HAS_TERMS and state.pool.terms[place].group):
                needed -= maker.size
                if needed <= 0:
                    return True
                if maker.flags & HAS_TERMS:
                    hidden += state.pool.terms[place].hidden
            place = maker.next
        needed -= hidden  # it shows only when all that is shown has traded
        if needed <= 0:
            return True
        key = key_below(levels, key)
    return False


cdef inline void finish_part(MatchState* state, Level* level, int32_t place) noexcept nogil:
    """All that a maker shows has traded: it shows more at the end of the queue, or is done."""
    cdef Order* maker = &state.pool.orders[place]
    cdef Terms* terms = &state.pool.terms[place]
    if maker.flags & HAS_TERMS and terms.hidden:
        unlink_order(state, level, place)
        maker.size = min(terms.shown, terms.hidden)
        terms.hidden -= maker.size
        level.shown_lots += maker.size
        link_last(state, level, place)
    else:
        count_unsure(state, maker, -1)
        leave_level(state, &state.books[maker.side < 0], maker.side * maker.price, place, 0)
        end_order(state, place)


cdef inline void take_lots(MatchState* state, Order* order, Order* maker, Level* level, int64_t lots) noexcept nogil:
    order.size -= lots
    maker.size -= lots
    level.shown_lots -= lots
    state.side_lots[0] -= lots
    state.side_lots[1] -= lots
    if order.owner:
        state.owners[order.owner].open_lots -= lots
    if maker.owner:
        state.owners[maker.owner].open_lots -= lots


cdef inline void close_groups(MatchState* state, int32_t taker, int32_t place) noexcept nogil:
    """Ends the others of the groups of two orders that have traded."""
    if state.pool.orders[taker].flags & HAS_TERMS and state.pool.terms[taker].group:
        close_group(state, taker)
    if state.pool.orders[place].flags & HAS_TERMS and state.pool.terms[place].group:
        close_group(state, place)


cdef inline void trade(MatchState* state, int32_t taker, int32_t place, Level* level) noexcept nogil:
    """Taker and maker trade as much as both show."""
    cdef Order* order = &state.pool.orders[taker]
    cdef Order* maker = &state.pool.orders[place]
    cdef int64_t lots = min(order.size, maker.size)
    state.fills[state.fills_count] = Fill(maker.id, order.id, maker.price, lots)
    state.fills_count += 1
    if state.first_trade == 0:
        state.first_trade = maker.price
    state.prices[0] = maker.price
    take_lots(state, order, maker, level, lots)
    if order.owner:
        state.owners[order.owner].position += order.side * lots
    if maker.owner:
        state.owners[maker.owner].position += maker.side * lots
    if (order.flags | maker.flags) & HAS_TERMS:
        close_groups(state, taker, place)
    if maker.size == 0:
        finish_part(state, level, place)


cdef inline bint meet_own(MatchState* state, int32_t taker, int32_t place, Level* level) noexcept nogil:
    """Keeps an owner from trading with itself; whether the taker goes on."""
    cdef Order* order = &state.pool.orders[taker]
    cdef Order* maker = &state.pool.orders[place]
    cdef int64_t mode = order.flags >> SELF_TRADE_SHIFT, lots = min(order.size, maker.size)
    if mode == CANCEL_NEWEST:
        return False
    if mode != DECREMENT:
        remove_order(state, place, SELF_TRADE)
        return mode == CANCEL_OLDEST
    tell(state, place, DECREMENTED, lots)
    tell(state, taker, DECREMENTED, lots)
    take_lots(state, order, maker, level, lots)
    if maker.size == 0:
        finish_part(state, level, place)
    return order.size > 0


cdef inline void shrink_order(MatchState* state, int32_t place, int64_t size) noexcept nogil:
    """Leaves `size` lots of a resting order, which keeps its place in the queue; hidden lots go first."""
    cdef Order* order = &state.pool.orders[place]
    cdef int64_t dropped = open_lots(state, place) - size, hidden
    count_lots(state, order, -dropped)
    if order.flags & HAS_TERMS:
        hidden = min(dropped, state.pool.terms[place].hidden)
        state.pool.terms[place].hidden -= hidden
        dropped -= hidden
    order.size -= dropped
    level_of(&state.books[order.side < 0], order.side * order.price).shown_lots -= dropped


cdef inline bint still_reduces(MatchState* state, int32_t place) noexcept nogil:
    """Cuts a reduce-only maker to its owner's position; False when nothing of it is left."""
    cdef int64_t allowed = reducible(state, &state.pool.orders[place]), size = open_lots(state, place)
    if size <= allowed:
        return True
    if allowed == 0:
        remove_order(state, place, NOTHING_TO_REDUCE)
        return False
    tell(state, place, NOTHING_TO_REDUCE, size - allowed)
    shrink_order(state, place, allowed)
    return True


cdef inline bint match(MatchState* state, int32_t taker, int64_t reach) noexcept nogil:
    """Trades until the size, the price or the other side ends; True when the owner's own orders ended it."""
    cdef Order* order = &state.pool.orders[taker]
    cdef Levels* other = &state.books[order.side > 0]
    cdef Level* level
    cdef int32_t place
    while order.size > 0 and other.best + reach >= 0:
        level = &other.window[other.best - other.base]
        place = level.head
        if is_own(state, taker, place):
            if not meet_own(state, taker, place, level):
                return True
        elif not state.pool.orders[place].flags & REDUCE_ONLY or still_reduces(state, place):
            trade(state, taker, place, level)
    return False


cdef inline void rest(MatchState* state, int32_t place) noexcept nogil:
    """Puts what is left of an order into the book."""
    cdef Order* order = &state.pool.orders[place]
    cdef Terms* terms = &state.pool.terms[place]
    if order.flags & HAS_TERMS:
        state.parts -= terms.parts
        terms.parts = parts_of(order.size, terms.shown)
        state.parts += terms.parts
        if terms.shown:
            terms.hidden = order.size - min(order.size, terms.shown)
            order.size -= terms.hidden
        stand_by(state, place)
    count_unsure(state, order, 1)
    join_book(state, place)


cdef inline void stand_by(MatchState* state, int32_t place) noexcept nogil:
    """Lets an order that is to stay be found by its group and by its end in time."""
    cdef Terms* terms = &state.pool.terms[place]
    if terms.group and terms.group_next == 0:
        join_group(state, place)
    if terms.expires and terms.due_place == 0:
        join_due(state, place)


cdef inline int64_t enter(MatchState* state, int32_t place) noexcept nogil:
    """Lets an order that stands in no queue trade; RESTING when it stays, else the caller ends it. Sets `left`."""
    cdef Order* order = &state.pool.orders[place]
    cdef int64_t reach = reach_of(order), dropped = 0
    cdef bint own_ended = False
    state.left = order.size
    if order.flags & REDUCE_ONLY:
        dropped = order.size - min(order.size, reducible(state, order))
        if dropped == order.size:
            return NOTHING_TO_REDUCE
        order.size -= dropped
        count_lots(state, order, -dropped)
        state.left = order.size
    if order.flags & POST_ONLY and meets(state, order.side, reach):
        return WOULD_CROSS
    if order.time_in_force == FOK and not can_fill(state, place, reach):
        return EXPIRED
    if dropped:
        tell(state, place, NOTHING_TO_REDUCE, dropped)
    own_ended = match(state, place, reach)
    state.left = order.size
    if own_ended:
        return SELF_TRADE
    if order.size == 0:
        return FILLED
    if order.kind == MARKET_ORDER or (order.time_in_force != GTC and order.time_in_force != GTD):
        return EXPIRED
    rest(state, place)
    return RESTING
