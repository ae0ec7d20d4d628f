# cython: auto_pickle=False, boundscheck=False, wraparound=False, cdivision=True
"""The hash over what a compiled desk did: the lines of actors/monitor/chain.py, written from its tables."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport int64_t

from letrade.hotpath.sha256 cimport sha256_hex
from letrade.hotpath.simulation.desk cimport Desk
from letrade.hotpath.simulation.desk_orders cimport FillRow, OrderRow
from letrade.hotpath.simulation.text cimport (
    NUMBER_ROOM, put_money, put_number, put_quotient, put_text,
)

cdef enum:
    DIGEST = 64
    NUMBERS = 8  # no line has more


cdef inline char* put_name(char* end, bytes name) noexcept:
    return put_text(end, PyBytes_AS_STRING(name), PyBytes_GET_SIZE(name))


cdef class Writer:
    """Writes lines behind the digest of those before."""

    def __dealloc__(self):
        PyMem_Free(self.text)

    def __init__(self, Desk desk not None, str digest not None, strategies, accounts, instruments):
        self.desk = desk
        self.strategies = [name.encode() for name in strategies]
        self.accounts = [name.encode() for name in accounts]
        self.instruments = [each[0].encode() for each in instruments]
        self.currencies = [each[3].encode() for each in instruments]
        self.decimals = [(each[1], each[2]) for each in instruments]
        longest = sum(
            max(map(len, names), default=0)
            for names in (self.strategies, self.accounts, self.instruments, self.currencies)
        )
        if len(digest) != DIGEST:
            raise ValueError(f"expected a digest of {DIGEST} digits, found {digest!r}")
        PyMem_Free(self.text)
        self.text = <char*>PyMem_Malloc(2 * DIGEST + longest + NUMBERS * NUMBER_ROOM)
        if self.text == NULL:
            raise MemoryError("no memory for a line")
        put_name(self.text, digest.encode())
        self.text[DIGEST] = 10

    cdef int write(self, int64_t what) except -1:
        """`what` as Desk.course counts it."""
        cdef FillRow fill
        cdef OrderRow order
        cdef char* end = self.text + DIGEST + 1
        if what <= 0:
            fill = self.desk.fill_row(~what)
        order = self.desk.order_row(what if what > 0 else fill.order)
        end = put_text(end, b"order ", 6) if what > 0 else put_text(end, b"fill ", 5)
        end = put_number(end, order.sent if what > 0 else fill.time)
        end = self.put_order(put_text(end, b" ", 1), &order)
        end = self.put_sent(end, &order) if what > 0 else self.put_fill(end, &order, &fill)
        sha256_hex(self.text, end - self.text, self.text)
        return 0

    cdef char* put_order(self, char* end, const OrderRow* order) except NULL:
        end = put_text(put_name(end, <bytes>self.strategies[order.strategy]), b".", 1)
        end = put_text(put_number(end, order.signal), b".", 1)
        end = put_text(put_number(end, order.leg), b" ", 1)
        end = put_text(put_name(end, <bytes>self.accounts[order.account]), b" ", 1)
        end = put_text(put_name(end, <bytes>self.instruments[order.instrument]), b" ", 1)
        return put_text(put_number(end, order.side), b" ", 1)

    cdef char* put_sent(self, char* end, const OrderRow* order) except NULL:
        cdef tuple decimals = <tuple>self.decimals[order.instrument]
        end = put_text(put_quotient(end, order.first_size, decimals[1]), b" ", 1)
        if order.first_price:
            end = put_quotient(end, order.first_price, decimals[0])
        else:
            end = put_text(end, b"None", 4)
        return put_text(end, b" True", 5) if order.reduce_only > 0 else put_text(end, b" False", 6)

    cdef char* put_fill(self, char* end, const OrderRow* order, const FillRow* fill) except NULL:
        cdef tuple decimals = <tuple>self.decimals[order.instrument]
        end = put_text(put_quotient(end, fill.size, decimals[1]), b" ", 1)
        end = put_text(put_quotient(end, fill.price, decimals[0]), b" ", 1)
        end = put_text(put_money(end, fill.fee), b" ", 1)
        end = put_name(end, <bytes>self.currencies[order.instrument])
        return put_text(end, b" True desk", 10) if fill.maker > 0 else put_text(end, b" False desk", 11)


def chained(Desk desk not None, str digest not None, strategies, accounts, instruments):
    cdef Writer writer = Writer(desk, digest, strategies, accounts, instruments)
    cdef Py_ssize_t place
    for place in range(desk.course_count):
        writer.write(desk.course[place])
    return writer.text[:DIGEST].decode("ascii")


def sha256(bytes text not None, bint plain=False):
    cdef char[DIGEST] digits
    sha256_hex(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), digits, plain)
    return digits[:DIGEST].decode("ascii")


def quotient(units, decimals):
    cdef char[NUMBER_ROOM] text
    cdef char* end = put_quotient(text, units, decimals)
    return text[: end - text].decode("ascii")
