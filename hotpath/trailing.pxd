"""Trailing stops in classes that move together, and which class moves first, so that a price touches only what it moves.

A class is a ring of the trailing stops of one source and direction that have moved at the same price; once together,
always together, so a price that moves several classes makes one of them. Its first order, the first to have come,
stands for it in a pairing heap, which needs no memory of its own.
"""
from libc.stdint cimport int32_t, int64_t

from letrade.hotpath.matching_state cimport MatchState
from letrade.hotpath.order_pool cimport Terms

cdef enum:
    MERGES_MAX = 32  # lists of 2**0 to 2**31 classes


cdef inline int64_t quiet_key(int store, const Terms* terms) noexcept nogil:
    """Up to this price (mirrored where the rising price triggers) the trigger of a trailing stop stays where it is."""
    return terms.trail - terms.trigger if store & 1 else terms.trigger + terms.trail


cdef inline int32_t meld(Terms* terms, int store, int32_t one, int32_t other) noexcept nogil:
    """One heap of two; 0 is an empty one."""
    cdef int32_t child
    if one == 0 or other == 0:
        return one | other
    if quiet_key(store, terms + other) < quiet_key(store, terms + one):
        one, other = other, one
    child = terms[one].class_child
    terms[other].class_next = child
    terms[other].class_before = one
    if child:
        terms[child].class_before = other
    terms[one].class_child = other
    return one


cdef inline int32_t meld_all(Terms* terms, int store, int32_t first) noexcept nogil:
    """One heap of brothers: in pairs from the first to the last, then those from the last to the first."""
    cdef int32_t second, rest, pairs = 0, heap = 0
    while first:
        second = terms[first].class_next
        rest = terms[second].class_next if second else 0
        first = meld(terms, store, first, second)
        terms[first].class_next = pairs
        pairs = first
        first = rest
    while pairs:
        rest = terms[pairs].class_next
        terms[pairs].class_next = 0
        heap = meld(terms, store, heap, pairs)
        pairs = rest
    return heap


cdef inline void set_root(MatchState* state, int store, int32_t root) noexcept nogil:
    """An order is the first of its class when something comes before it in the heap; before the root it is itself."""
    state.trailing[store] = root
    if root:
        state.pool.terms[root].class_before = root
        state.pool.terms[root].class_next = 0


cdef inline void add_class(MatchState* state, int store, int32_t first) noexcept nogil:
    set_root(state, store, meld(state.pool.terms, store, state.trailing[store], first))


cdef inline void drop_class(MatchState* state, int store, int32_t first) noexcept nogil:
    """Takes a class out of the heap; its own trigger may be another already."""
    cdef Terms* terms = state.pool.terms
    cdef int32_t heap = meld_all(terms, store, terms[first].class_child), behind = terms[first].class_next
    cdef int32_t before = terms[first].class_before
    if before != first:
        if terms[before].class_child == first:
            terms[before].class_child = behind
        else:
            terms[before].class_next = behind
        if behind:
            terms[behind].class_before = before
        heap = meld(terms, store, state.trailing[store], heap)
    terms[first].class_child = terms[first].class_next = terms[first].class_before = 0
    set_root(state, store, heap)


cdef inline void leave_trailing(MatchState* state, int store, int32_t place) noexcept nogil:
    """Takes a trailing stop out of its class."""
    cdef Terms* terms = state.pool.terms
    cdef int32_t behind = terms[place].trail_next, before = terms[place].trail_previous
    terms[behind].trail_previous = before
    terms[before].trail_next = behind
    terms[place].trail_next = 0
    if terms[place].class_before:
        drop_class(state, store, place)
        if behind != place:
            add_class(state, store, behind)


cdef inline void join_trailing(MatchState* state, int store, int32_t place) noexcept nogil:
    """Makes a trailing stop a class of its own, which it leaves at its first move."""
    cdef Terms* terms = state.pool.terms
    if terms[place].trail_next:
        leave_trailing(state, store, place)
    terms[place].trail_next = terms[place].trail_previous = place
    add_class(state, store, place)


cdef inline int32_t merge_lists(Terms* terms, int32_t one, int32_t other) noexcept nogil:
    """One list of two, first come first; 0 is an empty one, and what follows the last."""
    cdef int32_t first = 0, last = 0
    while one and other:
        if terms[other].sequence < terms[one].sequence:
            one, other = other, one
        if last:
            terms[last].trail_next = one
        else:
            first = one
        last = one
        one = terms[one].trail_next
    if last == 0:
        return one | other
    terms[last].trail_next = one | other
    return first


cdef inline int32_t take_behind(MatchState* state, int store, int64_t key) noexcept nogil:
    """Takes all classes out that a price moves: the list of their orders, first come first."""
    cdef Terms* terms = state.pool.terms
    cdef int32_t[MERGES_MAX] lists  # of twice as many classes each, so that each order is merged but a few times
    cdef int32_t place, count = 0, size
    while state.trailing[store] and quiet_key(store, terms + state.trailing[store]) < key:
        place = state.trailing[store]
        drop_class(state, store, place)
        terms[terms[place].trail_previous].trail_next = 0
        size = 0
        while size < count and lists[size]:
            place = merge_lists(terms, lists[size], place)
            lists[size] = 0
            size += 1
        if size == count:
            count += 1
        lists[size] = place
    place = 0
    for size in range(count):
        place = merge_lists(terms, lists[size], place)
    return place


cdef inline void form_class(MatchState* state, int store, int32_t first) noexcept nogil:
    """Makes one class of the orders of a list, which have moved."""
    cdef Terms* terms = state.pool.terms
    cdef int32_t place = first, last = 0
    while place:
        terms[place].trail_previous = last
        last = place
        place = terms[place].trail_next
    terms[last].trail_next = first
    terms[first].trail_previous = last
    add_class(state, store, first)
