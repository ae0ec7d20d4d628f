"""Runs seeds in several processes; Ctrl-C ends it with what there is."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing import resource_tracker

from letrade.studies.seeds import SeedResult, run_seed

Told = Callable[[SeedResult], object]
Work = tuple[str, int, str, Sequence[int]]
"""(scenario, seed, file, leverages)."""


def run_seeds(work: Sequence[Work], processes: int | None = None, told: Told = lambda result: None) -> list[SeedResult]:
    """In the order of the work, as far as it came: at a Ctrl-C nothing new is begun, and no further one is heard, so
    that what there is can be told in peace."""
    found: list[SeedResult] = []
    wanted = max(1, min(len(work), processes or os.cpu_count() or 1))
    pool = None
    if wanted > 1:  # multiprocessing's own helper: beginning it lets interrupts through again
        resource_tracker.ensure_running()
    # The terminal's Ctrl-C reaches every process; the first decides, and the others are born deaf to it.
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        pool = multiprocessing.get_context("spawn").Pool(wanted) if wanted > 1 else None
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        for result in map(_run, work) if pool is None else pool.imap(_run, work):
            found.append(result)
            told(result)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        if pool is not None:
            pool.terminate()
            pool.join()
    return found


def _run(work: Work) -> SeedResult:
    return run_seed(*work)
