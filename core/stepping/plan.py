"""Which stages run together in one phase of a window, and which processes take part in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Phase(NamedTuple):
    """Stages low..high run without a word from another process; `processes` are those with actors in them."""

    number: int
    low: int
    high: int
    processes: frozenset[str]


def phases_of(placements: Iterable[tuple[str, int]]) -> tuple[Phase, ...]:
    """The fewest phases for these (process, stage) pairs of all actors.

    Messages within a window only reach higher stages, so neighbouring stages may share a phase exactly when one process
    alone has them.
    """
    owners: dict[int, set[str]] = {}
    for process, stage in placements:
        owners.setdefault(int(stage), set()).add(process)
    groups: list[tuple[int, int, set[str]]] = []
    for stage in sorted(owners):
        if groups and len(owners[stage]) == 1 and groups[-1][2] == owners[stage]:
            groups[-1] = (groups[-1][0], stage, groups[-1][2])
        else:
            groups.append((stage, stage, owners[stage]))
    return tuple(Phase(number, low, high, frozenset(names)) for number, (low, high, names) in enumerate(groups))
