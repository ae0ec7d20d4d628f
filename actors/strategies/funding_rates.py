"""What funding is expected to be, from what was told before: the mean of the payments of the last hours."""

from __future__ import annotations

from letrade.core.messages.market import FundingRate

HOUR_NS = 3_600_000_000_000
KEPT_MAX = 2_000


class FundingRates:
    """By instrument its newest payments. Of one that was told more than once, the last word counts; one that is told
    before its time counts from then on."""

    def __init__(self, memory_ns: int) -> None:
        self.memory_ns = memory_ns
        self.payments: dict[str, dict[int, float]] = {}
        """Rates by funding time."""

    def hear(self, rate: FundingRate) -> None:
        mine = self.payments.setdefault(rate.instrument, {})
        mine[rate.funding_time] = rate.rate
        first = max(mine) - self.memory_ns
        stale = [time for time in mine if time < first]
        for time in (sorted(stale)[:-1] if stale else []) + sorted(mine)[:-KEPT_MAX]:
            mine.pop(time, None)

    def of_an_hour(self, instrument: str, now: int) -> float | None:
        """What longs are expected to pay for an hour, as a share of the notional.

        None before two payments show how far they are apart, and when the last one is further back than that twice.
        """
        mine = self.payments.get(instrument, {})
        times = sorted(mine)
        if len(times) < 2:
            return None
        interval = times[-1] - times[-2]
        if now - times[-1] > 2 * interval:
            return None
        first = max(1, next((place for place, time in enumerate(times) if time > now - self.memory_ns), len(times) - 1))
        span_ns = times[-1] - times[first - 1]
        return sum(mine[time] for time in times[first:]) * HOUR_NS / span_ns

    def state(self) -> list[object]:
        return [[name, list(mine.items())] for name, mine in self.payments.items()]

    def restore(self, state: list[tuple[str, list[tuple[int, float]]]]) -> None:
        self.payments = {name: dict(mine) for name, mine in state}
