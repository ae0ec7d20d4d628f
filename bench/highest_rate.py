"""What is the highest rate at which 99 of 100 messages are handled within a millisecond?"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from letrade.bench.framework.clients import LINK, NATS_PY, RAW
from letrade.bench.framework.duet import Duet, OneWay, duet, limit_of
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Result
from letrade.bench.framework.servers import Place, running_server

SECONDS = 0.6
P99_US = 1_000.0
LADDER = (10_000, 20_000, 50_000, 100_000, 200_000, 300_000, 400_000, 500_000, 700_000, 1_000_000)
TRIES = 2
"""A rate holds when one of so many tries does: a neighbour's hiccup is no limit of ours."""
BACKLOG_SECONDS = 0.2


class Highest(msgspec.Struct):
    """The highest rate that held (0: none), with what was measured there, or else at the lowest."""

    rate: int
    measured: OneWay
    checked: bool


def answer(run: Run) -> Iterator[Result]:
    with running_server() as place:
        own, peer, floor = (_highest(run, place, kind) for kind in (LINK, NATS_PY, RAW))
    lost = [name for name, each in (("nats-py", peer), ("the raw socket", floor)) if not each.checked]
    yield Result(
        name="highest_rate", value=own.rate, unit="msg/s", peer="nats-py", peer_value=peer.rate, floor=floor.rate,
        checked=own.checked, seed=run.seed, cores_used=own.measured.cores_used,
        cpu_us_per_message=round(own.measured.receive_cpu_us, 4), limited_by=limit_of(own.measured.cores_used),
        what_was_checked="each number and payload, in order",
        note=f"the rates tried are {LADDER[0]:,} to {LADDER[-1]:,}"
        + (f"; beyond their rate {' and '.join(lost)} lost messages" if lost else ""),
    ).with_latency(own.measured.latency, peer.measured.latency, floor.measured.latency).judge(())  # fmt: skip


def _highest(run: Run, place: Place, kind: str) -> Highest:
    """Up the ladder until a rung does not hold."""
    best: Highest | None = None
    with duet(run, place, kind) as players:
        for rate in LADDER[: run.count(len(LADDER), 2)]:
            run.say(f"highest_rate: {kind}, {rate:,} a second")
            tried, right, holds = _holds(run, players, rate)
            if best is None or holds:
                best = Highest(rate if holds else 0, tried, right)
            best.checked = best.checked and right
            if not holds:
                break
    assert best is not None
    return best


def _holds(run: Run, players: Duet, rate: int) -> tuple[OneWay, bool, bool]:
    """The last try, whether every try was right, and whether the last one held the limit."""
    right = True
    for attempt in range(TRIES):
        tried = players.one_way(rate, run.seconds(SECONDS), BACKLOG_SECONDS)
        right = right and tried.checked
        holds = tried.held and tried.latency.p99 < P99_US
        if holds or attempt == TRIES - 1:
            return tried, right, holds
    raise AssertionError("there is at least one try")


QUESTION = Question(
    "highest_rate", "What is the highest rate at which 99 of 100 messages are handled within 1 ms?", answer
)
