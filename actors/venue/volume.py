"""What an account has traded, by currency and day (UTC): exact, and no more days than fees ask for."""

from __future__ import annotations

from typing import Any

from letrade.core.clock import MINUTE
from letrade.core.fraction import Fraction, read_fraction

DAY = 24 * 60 * MINUTE
DAYS = 30


class Volume:
    """Days count from 1970. As at exchanges, what is traded today counts from tomorrow on."""

    def __init__(self) -> None:
        self._days: dict[str, dict[int, Fraction]] = {}
        """Of each currency, in the order of days."""
        self._before: dict[str, tuple[int, Fraction]] = {}
        """The day of the last trade, and the sum before it."""

    def before(self, currency: str, time: int) -> Fraction:
        """What was traded in the 30 days before the day of this time."""
        today = time // DAY
        known = self._before.get(currency)
        if known is None or known[0] != today:
            days = self._days.get(currency, {})
            total = sum((traded for day, traded in days.items() if today - DAYS <= day < today), Fraction(0))
            known = self._before[currency] = (today, total)
        return known[1]

    def add(self, currency: str, time: int, notional: Fraction) -> None:
        """A trade; what no later day can ask for is forgotten."""
        today = time // DAY
        days = self._days.setdefault(currency, {})
        if today not in days:
            for day in [day for day in days if day < today - DAYS]:
                del days[day]
        days[today] = days.get(today, Fraction(0)) + notional

    def state(self) -> dict[str, Any]:
        return {currency: [[day, str(traded)] for day, traded in days.items()] for currency, days in self._days.items()}

    def restore(self, state: dict[str, Any]) -> None:
        self._before.clear()
        self._days = {
            currency: {day: read_fraction(traded) for day, traded in days} for currency, days in state.items()
        }
