"""Losses that halt an account: equity against that at the start of the day, and against its peak."""

from __future__ import annotations

from typing import Any

from letrade.core.config.desk import RiskLimits
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.halts import EVERYONE

DAY_NS = 86_400 * 10**9


class LossWatch:
    """By account: the day (UTC), the equity at its start, and the highest ever; in the reporting currency."""

    def __init__(self) -> None:
        self._marks: dict[str, tuple[int, Fraction, Fraction]] = {}
        """(day, equity at its start, peak) by account."""

    def tripped(self, account: str, equity: Fraction, now: int, limits: RiskLimits) -> str:
        """Which loss is beyond its limit; '' when none."""
        today = now // DAY_NS
        day, start, peak = self._marks.get(account, (today, equity, equity))
        if day != today:
            day, start = today, equity
        peak = max(peak, equity)
        self._marks[account] = (day, start, peak)
        if limits.max_daily_loss is not None and start - equity > read_fraction(limits.max_daily_loss):
            return f"daily loss {float(start - equity):.2f} is above {limits.max_daily_loss}"
        if limits.max_drawdown is not None and peak > 0 and (peak - equity) / peak > read_fraction(limits.max_drawdown):
            return f"drawdown {float((peak - equity) / peak):.4f} is above {limits.max_drawdown}"
        return ""

    def move(self, account: str, amount: Fraction) -> None:
        """Money came or went that is neither profit nor loss: what losses are counted from goes with it."""
        if account in self._marks:
            day, start, peak = self._marks[account]
            self._marks[account] = (day, start + amount, peak + amount)

    def forget(self, account: str) -> None:
        """Count anew from the next equity: what an operator's Resume asks for."""
        if account == EVERYONE:
            self._marks.clear()
        else:
            self._marks.pop(account, None)

    def state(self) -> Any:
        return [[account, day, str(start), str(peak)] for account, (day, start, peak) in self._marks.items()]

    def restore(self, state: Any) -> None:
        self._marks = {account: (day, read_fraction(start), read_fraction(peak)) for account, day, start, peak in state}
