"""The last so many doubles, oldest first, in a ring that is filled once and then goes round."""
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

cdef enum:
    WINDOW_MAX = 10_000_000


cdef struct Window:
    double* values
    int64_t size
    int64_t filled
    int64_t place  # of the next one


cdef inline int window_open(Window* window, int64_t size, str what) except -1:
    """Takes the memory of a zeroed window, once; ValueError when the size is not from 1 to WINDOW_MAX."""
    if not 1 <= size <= WINDOW_MAX:
        raise ValueError(f"{what} must be from 1 to {WINDOW_MAX}, found {size}")
    window.values = <double*>calloc(size, sizeof(double))
    if window.values == NULL:
        raise MemoryError(f"no memory for {what} of {size} values")
    window.size, window.filled, window.place = size, 0, 0
    return 0


cdef inline void window_close(Window* window) noexcept:
    free(window.values)
    window.values = NULL


cdef inline void window_clear(Window* window) noexcept nogil:
    """Forgets all values and keeps the memory, so that it cannot fail."""
    window.filled = window.place = 0


cdef inline int check_kept(const Window* window, list values) except -1:
    """ValueError when these are more values than the window holds; one that was never opened holds none."""
    if len(values) > window.size:
        raise ValueError(f"a window of {window.size} values cannot be restored from {len(values)}")
    return 0


cdef inline void window_refill(Window* window, list values):
    """Holds these values and no others; check_kept comes first."""
    cdef double value, gone
    window_clear(window)
    for value in values:
        window_push(window, value, &gone)


cdef inline bint window_push(Window* window, double value, double* gone) noexcept nogil:
    """True when the window was full, and `gone` is what left it."""
    cdef bint was_full = window.filled == window.size
    gone[0] = window.values[window.place]
    window.values[window.place] = value
    window.place += 1
    if window.place == window.size:
        window.place = 0
    if not was_full:
        window.filled += 1
    return was_full


cdef inline list window_list(const Window* window):
    """Oldest first."""
    cdef int64_t first = window.place if window.filled == window.size else 0
    cdef int64_t index
    return [window.values[(first + index) % window.size] for index in range(window.filled)]
