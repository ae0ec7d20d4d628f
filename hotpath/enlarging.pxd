"""More room for what lies in a block of memory of which a part is used: only that part is moved."""
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy


cdef inline void* enlarged(void* block, size_t used, size_t size) noexcept nogil:
    """A block of `size` bytes that begins with the `used` ones; NULL, and the old one as it was, without memory.

    Unlike realloc it leaves alone what was never written, which is most of a block that was made for the worst case.
    """
    cdef void* larger = malloc(size)
    if larger != NULL and block != NULL:
        memcpy(larger, block, used)
        free(block)
    return larger
