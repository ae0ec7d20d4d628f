"""Edges as doubles under a tree of their greatest: a value finds those at or above it, and looks at few others.

Each node is the greatest of the FAN nodes below it, so the root alone tells that a value reaches no edge, and a value
that reaches some goes down to those only. Nothing is rounded and nothing depends on how the edges are spread: setting
one, and finding one, look at FAN nodes a level at the most. Edges that are crossed from above are kept as they are;
those that are crossed from below by their negatives, with the negative of the value.
"""
cimport cython
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint32_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from letrade.hotpath.bitmap cimport lowest_bit
from letrade.hotpath.liquidation.large_memory cimport cache_aligned, fetch, large_memory

cdef enum:
    FAN_BITS = 4
    FAN = 16
    LEVELS = 10  # FAN ** 9 leaves, more than an int32 counts
    LEAVES_MIN = 1024


cdef extern from *:
    """
    #if defined(__SSE2__) || defined(_M_X64)
    #include <emmintrin.h>
    /* A bit for each of 16 edges at or above the value, and the greatest of 16: two at a time. */
    static CYTHON_INLINE unsigned int letrade_reached(const double *edges, double value) {
        const __m128d both = _mm_set1_pd(value);
        unsigned int mask = 0;
        int place;
        for (place = 0; place < 16; place += 4) {
            unsigned int low = (unsigned int)_mm_movemask_pd(_mm_cmple_pd(both, _mm_loadu_pd(edges + place)));
            unsigned int high = (unsigned int)_mm_movemask_pd(_mm_cmple_pd(both, _mm_loadu_pd(edges + place + 2)));
            mask |= (low | high << 2) << place;
        }
        return mask;
    }
    static CYTHON_INLINE double letrade_greatest(const double *edges) {
        __m128d even = _mm_loadu_pd(edges), odd = _mm_loadu_pd(edges + 2);
        int place;
        for (place = 4; place < 16; place += 4) {
            even = _mm_max_pd(even, _mm_loadu_pd(edges + place));
            odd = _mm_max_pd(odd, _mm_loadu_pd(edges + place + 2));
        }
        even = _mm_max_pd(even, odd);
        return _mm_cvtsd_f64(_mm_max_sd(even, _mm_unpackhi_pd(even, even)));
    }
    #else
    static CYTHON_INLINE unsigned int letrade_reached(const double *edges, double value) {
        unsigned int mask = 0;
        int place;
        for (place = 0; place < 16; place++) mask |= (unsigned int)(value <= edges[place]) << place;
        return mask;
    }
    static CYTHON_INLINE double letrade_greatest(const double *edges) {
        double greatest = edges[0];
        int place;
        for (place = 1; place < 16; place++) greatest = edges[place] > greatest ? edges[place] : greatest;
        return greatest;
    }
    #endif
    """
    uint32_t reached "letrade_reached"(const double* edges, double value) noexcept nogil
    double greatest "letrade_greatest"(const double* edges) noexcept nogil


cdef struct EdgeTree:
    double root  # the greatest edge
    int depth  # levels below the root; 0 before the first leaf
    int64_t leaves
    double* levels[LEVELS]  # the leaves first; each level is as many whole blocks of FAN
    void* memory  # of all levels, one after the other: their upper ones then lie in large pages too
    const uint32_t* beside  # the caller's, by leaf: what it will read of each leaf found, or NULL


cdef inline void tree_start(EdgeTree* tree) noexcept nogil:
    memset(tree, 0, sizeof(EdgeTree))
    tree.root = -INFINITY


@cython.overflowcheck(False)
cdef inline void tree_release(EdgeTree* tree) noexcept nogil:
    free(tree.memory)
    tree_start(tree)


@cython.overflowcheck(False)
cdef inline int64_t nodes_at(int64_t leaves, int level) noexcept nogil:
    """How many nodes a level has room for, in whole blocks."""
    cdef int64_t nodes = leaves
    cdef int below
    for below in range(level):
        nodes = ((nodes >> FAN_BITS) + FAN - 1) & ~<int64_t>(FAN - 1)
    return nodes


@cython.overflowcheck(False)
cdef inline void join_all(EdgeTree* tree) noexcept nogil:
    """Computes every node from the leaves: cheaper than set_edge where many leaves have changed."""
    cdef int level
    cdef int64_t place
    if tree.depth == 0:
        return
    for level in range(1, tree.depth):
        for place in range(nodes_at(tree.leaves, level - 1) >> FAN_BITS):
            tree.levels[level][place] = greatest(&tree.levels[level - 1][place << FAN_BITS])
    tree.root = greatest(tree.levels[tree.depth - 1])


