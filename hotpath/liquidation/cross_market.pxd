"""One instrument and those who hold it: a leaf for each leg, with both ends of the leg's band in two trees."""
cimport cython
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint32_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from letrade.hotpath.liquidation.edge_tree cimport EdgeTree, set_edge, tree_release, tree_reserve, tree_start
from letrade.hotpath.liquidation.large_memory cimport cache_aligned, large_memory

cdef enum:
    NO_LEAF = -1
    HOLDERS_MIN = 1024


cdef struct Market:
    EdgeTree lows  # of the bands
    EdgeTree highs  # negated
    uint32_t* holders  # the place of each leaf's account; of a free leaf, the next free one and 1
    void* holders_memory
    int64_t room
    int64_t used  # leaves that were ever used
    int64_t free  # the leaf given back last and 1, 0 without one
    int64_t live


cdef inline void market_start(Market* market) noexcept nogil:
    memset(market, 0, sizeof(Market))
    tree_start(&market.lows)
    tree_start(&market.highs)


cdef inline void market_release(Market* market) noexcept nogil:
    tree_release(&market.lows)
    tree_release(&market.highs)
    free(market.holders_memory)
    market_start(market)


@cython.overflowcheck(False)
cdef inline int market_reserve(Market* market, int64_t extra) noexcept nogil:
    """Room for so many more legs; -1, and nothing that counts has changed, without memory for it."""
    cdef int64_t needed = market.live + extra, room = max(<int64_t>HOLDERS_MIN, market.room)
    cdef void* memory
    while room < needed:
        room *= 2
    if tree_reserve(&market.lows, room) < 0 or tree_reserve(&market.highs, room) < 0:
        return -1
    if room > market.room:
        memory = large_memory(room * sizeof(uint32_t))
        if memory == NULL:
            return -1
        if market.room:
            memcpy(cache_aligned(memory), market.holders, market.used * sizeof(uint32_t))
        free(market.holders_memory)
        market.holders_memory, market.holders, market.room = memory, <uint32_t*>cache_aligned(memory), room
    market.lows.beside = market.highs.beside = market.holders
    return 0


@cython.overflowcheck(False)
cdef inline int32_t claim_leaf(Market* market, int32_t holder) noexcept nogil:
    """A leaf without a band; market_reserve comes first."""
    cdef int64_t leaf = market.free - 1
    if leaf == NO_LEAF:
        leaf = market.used
        market.used += 1
    else:
        market.free = market.holders[leaf]
    market.holders[leaf] = holder
    market.live += 1
    return <int32_t>leaf


@cython.overflowcheck(False)
cdef inline void release_leaf(Market* market, int32_t leaf) noexcept nogil:
    set_edge(&market.lows, leaf, -INFINITY)
    set_edge(&market.highs, leaf, -INFINITY)
    market.holders[leaf] = <uint32_t>market.free
    market.free = leaf + 1
    market.live -= 1
