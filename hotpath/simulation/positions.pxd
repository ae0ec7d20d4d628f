"""A netting position at average cost, as hotpath/ledger.pyx has it, in numbers of fixed width."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.money cimport (
    add, int128, letrade_half_even, multiply, scaled_up, subtract, too_large
)


cdef struct Netting:
    int128 cost  # signed like the quantity, at price_decimals + the decimals of sizes
    int64_t quantity  # signed, in units
    int64_t price_decimals


cdef inline int64_t magnitude(int64_t value) noexcept nogil:
    return value if value >= 0 else -value


cdef inline int128 booked(Netting* held, int64_t side, int64_t size, int64_t price, int64_t decimals) except? -1:
    """Books a fill whose price has so many decimals; the profit realised, in the position's own scale.

    A price that is finer than the position makes the position as fine, as the ledger does.
    """
    cdef int64_t closing, before
    cdef int128 released, realised
    cdef int128 exact_price
    while decimals > held.price_decimals and price % 10 == 0:
        price, decimals = price // 10, decimals - 1
    if decimals > held.price_decimals:
        held.cost = scaled_up(held.cost, decimals - held.price_decimals)
        held.price_decimals = decimals
    exact_price = scaled_up(<int128>price, held.price_decimals - decimals)
    before = held.quantity
    if before * side >= 0 or before == 0:
        held.quantity += side * size
        held.cost = add(held.cost, multiply(exact_price, <int128>(side * size)))
        return <int128>0
    # The part that closes takes its share of the cost, rounded once; what the rounding left stays in the position.
    closing = min(magnitude(before), size)
    released = letrade_half_even(multiply(held.cost, <int128>closing), <int128>magnitude(before))
    realised = subtract(multiply(exact_price, <int128>(-side * closing)), released)
    held.quantity += side * closing
    held.cost = subtract(held.cost, released)
    if size > closing:
        held.quantity = side * (size - closing)
        held.cost = multiply(exact_price, <int128>held.quantity)
    return realised
