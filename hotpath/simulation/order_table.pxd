"""What all rooms of the compiled desk share: orders, fills, requests, what was told, and the last prices."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.desk_orders cimport (
    PAGE, PAGE_BITS, CashRecord, FillPage, FillRecord, FillRow, OrderPage, OrderRecord, OrderRow
)
from letrade.hotpath.simulation.desk_terms cimport Terms
from letrade.hotpath.simulation.desk_told cimport Request, Told


cdef class OrderTable:
    """Orders by number from 1 and fills by place from 0, on pages; what was told until it is heard.

    A page whose orders are all over, or whose fills everybody has heard of, is kept as rows of what reports ask for.
    """

    cdef readonly Terms terms
    cdef OrderPage* pages
    cdef Py_ssize_t pages_count, pages_room
    cdef int64_t* fat  # the pages that are no rows yet
    cdef readonly Py_ssize_t fat_count
    cdef Py_ssize_t fat_room
    cdef readonly int64_t orders_count
    cdef OrderRecord gone  # what an order that is kept as a row reads as: ended, and of no room
    cdef int64_t round  # of recycling
    cdef FillPage* fill_pages
    cdef Py_ssize_t fill_pages_count, fill_pages_room
    cdef Py_ssize_t fills_kept  # the first of so many pages are rows
    cdef readonly int64_t fills_count
    cdef CashRecord* cash_entries
    cdef readonly int64_t cash_count
    cdef Py_ssize_t cash_room
    cdef Request* requests  # the engine reads requests[:requests_count] after settle, and sets the count to 0
    cdef Py_ssize_t requests_count
    cdef Py_ssize_t requests_room
    cdef Told* told  # told[:told_count] waits to be heard, in order; settle takes away what was due
    cdef Py_ssize_t told_count
    cdef Py_ssize_t told_judged  # risk has heard the first so many of it
    cdef Py_ssize_t told_room
    cdef int64_t feedback_at  # when the first of it is heard; INT64_MAX: nothing waits
    cdef int64_t* course  # orders sent (their numbers) and fills booked (~place), in the order of both
    cdef Py_ssize_t course_count
    cdef Py_ssize_t course_room
    cdef double* prices  # by instrument; 0: none
    cdef double* middles  # by instrument: of the best prices as we see them, else the last; NaN: not known
    cdef int64_t* news  # time of the last news by instrument; below 0: none
    cdef double* closes  # of the last bar by instrument, and when it was told; 0: none
    cdef int64_t* closed
    cdef int64_t* ticking  # bars tell of prices only where neither trades nor quotes do
    cdef int64_t[32] refusals  # by Rule
    cdef readonly dict short_days  # by account: days since 1970 with an order refused by the exchange for want of money

    cdef inline OrderRecord* record(self, int64_t number) noexcept:
        cdef OrderRecord* page = self.pages[number >> PAGE_BITS].records
        return &page[number & (PAGE - 1)] if page != NULL else &self.gone

    cdef inline FillRecord* fill_at(self, int64_t place) noexcept:  # one that somebody has not heard of yet
        return &self.fill_pages[place >> PAGE_BITS].records[place & (PAGE - 1)]

    cdef inline void hold(self, int64_t number) noexcept:  # something about this order is under way
        self.pages[number >> PAGE_BITS].held = self.round

    cdef double rate(self, int64_t currency) except? -1.0
    cdef OrderRow order_row(self, int64_t number) noexcept
    cdef FillRow fill_row(self, int64_t place) noexcept
    cdef int recycle(self) except -1  # what is under way at the exchange is held
    cdef bint keep_orders(self, int64_t number) except -1
    cdef int keep_fills(self, FillPage* page) except -1
    cdef int add_page(self) except -1
    cdef OrderRecord* new_order(self) except NULL
    cdef FillRecord* new_fill(self) except NULL
    cdef CashRecord* new_cash(self) except NULL
    cdef int request(self, int64_t kind, OrderRecord* order, int64_t time) except -1
    cdef Told* tell(self, int64_t kind, int64_t stage, int64_t time) except NULL
    cdef Told* tell_order(self, OrderRecord* order, int64_t time, int64_t reason) except NULL
    cdef int tell_refusal(
        self, int64_t stage, int64_t time, int64_t strategy, int64_t instrument, int64_t signal, int64_t leg,
        int64_t order, int64_t rule, int64_t what,
    ) except -1
    cdef int note_course(self, int64_t what) except -1
    cdef int drop_told(self, Py_ssize_t count) except -1
