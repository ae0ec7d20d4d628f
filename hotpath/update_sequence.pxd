"""Whether a message of a book follows the one before: the rules of core/book_sync.py without its buffer, in C."""
cimport cython
from libc.stdint cimport INT64_MAX, int64_t

from letrade.hotpath.whole cimport whole

cdef enum Phase:
    WAITING = 0  # for a snapshot: the levels are not to be believed
    LOADED = 1  # the snapshot is in, and the first message must straddle its update
    FOLLOWING = 2  # each message must follow the one before

cdef enum Verdict:
    APPLY = 0
    DROP = 1  # old: the book has it already
    KEEP = 2  # no snapshot yet
    GAP = 3  # one before it is missing: the book waits for a snapshot


cdef struct UpdateSequence:
    int64_t phase
    int64_t last_update
    int64_t expected  # at the last gap: the update that was missing, and the one found in its place
    int64_t found


cdef inline int64_t update_id(object value) except -1:
    cdef int64_t number = whole(value)
    if number < 0 or number == INT64_MAX:
        raise ValueError(f"an update id must be from 0 to 2**63 - 2, found {number}")
    return number


cdef inline bint is_old(const UpdateSequence* at, int64_t last, int64_t previous) noexcept nogil:
    if previous and at.phase != FOLLOWING:
        return last < at.last_update
    return last <= at.last_update


@cython.overflowcheck(False)
cdef inline bint straddles(const UpdateSequence* at, int64_t first, int64_t last, int64_t previous) noexcept nogil:
    cdef int64_t needed = at.last_update + (previous == 0)
    return previous == at.last_update or first <= needed <= last


@cython.overflowcheck(False)
cdef inline int follow(UpdateSequence* at, int64_t first, int64_t last, int64_t previous) noexcept nogil:
    """The verdict on a message of the updates first to last; `previous` names the one before, 0 where none is told.

    After APPLY the book counts as being at `last`: the caller applies the message, or loses the book.
    """
    cdef bint fits
    if at.phase == WAITING:
        return KEEP
    if at.phase == FOLLOWING:
        fits = previous == at.last_update or (previous == 0 and first == at.last_update + 1)
    else:
        fits = not is_old(at, last, previous) and straddles(at, first, last, previous)
    if fits:
        at.phase = FOLLOWING
        at.last_update = last
        return APPLY
    if is_old(at, last, previous):
        return DROP
    if previous and at.phase == FOLLOWING:
        at.expected, at.found = at.last_update, previous
    else:
        at.expected, at.found = at.last_update + (previous == 0), first
    at.phase = WAITING
    return GAP
