"""The C side of a position, for other compiled modules; its amounts are Python integers, so that none overflows."""


cdef class Position:
    cdef readonly int price_decimals
    cdef readonly int quantity_decimals
    cdef readonly object quantity  # signed, at quantity_decimals
    cdef readonly object cost  # signed like the quantity, at price_decimals + quantity_decimals
