"""Losses that halt an account: equity against that at the start of the day, and against its peak."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.core.config.desk import RiskLimits
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.halts import EVERYONE

DAY_NS = 86_400 * 10**9
NOTHING, ONE = Fraction(0), Fraction(1)
FINEST = 10**30
"""Growth is rounded to 1 / FINEST at each transfer, so that its digits do not grow with them."""


class Mark(msgspec.Struct):
    """What the losses of one account are counted from. Growth is that of each unit of money, as a fund counts it."""

    day: int
    start: Fraction
    """Equity at the start of the day (UTC), and what was moved since."""
    seen: Fraction
    """The last equity."""
    base: Fraction
    """Equity after the last transfer; 0 where that left nothing to grow from: the next above 0 is it."""
    growth: Fraction = ONE
    """At the last transfer."""
    peak: Fraction = ONE

    def grown(self, equity: Fraction) -> Fraction:
        return self.growth * equity / self.base if self.base else self.growth


class LossWatch:
    """By account; in the reporting currency."""

    def __init__(self) -> None:
        self._marks: dict[str, Mark] = {}

    def tripped(self, account: str, equity: Fraction, now: int, limits: RiskLimits) -> str:
        """Which loss is beyond its limit; '' when none."""
        mark = self._see(account, equity, now)
        if limits.max_daily_loss is not None and mark.start - equity > read_fraction(limits.max_daily_loss):
            return f"daily loss {float(mark.start - equity):.2f} is above {limits.max_daily_loss}"
        if limits.max_drawdown is not None:
            drawdown = 1 - mark.grown(equity) / mark.peak
            if drawdown > read_fraction(limits.max_drawdown):
                return f"drawdown {float(drawdown):.4f} is above {limits.max_drawdown}"
        return ""

    def _see(self, account: str, equity: Fraction, now: int) -> Mark:
        today = now // DAY_NS
        mark = self._marks.get(account)
        if mark is None:
            mark = self._marks[account] = Mark(today, equity, equity, max(NOTHING, equity))
        if mark.day != today:
            mark.day, mark.start = today, equity
        mark.base = mark.base or max(NOTHING, equity)
        mark.peak = max(mark.peak, mark.grown(equity))
        mark.seen = equity
        return mark

    def move(self, account: str, amount: Fraction, equity: Fraction | None, now: int, paid: bool = False) -> None:
        """Money came or went that is neither profit nor loss: the loss of the day, and the share lost since the peak,
        are the same before and after. What was `paid` for it is lost in the day; of what grows it is no part.

        Equity is that before; the last that was seen where it is not known.
        """
        if account not in self._marks:
            return
        mark = self._marks[account] if equity is None else self._see(account, equity, now)
        mark.growth = max(NOTHING, Fraction(round(mark.grown(mark.seen) * FINEST), FINEST))
        mark.seen += amount
        mark.base = max(NOTHING, mark.seen)
        if not paid:
            mark.start += amount

    def forget(self, account: str) -> None:
        """Count anew from the next equity: what an operator's Resume asks for."""
        if account == EVERYONE:
            self._marks.clear()
        else:
            self._marks.pop(account, None)

    def state(self) -> Any:
        return [
            [account, mark.day, *map(str, (mark.start, mark.seen, mark.base, mark.growth, mark.peak))]
            for account, mark in self._marks.items()
        ]

    def restore(self, state: Any) -> None:
        self._marks = {account: Mark(day, *map(read_fraction, amounts)) for account, day, *amounts in state}
