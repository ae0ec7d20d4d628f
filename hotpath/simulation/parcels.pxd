"""Requests on their way to the exchange and answers on theirs back: a heap by (time of arrival, order of sending)."""
from cpython.mem cimport PyMem_Realloc
from libc.stdint cimport INT64_MAX, int64_t

from letrade.hotpath.simulation.desk_told cimport Request
from letrade.hotpath.simulation.orders cimport Said

cdef union Content:
    Request request
    Said said


cdef struct Parcel:
    int64_t due
    int64_t count
    int64_t entry  # of a request: when the exchange hears of it; at its due time after data, if that is now
    # ^ of funding: the time that it was due at
    int64_t instrument
    int64_t fee
    int64_t trade  # of an answer: its place in the watch; -1: it is no trade; of a request: whether it is turned away
    int64_t account  # of funding: whose it is; -1: it is none
    Content content


cdef struct Parcels:
    Parcel* items
    Py_ssize_t count
    Py_ssize_t room
    int64_t sent


cdef inline bint parcel_is_sooner(const Parcel* left, const Parcel* right) noexcept nogil:
    return left.count < right.count if left.due == right.due else left.due < right.due


cdef inline int64_t parcels_next(const Parcels* parcels) noexcept nogil:
    return parcels.items[0].due if parcels.count else INT64_MAX


cdef inline int parcels_push(Parcels* parcels, const Parcel* parcel) except -1:
    cdef Py_ssize_t room, parent, place = parcels.count
    cdef Parcel* items
    cdef Parcel moved = parcel[0]
    if place == parcels.room:
        room = max(2 * place, 64)
        items = <Parcel*>PyMem_Realloc(parcels.items, room * sizeof(Parcel))
        if items == NULL:
            raise MemoryError(f"no memory for {room} requests or answers")
        parcels.items, parcels.room = items, room
    parcels.sent += 1
    moved.count = parcels.sent
    parcels.count += 1
    while place:
        parent = (place - 1) // 2
        if not parcel_is_sooner(&moved, &parcels.items[parent]):
            break
        parcels.items[place] = parcels.items[parent]
        place = parent
    parcels.items[place] = moved
    return 0


cdef inline void parcels_pop(Parcels* parcels, Parcel* first) noexcept nogil:
    cdef Py_ssize_t place = 0, child = 1
    cdef Parcel moved
    first[0] = parcels.items[0]
    parcels.count -= 1
    if parcels.count == 0:
        return
    moved = parcels.items[parcels.count]
    while child < parcels.count:
        if child + 1 < parcels.count and parcel_is_sooner(&parcels.items[child + 1], &parcels.items[child]):
            child += 1
        if not parcel_is_sooner(&parcels.items[child], &moved):
            break
        parcels.items[place] = parcels.items[child]
        place, child = child, 2 * child + 1
    parcels.items[place] = moved
