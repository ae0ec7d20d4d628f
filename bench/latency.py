"""How long does a message of 128 bytes take from one process to another, at 10,000 to 300,000 a second?"""

from __future__ import annotations

from collections.abc import Iterator

from letrade.bench.framework import turns
from letrade.bench.framework.clients import LINK, NATS_PY, RAW
from letrade.bench.framework.compare import latency_result
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Goal, Result, at_most, times_floor
from letrade.bench.framework.servers import running_server

SECONDS = 4.0
GOALS: dict[int, tuple[Goal, ...]] = {
    10_000: (times_floor(1.5), at_most(300, "us")),
    100_000: (times_floor(1.5), at_most(1_000, "us")),
    300_000: (),
}


def answer(run: Run) -> Iterator[Result]:
    """One rate after the other; each client sends and receives with its own kind."""
    rates = tuple(GOALS)[: run.count(len(GOALS), 1)]
    with running_server() as place, turns.duets(run, place, (RAW, LINK, NATS_PY)) as players:
        for rate in rates:
            found = turns.one_way(run, players, rate, run.seconds(SECONDS))
            own, peer, floor = (found[kind] for kind in (LINK, NATS_PY, RAW))
            yield latency_result(run, f"latency.{rate // 1_000}k", own, peer, floor, GOALS[rate])


QUESTION = Question(
    "latency", "How long does a message take from one process to another, at 10k, 100k and 300k a second?", answer
)
