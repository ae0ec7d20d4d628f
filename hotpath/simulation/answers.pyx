"""What a market said of one request or event, put as the exchange answers: trades first, then a word on each order."""
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

from letrade.hotpath.simulation.orders cimport (
    NO_REASON, SAID_AMENDED, SAID_ENDED, SAID_RESTS, SAID_TRADED, Said
)


cdef Py_ssize_t last_word(const Said* said, Py_ssize_t first, Py_ssize_t count) noexcept:
    """Where the order of said[first] rests or ends after it; `count` when it does not."""
    cdef Py_ssize_t place
    for place in range(first + 1, count):
        if said[place].order == said[first].order and (said[place].kind == SAID_RESTS or said[place].kind == SAID_ENDED):
            return place
    return count


cdef void take_out(Said* said, Py_ssize_t place, Py_ssize_t* count) noexcept:
    cdef Py_ssize_t following
    for following in range(place, count[0] - 1):
        said[following] = said[following + 1]
    count[0] -= 1


cdef void put_in(Said* said, Py_ssize_t place, const Said* one, Py_ssize_t* count) noexcept:
    """There is room, as one was taken out before."""
    cdef Py_ssize_t following
    for following in range(count[0], place, -1):
        said[following] = said[following - 1]
    said[place] = one[0]
    count[0] += 1


cdef void trades_first(Said* said, Py_ssize_t count) noexcept:
    """All that traded, then what became of the orders; else in the order in which it was said."""
    cdef Py_ssize_t place, other, trades = 0
    cdef Said one
    for place in range(count):
        if said[place].kind != SAID_TRADED:
            continue
        if place > trades:
            one = said[place]
            for other in range(place, trades, -1):
                said[other] = said[other - 1]
            said[trades] = one
        trades += 1


cdef void arrange(Said* said, Py_ssize_t* count) noexcept:
    """An amend is told after the trades that followed from it, with what is left then, and in place of the word that
    the order rests. A size that the exchange cut by itself is told by that word, or just before the end."""
    cdef Py_ssize_t place = 0, end, other
    cdef Said amended
    if count[0] > 1:
        trades_first(said, count[0])
    while place < count[0]:
        if said[place].kind != SAID_AMENDED or said[place].maker:  # maker: it was put there below
            place += 1
            continue
        end = last_word(said, place, count[0])
        if end == count[0]:
            if said[place].reason != NO_REASON:
                said[place].kind, said[place].reason = SAID_RESTS, NO_REASON
            place += 1
            continue
        amended = said[place]
        other = place
        while other < end:
            if said[other].kind == SAID_AMENDED and said[other].order == amended.order:
                take_out(said, other, count)
                end -= 1
            else:
                other += 1
        amended.size, amended.maker = said[end].size, 1
        if said[end].kind == SAID_ENDED:
            put_in(said, end, &amended, count)
        elif amended.reason == NO_REASON:
            said[end] = amended


def arranged(said):
    cdef Py_ssize_t place, count = len(said)
    cdef Said* rows = <Said*>malloc((count + 1) * sizeof(Said))
    if rows == NULL:
        raise MemoryError(f"no memory for {count} answers")
    try:
        for place in range(count):
            rows[place].kind, rows[place].order, rows[place].size, rows[place].reason = said[place]
            rows[place].time = rows[place].price = rows[place].maker = 0
        arrange(rows, &count)
        return [(rows[place].kind, rows[place].order, rows[place].size, rows[place].reason) for place in range(count)]
    finally:
        free(rows)
