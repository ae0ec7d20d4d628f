"""The values of a window that may still become its greatest, so that the greatest is known at constant cost."""
cimport cython
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free


cdef struct Candidates:
    int64_t* numbers  # of the values that may still become the extreme one, oldest first
    double* values
    int64_t first, length


cdef inline int candidates_open(Candidates* candidates, int64_t size) except -1:
    """Takes the memory of zeroed candidates, once."""
    candidates.numbers = <int64_t*>calloc(size, sizeof(int64_t))
    candidates.values = <double*>calloc(size, sizeof(double))
    if candidates.numbers == NULL or candidates.values == NULL:
        raise MemoryError(f"no memory for {size} values")
    candidates.first = candidates.length = 0
    return 0


cdef inline void candidates_close(Candidates* candidates) noexcept:
    free(candidates.numbers)
    free(candidates.values)
    candidates.numbers = NULL
    candidates.values = NULL


@cython.cdivision(True)
cdef inline double candidates_push(
    Candidates* candidates, int64_t size, int64_t number, double value, double sign
) noexcept nogil:
    """The greatest sign × value of the last `size`: whoever is older and no greater than a newer one is out for good."""
    cdef int64_t end
    if candidates.length and candidates.numbers[candidates.first] <= number - size:
        candidates.first = (candidates.first + 1) % size
        candidates.length -= 1
    while candidates.length:
        end = (candidates.first + candidates.length - 1) % size
        if sign * candidates.values[end] > sign * value:
            break
        candidates.length -= 1
    end = (candidates.first + candidates.length) % size
    candidates.numbers[end], candidates.values[end] = number, value
    candidates.length += 1
    return candidates.values[candidates.first]
