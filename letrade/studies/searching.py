"""What somebody who knows the course does: the best of many plans, each replayed at the same seed's venue."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from letrade.core.clock import SECOND
from letrade.core.config.desk import DeskConfig
from letrade.studies.clairvoyant import Plan
from letrade.studies.feed import ORIGIN, WorldFeed, WorldFeedConfig, time_of
from letrade.studies.paths import PRICES, Path
from letrade.studies.running import Ended, Market, run_world
from letrade.studies.worlds import ISOLATED, Holder, Setting, planned

LEAST = 0.5
"""Of the free funds is added where not all are."""
SHAPES: tuple[tuple[float, int, int], ...] = (
    (1.0, 1, 0), (1.0, 6, 0), (1.0, 5, SECOND), (0.75, 4, 0), (0.5, 3, 0), (0.25, 2, 0),
)  # fmt: skip
"""Share closed, in how many parts, and how long apart."""
LATER = SHAPES[1:3]
"""At other times than the first."""


class Best(Struct):
    """Of each account the least loss, of each position whether any plan kept it."""

    equity: dict[str, float]
    saved: set[Market]

    def take(self, setting: Setting, ended: Ended) -> None:
        for holder in setting.holders:
            if holder.managed:
                found = ended.equity[holder.name]
                self.equity[holder.name] = max(found, self.equity.get(holder.name, found))
                self.saved |= {
                    (holder.name, name) for name in holder.positions if (holder.name, name) not in ended.liquidated
                }


def best_of(setting: Setting, base: DeskConfig, unguarded: Ended, starts: dict[str, int]) -> Best:
    """Beginning no earlier than `starts`, by account; accounts that are not in it are left alone."""
    best = Best({}, set())
    best.take(setting, unguarded)
    for plans in _plans(setting, unguarded, starts):
        best.take(setting, run_world(setting, planned(base, plans)))
    return best


def foreseeing(setting: Setting, base: DeskConfig, unguarded: Ended) -> Best:
    """From the first second on: gone before anything happens, or never."""
    best = Best({}, set())
    best.take(setting, unguarded)
    for parts in (1, 6):
        plans = {name: Plan(at=ORIGIN + SECOND, parts=parts) for name in setting.managed}
        best.take(setting, run_world(setting, planned(base, plans)))
    return best


def _plans(setting: Setting, unguarded: Ended, starts: dict[str, int]) -> Iterator[dict[str, Plan]]:
    """Each replay tries the same on all accounts, each at its own time: none is in another's way but in the book."""
    path = path_of_setting(setting)
    latest = time_of(path, path.steps - 1)
    holders = [holder for holder in setting.holders if holder.name in starts]
    whens: list[Callable[[Holder], int]] = [
        lambda holder: starts[holder.name],
        lambda holder: _best_time(path, holder, starts[holder.name], _end_of(holder, unguarded, latest)),
        lambda holder: _best_time(path, holder, starts[holder.name], latest),
    ]
    for place, when in enumerate(whens):
        times = {holder.name: when(holder) for holder in holders}
        for share, parts, gap in LATER if place else SHAPES:
            yield {each.name: Plan(at=times[each.name], share=share, parts=parts, gap=gap) for each in holders}
            if place == 0 and not gap and parts > 1:
                yield {
                    each.name: Plan(at=times[each.name], share=share, parts=parts, margin=free_of(setting, each))
                    for each in holders
                }
    for leg in (0, 1):
        pairs = [holder for holder in holders if len(holder.positions) > 1]
        yield {each.name: Plan(at=starts[each.name], parts=4, only=list(each.positions)[leg]) for each in pairs}
    for part in (LEAST, 1.0):
        yield {
            each.name: Plan(at=starts[each.name], share=0.0, margin=part * free_of(setting, each)) for each in holders
        }


def _end_of(holder: Holder, unguarded: Ended, latest: int) -> int:
    """When the venue takes it from somebody who does nothing."""
    return min((time for key, time in unguarded.liquidated.items() if key[0] == holder.name), default=latest)


def _best_time(path: Path, holder: Holder, start: int, end: int) -> int:
    """When the positions are worth most; an order is sent as long before as it takes."""
    best_worth, best_time = float("-inf"), start
    for step in range(path.steps):
        time = time_of(path, step)
        if start <= time < end:
            worth = sum(size * path.courses[name].traded[step] for name, size in holder.positions.items())
            if worth > best_worth:
                best_worth, best_time = worth, time
    return max(start, best_time - SECOND)


def free_of(setting: Setting, holder: Holder) -> float:
    """What may be added to an isolated position."""
    if holder.mode != ISOLATED:
        return 0.0
    leverage = float(setting.venue["margin"]["leverage"])
    used = sum(abs(size) * PRICES[name] / leverage for name, size in holder.positions.items())
    return float(f"{max(0.0, holder.balance - used) * 0.95:.2f}")


def path_of_setting(setting: Setting) -> Path:
    config = WorldFeedConfig(scenario=setting.scenario, seed=setting.seed, file=setting.file)
    return WorldFeed.path_of(config)
