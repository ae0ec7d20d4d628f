"""Quotes as strategies say them: one message is copied, and what differs written into the copy."""
from cpython.object cimport PyObject

from letrade.hotpath.constants cimport BUY, SELL
from letrade.hotpath.fields cimport NO_FIELD, field, offset_of, set_field

cdef object BUYS = BUY, SELLS = SELL  # there is one object of each whole number as small


cdef Py_ssize_t found(object kind, str name) except -1:
    cdef Py_ssize_t offset = offset_of(kind, name)
    if offset == NO_FIELD:
        raise TypeError(f"expected a {kind.__name__} with a slot {name}")
    return offset


cdef class Quoter:
    """To make a message by its class costs as much as all else that a strategy does when it quotes."""

    def __init__(self, blank, order, slow):
        cdef object kind = type(blank)
        self.copier, self.order, self.slow = blank.__copy__, order, slow
        self.strategy, self.account = found(kind, "strategy"), found(kind, "account")
        self.instrument, self.signal = found(kind, "instrument"), found(kind, "signal")
        self.orders, self.post_only = found(kind, "orders"), found(kind, "post_only")
        self.side, self.price, self.size = found(order, "side"), found(order, "price"), found(order, "size")

    @classmethod
    def __class_getitem__(cls, item, /):
        return cls

    cdef bint is_plain(self, object orders) except -1:
        cdef PyObject* order
        cdef PyObject* side
        if type(orders) is not tuple:
            return False
        for item in <tuple>orders:
            if type(item) is not self.order:
                return False
            order = <PyObject*>item
            side = field(order, self.side)
            if side == NULL or field(order, self.price) == NULL or field(order, self.size) == NULL:
                return False
            if side != <PyObject*>BUYS and side != <PyObject*>SELLS:
                return False
            if type(<object>field(order, self.price)) is not float or type(<object>field(order, self.size)) is not float:
                return False
        return True

    def quotes(self, strategy, account, instrument, signal, orders, post_only):
        cdef PyObject* message
        cdef object passive = bool(post_only)
        if not self.is_plain(orders):
            orders = self.slow(orders)
        copy = self.copier()
        message = <PyObject*>copy
        set_field(message, self.strategy, <PyObject*>strategy)
        set_field(message, self.account, <PyObject*>account)
        set_field(message, self.instrument, <PyObject*>instrument)
        set_field(message, self.signal, <PyObject*>signal)
        set_field(message, self.orders, <PyObject*>orders)
        set_field(message, self.post_only, <PyObject*>passive)
        return copy