@cython.overflowcheck(False)
cdef inline int open_levels(EdgeTree* tree) noexcept nogil:
    """The levels of a tree of so many leaves, all at minus infinity; -1, and no change, without memory."""
    cdef int depth = 1, level
    cdef int64_t nodes = tree.leaves, place
    cdef double* start
    while nodes_at(tree.leaves, depth - 1) > FAN:
        nodes += nodes_at(tree.leaves, depth)
        depth += 1
    tree.memory = large_memory(nodes * sizeof(double))
    if tree.memory == NULL:
        return -1
    start = <double*>cache_aligned(tree.memory)
    for place in range(nodes):
        start[place] = -INFINITY
    tree.depth = depth
    for level in range(depth):
        tree.levels[level] = start
        start += nodes_at(tree.leaves, level)
    return 0


@cython.overflowcheck(False)
cdef inline int tree_reserve(EdgeTree* tree, int64_t leaves) noexcept nogil:
    """Makes room for so many leaves, new ones are at minus infinity; -1, and no change, without memory for it."""
    cdef EdgeTree fresh
    if leaves <= tree.leaves:
        return 0
    tree_start(&fresh)
    fresh.leaves = max(<int64_t>LEAVES_MIN, tree.leaves)
    while fresh.leaves < leaves:
        fresh.leaves *= 2
    if open_levels(&fresh) < 0:
        return -1
    if tree.leaves:
        memcpy(fresh.levels[0], tree.levels[0], tree.leaves * sizeof(double))
    join_all(&fresh)
    fresh.beside = tree.beside
    tree_release(tree)
    tree[0] = fresh
    return 0


@cython.overflowcheck(False)
cdef inline void fetch_edge(const EdgeTree* tree, int64_t leaf) noexcept nogil:
    """Begins to bring into the cache what set_edge touches first; the leaf may be any number."""
    if 0 <= leaf < tree.leaves:
        fetch(tree.levels[0] + leaf)
        fetch(tree.levels[1] + (leaf >> FAN_BITS))


@cython.overflowcheck(False)
cdef inline void set_edge(EdgeTree* tree, int64_t leaf, double edge) noexcept nogil:
    """Gives a leaf another edge, and tells the nodes above as far up as it changes them."""
    cdef int64_t place = leaf
    cdef int level
    cdef double old = tree.levels[0][leaf], new = edge, before
    cdef double* parent
    tree.levels[0][leaf] = edge
    for level in range(1, tree.depth + 1):
        place >>= FAN_BITS
        parent = &tree.levels[level][place] if level < tree.depth else &tree.root
        before = parent[0]
        if new <= before:
            if old < before or new == before:
                return
            new = greatest(&tree.levels[level - 1][place << FAN_BITS])
            if new == before:
                return
        parent[0] = new
        old = before


@cython.overflowcheck(False)
cdef inline int64_t sweep_block(
    EdgeTree* tree, int level, int64_t first, double value, int32_t* found, int64_t room
) noexcept nogil:
    """Of what lies below FAN nodes: writes which leaves the value reaches, and takes their edges away."""
    cdef double* block = tree.levels[level] + first
    cdef uint32_t mask = reached(block, value)
    cdef int64_t count = 0, child
    while mask and count < room:
        child = lowest_bit(mask)
        mask &= mask - 1
        if level == 1 and tree.beside != NULL:
            fetch(tree.beside + ((first + child) << FAN_BITS))
        if level == 0:
            block[child] = -INFINITY
            found[count] = <int32_t>(first + child)
            count += 1
        else:
            count += sweep_block(tree, level - 1, (first + child) << FAN_BITS, value, found + count, room - count)
            block[child] = greatest(tree.levels[level - 1] + ((first + child) << FAN_BITS))
    return count


@cython.overflowcheck(False)
cdef inline int64_t sweep(EdgeTree* tree, double value, int32_t* found, int64_t room) noexcept nogil:
    """Takes the edges of up to `room` leaves that the value reaches away, ascending; how many were written."""
    cdef int64_t count
    if tree.root < value or tree.depth == 0:
        return 0
    count = sweep_block(tree, tree.depth - 1, 0, value, found, room)
    tree.root = greatest(tree.levels[tree.depth - 1])
    return count
