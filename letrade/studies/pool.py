"""Runs seeds in several processes; Ctrl-C ends it with what there is."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence

from letrade.studies.seeds import SeedResult, run_seed

Told = Callable[[SeedResult], object]
Work = tuple[str, int, str, Sequence[int]]
"""(scenario, seed, file, leverages)."""


def run_seeds(work: Sequence[Work], processes: int | None = None, told: Told = lambda result: None) -> list[SeedResult]:
    """In the order of the work, as far as it came: at a Ctrl-C nothing new is begun."""
    found: list[SeedResult] = []
    wanted = max(1, min(len(work), processes or os.cpu_count() or 1))
    try:
        if wanted == 1:
            for each in work:
                found.append(_run(each))
                told(found[-1])
            return found
        with multiprocessing.get_context("spawn").Pool(wanted, _leave_interrupts) as pool:
            for result in pool.imap(_run, work):
                found.append(result)
                told(result)
    except KeyboardInterrupt:
        return found
    return found


def _run(work: Work) -> SeedResult:
    return run_seed(*work)


def _leave_interrupts() -> None:
    """The terminal's Ctrl-C reaches every process; the first decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
