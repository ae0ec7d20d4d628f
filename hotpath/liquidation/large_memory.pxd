"""Memory for large arrays that are read here and there, in large pages where the system has them for the asking.

With small pages each such read would cost a walk through the page tables besides the miss of the cache.
"""

cdef extern from *:
    """
    #include <stdlib.h>
    #include <stdint.h>
    #if defined(__linux__)
    #include <sys/mman.h>
    #endif
    #define LETRADE_CACHE_PAIR 128 /* two lines of the cache: many processors fetch them together */
    #define LETRADE_LARGE_PAGE ((size_t)2 << 20)
    static CYTHON_INLINE void *letrade_large_memory(size_t bytes) {
    #if defined(__linux__) && defined(MADV_HUGEPAGE)
        void *memory = NULL;
        const size_t room = (bytes + LETRADE_LARGE_PAGE - 1) / LETRADE_LARGE_PAGE * LETRADE_LARGE_PAGE;
        if (bytes < LETRADE_LARGE_PAGE) return malloc(bytes + LETRADE_CACHE_PAIR);
        if (posix_memalign(&memory, LETRADE_LARGE_PAGE, room) != 0) return NULL;
        /* Only advice: what it answers changes nothing but the time. */
        (void)madvise(memory, room, MADV_HUGEPAGE);
        return memory;
    #else
        return malloc(bytes + LETRADE_CACHE_PAIR);
    #endif
    }
    #if defined(__GNUC__)
    #define letrade_fetch(address) __builtin_prefetch(address)
    #else
    #define letrade_fetch(address) ((void)(address))
    #endif
    static CYTHON_INLINE void *letrade_cache_aligned(void *memory) {
        return (void *)(((uintptr_t)memory + LETRADE_CACHE_PAIR - 1) & ~(uintptr_t)(LETRADE_CACHE_PAIR - 1));
    }
    """
    void* large_memory "letrade_large_memory"(size_t bytes) noexcept nogil  # NULL without it; `free` gives it back
    # The first place in such memory where a line of the cache begins; all the bytes asked for lie behind it.
    void* cache_aligned "letrade_cache_aligned"(void* memory) noexcept nogil
    # Begins to bring the line of this address into the cache; the address need not be anyone's.
    void fetch "letrade_fetch"(const void* address) noexcept nogil
