"""What a search along a ray, and scenarios with a bad number in them, are told as."""
from letrade.hotpath.margin.bounded cimport HALF_ULP
from letrade.hotpath.margin.doors cimport LEAST, MOST
from letrade.hotpath.margin.scenarios cimport Told
from letrade.hotpath.margin.walk cimport ALREADY, CROSSED, NEVER, Crossing


cdef inline tuple told(Crossing crossing, double start):
    """The answer in a word, the price or factor, and how far the true one is from it at most."""
    cdef double found = crossing.x * start
    if crossing.answer == NEVER:
        return "none", None, 0.0
    if crossing.answer == ALREADY:
        return "liquidated", start, 0.0
    return "price" if crossing.answer == CROSSED else "uncertain", found, (crossing.spread + 4.0 * HALF_ULP) * found


cdef inline str bad_number(Told told):
    what = ("price", "index price", "haircut scale", "maintenance scale")[told.bad_kind]
    least = "0" if told.bad_kind > 1 else f"{LEAST:g}"
    where = f"scenario {told.bad_row} in column {told.bad_column}"
    return f"expected each {what} from {least} to {MOST:g}: that of {where} is not"
