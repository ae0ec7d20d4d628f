"""How long does a request over NATS take, and how many a second are answered with 200 asked at once?"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from letrade.bench.framework.clients import LINK, NATS_PY, RAW
from letrade.bench.framework.duet import CoreUsage, limit_of
from letrade.bench.framework.latencies import Folded, Latency, latency_of
from letrade.bench.framework.players import cast
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Result, at_least
from letrade.bench.framework.servers import Place, running_server
from letrade.core.clock import MICROSECOND, SECOND

ASKS, ANSWERS = "letrade.bench.framework.asking:ask", "letrade.bench.framework.asking:answer"
SECONDS = 2.0
WARM_UP_SECONDS = 0.2
MANY = 200
CHECKED = "each answer is what was asked"


class Asked(msgspec.Struct, kw_only=True):
    """What one client's requests came to."""

    per_second: float
    cpu_us: float
    latency: Latency
    checked: bool
    cores_used: dict[str, float]


def answer(run: Run) -> Iterator[Result]:
    found: dict[tuple[str, int], Asked] = {}
    with running_server() as place:
        for kind in (LINK, NATS_PY, RAW):
            run.say(f"request_reply: {kind}")
            for askers, asked in _measure(run, place, kind).items():
                found[kind, askers] = asked
    yield _sequential(run, *(found[kind, 1] for kind in (LINK, NATS_PY, RAW)))
    yield _concurrent(run, *(found[kind, MANY] for kind in (LINK, NATS_PY, RAW)))


def _measure(run: Run, place: Place, kind: str) -> dict[int, Asked]:
    where = {"kind": kind, "place": msgspec.to_builtins(place), "client": run.client}
    with cast() as players:
        answering = players.start(ANSWERS, **where)
        asking = players.start(ASKS, **where)
        found = {}
        for askers in (1, MANY):
            asking.ask({"askers": askers, "seconds": min(WARM_UP_SECONDS, run.seconds(SECONDS))})
            usage = CoreUsage(server=place.pid, asks=asking.pid, answers=answering.pid)
            told = asking.ask({"askers": askers, "seconds": run.seconds(SECONDS)}, 60.0 + run.seconds(SECONDS))
            count = max(1, told["count"])
            found[askers] = Asked(
                per_second=count * SECOND / told["elapsed_ns"], cpu_us=told["cpu_ns"] / count / MICROSECOND,
                latency=latency_of(msgspec.convert(told["folded"], Folded)), cores_used=usage.stop(),
                checked=told["count"] > 0 and not told["wrong"],
            )  # fmt: skip
    return found


def _sequential(run: Run, own: Asked, peer: Asked, floor: Asked) -> Result:
    return Result(
        name="request_reply.sequential", value=own.latency.p99, unit="us p99", better="lower", seed=run.seed,
        peer="nats-py", peer_value=peer.latency.p99, floor=floor.latency.p99, what_was_checked=CHECKED,
        checked=own.checked and peer.checked and floor.checked, cores_used=own.cores_used,
        cpu_us_per_message=round(own.cpu_us, 3), peer_cpu_us_per_message=round(peer.cpu_us, 3),
        limited_by=limit_of(own.cores_used),
    ).with_latency(own.latency, peer.latency, floor.latency).judge(())  # fmt: skip


def _concurrent(run: Run, own: Asked, peer: Asked, floor: Asked) -> Result:
    return Result(
        name=f"request_reply.{MANY}_at_once", value=round(own.per_second), unit="requests/s", seed=run.seed,
        peer="nats-py", peer_value=round(peer.per_second), floor=round(floor.per_second), what_was_checked=CHECKED,
        checked=own.checked and peer.checked and floor.checked, cores_used=own.cores_used,
        cpu_us_per_message=round(own.cpu_us, 3), peer_cpu_us_per_message=round(peer.cpu_us, 3),
        limited_by=limit_of(own.cores_used),
    ).with_latency(own.latency, peer.latency, floor.latency).judge((at_least(2e5, "requests/s"),))  # fmt: skip


QUESTION = Question(
    "request_reply", "How long does a request take, and how many a second are answered with 200 asked at once?", answer
)
