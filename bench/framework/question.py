"""A question that the suite answers, and the settings of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from letrade.bench.framework.results import Result
from letrade.core.network.link import ClientName

QUICK_SECONDS = 0.2


@dataclass
class Run:
    """How the questions of one run are measured; `say` shows on a terminal what is being done."""

    client: ClientName
    seed: int = 1
    for_seconds: float | None = None
    quick: bool = False
    say: Callable[[str], None] = lambda text: None

    def seconds(self, usual: float) -> float:
        """How long one measurement lasts: as asked for, or as usual for it."""
        if self.for_seconds is not None:
            return self.for_seconds
        return min(usual, QUICK_SECONDS) if self.quick else usual

    def count(self, usual: int, quick: int) -> int:
        return quick if self.quick else usual


@dataclass(frozen=True)
class Question:
    """`answer` yields results as they come, so that an interrupted run keeps those that it has."""

    name: str
    text: str
    answer: Callable[[Run], Iterator[Result]]
