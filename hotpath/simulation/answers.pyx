"""What a market said of one request or event, put as the exchange answers: trades first, then a word on each order."""
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc, realloc

from letrade.hotpath.simulation.orders cimport (
    CUT_ON_ENTRY, NO_REASON, SAID_AMENDED, SAID_ENDED, SAID_RESTS, SAID_TRADED, SAID_TRIGGERED, WAS_CANCELLED, WAS_FILLED,
    WAS_TRIGGERED, Said
)

cdef Said* kept = NULL  # what was said, while it is put in order
cdef Py_ssize_t kept_room = 0


cdef bint is_word(const Said* said) noexcept:
    return said.kind == SAID_RESTS or said.kind == SAID_ENDED or said.kind == SAID_AMENDED


cdef Py_ssize_t word_on(int64_t order, Py_ssize_t count, Said* out) noexcept:
    """One word on how the order stands at last: amended, resting, or at its end, before which a cut of its size that
    nobody asked for is told. How many were written. A word without a Reason of its own has the last one before it."""
    cdef Py_ssize_t place, last = -1, amended = 0
    cdef int64_t why = NO_REASON
    cdef bint asked = False, cut = False
    for place in range(count):
        if kept[place].order != order:
            continue
        if kept[place].kind == SAID_TRIGGERED:
            why = WAS_TRIGGERED
        if not is_word(&kept[place]):
            continue
        last = place
        if kept[place].kind == SAID_AMENDED:
            asked, cut = asked or kept[place].reason == NO_REASON, cut or kept[place].reason != NO_REASON
            amended = place
            if kept[place].reason != NO_REASON and kept[place].reason != CUT_ON_ENTRY:
                why = kept[place].reason
    if last < 0:
        return 0
    if not asked and kept[last].kind != SAID_ENDED:
        out[0] = kept[last]
        out[0].kind, out[0].reason = SAID_RESTS, why
        return 1
    place = 0
    if asked or cut:
        out[0], place = kept[amended], 1
        out[0].size = kept[last].size
        out[0].maker = kept[last].kind == SAID_ENDED
        if asked:
            out[0].reason = NO_REASON
    if kept[last].kind == SAID_ENDED:
        out[place] = kept[last]
        out[place].maker = asked
        if out[place].reason == WAS_FILLED or out[place].reason == WAS_CANCELLED:
            out[place].price = why
        place += 1
    return place


cdef bint is_first(Py_ssize_t place) noexcept:
    """Of what was said of its order."""
    cdef Py_ssize_t other
    for other in range(place):
        if kept[other].order == kept[place].order:
            return False
    return True


cdef int arrange(Said* said, Py_ssize_t* count, int64_t incoming) except -1:
    """Trades in their order; then the orders by when they were first spoken of, the one that came in last."""
    global kept, kept_room
    cdef Py_ssize_t place, out = 0
    cdef Said* found
    if count[0] < 2:
        if count[0] == 1 and said[0].kind == SAID_AMENDED and said[0].reason != NO_REASON:
            said[0].kind, said[0].reason = SAID_RESTS, NO_REASON
        return 0
    if count[0] > kept_room:
        found = <Said*>realloc(kept, 2 * count[0] * sizeof(Said))
        if found == NULL:
            raise MemoryError(f"no memory for {count[0]} answers")
        kept, kept_room = found, 2 * count[0]
    for place in range(count[0]):
        kept[place] = said[place]
    for place in range(count[0]):
        if not is_word(&kept[place]):
            said[out], out = kept[place], out + 1
    for place in range(count[0]):
        if kept[place].order != incoming and is_first(place):
            out += word_on(kept[place].order, count[0], &said[out])
    out += word_on(incoming, count[0], &said[out])
    count[0] = out
    return 0


def arranged(said, int64_t incoming=0):
    cdef Py_ssize_t place, count = len(said)
    cdef Said* rows = <Said*>malloc((count + 1) * sizeof(Said))
    if rows == NULL:
        raise MemoryError(f"no memory for {count} answers")
    try:
        for place in range(count):
            rows[place].kind, rows[place].order, rows[place].size, rows[place].reason = said[place]
            rows[place].time = rows[place].price = rows[place].maker = 0
        arrange(rows, &count, incoming)
        return [(rows[place].kind, rows[place].order, rows[place].size, rows[place].reason) for place in range(count)]
    finally:
        free(rows)
