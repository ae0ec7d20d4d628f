"""One figure with its peer, its floor, its goals, and whether the answer was right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from letrade.bench.framework.latencies import Latency

ALWAYS = ("name", "value", "unit", "peer", "peer_value", "ratio", "floor", "share_of_floor", "checked")
"""The keys that each result has, whatever else it tells."""
DIGITS = 4


class Result(msgspec.Struct, kw_only=True):
    """`ratio` says how many times better than the peer, `share_of_floor` which share of what is possible: both are the
    greater the better, also where a smaller value is the better one."""

    name: str
    value: float
    unit: str
    better: Literal["higher", "lower"] = "higher"
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None
    floor: float | None = None
    share_of_floor: float | None = None
    checked: bool
    question: str = ""
    goals: list[dict[str, Any]] | None = None
    goal_met: bool | None = None
    limited_by: str | None = None
    cpu_us_per_message: float | None = None
    peer_cpu_us_per_message: float | None = None
    percentiles_us: dict[str, float] | None = None
    peer_percentiles_us: dict[str, float] | None = None
    floor_percentiles_us: dict[str, float] | None = None
    curve: list[tuple[float, float]] | None = None
    peer_curve: list[tuple[float, float]] | None = None
    floor_curve: list[tuple[float, float]] | None = None
    cores_used: dict[str, float] | None = None
    count: int | None = None
    seconds: float | None = None
    seed: int | None = None
    hash: str | None = None
    what_was_checked: str | None = None
    note: str | None = None
    series: list[dict[str, float]] | None = None
    previous: float | None = None
    change: float | None = None

    def compare(self) -> None:
        """Fill in the ratio and the share."""
        self.ratio = self._times_better(self.peer_value)
        self.share_of_floor = self._times_better(self.floor)

    def _times_better(self, other: float | None) -> float | None:
        if not other or not self.value:
            return None
        return round(self.value / other if self.better == "higher" else other / self.value, DIGITS)

    def judge(self, goals: Sequence[Goal]) -> Result:
        """Compare, and note each goal with whether it is met."""
        self.compare()
        if goals:
            self.goals = [{"goal": goal.text, "met": self.checked and goal.test(self)} for goal in goals]
            self.goal_met = all(goal["met"] for goal in self.goals)
        return self

    def with_latency(self, own: Latency, peer: Latency | None = None, floor: Latency | None = None) -> Result:
        """Take over percentiles and curves."""
        self.percentiles_us, self.curve, self.count = own.percentiles_us, own.curve, own.count
        if peer is not None:
            self.peer_percentiles_us, self.peer_curve = peer.percentiles_us, peer.curve
        if floor is not None:
            self.floor_percentiles_us, self.floor_curve = floor.percentiles_us, floor.curve
        return self

    def as_builtins(self) -> dict[str, Any]:
        """For JSON: the keys of ALWAYS, and of the others those that are known."""
        fields = msgspec.to_builtins(self)
        return {key: value for key, value in fields.items() if key in ALWAYS or value not in (None, "")}


class Goal(msgspec.Struct, frozen=True):
    """What a figure shall reach."""

    text: str
    test: Callable[[Result], bool]


def at_least(value: float, unit: str) -> Goal:
    return Goal(f"≥ {value:,.10g} {unit}", lambda result: result.value >= value)


def at_most(value: float, unit: str) -> Goal:
    return Goal(f"≤ {value:,.10g} {unit}", lambda result: result.value <= value)


def times_peer(times: float) -> Goal:
    return Goal(f"≥ {times:g} × peer", lambda result: (result.ratio or 0.0) >= times)


def share_of_floor(share: float) -> Goal:
    return Goal(f"≥ {share:.0%} of the floor", lambda result: (result.share_of_floor or 0.0) >= share)


def times_floor(times: float) -> Goal:
    """For latencies: at most so many times the floor's."""
    return Goal(f"≤ {times:g} × floor", lambda result: (result.share_of_floor or 0.0) >= 1.0 / times)


def cpu_at_most(microseconds: float) -> Goal:
    return Goal(
        f"≤ {microseconds:g} µs of CPU a message",
        lambda result: result.cpu_us_per_message is not None and result.cpu_us_per_message <= microseconds,
    )
