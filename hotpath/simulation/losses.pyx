"""Limits of losses: while none is near the compiled desk goes on; what a halt does is a matter for the actors."""
from letrade.hotpath.simulation.desk_terms cimport Terms

from letrade.hotpath.simulation.doubt import Doubtful

cdef enum:
    DAY_NS = 86_400_000_000_000
    CHECK_EVERY_NS = 1_000_000_000

cdef double NEAR = 0.99  # of a limit: the equity between two fills of one time is not looked at


cdef class LossWatch(Capital):
    """As actors/risk/losses.py, in doubles."""

    def __cinit__(self, Terms terms not None, *arguments):
        cdef LossMarks* one
        self.marks = <LossMarks*>terms.room(terms.accounts_count, sizeof(LossMarks))
        for each in terms.source.losses:
            one = &self.marks[<int64_t>each.account]
            one.watched = 1
            one.daily_loss = -1.0 if each.daily_loss is None else float(each.daily_loss)
            one.drawdown = -1.0 if each.drawdown is None else float(each.drawdown)

    cdef int check_losses(self, int64_t time) except -1:
        cdef int64_t account
        if time < self.next_check:
            return 0
        self.next_check = time + CHECK_EVERY_NS
        for account in range(self.terms.accounts_count):
            if self.marks[account].watched:
                self.watch(account, time)
        return 0

    cdef bint equity_is_known(self, int64_t account) except -1:
        cdef Terms terms = self.terms
        cdef int64_t place
        for place in range(terms.currencies_count):
            if self.cash[account * terms.currencies_count + place] != 0 and self.rate(place) == 0.0:
                return False
        for place in range(terms.instruments_count):
            if self.positions[account * terms.instruments_count + place].quantity:
                if self.prices[place] == 0.0 or self.rate(terms.instruments[place].quote) == 0.0:
                    return False
        return True

    cdef int watch(self, int64_t account, int64_t time) except -1:
        cdef LossMarks* one = &self.marks[account]
        cdef int64_t today = time // DAY_NS
        cdef double equity
        if not self.equity_is_known(account):
            return 0
        equity = self.equity(account)
        if not one.seen:
            one.seen, one.day, one.start, one.peak = 1, today, equity, equity
        if one.day != today:
            one.day, one.start = today, equity
        one.peak = max(one.peak, equity)
        if one.daily_loss >= 0.0 and one.start - equity > NEAR * one.daily_loss:
            raise Doubtful("an account loses as much in a day as it may, and opens nothing from then on")
        if one.drawdown >= 0.0 and one.peak > 0.0 and (one.peak - equity) / one.peak > NEAR * one.drawdown:
            raise Doubtful("an account falls as far from its peak as it may, and opens nothing from then on")
        return 0
