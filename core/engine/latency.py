"""Tick to order: from the planned time of the tick to the venue's receipt of the order that it caused."""

from __future__ import annotations

from hdrh.histogram import HdrHistogram

from letrade.core.clock import MICROSECOND, MINUTE, Clock
from letrade.core.messages.base import Message
from letrade.core.messages.venue import VenueSubmit

SIGNIFICANT_DIGITS = 3
QUANTILES = {"p50": 50.0, "p99": 99.0, "p999": 99.9}


class TickToOrder:
    """Watches the process that the venue lives in. An order's time is its tick's, since `now()` is passed along."""

    def __init__(self) -> None:
        self.clock: Clock | None = None
        """Set for runs by the clock; a stepped run has no latency."""
        self._histogram = HdrHistogram(1, MINUTE // MICROSECOND, SIGNIFICANT_DIGITS)

    def observe(self, message: Message) -> None:
        if type(message) is VenueSubmit and self.clock is not None:
            elapsed = int((self.clock.now() - message.time) / self.clock.speed) // MICROSECOND
            self._histogram.record_value(max(1, min(elapsed, MINUTE // MICROSECOND)))

    def summary(self) -> dict[str, int] | None:
        """Microseconds of real time; None when there was no order."""
        if not self._histogram.get_total_count():
            return None
        quantiles = {name: int(self._histogram.get_value_at_percentile(at)) for name, at in QUANTILES.items()}
        return {**quantiles, "orders": int(self._histogram.get_total_count())}
