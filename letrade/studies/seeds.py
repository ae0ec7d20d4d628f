"""One seed of a study: our desk, the one that does nothing, and the one that knows, in the same world."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from letrade.studies.running import Ended, run_world
from letrade.studies.searching import Best, best_of, foreseeing
from letrade.studies.worlds import LEVERAGES, Holder, guarded, setting_of, unguarded


class AccountResult(Struct, frozen=True):
    """What became of one account; losses in its currency, negative where it gained."""

    name: str
    positions: int
    endangered: bool
    """It came so near that something had to be done, or something was done."""
    touched: int
    """Positions about which the desk did something."""
    liquidated: int
    liquidated_unguarded: int
    saveable: int
    """Positions that somebody who knows keeps from the venue."""
    saved: int
    """Of those, by our desk."""
    deleveraged: int
    loss: float
    loss_unguarded: float
    loss_clairvoyant: float
    loss_foreseeing: float
    """Of somebody who knows and may act before there is danger."""


class SeedResult(Struct, frozen=True):
    """One world."""

    scenario: str
    seed: int
    accounts: tuple[AccountResult, ...]


def run_seed(scenario: str, seed: int, file: str = "", leverages: Sequence[int] = LEVERAGES) -> SeedResult:
    """Worlds without danger are not searched: there is nothing to do, and nothing was done."""
    setting = setting_of(scenario, seed, file, leverages)
    ours = run_world(setting, guarded(setting))
    teller = unguarded(setting)
    is_quiet = not (ours.touched or ours.danger or ours.liquidated)
    nothing = ours if is_quiet else run_world(setting, teller)
    starts = {name: time for name in setting.managed if (time := _start(name, ours, nothing))}
    if starts:
        best, early = best_of(setting, teller, nothing, starts), foreseeing(setting, teller, nothing)
    else:
        best = early = Best(dict(nothing.equity), set())
        best.take(setting, nothing)
    # What we did is one of the plans that somebody who knows could have had.
    best.take(setting, ours)
    results = (_result(holder, ours, nothing, best, early) for holder in setting.holders if holder.managed)
    return SeedResult(scenario, seed, tuple(results))


def _start(name: str, ours: Ended, nothing: Ended) -> int:
    """When it is so near that something may be done, or we did something; 0: never."""
    found = [time for key, time in ours.touched.items() if key[0] == name]
    found += [ended.danger[name] for ended in (ours, nothing) if name in ended.danger]
    return min(found, default=0)


def _result(holder: Holder, ours: Ended, nothing: Ended, best: Best, early: Best) -> AccountResult:
    keys = [(holder.name, name) for name in holder.positions]
    saveable = [key for key in keys if key in best.saved]
    means = ours.means[holder.name]
    return AccountResult(
        name=holder.name,
        positions=len(keys),
        endangered=bool(_start(holder.name, ours, nothing)),
        touched=sum(key in ours.touched for key in keys),
        liquidated=sum(key in ours.liquidated for key in keys),
        liquidated_unguarded=sum(key in nothing.liquidated for key in keys),
        saveable=len(saveable),
        saved=sum(key not in ours.liquidated for key in saveable),
        deleveraged=sum(key in ours.deleveraged for key in keys),
        loss=_cents(means - ours.equity[holder.name]),
        loss_unguarded=_cents(means - nothing.equity[holder.name]),
        loss_clairvoyant=_cents(means - best.equity[holder.name]),
        loss_foreseeing=_cents(means - max(early.equity[holder.name], best.equity[holder.name])),
    )


def _cents(amount: float) -> float:
    return round(amount, 2)


